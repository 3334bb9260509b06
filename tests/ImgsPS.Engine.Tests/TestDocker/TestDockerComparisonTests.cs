using System;
using System.Collections.Generic;
using System.Formats.Tar;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using ImgsPS.Testing;
using Xunit;

namespace ImgsPS.Engine.Tests;

/// <summary>The same requests to a real dockerd 20.10 and to the double get the same answers: what keeps the double honest.</summary>
public sealed class TestDockerComparisonTests(RealDocker dockerd) : IClassFixture<RealDocker>, IAsyncLifetime, IDisposable
{
    /// <summary>States of layers whose number and order depend on time.</summary>
    private static readonly string[] Unordered = ["Downloading", "Verifying Checksum", "Download complete", "Waiting", "Extracting"];

    private readonly TestRegistry _registry = TestRegistry.Start(new TestRegistryOptions { Search = true });
    private readonly Dictionary<string, string> _names = new(StringComparer.Ordinal);
    private TestDocker _double = null!;
    private DockerHttp _real = null!;
    private DockerHttp _fake = null!;

    private string Host => _registry.Host;

    public async Task InitializeAsync()
    {
        _double = TestDocker.Start(_registry);
        _fake = new DockerHttp(_double.SocketPath);
        if (dockerd.Absent is null)
        {
            _real = new DockerHttp(dockerd.SocketPath);
            await RealDocker.EmptyAsync(_real);
        }
    }

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose()
    {
        _fake.Dispose();
        _real?.Dispose();
        _double.Dispose();
        _registry.Dispose();
    }

    [SkippableFact]
    public async Task Pings_versions_and_unknown_paths()
    {
        await SameAsync("GET", "/_ping", headers: true);
        await SameAsync("HEAD", "/_ping", headers: true);
        await SameAsync("GET", "/v1.12/_ping");
        await SameAsync("GET", "/v1.42/images/json", headers: true);
        await SameAsync("GET", "/v1.11/images/json", headers: true);
        await SameAsync("GET", "/v1.23/images/nosuch/json", headers: true);
        await SameAsync("GET", "/nope", headers: true);
        await SameAsync("GET", "/v1.41/nope");
        await SameAsync("POST", "/images/json");
        await SameAsync("HEAD", "/v1.41/images/json");
        await SameAsync("GET", "/v1.41/images/json", headers: true);
        await SameAsync("GET", "/system/df");
        await SameAsync("POST", "/images/prune");
    }

    [SkippableFact]
    public async Task Version_and_info_have_members_of_the_real_ones()
    {
        Skip.IfNot(dockerd.Absent is null, dockerd.Absent);
        foreach (var path in new[] { "/version", "/info" })
        {
            var real = (await _real.GetAsync(path)).Json!.AsObject();
            foreach (var (name, value) in (await _fake.GetAsync(path)).Json!.AsObject())
            {
                Assert.True(real.ContainsKey(name), path + " has no " + name);
                Assert.Equal(real[name]?.GetValueKind(), value?.GetValueKind());
            }
        }
    }

    [SkippableFact]
    public async Task Pull_list_and_inspect()
    {
        var labels = new Dictionary<string, string> { ["team"] = "ops" };
        var image = _registry.AddImage("team/app:1", new ImageSpec
        {
            Labels = labels,
            Author = "bob",
            Layers = [new LayerSpec(1, 3000), new LayerSpec(2, 40_000), new LayerSpec(3), new LayerSpec(4), new LayerSpec(5)],
        });
        _registry.Tag("team/app", "two", image.Digest);
        _registry.AddImage("team/old:1",
            new ImageSpec { Created = null, Format = ImageFormat.Docker, Layers = [new LayerSpec(1, 3000), new LayerSpec(9)] });
        _registry.AddImage("team/empty:1", new ImageSpec { Layers = [], Created = DateTimeOffset.UnixEpoch });
        await PullAsync($"fromImage={Host}/team/app&tag=1");
        await PullAsync($"fromImage={Host}/team/app:1");
        await PullAsync($"fromImage={Host}/team/app&tag=two");
        await PullAsync($"fromImage={Host}/team/old&tag=1");
        await PullAsync($"fromImage={Host}/team/app");
        await PullAsync(
            $"fromImage={Host}/team/old@{_registry.AddImage("team/old", new ImageSpec { Layers = [new LayerSpec(7)] }).Digest}");
        await PullAsync($"fromImage={Host}/team/app&tag={image.Digest}");
        await PullAsync($"fromImage={Host}/team/app:1@{image.Digest}");
        await SameAsync("GET", "/images/json");
        await SameAsync("GET", "/images/json?all=1&digests=1");
        await SameAsync("GET", "/system/df");
        foreach (var name in new[] { $"{Host}/team/app:1", $"{Host}/team/old:1", image.Config.Digest, image.Config.Digest[7..19],
            image.Config.Digest[..19] })
        {
            await SameAsync("GET", $"/images/{name}/json");
            await SameAsync("GET", $"/images/{name}/history");
        }
    }

