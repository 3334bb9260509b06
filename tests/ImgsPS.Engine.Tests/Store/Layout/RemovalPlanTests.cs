using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Stores;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Layout;

/// <summary>A plan says what the removal then does: items, words, refusals and bytes (FF7, DU3), and writes nothing (SF4).</summary>
public sealed class RemovalPlanTests : IDisposable
{
    // Mono takes its time, and a few show that it does the same.
#if NET
    private const int Stores = 250;
#else
    private const int Stores = 40;
#endif

    private readonly TempStore _store = new();

    public static IEnumerable<object[]> Seeds() => Enumerable.Range(1, Stores).Select(seed => new object[] { seed });

    /// <summary>Over a store one by one, and over its copy all at once: to fill a store takes longer than both.</summary>
    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Plan_and_deed_agree_one_by_one_and_of_a_batch_FF7_DU3(int seed)
    {
        var random = new Random(seed);
        await FillAsync(_store, random);
        using var copy = new TempStore();
        CopyFiles(_store.Root, copy.Root);
        var wanted = Requests(random, await _store.ListAsync());
        var before = Files();

        var planned = Plan(await PlannerAsync(_store), wanted);

        Assert.Equal(before, Files());
        Assert.Equal(await DoEachAsync(wanted), planned.Select(p => p.Text));

        planned = Plan(await PlannerAsync(copy), wanted);
        var requests = wanted.Where((_, i) => planned[i].Removal is not null).ToArray();
        var bytes = BlobBytes(copy);

        var removals = await copy.Store.RemoveAsync(requests, NullObserver.Instance, CancellationToken.None);

        Assert.Null(removals.Failure);
        Assert.Equal(removals.Done.Select(Tell), planned.Where(p => p.Removal is not null).Select(p => p.Text));
        Assert.Equal(bytes - BlobBytes(copy), planned.Sum(p => p.Removal?.BytesFreed ?? 0));
    }

    [Fact]
    public async Task Names_of_one_image_are_untagged_and_the_last_one_removes_it_FF7()
    {
        var image = new TestImage();
        foreach (var name in new[] { "a:1", "a:2", "b:1", "c:1", "c:2" })
        {
            await _store.PutAsync(name, image);
        }

        var planner = await PlannerAsync(_store);
        var plans = Plan(planner, (await _store.ListAsync()).Select(i => new RemovalRequest(ImageIdentity.Of(i))));

        Assert.Equal([false, false, false, false, true], plans.Select(p => p.Removes));
        Assert.Equal([0L, 0, 0, 0, image.ContentSize + image.Manifest.Bytes.Length], plans.Select(p => p.Removal!.BytesFreed));
        Assert.All(plans, p => Assert.True(p.Removal!.Planned));
        Assert.Empty(planner.Images.All);
    }

    [Fact]
    public async Task What_is_not_accepted_counts_for_nothing()
    {
        var image = await _store.PutAsync("a:1", new TestImage());
        await _store.PutAsync("b:1", image);
        var planner = await PlannerAsync(_store);

        Assert.False(planner.Plan(new RemovalRequest(ImageIdentity.Of("a:1"))).RemovesImage);
        var second = planner.Plan(new RemovalRequest(ImageIdentity.Of("b:1")));

        Assert.False(second.RemovesImage);
        Assert.Equal(0, second.Removal.BytesFreed);
        planner.Accept(second);
        Assert.True(planner.Plan(new RemovalRequest(ImageIdentity.Of("a:1"))).RemovesImage);
        Assert.Throws<ImageException>(() => planner.Plan(new RemovalRequest(ImageIdentity.Of("b:1"))));
    }

    [Fact]
    public async Task What_a_pull_has_claimed_is_not_said_to_go()
    {
        var image = await _store.PutAsync("a:1", new TestImage());
        using var session = await _store.Store.BeginPullAsync(ImageReference.Parse("b:1"), NullObserver.Instance, CancellationToken.None);
        session.Protect([image.Layers[0].Blob.Descriptor]);

        var plan = (await PlannerAsync(_store)).Plan(new RemovalRequest(ImageIdentity.Of("a:1")));
        var removal = await _store.RemoveAsync("a:1");

        Assert.Equal(Tell(removal), Tell(plan.Removal));
        Assert.Equal(
            image.ContentSize + image.Manifest.Bytes.Length - image.Layers[0].Blob.Bytes.Length, plan.Removal.BytesFreed);
    }

