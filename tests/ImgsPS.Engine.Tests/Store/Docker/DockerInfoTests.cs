using System;
using System.Linq;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores.Registry;
using ImgsPS.Testing;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Docker;

public class DockerInfoTests
{
    private const string Items = """
        [{"Id":"sha256:a","Containers":1,"Size":100,"SharedSize":30,"RepoTags":["a:1"]},
         {"Id":"sha256:b","Containers":0,"Size":50,"SharedSize":30,"RepoTags":["<none>:<none>"],"RepoDigests":["<none>@<none>"]},
         {"Id":"sha256:c","Containers":0,"Size":40,"SharedSize":0,"RepoTags":[],"RepoDigests":["c@sha256:1"]},
         {"Id":"sha256:d","Containers":2,"Size":20,"SharedSize":5,"RepoTags":null}]
        """;

    // docker/cli: RECLAIMABLE = SIZE - what each image with containers has alone.
    [Theory]
    [InlineData("1.41", """{"LayersSize":200,"Images":ITEMS}""", null)]
    [InlineData("1.42", """{"LayersSize":200,"Images":ITEMS}""", "image")]
    [InlineData("1.52", """{"ImageUsage":{"TotalSize":200,"Reclaimable":115,"Items":ITEMS}}""", "image")]
    public async Task Numbers_are_those_of_docker_system_df(string api, string usage, string? type)
    {
        using var test = new DockerUnderTest(new TestDockerOptions { ApiVersion = api });
        test.Engine.AddImage(new TestDockerImage { Tags = ["app:1", "app:2"] });
        test.Engine.AddContainer("app:1", "c1", running: false);
        var dangling = test.Engine.AddImage(new TestDockerImage { Layers = [TestDockerLayer.Make(4)] });
        test.Can("GET", "/system/df", usage.Replace("ITEMS", Items.Replace("sha256:b", dangling, StringComparison.Ordinal), StringComparison.Ordinal));
        test.Can("GET", "/info", """
            {"Driver":"overlayfs","DriverStatus":[["driver-type","io.containerd.snapshotter.v1"]],"DockerRootDir":"/var/lib/docker","ServerVersion":"1",
             "IndexServerAddress":"https://index.docker.io/v1/","RegistryConfig":{"Mirrors":["https://mirror.example.com/"],"InsecureRegistryCIDRs":["127.0.0.0/8"],
             "IndexConfigs":{"docker.io":{"Secure":true},"reg:5000":{"Secure":false}}}}
            """);
        test.Can("GET", "/version", """{"Version":"28.2.2","Os":"linux","Arch":"amd64"}""");

        var info = await test.Store.GetInfoAsync(test.Observer, CancellationToken.None);

        Assert.Equal((200, 115, 20), (info.Bytes, info.UnusedBytes, info.ReclaimableBytes));
        Assert.Equal((3, 1, 2), (info.Images, info.Dangling, info.InUse));
        Assert.Equal(("docker", "28.2.2", api, "overlayfs (containerd)"), (info.Kind, info.Version, info.ApiVersion, info.Driver));
        Assert.Equal(("/var/lib/docker", "linux/amd64", test.Engine.Address), (info.Path, info.Platform?.ToString(), info.Address));
        Assert.Equal("docker.io", info.DefaultRegistry);
        Assert.Equal(new[] { "https://mirror.example.com/" }, info.RegistryMirrors);
        Assert.Equal(new[] { "reg:5000", "127.0.0.0/8" }, info.InsecureRegistries);
        Assert.Null(info.Blobs);
        Assert.Equal(type, test.Engine.Requests.Single(r => r.Path.EndsWith("/df", System.StringComparison.Ordinal)).Parameter("type"));
    }

    [Theory]
    [InlineData("podman does not count layers", """{"LayersSize":0,"Images":[{"Id":"ID","Containers":0,"Size":50,"SharedSize":30}]}""", null, null, 20L)]
    [InlineData("nothing is said", "{}", null, null, 0L)]
    [InlineData("sizes are no numbers", """{"LayersSize":"1","Images":null}""", null, null, 0L)]
    [InlineData("what is shared was not counted", """{"LayersSize":90,"Images":[{"Id":"ID","Containers":0,"Size":50,"SharedSize":-1}]}""", 90L, 90L, null)]
    [InlineData("an image in use of unknown sharing", """{"LayersSize":90,"Images":[{"Id":"x","Containers":1,"Size":50,"SharedSize":-1}]}""", 90L, null, 0L)]
    public async Task What_Docker_does_not_say_is_null(string what, string usage, long? bytes, long? unused, long? reclaimable)
    {
        using var test = new DockerUnderTest();
        var dangling = test.Engine.AddImage(new TestDockerImage());
        test.Can("GET", "/system/df", usage.Replace("ID", dangling, StringComparison.Ordinal));
        var info = await test.Store.GetInfoAsync(test.Observer, CancellationToken.None);
        Assert.True((bytes, unused, reclaimable) == (info.Bytes, info.UnusedBytes, info.ReclaimableBytes), what);
    }

