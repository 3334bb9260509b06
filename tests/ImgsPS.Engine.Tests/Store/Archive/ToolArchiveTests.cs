using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using ImgsPS.Engine.Tests.Layers;
using ImgsPS.Engine.Tests.Store.Layout;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Archive;

/// <summary>
/// Archives as other builders lay them out, by the texts of their sources: where each differs from docker's own is what is tried here
/// (AR8-AR12, RA2).
/// </summary>
public class ToolArchiveTests
{
    private static readonly TestImage s_image = new("tool");

    private static readonly Dictionary<string, (Func<byte[]> Make, string[] Names)> s_tools = new()
    {
        // jib: a fixed name for the config; several tags.
        ["jib docker"] = (() => Docker("config.json", l => l.Blob.Digest.Hex + ".tar.gz", gzip: true, "gcr.io/p/app:1", "app:2").ToTar(),
            ["app:2", "gcr.io/p/app:1"]),

        // kaniko, ko, crane: go-containerregistry; the host is written out.
        ["kaniko"] = (() => Docker(s_image.Config.Digest.ToString(), l => l.Blob.Digest.Hex + ".tar.gz", gzip: true,
            "index.docker.io/library/app:1").ToTar(), ["app:1"]),

        // bazel rules_docker: a file `top`; names in the tar begin with `./`, those in manifest.json do not.
        ["rules_docker"] = (() => Prefixed(Docker(s_image.Config.Digest.Hex + ".json", l => l.DiffId.Hex + "/layer.tar", gzip: false,
            "bazel/pkg:target").Add("top", s_image.Config.Digest.Hex).Add("repositories", "{}")), ["bazel/pkg:target"]),

        // bazel rules_oci: blobs by digest, layers with an ending; a folder entry for blobs alone.
        ["rules_oci"] = (() => Docker("blobs/sha256/" + s_image.Config.Digest.Hex,
            l => "blobs/sha256/" + l.Blob.Digest.Hex + ".tar.gz", gzip: true, "my-app:latest").ToTar(), ["my-app:latest"]),

        // nix dockerTools: one folder a layer, the whole compressed.
        ["nix"] = (() => Gzip(Docker(s_image.Config.Digest.Hex + ".json", l => l.DiffId.Hex + "/layer.tar", gzip: false, "nix:abc")
            .ToTar()), ["nix:abc"]),

        // nix, and others: a layer's file is a link to where it was built, inside the archive.
        ["layers as links"] = (Linked, ["linked:1"]),
        ["layers as hard links"] = (() => Linked('1', "layers/"), ["linked:1"]),

        // docker 1.10: a parent, sources of layers, and what a later version may add.
        ["docker 1.10"] = (() => Docker(s_image.Config.Digest.Hex + ".json", l => l.DiffId.Hex + "/layer.tar", gzip: false, change: e =>
        {
            e["RepoTags"] = new JsonArray("old:1");
            e["Parent"] = "sha256:" + new string('a', 64);
            e["LayerSources"] = new JsonObject { [s_image.Layers[0].DiffId.ToString()] = s_image.Layers[0].Blob.ToJson() };
            e["Later"] = new JsonArray(1, "two");
        }).ToTar(), ["old:1"]),

        // buildx --output type=docker without a tag, and with one.
        ["buildx docker untagged"] = (() => Buildx(null), []),
        ["buildx docker"] = (() => Buildx("docker.io/library/app:1"), ["app:1"]),

        // ctr export, umoci packed by tar -C layout -c .: folders are members, and names begin with `./`.
        ["tar of a folder"] = (() => Folders("./", TestArchive.OfLayout(("umoci.io/app:1", s_image))), ["umoci.io/app:1"]),
        ["ctr"] = (() => Folders("", TestArchive.OfDocker25(("app:1", s_image))), ["app:1"]),

        // A layout whose blobs have a second name: the blob is a hard link to what came before it.
        ["blobs as hard links"] = (BlobLinks, ["app:1"]),

        // podman save --multi-image-archive writes the image once for all its names.
        ["podman"] = (() => TestArchive.OfSkopeo("app:1", s_image).ToTar(), ["app:1"]),
        ["BOM"] = (() => new TestArchive().Add("manifest.json", [0xEF, 0xBB, 0xBF, .. Docker(
            "c.json", l => l.DiffId.Hex, gzip: false, "app:1").All().Last().Content])
            .Add("c.json", s_image.Config.Bytes).Add(s_image.Layers[0].DiffId.Hex, TestArchive.TarOf(s_image.Layers[0]))
            .Add(s_image.Layers[1].DiffId.Hex, TestArchive.TarOf(s_image.Layers[1])).ToTar(), ["app:1"]),
        ["one name twice"] = (() => Docker(
            "c.json", l => l.DiffId.Hex, gzip: false, "app:1", "docker.io/library/app:1").ToTar(), ["app:1"]),
        ["one image twice"] = (Twice, ["app:1", "app:2"]),
        ["no names"] = (() => Docker("c.json", l => l.DiffId.Hex, gzip: false).ToTar(), []),
    };

