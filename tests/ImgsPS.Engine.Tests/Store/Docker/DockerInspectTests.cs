using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores;
using ImgsPS.Stores.Registry;
using ImgsPS.Testing;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Docker;

public class DockerInspectTests
{
    private static readonly TestDockerLayer Base = TestDockerLayer.Make(1, 1000);
    private static readonly TestDockerLayer Top = TestDockerLayer.Make(2, 20);

    [Fact]
    public async Task Config_is_what_Docker_says()
    {
        using var test = new DockerUnderTest();
        test.Can("GET", "/images/app:1/json", """
            {"Id":"sha256:0493bc99476bf47bb16df9577b7734d090866ed42af061fd9b324001f20fb023","RepoTags":["app:1"],"RepoDigests":[],
             "Created":"2026-01-02T03:04:05.123456789Z","Author":"me","Os":"linux","Architecture":"arm64","Variant":"v8","OsVersion":"20.10.24+dfsg1",
             "Config":{"User":"1:1","ExposedPorts":{"80/tcp":{}},"Env":["PATH=/bin","A=b=c","E=","A=2","N"],"Cmd":["sh"],"Entrypoint":null,"WorkingDir":"/w",
             "Volumes":{"/v":{}},"Labels":{"k":"v"},"StopSignal":"SIGINT","Shell":["/bin/sh","-c"],"OnBuild":["RUN x"],
             "Healthcheck":{"Test":["CMD","true"],"Interval":5000000000,"Timeout":0,"Retries":3}},
             "RootFS":{"Type":"layers","Layers":[]}}
            """);

        var config = await test.Store.GetConfigAsync(ImageIdentity.Of("app:1"), null, test.Observer, CancellationToken.None);

        Assert.Equal("app:1", config.Reference);
        Assert.Equal(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero).AddTicks(1234567), config.Created);
        Assert.Equal("linux/arm64/v8", config.Platform?.ToString());
        Assert.Null(config.Platform?.OSVersion);
        Assert.Equal("PATH=/bin A=2 E= N=", string.Join(" ", config.Env.Select(e => e.Key + "=" + e.Value)));
        Assert.Equal(("me", "/w", "1:1", "SIGINT"), (config.Author, config.WorkingDirectory, config.User, config.StopSignal));
        Assert.Equal(new[] { "80/tcp" }, config.ExposedPorts);
        Assert.Equal(new[] { "/v" }, config.Volumes);
        Assert.Equal("v", config.Labels["k"]);
        Assert.Empty(config.Entrypoint);
        Assert.Equal(new[] { "sh" }, config.Command);
        Assert.Equal(new[] { "RUN x" }, config.OnBuild);
        Assert.Equal(new[] { "/bin/sh", "-c" }, config.Shell);
        Assert.Equal(TimeSpan.FromSeconds(5), config.Healthcheck?.Interval);
        Assert.Null(config.Healthcheck?.Timeout);
        Assert.Equal(3, config.Healthcheck?.Retries);
    }

    // U5
    [Theory]
    [InlineData("1.41", false)]
    [InlineData("1.49", true)]
    public async Task Another_platform_is_not_found(string api, bool asks)
    {
        using var test = new DockerUnderTest(new TestDockerOptions { ApiVersion = api });
        test.Engine.AddImage(new TestDockerImage { Tags = ["app:1"] });
        test.Engine.Fault(DockerFault.Status("GET", "/images/.*/json\\?platform=", 404, "no such platform"));

        var e = await Assert.ThrowsAsync<ImageException>(
            () => test.Store.GetConfigAsync(ImageIdentity.Of("app:1"), Platform.Parse("linux/s390x"), test.Observer,
                CancellationToken.None));

        Assert.Equal(ImageErrorKind.NotFound, e.Kind);
        Assert.StartsWith("no matching manifest for linux/s390x in the manifest list entries", e.Message);
        Assert.Equal(asks, test.Engine.Requests.Any(r => r.Parameter("platform") == """{"os":"linux","architecture":"s390x"}"""));
        await test.Store.GetConfigAsync(ImageIdentity.Of("app:1"), Platform.Parse("linux/amd64"), test.Observer, CancellationToken.None);
    }

    // U10
    [Fact]
    public async Task Layers_tell_their_sizes_and_who_shares_them()
    {
        using var test = new DockerUnderTest();
        test.Engine.AddImage(new TestDockerImage { Tags = ["base:1", "base:2"], Layers = [Base] });
        var untagged = test.Engine.AddImage(new TestDockerImage { Layers = [Base, TestDockerLayer.Make(3)] });
        test.Engine.AddImage(new TestDockerImage { Tags = ["stranger:1"], Layers = [Top] });
        test.Engine.AddImage(new TestDockerImage { Tags = ["app:1", "app:2"], Layers = [Base, Top] });

        var layers = await test.Store.GetLayersAsync(ImageIdentity.Of("app:1"), null, test.Observer, CancellationToken.None);
        var before = test.Engine.Requests.Count;
        await test.Store.GetLayersAsync(ImageIdentity.Of("app:1"), null, test.Observer, CancellationToken.None);

        Assert.Equal(new[] { Base.DiffId, Top.DiffId }, layers.Select(l => l.DiffId));
        Assert.Equal(Base.DiffId, layers[0].ChainId);
        Assert.Equal(Digest.Of(System.Text.Encoding.UTF8.GetBytes(Base.DiffId + " " + Top.DiffId)).ToString(), layers[1].ChainId);
        Assert.Equal(new long?[] { 1000, 20 }, layers.Select(l => l.Size));
        Assert.Equal("COPY " + Top.DiffId, layers[1].CreatedBy);
        Assert.Equal(new[] { "base:1", "base:2", untagged }, layers[0].SharedWith);
        Assert.Empty(layers[1].SharedWith);

        // The image itself, its history, the list: the others' layers are known.
        Assert.Equal(3, test.Engine.Requests.Count - before);
    }

    [Fact]
    public async Task Layers_whose_sizes_the_history_leaves_open_have_none()
    {
        using var test = new DockerUnderTest();
        test.Engine.AddImage(new TestDockerImage { Tags = ["app:1"], Layers = [Base, Top] });

        // The layer of 1000 bytes may be either: one of the others made none.
        test.Can("GET", "/images/.*/history", """
            [{"Id":"<missing>","CreatedBy":"RUN b","Size":0},{"Id":"<missing>","CreatedBy":"COPY","Size":1000},{"Id":"<missing>","CreatedBy":"RUN a","Size":0}]
            """);

        var layers = await test.Store.GetLayersAsync(ImageIdentity.Of("app:1"), null, test.Observer, CancellationToken.None);

        Assert.Equal(new long?[] { null, null }, layers.Select(l => l.Size));
        Assert.Contains(test.Observer.VerboseLines, v => v.EndsWith("the sizes of 2 layers are unknown", StringComparison.Ordinal));
    }

    [Fact]
    public async Task History_has_a_line_per_step_last_first()
    {
        using var test = new DockerUnderTest();
        test.Engine.AddImage(new TestDockerImage { Tags = ["base:1"], Layers = [Base, Top] });
        test.Engine.AddImage(new TestDockerImage { Tags = ["app:1"], Parent = "base:1", Layers = [] });

        var history = await test.Store.GetHistoryAsync(ImageIdentity.Of("app:1"), null, test.Observer, CancellationToken.None);

        Assert.Equal(new long?[] { 0, 20, 1000 }, history.Select(h => h.Size));
        Assert.Equal(new[] { true, false, false }, history.Select(h => h.EmptyLayer));
        Assert.Equal(new[] { null, Top.DiffId, Base.DiffId }, history.Select(h => h.DiffId));
        Assert.All(history, h => Assert.Equal("app:1", h.Reference));
    }

    [Fact]
    public async Task Manifest_of_an_image_of_no_registry_is_not_supported()
    {
        using var test = new DockerUnderTest();
        test.Engine.AddImage(new TestDockerImage { Tags = ["app:1"] });

        var e = await Assert.ThrowsAsync<ImageException>(
            () => test.Store.GetManifestAsync(ImageIdentity.Of("app:1"), null, RegistryOptions.Default, test.Observer,
                CancellationToken.None));

        Assert.Equal(ImageErrorKind.NotSupported, e.Kind);
        Assert.StartsWith("The store 'docker' cannot show the manifest of app:1", e.Message);
    }

    [Fact]
    public async Task Tag_names_the_image_and_says_what_it_named_before()
    {
        using var test = new DockerUnderTest();
        var old = test.Engine.AddImage(new TestDockerImage { Tags = ["app:1"] });
        var id = test.Engine.AddImage(new TestDockerImage { Tags = ["app:2"], Layers = [Top] });

        var image = await TagAsync(test, ImageIdentity.Of("app:2"), "docker.io/library/app:1");

        Assert.Equal(("app:1", id), (image.Reference, image.Id));
        Assert.Equal($"app:1 named {old.Substring(7, 12)} until now", Assert.Single(test.Observer.VerboseLines));
        Assert.Contains(await test.ListAsync(), i => i.Id == old && i.Dangling);
    }

    // N8
    [Theory]
    [InlineData("sha256:x", "refusing to create an ambiguous tag using digest algorithm as name")]
    [InlineData("app@sha256:1111111111111111111111111111111111111111111111111111111111111111",
        "refusing to create a tag with a digest reference")]
    public async Task Names_that_are_none_are_refused(string tag, string message)
    {
        using var test = new DockerUnderTest();
        test.Engine.AddImage(new TestDockerImage { Tags = ["app:1"] });

        var e = await Assert.ThrowsAsync<ImageException>(() => TagAsync(test, ImageIdentity.Of("app:1"), tag));

        Assert.Equal((ImageErrorKind.InvalidReference, message), (e.Kind, e.Message));
    }

    [Fact]
    public async Task Listed_image_whose_tag_moved_is_tagged_by_force_only()
    {
        using var test = new DockerUnderTest();
        var id = test.Engine.AddImage(new TestDockerImage { Tags = ["app:1"] });
        var listed = ImageIdentity.Of((await test.ListAsync())[0]);
        test.Engine.AddImage(new TestDockerImage { Tags = ["app:1"], Layers = [Top] });

        var e = await Assert.ThrowsAsync<ImageException>(() => TagAsync(test, listed, "keep:1"));
        var image = await TagAsync(test, listed, "keep:1", force: true);

        Assert.Equal(ImageErrorKind.Conflict, e.Kind);
        Assert.Equal(id, image.Id);
    }

    private static Task<Image> TagAsync(DockerUnderTest test, ImageIdentity image, string tag, bool force = false) =>
        test.Store.TagOneAsync(new TagRequest(image, ImageReference.Parse(tag)) { Force = force }, test.Observer, CancellationToken.None);
}