    [SkippableFact]
    public async Task Pull_of_an_index_and_of_platforms()
    {
        var index = _registry.AddIndex("team/multi:1",
            [ImageSpec.For("linux/amd64"), ImageSpec.For("linux/arm64") with { Layers = [new LayerSpec(3)] }]);
        _registry.AddImage("team/arm:1", ImageSpec.For("linux/arm64"));
        await PullAsync($"fromImage={Host}/team/multi&tag=1&platform=linux/s390x");
        await PullAsync($"fromImage={Host}/team/multi&tag=1");
        await PullAsync($"fromImage={Host}/team/multi&tag=1&platform=linux/arm64");
        await SameAsync("GET", "/images/json");
        await PullAsync($"fromImage={Host}/team/multi@{index.Digest}");
        await PullAsync($"fromImage={Host}/team/multi&tag=1&platform=bogus");
        await PullAsync($"fromImage={Host}/team/arm&tag=1&platform=linux/arm64");
        await PullAsync($"fromImage={Host}/team/arm&tag=1&platform=linux/amd64");
        await SameAsync("GET", "/images/json");
    }

    [SkippableFact]
    public async Task Pulls_that_fail()
    {
        _registry.AddImage("team/app:1", new ImageSpec());
        await SameAsync("POST", $"/images/create?fromImage={Host}/team/app&tag=nope");
        await SameAsync("POST", $"/images/create?fromImage={Host}/team/nope&tag=1");
        await SameAsync("POST", $"/images/create?fromImage={Host}/team/Nope&tag=1");
        await SameAsync("POST", $"/images/create?fromImage={Host}/team/app&tag=b@d");
        await SameAsync("POST", "/images/create?fromImage=" + new string('a', 64));
        await SameAsync("POST", $"/images/create?fromImage={Host}/team/app&tag=sha256:{new string('0', 64)}");
    }

    [SkippableFact]
    public async Task Pull_with_credentials()
    {
        Skip.IfNot(dockerd.Absent is null, dockerd.Absent);
        _registry.Options.Auth = RegistryAuth.Basic;
        _registry.Options.Users["bob"] = "pw";
        _double.Options.RegistryUser = "bob";
        _double.Options.RegistryPassword = "pw";
        _registry.AddImage("team/app:1", new ImageSpec());
        foreach (var auth in new[] { "", "!!", """{"username":"bob","password":"no"}""", """{"username":"bob","password":"pw"}""" })
        {
            var header = auth.StartsWith('{') ? Convert.ToBase64String(Encoding.UTF8.GetBytes(auth)).Replace('+', '-').Replace('/', '_')
                : auth;
            var path = $"/images/create?fromImage={Host}/team/app&tag=1";
            var real = await _real.SendAsync("POST", path, null, default, ("X-Registry-Auth", header));
            var fake = await _fake.SendAsync("POST", path, null, default, ("X-Registry-Auth", header));
            Assert.Equal((auth, real.Status), (auth, fake.Status));
            Assert.True(real.Status == 200 || real.Message == fake.Message, real.Body + fake.Body);
        }
    }