    public static IEnumerable<object[]> Tools => s_tools.Keys.Select(name => new object[] { name });

    [Theory]
    [MemberData(nameof(Tools))]
    public async Task Archive_of_another_builder_keeps_id_names_and_layers_AR11(string tool)
    {
        using var store = new TempStore();
        var images = await ImportTests.ImportAsync(store, s_tools[tool].Make());

        Assert.All(images, image => Assert.Equal(s_image.Id, image.Id));
        Assert.All(images, image => Assert.Equal(
            s_image.Layers.Select(l => l.DiffId.ToString()), image.Layers.Select(l => l.DiffId)));
        Assert.Equal(
            s_tools[tool].Names, images.Select(i => i.Reference).OfType<string>().OrderBy(n => n, StringComparer.Ordinal));
        Assert.Equal(Math.Max(1, s_tools[tool].Names.Length), images.Count);
        foreach (var image in images)
        {
            Assert.All(image.Layers, l => Assert.True(File.Exists(store.Paths.Blob(Digest.Parse(l.Digest!)))));
        }
    }

    public static TheoryData<string, Action<JsonObject>> Odd => new()
    {
        { "unknown members", c => c["moby.buildkit.buildinfo.v1"] = "e30=" },
        { "no os and no architecture", c => { c.Remove("os"); c.Remove("architecture"); } },
        { "no type of the root", c => c["rootfs"]!.AsObject().Remove("type") },
        { "null config", c => c["config"] = null },
        { "more history than layers", c => c["history"] = new JsonArray(
            new JsonObject { ["created_by"] = "a" }, new JsonObject { ["created_by"] = "b" }, new JsonObject { ["created_by"] = "c" }) },
        { "history of empty layers alone", c => c["history"] = new JsonArray(new JsonObject { ["empty_layer"] = true }) },
        { "old members of docker", c =>
        {
            c["container"] = new string('a', 64);
            c["container_config"] = new JsonObject { ["Cmd"] = new JsonArray("x") };
            c["docker_version"] = "1.10.3";
            c["parent"] = "sha256:" + new string('b', 64);
        } },
    };

    [Theory]
    [MemberData(nameof(Odd))]
    public async Task Config_that_is_odd_stays_as_it_is_and_so_does_the_id_AR15(string what, Action<JsonObject> change)
    {
        _ = what;
        using var store = new TempStore();
        var image = new TestImage("odd", change: change);
        var imported = Assert.Single(await ImportTests.ImportAsync(store, TestArchive.OfDocker20(("odd:1", image)).ToTar()));

        Assert.Equal((image.Id, "odd:1"), (imported.Id, imported.Reference));
        Assert.Equal(image.Config.Bytes, File.ReadAllBytes(store.Paths.Blob(image.Config.Digest)));
    }

