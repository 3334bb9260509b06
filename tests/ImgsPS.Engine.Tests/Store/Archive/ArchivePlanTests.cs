using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Engine.Tests.Layers;
using ImgsPS.Engine.Tests.Store.Layout;
using ImgsPS.Stores.Archive;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Archive;

/// <summary>What an archive has of images: AR1 to AR6, AR13, AR18, AR20.</summary>
public sealed class ArchivePlanTests : IDisposable
{
    private const string Foreign = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";

    private readonly ExportWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Fact]
    public async Task Content_comes_first_and_once_then_the_documents_AR6_AR7()
    {
        var shared = TestLayer.Of("shared", "shared");
        var images = new List<TestImage>();
        foreach (var name in new[] { "a", "b", "c" })
        {
            images.Add(await _world.Store.PutAsync(name + ":1", new TestImage(name, [shared, TestLayer.Of(name, name)])));
        }

        var plan = await _world.PlanAsync("c:1", "a:1", "b:1");
        var bytes = await _world.WriteAsync(plan);
        var members = TestTar.Read(bytes);
        var blobs = images.SelectMany(i => i.Content).Select(b => "blobs/sha256/" + b.Digest.Hex).Distinct()
            .OrderBy(n => n, StringComparer.Ordinal);

        Assert.Equal(
            new[] { "blobs/", "blobs/sha256/" }.Concat(blobs).Concat(["index.json", "manifest.json", "oci-layout"]),
            members.Select(m => m.Name));
        Assert.Equal((bytes.Length, 3), (plan.TarSize, plan.Images));
        Assert.Equal("{\"imageLayoutVersion\":\"1.0.0\"}", Encoding.UTF8.GetString(members[^1].Body));
        Assert.All(images.SelectMany(i => i.Content), b => Assert.Equal(b.Bytes, members.Single(m => m.Name.EndsWith(b.Digest.Hex)).Body));
    }

    [Fact]
    public async Task Names_are_those_of_docker_and_of_containerd_AR2_AR3()
    {
        var image = await _world.Store.PutAsync("alpine:1", new TestImage());
        await _world.Store.TagAsync("alpine:1", "reg.example.com:5000/team/app:v2");
        var members = await _world.MembersAsync(await _world.PlanAsync("alpine:1", "reg.example.com:5000/team/app:v2"));

        var element = Assert.Single(ExportWorld.Elements(members));
        Assert.Equal("blobs/sha256/" + image.Config.Digest.Hex, (string?)element["Config"]);
        Assert.Equal(["alpine:1", "reg.example.com:5000/team/app:v2"], element["RepoTags"]!.AsArray().Select(t => (string?)t));
        Assert.Equal(image.Layers.Select(l => "blobs/sha256/" + l.Blob.Digest.Hex), element["Layers"]!.AsArray().Select(t => (string?)t));
        Assert.Equal(
            [("docker.io/library/alpine:1", "1"), ("reg.example.com:5000/team/app:v2", "v2")],
            ExportWorld.Entries(members).Select(Names));
        Assert.All(ExportWorld.Entries(members), e => Assert.Equal(image.Manifest.Digest.ToString(), (string?)e["digest"]));
    }

    [Fact]
    public async Task Word_that_another_tool_called_an_image_stays_a_word_AR3()
    {
        await _world.Store.PutAsync("app:1", new TestImage());
        _world.Store.EditIndex(index => index["manifests"]![0]!["annotations"] = new JsonObject
        {
            ["org.opencontainers.image.ref.name"] = "latest",
        });
        var members = await _world.MembersAsync(await _world.PlanAsync("latest"));

        var entry = Assert.Single(ExportWorld.Entries(members));
        Assert.Equal((null, "latest"), Names(entry));
        Assert.Null(ExportWorld.Elements(members)[0]["RepoTags"]);
    }

    [Fact]
    public async Task Name_by_digest_stays_one_AR3()
    {
        var image = new TestImage();
        await _world.Store.PutAsync("app@" + image.Manifest.Digest, image);
        await _world.Store.PutAsync("app:1", image);
        var rows = await _world.Store.ListAsync();
        var selection = new ExportSelection();
        rows.ToList().ForEach(row => selection.Add(_world.Store.Store, row));
        var plan = await ArchivePlanner.RunAsync(
            selection.Open(_world.Observer), new ExportRequest(), _world.Observer, System.Threading.CancellationToken.None);
        var members = await _world.MembersAsync(plan);

        Assert.Equal(
            [("docker.io/library/app:1", "1"), ("docker.io/library/app@" + image.Manifest.Digest, null)],
            ExportWorld.Entries(members).Select(Names));
        Assert.Equal(["app:1"], Assert.Single(ExportWorld.Elements(members))["RepoTags"]!.AsArray().Select(t => (string?)t));
    }

    [Fact]
    public async Task Image_by_its_id_has_no_name_and_a_repository_all_its_tags_AR18()
    {
        var one = await _world.Store.PutAsync("app:1", new TestImage("one"));
        await _world.Store.PutAsync("app:2", new TestImage("two"));
        await _world.Store.PutAsync("application:1", new TestImage("other"));

        foreach (var id in new[] { one.Id, one.Id.Substring(7), one.Id.Substring(7, 12) })
        {
            var members = await _world.MembersAsync(await _world.PlanAsync(id));
            Assert.Null(Assert.Single(ExportWorld.Entries(members))["annotations"]);
            Assert.Null(Assert.Single(ExportWorld.Elements(members))["RepoTags"]);
        }

        var all = ExportWorld.Elements(await _world.MembersAsync(await _world.PlanAsync("app")));
        Assert.Equal(["app:1", "app:2"], all.SelectMany(e => e["RepoTags"]!.AsArray()).Select(t => (string?)t));
        var both = ExportWorld.Entries(await _world.MembersAsync(await _world.PlanAsync(one.Id, "app:1")));
        Assert.Equal("docker.io/library/app:1", Annotation(Assert.Single(both), "io.containerd.image.name"));
    }

    [Fact]
    public async Task Index_is_kept_and_what_is_not_there_is_named_once_AR4()
    {
        var here = new TestImage("here", platform: "linux/arm64");
        var gone = new TestImage("gone", platform: "linux/s390x");
        var never = new TestImage("never", platform: "windows/amd64");
        var index = await _world.Store.PutIndexAsync("app:1", TestImage.Index(gone, here, never), here);
        await _world.Store.PutIndexAsync("app:2", TestImage.Index(here, gone), here);
        var members = await _world.MembersAsync(await _world.PlanAsync("app"));

        Assert.Equal(index.Bytes, members["blobs/sha256/" + index.Digest.Hex]);
        Assert.All(here.Content, b => Assert.True(members.ContainsKey("blobs/sha256/" + b.Digest.Hex)));
        var warning = Assert.Single(_world.Observer.Warnings);
        Assert.Contains("app:1 (linux/s390x, windows/amd64); app:2 (linux/s390x)", warning);
    }

    [Theory]
    [InlineData("linux/arm64", "arm")]
    [InlineData("linux/s390x", "s390x")]
    public async Task Docker_loads_the_platform_that_was_asked_for_AR4(string platform, string expected)
    {
        var images = new[] { new TestImage("s390x", platform: "linux/s390x"), new TestImage("arm", platform: "linux/arm64") };
        await _world.Store.PutIndexAsync("app:1", TestImage.Index(images), images);
        var plan = await _world.PlanAsync(new ExportRequest { Platform = Platform.Parse(platform) }, "app:1");

        var element = Assert.Single(ExportWorld.Elements(await _world.MembersAsync(plan)));
        Assert.Contains("SEED=" + expected, Encoding.UTF8.GetString((await _world.MembersAsync(plan))[(string)element["Config"]!]));
        Assert.Equal(2, plan.Images);
    }

    [Fact]
    public async Task Docker_loads_the_first_where_none_is_for_this_machine_and_another_platform_is_an_error_AR4()
    {
        var images = new[] { new TestImage("one", platform: "plan9/mips"), new TestImage("two", platform: "plan9/arm") };
        await _world.Store.PutIndexAsync("app:1", TestImage.Index(images), images);
        await _world.Store.PutAsync("single:1", images[0]);

        var element = Assert.Single(ExportWorld.Elements(await _world.MembersAsync(await _world.PlanAsync("app:1"))));
        Assert.EndsWith(images[0].Config.Digest.Hex, (string?)element["Config"]);
        var request = new ExportRequest { Platform = Platform.Parse("linux/amd64") };
        var ofIndex = await Assert.ThrowsAsync<ImageException>(() => _world.PlanAsync(request, "app:1"));
        Assert.Contains("Available: plan9/mips, plan9/arm", ofIndex.Message);
        var ofImage = await Assert.ThrowsAsync<ImageException>(() => _world.PlanAsync(request, "single:1"));
        Assert.Contains("does not match the specified platform", ofImage.Message);
        Assert.All([ofIndex, ofImage], e => Assert.Equal(ImageErrorKind.NotFound, e.Kind));
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public async Task Attestation_travels_with_its_image_where_it_is_whole(bool isWhole, bool isThere)
    {
        var image = new TestImage("image", platform: "linux/amd64");
        var statement = TestBlob.Of(MediaTypes.InToto, Encoding.UTF8.GetBytes("{\"statement\":1}"));
        var config = TestBlob.Of(MediaTypes.OciConfig, Encoding.UTF8.GetBytes("{\"os\":\"unknown\",\"rootfs\":{\"type\":\"layers\"}}"));
        var attestation = TestBlob.Of(MediaTypes.OciManifest, Encoding.UTF8.GetBytes(new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = MediaTypes.OciManifest,
            ["config"] = config.ToJson(),
            ["layers"] = new JsonArray(statement.ToJson()),
        }.ToJsonString()));
        var entry = attestation.ToJson();
        entry["platform"] = new JsonObject { ["os"] = "unknown", ["architecture"] = "unknown" };
        entry["annotations"] = new JsonObject { ["vnd.docker.reference.digest"] = image.Manifest.Digest.ToString() };
        var index = TestBlob.Of(MediaTypes.OciIndex, Encoding.UTF8.GetBytes(new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = MediaTypes.OciIndex,
            ["manifests"] = new JsonArray(image.Manifest.ToJson(), entry),
        }.ToJsonString()));
        TestBlob[] content = [.. image.Content, config, attestation, index, .. isWhole ? [statement] : Array.Empty<TestBlob>()];
        await TempStore.PutAsync(_world.Store.Store, "app:1", index, content);
        var members = await _world.MembersAsync(await _world.PlanAsync("app:1"));

        Assert.All([attestation, config, statement], b => Assert.Equal(isThere, members.ContainsKey("blobs/sha256/" + b.Digest.Hex)));
        Assert.Equal(isThere ? 8 : 5, members.Keys.Count(k => k.StartsWith("blobs/", StringComparison.Ordinal)));
        Assert.Empty(_world.Observer.Warnings);
    }

    [Fact]
    public async Task Layers_that_docker_cannot_read_are_told_AR5()
    {
        var zstd = TestLayer.Of("z", "z");
        zstd = Typed(zstd, MediaTypes.OciLayerZstd);
        await _world.Store.PutAsync("app:1", new TestImage("zstd", [TestLayer.Of("a", "a"), zstd]));
        await _world.Store.PutAsync("app:2", new TestImage("gzip"));
        var members = await _world.MembersAsync(await _world.PlanAsync("app"));

        Assert.StartsWith("app:1 has layers that are compressed with zstd", Assert.Single(_world.Observer.Warnings));
        Assert.Contains("blobs/sha256/" + zstd.Blob.Digest.Hex, members.Keys);
    }

    [Fact]
    public async Task Layers_that_are_not_distributed_stay_behind_unless_asked_for_AR20()
    {
        var foreign = Typed(TestLayer.Of("w", "windows"), Foreign);
        var own = TestLayer.Of("a", "own");
        await _world.Store.PutAsync("win:1", new TestImage("windows", [foreign, own]));

        var members = await _world.MembersAsync(await _world.PlanAsync("win:1"));
        Assert.DoesNotContain("blobs/sha256/" + foreign.Blob.Digest.Hex, members.Keys);
        Assert.Contains("blobs/sha256/" + own.Blob.Digest.Hex, members.Keys);
        Assert.Contains(
            "blobs/sha256/" + foreign.Blob.Digest.Hex, ExportWorld.Elements(members)[0]["Layers"]!.AsArray().Select(l => (string?)l));
        Assert.Contains("-IncludeForeignLayer", Assert.Single(_world.Observer.Warnings));
        members = await _world.MembersAsync(await _world.PlanAsync(new ExportRequest { IncludeForeignLayers = true }, "win:1"));
        Assert.Contains("blobs/sha256/" + foreign.Blob.Digest.Hex, members.Keys);
    }

    [Fact]
    public async Task Delta_leaves_out_what_is_had_on_the_same_layers_alone_AR13()
    {
        var (a, b, c) = (TestLayer.Of("a", "a"), TestLayer.Of("b", "b"), TestLayer.Of("c", "c"));
        var app = await _world.Store.PutAsync("app:1", new TestImage("app", [a, b, c]));
        HadImage Had(string name, params TestLayer[] layers) => new(name, layers.Select(l => l.DiffId).ToList());

        await Assert_LeftOutAsync([a], Had("x", a));
        await Assert_LeftOutAsync([a, b], Had("x", a, b));
        await Assert_LeftOutAsync([a, b, c], Had("x", a, b, c, TestLayer.Of("d", "d")));
        await Assert_LeftOutAsync([], Had("x", b, c));
        await Assert_LeftOutAsync([a], Had("x", a, c, b), Had("y", b));
        await Assert_LeftOutAsync([a, b], Had("x", a, c), Had("y", a, b));

        async Task Assert_LeftOutAsync(TestLayer[] expected, params HadImage[] had)
        {
            var plan = await _world.PlanAsync(new ExportRequest { Except = had }, "app:1");
            var members = await _world.MembersAsync(plan);
            Assert.Equal(expected.Select(l => l.Blob.Digest).OrderBy(d => d), plan.LeftOut.Select(d => d.Digest));
            Assert.Equal(
                app.Layers.Except(expected).Select(l => "blobs/sha256/" + l.Blob.Digest.Hex).OrderBy(n => n, StringComparer.Ordinal),
                members.Keys.Where(k => app.Layers.Any(l => k.EndsWith(l.Blob.Digest.Hex, StringComparison.Ordinal))));
            Assert.Equal(expected.Length > 0, members.ContainsKey(".imgsps-delta.json"));
            Assert.Contains("blobs/sha256/" + app.Config.Digest.Hex, members.Keys);
        }
    }

    [Fact]
    public async Task Delta_lists_what_is_left_out_with_who_has_it_AR13()
    {
        var (a, b) = (TestLayer.Of("a", "a"), TestLayer.Of("b", "b"));
        await _world.Store.PutAsync("app:1", new TestImage("app", [a, b]));
        var request = new ExportRequest
        {
            Except = [new("docker.io/library/y:1", [a.DiffId]), new("docker.io/library/x:1", [a.DiffId, b.DiffId])],
        };
        var members = await _world.MembersAsync(await _world.PlanAsync(request, "app:1"));

        Assert.Equal(".imgsps-delta.json", members.Keys.First());
        var layers = JsonNode.Parse(members[".imgsps-delta.json"])!["layers"]!.AsArray().ToDictionary(l => (string)l!["digest"]!, l => l!);
        Assert.Equal(2, layers.Count);
        var ofA = layers[a.Blob.Digest.ToString()];
        Assert.Equal((a.DiffId.ToString(), a.Blob.Descriptor.Size), ((string?)ofA["diffId"], (long?)ofA["size"]));
        Assert.Equal(["docker.io/library/x:1", "docker.io/library/y:1"], ofA["images"]!.AsArray().Select(i => (string?)i));
        Assert.Equal(["docker.io/library/x:1"], layers[b.Blob.Digest.ToString()]["images"]!.AsArray().Select(i => (string?)i));
    }

    [Fact]
    public async Task Had_image_is_found_by_its_id_and_digests_and_not_by_its_name_AR13()
    {
        var image = await _world.Store.PutAsync("app:1", new TestImage());
        var rows = await _world.Store.ListAsync();
        var digest = image.Manifest.Digest.ToString();
        var other = "sha256:" + new string('1', 64);

        HadImage? Find(string? id, string? manifest, string? named) => HadImages.Find(
            rows, Stores.ImageIdentity.Of("app:1", id ?? other, named ?? other, "docker:web1", null, manifest));
        Assert.Null(Find(null, null, null));
        Assert.All(
            [Find(image.Id, null, null), Find(null, digest, null), Find(null, null, digest), HadImages.Of(rows[0])],
            had => Assert.Equal(image.Layers.Select(l => l.DiffId), had!.DiffIds));
        Assert.Equal("docker.io/library/app:1", Find(image.Id, null, null)!.Name);
    }

    [Fact]
    public async Task Image_without_layers_is_written_AR18()
    {
        await _world.Store.PutAsync("empty:1", new TestImage("empty", []));
        var element = Assert.Single(ExportWorld.Elements(await _world.MembersAsync(await _world.PlanAsync("empty:1"))));
        Assert.Empty(element["Layers"]!.AsArray());
    }

    [Fact]
    public async Task Other_algorithms_have_their_folder()
    {
        var layer = TestLayer.Of("a", "a");
        var sha512 = layer with { Blob = TestBlob.Of(MediaTypes.OciLayerGzip, layer.Blob.Bytes, "sha512") };
        await _world.Store.PutAsync("app:1", new TestImage("app", [sha512]));
        var tar = TestTar.Read(await _world.WriteAsync(await _world.PlanAsync("app:1")));

        Assert.Equal(["blobs/", "blobs/sha256/", "blobs/sha512/"], tar.Where(m => m.Kind == '5').Select(m => m.Name));
        Assert.Equal(layer.Blob.Bytes, tar.Single(m => m.Name == "blobs/sha512/" + sha512.Blob.Digest.Hex).Body);
    }

    [Fact]
    public async Task What_is_no_image_and_what_is_not_whole_is_an_error_that_names_it()
    {
        var platform = new TestImage("one", platform: "linux/amd64");
        await _world.Store.PutAsync("app:1", platform);
        await TempStore.PutAsync(
            _world.Store.Store, "chart:1", Artifact(out var config, out var layer), [config, layer, Artifact(out _, out _)]);
        var artifact = await Assert.ThrowsAsync<ImageException>(() => _world.PlanAsync("chart:1"));
        Assert.Equal(ImageErrorKind.NotSupported, artifact.Kind);
        Assert.Contains("chart:1 is not an image but an artifact of type application/vnd.cncf.helm.config.v1+json", artifact.Message);

        System.IO.File.Delete(_world.Store.Paths.Blob(platform.Config.Digest));
        var incomplete = await Assert.ThrowsAsync<ImageException>(() => _world.PlanAsync("app:1"));
        Assert.Equal(ImageErrorKind.Incomplete, incomplete.Kind);
        Assert.Contains(platform.Config.Digest.ToString(), incomplete.Message);
    }

    private static TestBlob Artifact(out TestBlob config, out TestBlob layer)
    {
        config = TestBlob.Of("application/vnd.cncf.helm.config.v1+json", Encoding.UTF8.GetBytes("{}"));
        layer = TestBlob.Of("application/vnd.cncf.helm.chart.content.v1.tar+gzip", [1, 2, 3]);
        return TestBlob.Of(MediaTypes.OciManifest, Encoding.UTF8.GetBytes(new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = MediaTypes.OciManifest,
            ["config"] = config.ToJson(),
            ["layers"] = new JsonArray(layer.ToJson()),
        }.ToJsonString()));
    }

    private static TestLayer Typed(TestLayer layer, string mediaType) =>
        layer with { Blob = layer.Blob with { Descriptor = new Descriptor(mediaType, layer.Blob.Digest, layer.Blob.Bytes.Length) } };

    private static (string? Whole, string? Tag) Names(JsonObject entry) =>
        (Annotation(entry, "io.containerd.image.name"), Annotation(entry, "org.opencontainers.image.ref.name"));

    private static string? Annotation(JsonObject entry, string name) => (string?)entry["annotations"]?[name];
}