    [SkippableFact]
    public async Task Names_that_are_not_there_or_not_names()
    {
        _registry.AddImage("team/app:1", new ImageSpec());
        await PullAsync($"fromImage={Host}/team/app&tag=1");
        var digest = "sha256:" + new string('0', 64);
        foreach (var name in new[] { "nosuch", "nosuch:1", "Nosuch", digest, digest[7..], $"{Host}/team/app@{digest}", "abcdefabcdef",
            "sha256:00", "sha256:foo", "a%20b", "json" })
        {
            await SameAsync("DELETE", "/images/" + name);
            await SameAsync("GET", $"/images/{name}/json");
            await SameAsync("GET", $"/images/{name}/history");
            await SameAsync("POST", $"/images/{name}/tag?repo=x");
        }
    }

    [SkippableFact]
    public async Task Tags()
    {
        var image = _registry.AddImage("team/app:1", new ImageSpec());
        await PullAsync($"fromImage={Host}/team/app&tag=1");
        var id = image.Config.Digest[7..19];
        foreach (var query in new[]
        {
            "repo=A&tag=b", "repo=a&tag=b@", "repo=sha256&tag=b", "repo=sha256:foo", "repo=" + new string('a', 64), "", "repo=",
            "repo=stub/t",
            "repo=stub/t:1&tag=2", "repo=a@sha256:" + new string('0', 64), "repo=docker.io/library/x&tag=1", "repo=localhost/x",
            "repo=Host/x&tag=3",
            "repo=a//b", "repo=a&tag=-x", "repo=x:y:z",
        })
        {
            await SameAsync("POST", $"/images/{id}/tag?{query}");
        }

        await SameAsync("GET", "/images/json");
        await SameAsync("GET", $"/images/{id}/json");
    }

    [SkippableFact]
    public async Task Filters_of_lists()
    {
        var labels = new Dictionary<string, string> { ["team"] = "ops", ["env"] = "prod" };
        _registry.AddImage("team/app:1", new ImageSpec { Labels = labels });
        _registry.AddImage("team/new:1", new ImageSpec { Created = new DateTimeOffset(2025, 1, 1, 0, 0, 0, TimeSpan.Zero) });
        var byDigest = _registry.AddImage("team/dig", new ImageSpec { Created = new DateTimeOffset(2023, 1, 1, 0, 0, 0, TimeSpan.Zero) });
        await PullAsync($"fromImage={Host}/team/app&tag=1");
        await PullAsync($"fromImage={Host}/team/new&tag=1");
        await PullAsync($"fromImage={Host}/team/dig@{byDigest.Digest}");
        await SameAsync("POST", $"/images/{Host}/team/app:1/tag?repo=alpine&tag=3");
        foreach (var filters in new[]
        {
            """{"bogus":["x"]}""", """{"dangling":["maybe"]}""", """{"dangling":["true"]}""", """{"dangling":["false"]}""",
            """{"dangling":{"true":true}}""",
            """{"until":["24h"]}""", """{"before":["nosuch"]}""", """{"since":["nosuch:1"]}""", """{"before":["F00"]}""",
            """{"label!":["x"]}""",
            """{"label":["team"]}""", """{"label":["team=ops","env=prod"]}""", """{"label":["team=ops","env=dev"]}""",
            """{"label":["team=dev"]}""",
            $$"""{"before":["{{Host}}/team/app:1"]}""", $$"""{"since":["{{Host}}/team/app:1"]}""",
            """{"reference":["["]}""", """{"reference":["[a-"]}""", """{"reference":["alp*"]}""", """{"reference":["alpin[a-e]:?"]}""",
            """{"reference":["*"]}""",
            """{"reference":["*/*"]}""", """{"reference":["*/*/*:1"]}""", """{"reference":["*/*/dig"]}""",
            """{"reference":["docker.io/library/alpine"]}""",
            """{"reference":["alpine","*/*/new"]}""", """{"reference":["*/*/*"],"dangling":["true"]}""", """{"reference":["al\\pine"]}""",
            """{"reference":["[^b]lpine"]}""",
        })
        {
            await SameAsync("GET", "/images/json?filters=" + Uri.EscapeDataString(filters));
        }

        foreach (var filters in new[]
        {
            """{"reference":["x"]}""", """{"until":["1h","2h"]}""", """{"until":["zz"]}""", """{"dangling":["maybe"]}""",
            """{"label":["nosuch"]}""",
            """{"dangling":["false"],"until":["2024-01-01T00:00:00Z"],"label":["nosuch"]}""",
            """{"dangling":["false"],"label!":["team"],"until":["1672531200"]}""",
            """{"dangling":["false"],"label":["env"]}""", """{"dangling":["false"]}""",
        })
        {
            await SameAsync("POST", "/images/prune?filters=" + Uri.EscapeDataString(filters), sorted: true);
            await SameAsync("GET", "/images/json");
        }
    }