    [Fact]
    public async Task Image_that_the_pipeline_keeps_is_not_reclaimable()
    {
        using var test = new DockerUnderTest();
        var used = test.Engine.AddImage(new TestDockerImage { Layers = [TestDockerLayer.Make(1)] });
        test.Engine.AddContainer(used, "c1", running: false);
        var pinned = test.Engine.AddImage(new TestDockerImage
        {
            Layers = [TestDockerLayer.Make(2)],
            RepoDigests = ["app@sha256:" + new string('1', 64)],
        });
        var goes = test.Engine.AddImage(new TestDockerImage { Layers = [TestDockerLayer.Make(3)] });
        test.Can("GET", "/system/df", $$"""
            {"LayersSize":900,"Images":[{"Id":"{{used}}","Containers":-1,"Size":100,"SharedSize":0},
             {"Id":"{{pinned}}","Containers":0,"Size":30,"SharedSize":0},{"Id":"{{goes}}","Containers":0,"Size":7,"SharedSize":0}]}
            """);
        Assert.Equal(7, (await test.Store.GetInfoAsync(test.Observer, CancellationToken.None)).ReclaimableBytes);
    }

    [Theory]
    [InlineData("""{"IndexServerAddress":"https://index.docker.io/v1/"}""", "docker.io")]
    [InlineData("""{"IndexServerAddress":"https://registry.example.com:5000/v1/"}""", "registry.example.com:5000")]
    [InlineData("""{"IndexServerAddress":"quay.io"}""", "quay.io")]
    [InlineData("""{"IndexServerAddress":"","RegistryConfig":{"IndexConfigs":{"reg:5000":{"Official":false},"docker.io":{"Official":true}}}}""", "docker.io")]
    [InlineData("""{"IndexServerAddress":null,"RegistryConfig":{"IndexConfigs":{"reg:5000":{"Official":false}}}}""", null)]
    [InlineData("""{"RegistryConfig":null}""", null)]
    [InlineData("{}", null)]
    public void Registry_that_is_asked_by_default_is_said(string info, string? expected)
    {
        using var document = JsonDocument.Parse(info);

        _ = document.RootElement.TryGetProperty("RegistryConfig", out var registries);
        Assert.Equal(expected, ImgsPS.Stores.Docker.DockerInfo.DefaultRegistry(document.RootElement, registries));
    }

    // S1-S4
    [Fact]
    public async Task Search_is_asked_of_Docker_and_filtered_alike()
    {
        using var test = new DockerUnderTest();
        test.Can("GET", "/images/search", """
            [{"name":"nginx","description":"Official\nbuild","star_count":20,"is_official":true},{"name":"u/nginx","star_count":3},{"name":"Not A Name"},{"name":null}]
            """);

        var all = await test.Store.SearchAsync(new SearchRequest("nginx"), test.Observer, CancellationToken.None);
        var good = await test.Store.SearchAsync(
            new SearchRequest("nginx") { Official = true, MinimumStars = 5, Limit = 7 }, test.Observer, CancellationToken.None);
        var other = await test.Store.SearchAsync(new SearchRequest("reg:5000/nginx"), test.Observer, CancellationToken.None);

        Assert.Equal(new[] { "nginx", "u/nginx" }, all.Select(r => r.Name));
        Assert.Equal(("Official build", 20, true, "docker.io"), (all[0].Description, all[0].Stars, all[0].Official, all[0].Registry));
        Assert.Equal("nginx", Assert.Single(good).Name);
        Assert.Equal("reg:5000/nginx", other[0].Name);
        var requests = test.Engine.Requests.Where(r => r.Path.EndsWith("/search", System.StringComparison.Ordinal)).ToArray();
        Assert.Equal(("nginx", "25", null),
            (requests[0].Parameter("term"), requests[0].Parameter("limit"), requests[0].Parameter("filters")));
        Assert.Equal("""{"is-official":{"true":true},"stars":{"5":true}}""", requests[1].Parameter("filters"));
        Assert.Equal("reg:5000/nginx", requests[2].Parameter("term"));
        var e = await Assert.ThrowsAsync<ImageException>(
            () => test.Store.SearchAsync(new SearchRequest("x") { Limit = 101 }, test.Observer, CancellationToken.None));
        Assert.Equal("limit 101 is outside the range of [1, 100]", e.Message);
    }
}
