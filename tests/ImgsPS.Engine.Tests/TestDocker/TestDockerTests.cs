using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using ImgsPS.Testing;
using Xunit;

namespace ImgsPS.Engine.Tests;

/// <summary>What the double does where no dockerd is; the words of conflicts were taken from dockerd 20.10.24.</summary>
public sealed class TestDockerTests : IDisposable
{
    private readonly TestRegistry _registry = TestRegistry.Start();
    private readonly TestDocker _docker;
    private readonly DockerHttp _http;

    public TestDockerTests()
    {
        _docker = TestDocker.Start(_registry);
        _http = new DockerHttp(_docker.SocketPath);
    }

    public void Dispose()
    {
        _http.Dispose();
        _docker.Dispose();
        _registry.Dispose();
    }

    [Fact]
    public async Task Ping_says_version_platform_and_server()
    {
        var ping = await _http.GetAsync("/_ping");
        Assert.Equal((200, "OK"), (ping.Status, ping.Body));
        Assert.Equal("1.41", ping.Headers["Api-Version"]);
        Assert.Equal("linux", ping.Headers["Ostype"]);
        Assert.Equal("Docker/20.10.24 (linux)", ping.Headers["Server"]);
        Assert.Equal((200, ""), ((await _http.SendAsync("HEAD", "/_ping")).Status, (await _http.SendAsync("HEAD", "/_ping")).Body));
    }

    [Fact]
    public async Task Options_change_the_ping_and_the_check_of_versions()
    {
        _docker.Options.ApiVersion = null;
        _docker.Options.Server = null;
        _docker.Options.HeadPing = false;
        var ping = await _http.GetAsync("/_ping");
        Assert.False(ping.Headers.ContainsKey("Api-Version"));
        Assert.False(ping.Headers.ContainsKey("Server"));
        Assert.Equal(404, (await _http.SendAsync("HEAD", "/_ping")).Status);

        _docker.Options.ApiVersion = "1.45";
        Assert.Equal(200, (await _http.GetAsync("/v1.45/images/json")).Status);
        var tooNew = await _http.GetAsync("/v1.46/images/json");
        Assert.Equal((400, "client version 1.46 is too new. Maximum supported API version is 1.45"), (tooNew.Status, tooNew.Message));
        _docker.Options.CheckVersion = false;
        Assert.Equal(200, (await _http.GetAsync("/v1.46/images/json")).Status);
    }

    [Fact]
    public async Task Newer_versions_have_until_and_no_virtual_size()
    {
        _docker.AddImage(new TestDockerImage { Tags = ["a:1"], Created = 1_000_000_000 });
        _docker.AddImage(new TestDockerImage { Tags = ["b:1"], Created = 2_000_000_000 });
        var until = "/images/json?filters=" + Uri.EscapeDataString("""{"until":["2"]}""");
        var old = await _http.GetAsync(until);
        Assert.Equal((400, "Invalid filter 'until'"), (old.Status, old.Message));
        _docker.Options.ApiVersion = "1.44";
        var found = (await _http.GetAsync(until)).Json!.AsArray();
        Assert.Equal("a:1", Assert.Single(found)!["RepoTags"]![0]!.GetValue<string>());
        Assert.Null(found[0]!["VirtualSize"]);
        Assert.Equal((400, "invalid filter 'bogus'"),
            await AskAsync("GET", "/images/json?filters=" + Uri.EscapeDataString("""{"bogus":["2"]}""")));
    }

    [Fact]
    public async Task Requests_are_logged_in_order()
    {
        await _http.GetAsync("/v1.41/images/json?all=1&filters=%7B%7D");
        await _http.SendAsync("POST", "/images/create?fromImage=x", "{}", default, ("X-Registry-Auth", "abc"));
        Assert.Equal(["GET /v1.41/images/json?all=1&filters=%7B%7D", "POST /images/create?fromImage=x"],
            _docker.Requests.Select(r => r.ToString()));
        Assert.Equal(("/v1.41/images/json", "{}"), (_docker.Requests[0].Path, _docker.Requests[0].Parameter("filters")));
        Assert.Equal(("abc", 2), (_docker.Requests[1].Header("x-registry-auth"), _docker.Requests[1].Body.Length));
        _docker.ClearRequests();
        Assert.Empty(_docker.Requests);
    }