    [SkippableFact]
    public async Task Removals_by_name_and_id()
    {
        var image = _registry.AddImage("team/app:1", new ImageSpec { Layers = [new LayerSpec(1), new LayerSpec(2)] });
        _registry.AddImage("team/other:1", new ImageSpec { Layers = [new LayerSpec(1), new LayerSpec(3)] });
        var id = image.Config.Digest[7..19];
        await PullAsync($"fromImage={Host}/team/app&tag=1");
        await PullAsync($"fromImage={Host}/team/other&tag=1");

        // D4: two tags of one repository, and two repositories.
        await SameAsync("POST", $"/images/{id}/tag?repo={Host}/team/app&tag=2");
        await SameAsync("DELETE", $"/images/{id}");
        await SameAsync("DELETE", $"/images/{Host}/team/app:1");
        await SameAsync("POST", $"/images/{id}/tag?repo=elsewhere");
        await SameAsync("DELETE", $"/images/{id}");

        // D2: the digest goes with the last tag of its repository; D1: another repository keeps the image.
        await SameAsync("DELETE", $"/images/{Host}/team/app:2");
        await SameAsync("GET", "/images/json");

        // D14, D3: the layer that the other image has stays.
        await SameAsync("DELETE", "/images/elsewhere:1");
        await SameAsync("DELETE", "/images/elsewhere");
        await PullAsync($"fromImage={Host}/team/app&tag=1");

        // D11, D13.
        await SameAsync("DELETE", $"/images/{Host}/team/app@{image.Digest}");
        await SameAsync("GET", "/images/json");
        await SameAsync("POST", $"/images/{id}/tag?repo={id}");
        await SameAsync("DELETE", $"/images/{id}");
        await SameAsync("DELETE", $"/images/{id}:latest");
        await SameAsync("POST", $"/images/{id}/tag?repo=a");
        await SameAsync("POST", $"/images/{id}/tag?repo=b");
        await SameAsync("DELETE", $"/images/{image.Config.Digest}?force=1");
        await PullAsync($"fromImage={Host}/team/app@{image.Digest}");
        await SameAsync("DELETE", $"/images/{Host}/team/app");
        await SameAsync("DELETE", $"/images/{Host}/team/app@{image.Digest}");
        await SameAsync("DELETE", $"/images/{Host}/team/other");
        await SameAsync("DELETE", $"/images/{Host}/team/other:1");
        await SameAsync("GET", "/images/json");
    }

    [SkippableFact]
    public async Task Removals_of_images_with_containers()
    {
        var image = _registry.AddImage("team/app:1", new ImageSpec { Layers = [new LayerSpec(1), new LayerSpec(2)] });
        var id = image.Config.Digest[7..19];
        await PullAsync($"fromImage={Host}/team/app&tag=1");
        await AddContainerAsync($"{Host}/team/app:1", "stub-c1");
        await SameAsync("GET", "/containers/json?all=1");
        await SameAsync("GET", "/containers/json");

        // D5, D6, D7; P5.
        await SameAsync("DELETE", $"/images/{Host}/team/app:1");
        await SameAsync("DELETE", $"/images/{id}");
        await SameAsync("POST", "/images/prune?filters=" + Uri.EscapeDataString("""{"dangling":["false"]}"""));
        await SameAsync("GET", "/images/json");
        await PullAsync($"fromImage={Host}/team/app&tag=1");
        await SameAsync("DELETE", $"/images/{Host}/team/app:1?force=1");
        await SameAsync("GET", "/containers/json?all=1");
        await PullAsync($"fromImage={Host}/team/app&tag=1");
        await SameAsync("DELETE", $"/images/{id}?force=true");
        await PullAsync($"fromImage={Host}/team/app@{image.Digest}");
        await SameAsync("DELETE", $"/images/{Host}/team/app@{image.Digest}");
        await SameAsync("GET", "/system/df");
    }