    [Fact]
    public async Task Nothing_is_said_to_go_while_a_manifest_cannot_be_read_and_all_with_its_name()
    {
        var whole = await _store.PutAsync("a:1", new TestImage("a"));
        var broken = await _store.PutAsync("b:1", new TestImage("b"));
        File.Delete(_store.Paths.Blob(broken.Manifest.Digest));
        var planner = await PlannerAsync(_store);

        var plans = Plan(planner, new[] { "a:1", "b:1" }.Select(n => new RemovalRequest(ImageIdentity.Of(n))), NullObserver.Instance);
        var removals = await _store.Store.RemoveAsync(
            new[] { "a:1", "b:1" }.Select(n => new RemovalRequest(ImageIdentity.Of(n))).ToArray(), NullObserver.Instance,
            CancellationToken.None);

        Assert.Equal([0, whole.ContentSize + whole.Manifest.Bytes.Length], plans.Select(p => p.Removal!.BytesFreed));
        Assert.Equal(removals.Done.Select(Tell), plans.Select(p => p.Text));
    }

    [Fact]
    public async Task A_manifest_that_cannot_be_read_is_told_while_it_keeps_content()
    {
        await _store.PutAsync("a:1", new TestImage("a"));
        var broken = await _store.PutAsync("b:1", new TestImage("b"));
        File.Delete(_store.Paths.Blob(broken.Manifest.Digest));
        var planner = await PlannerAsync(_store);
        var observer = new RecordingObserver();

        Plan(planner, [new RemovalRequest(ImageIdentity.Of("a:1"))], observer);

        Assert.Contains(observer.Warnings, w => w.Contains(broken.Manifest.Digest.ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Sum_of_the_dangling_is_what_the_store_says_can_be_reclaimed_DU2_DU3()
    {
        var shared = TestLayer.Of("base.txt", "base of all");
        foreach (var i in Enumerable.Range(0, 4))
        {
            await _store.PutAsync("a:1", new TestImage($"{i}", [shared, TestLayer.Of("own.txt", $"own {i % 2}")]));
        }

        var dangling = (await _store.ListAsync()).Where(i => i.Dangling).Select(i => new RemovalRequest(ImageIdentity.Of(i))).ToList();
        var plans = Plan(await PlannerAsync(_store), dangling);

        Assert.Equal(3, plans.Count);
        Assert.Equal((await _store.InfoAsync()).ReclaimableBytes, plans.Sum(p => p.Removal!.BytesFreed));
    }

    [Fact]
    public async Task Store_that_a_newer_version_wrote_is_refused_by_the_plan_too_FF7()
    {
        await _store.PutAsync("a:1", new TestImage());
        File.WriteAllText(_store.Paths.Version, "99\n");
        var planner = await PlannerAsync(_store);

        var said = Assert.Throws<ImageException>(() => planner.Plan(new RemovalRequest(ImageIdentity.Of("a:1"))));
        var done = await Assert.ThrowsAsync<ImageException>(() => _store.RemoveAsync("a:1"));

        Assert.Equal((done.Kind, done.Message), (said.Kind, said.Message));
    }

    [Fact]
    public async Task Folder_that_is_not_there_is_an_empty_store()
    {
        var planner = await PlannerAsync(_store);

        Assert.Equal(
            "No such image: a:1", Assert.Throws<ImageException>(() => planner.Plan(new RemovalRequest(ImageIdentity.Of("a:1")))).Message);
        Assert.False(Directory.Exists(_store.Root));
    }

    [Fact]
    public async Task Without_measuring_names_are_planned_and_no_content_is_read()
    {
        await _store.PutAsync("a:1", new TestImage());

        var planner = await _store.Store.PlanRemovalsAsync(measure: false, NullObserver.Instance, CancellationToken.None);
        var plan = planner.Plan(new RemovalRequest(ImageIdentity.Of("a:1")));

        Assert.False(plan.IsMeasured);
        Assert.Equal("a:1", plan.Removal.Untagged[0]);
        planner.Accept(plan);
        Assert.Empty(planner.Images.All);
    }

    public void Dispose() => _store.Dispose();

    private static Task<IRemovalPlanner> PlannerAsync(TempStore store) =>
        store.Store.PlanRemovalsAsync(measure: true, NullObserver.Instance, CancellationToken.None);

    private static List<(string Text, ImageRemoval? Removal, bool Removes)> Plan(
        IRemovalPlanner planner, IEnumerable<RemovalRequest> requests, IOperationObserver? observer = null)
    {
        var plans = new List<(string, ImageRemoval?, bool)>();
        foreach (var request in requests)
        {
            try
            {
                var plan = planner.Plan(request);
                planner.Accept(plan);
                plans.Add((Tell(plan.Removal), plan.Removal, plan.RemovesImage));
            }
            catch (ImageException e)
            {
                plans.Add((Tell(e), null, false));
            }
        }

        planner.TellWhatKeepsContent(observer ?? NullObserver.Instance);
        return plans;
    }

    private async Task<List<string>> DoEachAsync(IEnumerable<RemovalRequest> requests)
    {
        var done = new List<string>();
        foreach (var request in requests)
        {
            try
            {
                done.Add(Tell(await _store.Store.RemoveAsync(request, NullObserver.Instance, CancellationToken.None)));
            }
            catch (ImageException e)
            {
                done.Add(Tell(e));
            }
        }

        return done;
    }

    private static string Tell(ImageRemoval removal) =>
        FormattableString.Invariant(
            $"{removal.Image}: {string.Join(',', removal.Untagged)}; {string.Join(',', removal.Deleted)}; {removal.BytesFreed}");

    private static string Tell(ImageException refusal) => $"{refusal.Kind}: {refusal.Message} {refusal.Advice}";

    private static long BlobBytes(TempStore store) =>
        new DirectoryInfo(store.Paths.Blobs).EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Length);

    private static void CopyFiles(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var folder in Directory.GetDirectories(from))
        {
            CopyFiles(folder, Path.Combine(to, Path.GetFileName(folder)));
        }

        foreach (var file in Directory.GetFiles(from))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }
    }