    [Fact]
    public async Task Pulled_image_has_the_ids_of_its_content()
    {
        var image = _registry.AddImage("team/app:1", new ImageSpec { Layers = [new LayerSpec(1, 3000), new LayerSpec(2)] });
        var pull = await _http.PostAsync($"/images/create?fromImage={_registry.Host}/team/app&tag=1");
        Assert.Equal("Pulling from team/app", pull.Lines[0]["status"]!.GetValue<string>());
        Assert.Equal($"Digest: {image.Digest}", pull.Lines[^2]["status"]!.GetValue<string>());
        Assert.Equal($"Status: Downloaded newer image for {image.Reference}", pull.Lines[^1]["status"]!.GetValue<string>());
        var inspected = (await _http.GetAsync($"/images/{image.Reference}/json")).Json!;
        Assert.Equal(image.Config.Digest, inspected["Id"]!.GetValue<string>());
        Assert.Equal(image.ReferenceByDigest, Assert.Single(inspected["RepoDigests"]!.AsArray())!.GetValue<string>());
        Assert.Equal(image.Layers.Select(l => l.DiffId), inspected["RootFS"]!["Layers"]!.AsArray().Select(l => l!.GetValue<string>()));
        Assert.Equal(4024, inspected["Size"]!.GetValue<long>());
    }