    [SkippableFact]
    public async Task Removals_of_images_with_children()
    {
        var image = _registry.AddImage("team/app:1", new ImageSpec());
        var id = image.Config.Digest[7..19];
        await PullAsync($"fromImage={Host}/team/app&tag=1");
        await BuildAsync($"FROM {Host}/team/app:1\nLABEL a=b\nLABEL c=d\n", "built:1");
        _double.AddImage(new TestDockerImage
        {
            Tags = ["built:1"],
            Layers = [],
            Labels = new Dictionary<string, string> { ["a"] = "b", ["c"] = "d" },
            Parent = _double.AddImage(new TestDockerImage
            {
                Layers = [],
                Labels = new Dictionary<string, string> { ["a"] = "b" },
                Parent = id,
            }),
        });
        await ForgetAsync("built:1");

        // D9, also with force; L6.
        await SameAsync("DELETE", $"/images/{id}");
        await SameAsync("DELETE", $"/images/{id}?force=1");
        await SameCountAsync("/images/json", 2);
        await SameCountAsync("/images/json?all=1", 3);
        await SameAsync("DELETE", $"/images/{Host}/team/app:1?force=1");
        await SameCountAsync("/images/json?all=1", 3);

        // D10: the parents that nothing names go too, and here that is all of them.
        await SameAsync("DELETE", "/images/built:1");
        await SameAsync("GET", "/images/json?all=1");
    }

    [SkippableFact]
    public async Task Searches()
    {
        _registry.AddSearchEntry(new SearchEntry("team/app", "An app", 3));
        _registry.AddSearchEntry(new SearchEntry("team/best", "The app", 30, Official: true));
        foreach (var query in new[]
        {
            $"term={Host}/app", $"term={Host}/app&limit=1", $"term={Host}/none", $"term={Host}/app&limit=200", $"term={Host}/app&limit=a",
            $"term=http://{Host}/x", $"term={Host}/app&filters=" + Uri.EscapeDataString("""{"stars":["10"]}"""),
            $"term={Host}/app&filters=" + Uri.EscapeDataString("""{"bogus":["a"]}"""),
            $"term={Host}/app&filters=" + Uri.EscapeDataString("""{"stars":["a"]}"""),
            $"term={Host}/app&filters=" + Uri.EscapeDataString("""{"is-official":["true"]}"""),
        })
        {
            await SameAsync("GET", "/images/search?" + query);
        }

        _registry.Options.Search = false;
        await SameAsync("GET", $"/images/search?term={Host}/app");
    }

    private async Task PullAsync(string query)
    {
        Skip.IfNot(dockerd.Absent is null, dockerd.Absent);
        var real = await _real.PostAsync("/images/create?" + query);
        var fake = await _fake.PostAsync("/images/create?" + query);
        Assert.Equal((real.Status, real.ContentType), (fake.Status, fake.ContentType));
        Assert.Equal(Ordered(real), Ordered(fake));

        // Of the rest only the shape is compared.
        foreach (var status in Unordered)
        {
            var one = fake.Lines.FirstOrDefault(l => l["status"]?.GetValue<string>() == status);
            var other = real.Lines.FirstOrDefault(l => l["status"]?.GetValue<string>() == status);
            Assert.True(one is null || other is null || one.Select(m => m.Key).SequenceEqual(other.Select(m => m.Key)), $"{one} {other}");
        }
    }

    private static string Ordered(DockerAnswer answer) => string.Join(
        '\n', answer.Lines.Where(l => !Unordered.Contains(l["status"]?.GetValue<string>())).Select(l => l.ToJsonString()));

    /// <summary>
    /// Asks both and compares status, content type and JSON with its members' order; with <paramref name="headers"/> also the headers'
    /// names and values.
    /// </summary>
    private async Task SameAsync(string method, string path, bool headers = false, bool sorted = false)
    {
        Skip.IfNot(dockerd.Absent is null, dockerd.Absent);
        var real = await _real.SendAsync(method, path);
        var fake = await _fake.SendAsync(method, path);
        Assert.Equal($"{method} {path}: {real.Status} {real.ContentType}\n{Plain(real, sorted)}",
            $"{method} {path}: {fake.Status} {fake.ContentType}\n{Plain(fake, sorted)}");
        if (headers)
        {
            Assert.Equal(Headers(real), Headers(fake));
        }
    }