    private List<string> Files() => Directory.EnumerateFiles(_store.Root, "*", SearchOption.AllDirectories)
        .Select(f => FormattableString.Invariant($"{f} {new FileInfo(f).Length} {File.GetLastWriteTimeUtc(f).Ticks}"))
        .Order(StringComparer.Ordinal).ToList();

    /// <summary>
    /// Images with shared layers, and indexes of some of them with all or some of the platforms there, under tags that move, names by
    /// digest and names of other tools; sometimes a layer or a platform is missing.
    /// </summary>
    private static async Task FillAsync(TempStore store, Random random)
    {
        var layers = Enumerable.Range(0, 4).Select(i => TestLayer.Of($"l{i}.txt", $"layer {i}")).ToArray();
        var images = Enumerable.Range(0, 3 + random.Next(5)).Select(i => new TestImage(
            $"image {i / 2}",
            [.. layers.Take(1 + random.Next(layers.Length)), .. Enumerable.Repeat(TestLayer.Of("own.txt", $"own {i}"), random.Next(3) / 2)],
            platform: random.Next(2) == 0 ? "linux/amd64" : "linux/arm64",
            comment: random.Next(4) == 0 ? $"again {i}" : null)).ToArray();
        foreach (var image in images)
        {
            for (var name = 0; name < 1 + random.Next(3); name++)
            {
                await store.PutAsync(Name(random, image.Manifest.Digest), image);
            }
        }

        for (var i = 0; i < random.Next(3); i++)
        {
            var parts = images.OrderBy(_ => random.Next()).Take(2 + random.Next(2)).ToArray();
            var index = TestImage.Index(parts);
            if (random.Next(3) == 0)
            {
                index = TestImage.IndexOf(index, images[0].Manifest);
            }

            for (var name = 0; name < 1 + random.Next(2); name++)
            {
                await store.PutIndexAsync(Name(random, index.Digest), index, parts.Take(1 + random.Next(parts.Length)).ToArray());
            }
        }

        if (random.Next(3) == 0)
        {
            store.EditIndex(index => index["manifests"]![0]!["annotations"]!["org.opencontainers.image.ref.name"] = "latest");
        }

        if (random.Next(3) == 0)
        {
            // Written twice by another tool, the second time without a name.
            store.EditIndex(index =>
            {
                var copy = index["manifests"]![0]!.DeepClone().AsObject();
                if (random.Next(2) == 0)
                {
                    copy.Remove("annotations");
                }

                index["manifests"]!.AsArray().Add((System.Text.Json.Nodes.JsonNode)copy);
            });
        }

        if (random.Next(4) == 0)
        {
            File.Delete(store.Paths.Blob(layers[0].Blob.Digest));
        }
    }

    private static string Name(Random random, Digest digest) =>
        random.Next(5) == 0 ? $"repo{random.Next(3)}@{digest}" : $"repo{random.Next(3)}:{random.Next(4)}";

    /// <summary>The rows in some order, as objects, names, ids, their beginnings and digests; and what is not there.</summary>
    private static RemovalRequest[] Requests(Random random, IReadOnlyList<Image> images) =>
        images.OrderBy(_ => random.Next()).Take(1 + random.Next(images.Count + 1)).Select(image => new RemovalRequest(random.Next(9) switch
        {
            0 => ImageIdentity.Of(image.Id),
            1 => ImageIdentity.Of(image.Id.Substring(7, 5 + random.Next(20))),
            2 => ImageIdentity.Of(image.Digest!),
            3 when image.Repository is not null => ImageIdentity.Of(image.Repository + "@" + image.Digest),
            4 when image.Reference is not null => ImageIdentity.Of(image.Reference),
            5 when random.Next(3) == 0 => ImageIdentity.Of("nosuch:1"),
            6 => ImageIdentity.Of(null, image.Id, null, null),
            _ => ImageIdentity.Of(image),
        })
        { Force = random.Next(3) > 0 }).ToArray();
}