    private static TestArchive Docker(string config, Func<TestLayer, string> path, bool gzip, params string[] tags) =>
        Docker(config, path, gzip, e => e["RepoTags"] = tags.Length == 0 ? null : new JsonArray(tags.Select(t => (JsonNode)t).ToArray()));

    private static TestArchive Docker(string config, Func<TestLayer, string> path, bool gzip, Action<JsonObject> change)
    {
        var archive = new TestArchive { Manifest = [] };
        archive.Add(config, s_image.Config.Bytes);
        foreach (var layer in s_image.Layers)
        {
            archive.Add(path(layer), gzip ? layer.Blob.Bytes : TestArchive.TarOf(layer));
        }

        var element = TestArchive.Element(config, s_image.Layers.Select(path), null);
        change(element);
        archive.Manifest.Add(element);
        return archive;
    }

    private static byte[] Prefixed(TestArchive archive)
    {
        var tar = new TarBuilder().Folder("./");
        foreach (var member in archive.All())
        {
            tar.Pax(("path", "./" + member.Name)).Add("x", member.Type, member.Content);
        }

        return tar.End();
    }

    private static byte[] Folders(string prefix, TestArchive archive)
    {
        var tar = new TarBuilder();
        foreach (var folder in new[] { "", "blobs/", "blobs/sha256/" }.Where(f => (prefix + f).Length > 0))
        {
            tar.Folder(prefix + folder);
        }

        foreach (var member in archive.All())
        {
            tar.Add(prefix + member.Name, member.Type, member.Content);
        }

        return tar.End();
    }

    private static byte[] Linked() => Linked('2', "../layers/");

    private static byte[] Linked(char type, string folder)
    {
        var archive = Docker("c.json", l => l.DiffId.Hex.Substring(0, 8) + "/layer.tar", gzip: false, "linked:1");
        foreach (var layer in s_image.Layers)
        {
            var name = layer.DiffId.Hex.Substring(0, 8);
            archive.Remove(name + "/layer.tar");
            archive.Link(name + "/layer.tar", folder + name + ".tar", type).Add("layers/" + name + ".tar", TestArchive.TarOf(layer));
        }

        return archive.ToTar();
    }

    private static byte[] Buildx(string? name)
    {
        var archive = TestArchive.OfLayout();
        archive.AddToIndex(s_image, name is null ? [] :
            [("io.containerd.image.name", name), ("org.opencontainers.image.ref.name", ImageReference.Parse(name).Tag!)]);
        archive.Manifest = [TestArchive.Element(
            TestArchive.PathOf(s_image.Config), s_image.Layers.Select(l => TestArchive.PathOf(l.Blob)),
            name is null ? null : [ImageReference.Parse(name).Familiar])];
        return archive.ToTar();
    }

    private static byte[] BlobLinks()
    {
        var archive = TestArchive.OfLayout(("app:1", s_image));
        foreach (var (member, i) in archive.Members.Select((m, i) => (m, i)).ToList())
        {
            archive.Members[i] = member with { Name = $"made/{i}.bin" };
            archive.Link(member.Name, $"made/{i}.bin", '1');
        }

        return archive.ToTar();
    }

    private static byte[] Twice()
    {
        var archive = Docker("c.json", l => l.DiffId.Hex, gzip: false, "app:1");
        archive.Manifest!.Add(TestArchive.Element("c.json", s_image.Layers.Select(l => l.DiffId.Hex), ["app:2"]));
        return archive.ToTar();
    }

    private static byte[] Gzip(byte[] bytes)
    {
        using var stream = new MemoryStream();
        using (var gzip = new GZipStream(stream, CompressionMode.Compress, leaveOpen: true))
        {
            gzip.Write(bytes, 0, bytes.Length);
        }

        return stream.ToArray();
    }
}