    [Fact]
    public async Task Pull_of_another_host_is_unknown()
    {
        var answer = await _http.PostAsync("/images/create?fromImage=busybox&tag=1");
        Assert.Equal(404, answer.Status);
        Assert.StartsWith("pull access denied for busybox, repository does not exist or may require 'docker login'", answer.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pull_takes_the_platform_of_Docker()
    {
        var index = _registry.AddIndex("team/multi:1",
            [ImageSpec.For("linux/amd64"), ImageSpec.For("windows/amd64"), ImageSpec.For("linux/arm64/v8")]);
        foreach (var (platform, n) in new[] { ("windows/amd64", 1), ("linux/arm64", 2) })
        {
            _docker.Options.Platform = platform;
            await _http.PostAsync($"/images/create?fromImage={index.Reference}");
            Assert.Equal(index.Images[n].Config.Digest,
                (await _http.GetAsync($"/images/{index.Reference}/json")).Json!["Id"]!.GetValue<string>());
        }
    }

    [Fact]
    public async Task Built_image_has_what_it_was_given()
    {
        var parent = _docker.AddImage(new TestDockerImage { Tags = ["base:1"], Layers = [TestDockerLayer.Make(1, 100)] });
        var id = _docker.AddImage(new TestDockerImage
        {
            Tags = ["app", "reg.example.com/app:2"],
            RepoDigests = ["reg.example.com/app@sha256:" + new string('a', 64)],
            Created = 1_700_000_000_123_456_789,
            Labels = new Dictionary<string, string> { ["k"] = "v" },
            Layers = [TestDockerLayer.Make(2, 20)],
            Parent = "base:1",
        });
        var inspected = (await _http.GetAsync("/images/app/json")).Json!;
        Assert.Equal((id, parent), (inspected["Id"]!.GetValue<string>(), inspected["Parent"]!.GetValue<string>()));
        Assert.Equal("2023-11-14T22:13:20.123456789Z", inspected["Created"]!.GetValue<string>());
        Assert.Equal(["app:latest", "reg.example.com/app:2"], inspected["RepoTags"]!.AsArray().Select(t => t!.GetValue<string>()));
        var history = (await _http.GetAsync("/images/app/history")).Json!.AsArray();
        Assert.Equal([id, parent], history.Select(h => h!["Id"]!.GetValue<string>()));
        var row = (await _http.GetAsync("/images/json")).Json!.AsArray().Single(r => r!["Id"]!.GetValue<string>() == id)!;
        Assert.Equal((120L, 1_700_000_000L), (row["Size"]!.GetValue<long>(), row["Created"]!.GetValue<long>()));
        Assert.Equal("v", row["Labels"]!["k"]!.GetValue<string>());
    }

    [Fact]
    public async Task Image_without_created_has_the_zero_time_of_Go()
    {
        _docker.AddImage(new TestDockerImage { Tags = ["a:1"], Created = null });
        Assert.Equal(-62135596800, (await _http.GetAsync("/images/json")).Json![0]!["Created"]!.GetValue<long>());
        Assert.Equal("0001-01-01T00:00:00Z", (await _http.GetAsync("/images/a:1/json")).Json!["Created"]!.GetValue<string>());
    }

    [Fact]
    public async Task D6_running_container_cannot_be_forced()
    {
        var id = _docker.AddImage(new TestDockerImage { Tags = ["a:1"] });
        var container = _docker.AddContainer("a:1", "web", running: true);
        var words = $"conflict: unable to delete {id[7..19]} (cannot be forced) - image is being used by running container " +
            $"{container[..12]}";
        Assert.Equal((409, words), await AskAsync("DELETE", "/images/" + id));
        Assert.Equal((409, words), await AskAsync("DELETE", $"/images/{id}?force=1"));
    }

    [Fact]
    public async Task D8_force_by_name_leaves_a_running_image_without_name()
    {
        var id = _docker.AddImage(new TestDockerImage { Tags = ["a:1"], RepoDigests = ["a@sha256:" + new string('a', 64)] });
        var container = _docker.AddContainer("a:1", "web", running: true);
        Assert.Equal(
            (409, $"conflict: unable to remove repository reference \"a:1\" (must force) - container {container[..12]} is using its " +
                $"referenced image {id[7..19]}"),
            await AskAsync("DELETE", "/images/a:1"));
        var removed = (await _http.DeleteAsync("/images/a:1?force=1")).Json!.AsArray();
        Assert.Equal(["a:1", "a@sha256:" + new string('a', 64)], removed.Select(r => r!["Untagged"]!.GetValue<string>()));
        var row = Assert.Single((await _http.GetAsync("/images/json")).Json!.AsArray())!;
        Assert.Equal("<none>:<none>", row["RepoTags"]![0]!.GetValue<string>());
        Assert.Equal(id, (await _http.GetAsync("/containers/json")).Json![0]!["Image"]!.GetValue<string>());

        // P5: not while the container is there.
        Assert.Null((await _http.PostAsync("/images/prune")).Json!["ImagesDeleted"]);
        _docker.RemoveContainer("web");
        Assert.Equal(1000, (await _http.PostAsync("/images/prune")).Json!["SpaceReclaimed"]!.GetValue<long>());
    }

    [Theory]
    [InlineData("", 2)]
    [InlineData("?noprune=1", 1)]
    public async Task D10_parents_without_name_go_unless_noprune(string query, int deletedImages)
    {
        var parent = _docker.AddImage(new TestDockerImage());
        var child = _docker.AddImage(new TestDockerImage { Tags = ["a:1"], Parent = parent, Layers = [] });
        var removed = (await _http.DeleteAsync("/images/a:1" + query)).Json!.AsArray().Select(r => r!["Deleted"]?.GetValue<string>())
            .ToList();
        Assert.Equal(new[] { child, parent }.Take(deletedImages), removed.Where(r => r == child || r == parent));
    }

    [Fact]
    public async Task D13_beginning_of_several_ids_is_no_image()
    {
        var ids = Enumerable.Range(0, 17).Select(i => _docker.AddImage(new TestDockerImage { Layers = [TestDockerLayer.Make(i)] }))
            .ToList();
        var several = ids.GroupBy(i => i[7]).First(g => g.Count() > 1).Key;
        Assert.Equal((404, $"No such image: {several}:latest"), await AskAsync("DELETE", $"/images/{several}"));
        Assert.Equal(17, (await _http.GetAsync("/images/json")).Json!.AsArray().Count);
    }

    [Fact]
    public async Task Double_on_tcp_answers_on_loopback()
    {
        using var docker = TestDocker.Start(options: new TestDockerOptions { Tcp = true });
        using var http = new System.Net.Http.HttpClient();
        Assert.Equal("OK", await http.GetStringAsync(docker.Address.Replace("tcp:", "http:", StringComparison.Ordinal) + "/_ping"));
        Assert.Empty(docker.SocketPath);
    }

    [Fact]
    public void Socket_is_gone_after_the_double()
    {
        var docker = TestDocker.Start();
        Assert.True(System.IO.File.Exists(docker.SocketPath));
        docker.Dispose();
        Assert.False(System.IO.File.Exists(docker.SocketPath));
    }

    private async Task<(int, string?)> AskAsync(string method, string path)
    {
        var answer = await _http.SendAsync(method, path);
        return (answer.Status, answer.Message);
    }
}