    private async Task SameCountAsync(string path, int count)
    {
        Assert.Equal(count, (await _real.GetAsync(path)).Json!.AsArray().Count);
        Assert.Equal(count, (await _fake.GetAsync(path)).Json!.AsArray().Count);
    }

    private static List<string> Headers(DockerAnswer answer) => answer.Headers
        .Where(h => h.Key is not ("Date" or "Content-Length" or "Connection" or "Transfer-Encoding"))
        .Select(h => h.Key == "Server" ? "Server: " + h.Value.Split('/')[0] : $"{h.Key}: {h.Value}")
        .Order(StringComparer.Ordinal)
        .ToList();

    private string Plain(DockerAnswer answer, bool sorted)
    {
        if (answer.ContentType != "application/json" || answer.Body.Length == 0)
        {
            return answer.Body;
        }

        var json = answer.Json!;
        Clean(json, sorted);
        return _names.Aggregate(json.ToJsonString(), (text, name) => text.Replace(name.Key, name.Value, StringComparison.Ordinal));
    }

    /// <summary>Takes away what is each engine's own: folders, times of now, networks; and puts what has no order in one.</summary>
    private static void Clean(JsonNode? node, bool sorted)
    {
        if (node is JsonObject o)
        {
            o.Remove("GraphDriver");
            o.Remove("NetworkSettings");
            o.Remove("LastTagTime");
            if (o.ContainsKey("ImageID"))
            {
                o.Remove("Created");
            }

            o.Select(m => m.Value).ToList().ForEach(v => Clean(v, sorted));
        }
        else if (node is JsonArray array)
        {
            array.ToList().ForEach(v => Clean(v, sorted));

            // Images of the same second and those of a prune come in Go's map order.
            if (sorted || array.All(i => i is JsonObject row && row.ContainsKey("SharedSize")))
            {
                var items = array.OrderBy(i => i?.ToJsonString(), StringComparer.Ordinal).ToList();
                array.Clear();
                items.ForEach(array.Add);
            }
        }
    }

    private async Task AddContainerAsync(string image, string name)
    {
        Skip.IfNot(dockerd.Absent is null, dockerd.Absent);
        var body = new JsonObject
        {
            ["Image"] = image,
            ["Cmd"] = new JsonArray("sh"),
            ["HostConfig"] = new JsonObject { ["NetworkMode"] = "none" }
        };
        var made = await _real.PostAsync("/containers/create?name=" + name, body.ToJsonString());
        Assert.Equal(201, made.Status);
        foreach (var id in new[] { made.Json!["Id"]!.GetValue<string>(), _double.AddContainer(image, name, running: false) })
        {
            _names[id] = "<id of " + name + ">";
            _names[id[..12]] = "<short id of " + name + ">";
        }
    }

    private async Task BuildAsync(string dockerfile, string tag)
    {
        Skip.IfNot(dockerd.Absent is null, dockerd.Absent);
        using var memory = new MemoryStream();
        using (var tar = new TarWriter(memory, leaveOpen: true))
        {
            using var content = new MemoryStream(Encoding.UTF8.GetBytes(dockerfile));
            tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "Dockerfile") { DataStream = content });
        }

        var built = await _real.PostTarAsync("/build?networkmode=none&t=" + tag, memory.ToArray());
        Assert.True(built.Status == 200 && built.Lines.All(l => !l.ContainsKey("error")), built.Body);
    }

    /// <summary>The ids of an image and its parents differ between the engines: they count as the same.</summary>
    private async Task ForgetAsync(string name)
    {
        foreach (var docker in new[] { _real, _fake })
        {
            var generation = 0;
            for (var at = name; at.Length > 0; generation++)
            {
                var image = (await docker.GetAsync($"/images/{at}/json")).Json!;
                _names[image["Id"]!.GetValue<string>()] = "<image " + generation + ">";
                at = image["Parent"]!.GetValue<string>();
            }
        }
    }
}
