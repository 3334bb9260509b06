using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores;
using ImgsPS.Testing;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Docker;

/// <summary>What a plan says of a Docker Engine's images is what Docker then does and refuses: D1-D11, FF7.</summary>
public sealed class DockerPlanTests
{
    public static IEnumerable<object[]> Seeds() => Enumerable.Range(1, 60).Select(seed => new object[] { seed });

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Plan_and_deed_agree_FF7(int seed)
    {
        using var test = new DockerUnderTest();
        var random = new Random(seed);
        Fill(test.Engine, random);
        var images = await test.Store.ListAsync(new ListRequest { All = true }, test.Observer, CancellationToken.None);
        var ids = images.Select(i => i.Id).ToHashSet();
        var requests = Requests(random, images);
        test.Engine.ClearRequests();

        var planner = await test.Store.PlanRemovalsAsync(measure: true, test.Observer, CancellationToken.None);
        var planned = requests.Select(r => Plan(planner, r)).ToList();

        Assert.Equal(2, test.Engine.Requests.Count(r => r.Path.EndsWith("/json", StringComparison.Ordinal)));
        Assert.DoesNotContain(test.Engine.Requests, r => r.Method != "GET" && r.Method != "HEAD");
        var done = new List<string>();
        foreach (var request in requests)
        {
            done.Add(await DoAsync(test, request, ids));
        }

        Assert.All(done.Zip(planned), pair => Assert.Equal(pair.First, pair.Second));
        Assert.Equal(
            (await test.ListAsync()).Select(Row).Order(StringComparer.Ordinal),
            planner.Images.All.Select(Row).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("several names", false, ImageErrorKind.Conflict)]
    [InlineData("stopped", false, ImageErrorKind.InUse)]
    [InlineData("running", true, ImageErrorKind.InUse)]
    [InlineData("parent", true, ImageErrorKind.InUse)]
    public async Task What_Docker_refuses_by_id_the_plan_refuses_FF7(string what, bool force, ImageErrorKind kind)
    {
        using var test = new DockerUnderTest();
        var ids = new Dictionary<string, string>
        {
            ["several names"] = test.Engine.AddImage(new TestDockerImage { Tags = ["a:1", "b:1"], Layers = [TestDockerLayer.Make(1)] }),
            ["stopped"] = test.Engine.AddImage(new TestDockerImage { Tags = ["s:1"], Layers = [TestDockerLayer.Make(2)] }),
            ["running"] = test.Engine.AddImage(new TestDockerImage { Tags = ["r:1"], Layers = [TestDockerLayer.Make(3)] }),
            ["parent"] = test.Engine.AddImage(new TestDockerImage { Layers = [TestDockerLayer.Make(4)] }),
        };
        test.Engine.AddImage(new TestDockerImage { Tags = ["c:1"], Parent = ids["parent"], Layers = [TestDockerLayer.Make(5)] });
        test.Engine.AddContainer("s:1", "one", running: false);
        test.Engine.AddContainer("r:1", "two", running: true);
        var request = new RemovalRequest(ImageIdentity.Of(ids[what])) { Force = force };

        var planner = await test.Store.PlanRemovalsAsync(measure: true, test.Observer, CancellationToken.None);
        var said = Assert.Throws<ImageException>(() => planner.Plan(request));
        var done = await Assert.ThrowsAsync<ImageException>(() => test.Store.RemoveAsync(request, test.Observer, CancellationToken.None));

        Assert.Equal(kind, said.Kind);
        Assert.Equal((done.Kind, done.Message, done.Advice), (said.Kind, said.Message, said.Advice));
        Assert.False(planner.Decides);
    }

    private static string Row(Image image) => $"{image.Reference ?? "<none>"} {image.Id}";

    private static string Plan(IRemovalPlanner planner, RemovalRequest request)
    {
        try
        {
            var plan = planner.Plan(request);
            planner.Accept(plan);
            Assert.False(plan.IsMeasured);
            return Tell(plan.Removal, plan.Removal.Deleted);
        }
        catch (ImageException e)
        {
            return Tell(e);
        }
    }

    private static async Task<string> DoAsync(DockerUnderTest test, RemovalRequest request, HashSet<string> ids)
    {
        try
        {
            var removal = await test.Store.RemoveAsync(request, test.Observer, CancellationToken.None);

            // Which layers go is not foretold.
            return Tell(removal, removal.Deleted.Where(ids.Contains));
        }
        catch (ImageException e)
        {
            return Tell(e);
        }
    }

    private static string Tell(ImageRemoval removal, IEnumerable<string> deleted) =>
        $"{removal.Image}: {string.Join(',', removal.Untagged.Order(StringComparer.Ordinal))}; {string.Join(',', deleted)}";

    private static string Tell(ImageException refusal) => $"{refusal.Kind}: {refusal.Message} {refusal.Advice}";

    /// <summary>Images with tags, digests and parents, and containers of some.</summary>
    private static void Fill(TestDocker engine, Random random)
    {
        var ids = new List<string>();
        for (var i = 0; i < 4 + random.Next(5); i++)
        {
            var tags = Enumerable.Range(0, random.Next(4)).Select(_ => $"repo{random.Next(3)}:{i}-{random.Next(3)}").Distinct().ToArray();
            var digest = TestDockerLayer.Make(100 + i).DiffId;
            var digests = random.Next(2) == 0 ? [] : new[] { $"repo{random.Next(3)}@{digest}" };
            ids.Add(engine.AddImage(new TestDockerImage
            {
                Tags = tags,
                RepoDigests = digests,
                Layers = [TestDockerLayer.Make(i)],
                Parent = ids.Count > 0 && random.Next(2) == 0 ? ids[random.Next(ids.Count)] : null,
            }));
            if (random.Next(3) == 0)
            {
                engine.AddContainer(ids[i], $"user{i}", running: random.Next(2) == 0);
            }
        }
    }

    private static RemovalRequest[] Requests(Random random, IReadOnlyList<Image> images) =>
        images.Concat(images.Take(2)).OrderBy(_ => random.Next()).Select(image => new RemovalRequest(random.Next(8) switch
        {
            0 => ImageIdentity.Of(image.Id),
            1 => ImageIdentity.Of(image.Id.Substring(7, 8 + random.Next(20))),
            2 when image.Reference is not null => ImageIdentity.Of(image.Reference),
            3 when image.Repository is not null && image.Digest is not null => ImageIdentity.Of(image.Repository + "@" + image.Digest),
            4 when random.Next(3) == 0 => ImageIdentity.Of("nosuch:1"),
            _ => ImageIdentity.Of(image),
        })
        { Force = random.Next(2) == 0, NoPrune = random.Next(3) == 0 }).ToArray();
}
