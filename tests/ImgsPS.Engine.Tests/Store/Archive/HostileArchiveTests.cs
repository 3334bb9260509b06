using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Engine.Tests.Layers;
using ImgsPS.Engine.Tests.Store.Layout;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Archive;

/// <summary>
/// Archives that lie, each with what is wrong and what is said: one error, no name has changed, nothing of it stays, and nothing is written
/// beside the store (RA1, RA2, RA4-RA7, RA9, AR8, AR12).
/// </summary>
public class HostileArchiveTests
{
    private const string Named = "org.opencontainers.image.ref.name";

    private static readonly TestImage s_image = new("hostile");
    private static readonly TestImage s_other = new("other");

    private static readonly Dictionary<string, (Func<byte[]> Make, string Message)> s_cases = new()
    {
        // RA1
        ["name that climbs"] = (() => Layout().Add("../evil", "x").ToTar(), "may lead out of it"),
        ["name that climbs inside"] = (() => Layout().Add("blobs/../../evil", "x").ToTar(), "may lead out of it"),
        ["name that ends in two dots"] = (() => Layout().Add("a/..", "x").ToTar(), "may lead out of it"),
        ["absolute name"] = (() => Layout().Add("/tmp/evil", "x").ToTar(), "may lead out of it"),
        ["name with a drive"] = (() => Layout().Add("C:/evil", "x").ToTar(), "may lead out of it"),
        ["name with a backslash"] = (() => Layout().Add("..\\evil", "x").ToTar(), "may lead out of it"),
        ["device path of Windows"] = (() => Layout().Add("\\\\?\\C:\\evil", "x").ToTar(), "may lead out of it"),
        ["folder that climbs"] = (() => Folder("../evil/"), "may lead out of it"),

        // RA2
        ["absolute link"] = (() => Layout().Link("evil", "/etc/passwd").ToTar(), "leads out of it"),
        ["link that climbs"] = (() => Layout().Link("a/evil", "../../etc/passwd").ToTar(), "leads out of it"),
        ["hard link that climbs"] = (() => Layout().Link("evil", "../etc/passwd", '1').ToTar(), "may lead out of it"),
        ["link of blobs"] = (() => new TarBuilder().Link("blobs", "/tmp").File("blobs/x", "x").End(), "leads out of it"),
        ["link of blobs to a folder of the archive"] =
            (() => new TarBuilder().Folder("a/").Link("blobs", "a").File("blobs/x", "x").End(), "which is no folder"),
        ["link to nothing"] = (() => Layout().Link("evil", "missing").ToTar(), "has no such file"),
        ["link to itself"] = (() => Layout().Link("evil", "evil").ToTar(), "has no such file"),
        ["links in a circle"] = (() => Layout().Link("a", "b").Link("b", "a").ToTar(), "has no such file"),
        ["chain of many links"] = (() => Chain().ToTar(), "has no such file"),
        ["config that is a link out"] = (() => Docker(config: "evil").Link("evil", "../../etc/passwd").ToTar(), "leads out of it"),
        ["path to a file of the host"] = (() => Docker(config: "/etc/passwd").ToTar(), "may lead out of it"),
        ["path that climbs"] = (() => Docker(config: "../../etc/passwd").ToTar(), "may lead out of it"),
        ["layer that climbs"] = (() => Docker(layer: "../../../etc/passwd").ToTar(), "may lead out of it"),

        // RA4
        ["character device"] = (() => Special('3'), "is a device or a pipe"),
        ["block device"] = (() => Special('4'), "is a device or a pipe"),
        ["pipe"] = (() => Special('6'), "is a device or a pipe"),

        // RA5
        ["index.json of 5 MiB"] =
            (() => Layout().Add("index.json", new byte[5 << 20]).ToTar(), "index.json of the archive has 5242880 bytes"),
        ["manifest.json of 5 MiB"] = (() => new TestArchive().Add("manifest.json", new byte[5 << 20]).ToTar(), "has 5242880 bytes"),
        ["many names"] = (ManyNames, "characters of names"),
        ["config of 9 MiB"] = (() => Docker(config: "big").Add("big", new byte[9 << 20]).ToTar(), "reads at most 8388608"),
        ["manifest of 5 MiB"] = (() => BigManifest(), "reads at most 4194304"),
        ["deep JSON"] = (() => Json("{\"a\":" + new string('[', 40) + new string(']', 40) + "}"), "nested more than 32 levels"),

        // RA6
        ["cut"] = (() => Layout().ToTar().Take(3000).ToArray(), "the archive is broken at byte 3000"),
        ["without its last member and an end"] = (() => Layout().ToTar().Reverse().Skip(2048).Reverse().ToArray(), "two empty blocks"),
        ["something behind the end"] = (() => [.. Layout().ToTar(), 1], "something stands behind"),
        ["layer with garbage behind its gzip"] = (() => GzipLayer(b => [.. b, 0]), "broken"),
        ["layer with a wrong checksum"] = (() => GzipLayer(b => Change(b, b.Length - 5)), "checksum is wrong"),
        ["layer that is cut"] = (() => GzipLayer(b => b.Take(b.Length - 3).ToArray()), "broken"),

        // RA7, AR12
        ["more layers than diff ids"] =
            (() => Layers(l => l.Add((string)l[0]!)), "invalid manifest, layers length mismatch: expected 3, got 2"),
        ["fewer layers than diff ids"] = (() => Layers(l => l.RemoveAt(1)), "invalid manifest, layers length mismatch: expected 1, got 2"),
        ["no layers"] = (() => Layers(l => l.Clear()), "invalid manifest, layers length mismatch: expected 0, got 2"),
        ["layers in another order"] =
            (() => Layers(l => { var first = (string)l[0]!; l.RemoveAt(0); l.Add(first); }), "invalid diffID for layer 0"),
        ["one file for two layers"] = (() => Layers(l => l[1] = (string)l[0]!), "invalid diffID for layer 1"),
        ["layer with other bytes"] = (() => Docker().Replace(
            Docker().Members.Last(m => m.Name.EndsWith("layer.tar", StringComparison.Ordinal)).Name,
            new TarBuilder().File("evil", "x").End()).ToTar(), "invalid diffID for layer 1"),
        ["layers length of a list beside a layout"] = (() => Both(m => m[0]!["Layers"]!.AsArray().RemoveAt(0)), "layers length mismatch"),
        ["image of a list that the layout does not have"] = (BothOther, "names an image that index.json does not have"),
        ["layout with fewer layers than diff ids"] = (() => TestArchive.OfLayout(("app:1", new TestImage(
            "x", changeManifest: m => m["layers"]!.AsArray().RemoveAt(0)))).ToTar(), "layers from manifest don't match"),
        ["manifest.json is null"] = (() => Manifest("null"), "invalid manifest.json: it is null"),
        ["manifest.json is an object"] = (() => Manifest("{}"), "it is not a list of images"),
        ["manifest.json has a number"] = (() => Manifest("[1]"), "is not an object"),
        ["manifest.json without a config"] = (() => Manifest("[{\"Layers\":[]}]"), "Config"),
        ["manifest.json with a config that is no text"] = (() => Manifest("[{\"Config\":1,\"Layers\":[]}]"), "Config"),
        ["one bad image of two"] = (() => Second(), "names 'missing.json'"),
        ["config that is none"] = (() => Docker(config: "evil").Add("evil", "hello").ToTar(), "not a JSON document"),
        ["config without layers of a root"] = (() => Docker(config: "evil").Add("evil", "{}").ToTar(), "no RootFS key"),

        // RA9
        ["member twice"] = (() => Layout().Add("index.json", "{}").ToTar(), "stands there twice"),
        ["member twice in two spellings"] = (() => Layout().Add("./oci-layout", "{}").ToTar(), "stands there twice"),
        ["member twice with slashes"] = (() => Layout().Add("a//b", "x").Add("a/b", "y").ToTar(), "stands there twice"),
        ["file and folder of one name"] = (() => Layout().Add("a/b", "x").Add("a", "y").ToTar(), "stands there twice"),
        ["file in a file"] = (() => Layout().Add("a", "x").Add("a/b", "y").ToTar(), "which is no folder"),
        ["file and link of one name"] = (() => Layout().Add("a", "x").Link("a", "oci-layout").ToTar(), "stands there twice"),
        ["member of index.json twice"] =
            (() => Index("{\"schemaVersion\":2,\"manifests\":[],\"manifests\":[]}"), "stands in one object twice"),
        ["member of index.json in another case"] = (() => Index("{\"schemaVersion\":2,\"Manifests\":[]}"), "by case only"),
        ["member of manifest.json twice"] =
            (() => Manifest("[{\"Config\":\"a\",\"Config\":\"b\",\"Layers\":[]}]"), "stands in one object twice"),
        ["member of manifest.json in another case"] = (() => Manifest("[{\"config\":\"a\",\"Layers\":[]}]"), "by case only"),
        ["member of the config twice"] = (() => Docker(config: "evil").Add("evil", "{\"rootfs\":{},\"rootfs\":{}}").ToTar(), "twice"),
        ["index.json that is no JSON"] = (() => Index("{"), "not a JSON document"),
        ["index.json that is null"] = (() => Index("null"), "is not an object"),
        ["index.json of another version"] = (() => Index("{\"schemaVersion\":3,\"manifests\":[]}"), "is not 2"),
        ["index.json without manifests"] = (() => Index("{\"schemaVersion\":2}"), "manifests"),
        ["index.json with garbage behind"] = (() => Index("{\"schemaVersion\":2,\"manifests\":[]}x"), "not a JSON document"),
        ["layout without index.json"] =
            (() => new TestArchive { Layout = "{\"imageLayoutVersion\":\"1.0.0\"}" }.ToTar(), "without index.json"),
        ["layout of version 2"] = (() => Version("{\"imageLayoutVersion\":\"2.0.0\"}"), "version '2.0.0' is not supported"),
        ["layout of version 9.9.9"] = (() => Version("{\"imageLayoutVersion\":\"9.9.9\"}"), "version '9.9.9' is not supported"),
        ["layout without a version"] = (() => Version("{}"), "imageLayoutVersion"),
        ["layout that is no JSON"] = (() => Version("1.0.0"), "oci-layout"),
        ["index.json without oci-layout"] = (() => Version(null), "neither a docker archive nor an OCI layout"),
        ["wrong size of the root"] = (() => Root(e => e["size"] = 5), "its descriptor says 5"),
        ["negative size of the root"] = (() => Root(e => e["size"] = -1), "size"),
        ["size of the root as a text"] = (() => Root(e => e["size"] = "5"), "size"),
        ["size of the root of 2^60"] = (() => Root(e => e["size"] = 1L << 60), "size"),
        ["digest of the root that climbs"] = (() => Root(e => e["digest"] = "sha256:../../../etc/passwd"), "digest"),
        ["digest of the root in capitals"] = (() => Root(e => e["digest"] = ((string)e["digest"]!).ToUpperInvariant()), "digest"),
        ["digest of another algorithm"] = (() => Root(e => e["digest"] = "md5:d41d8cd98f00b204e9800998ecf8427e"), "md5"),
        ["type of the root that is another"] = (() => Root(e => e["mediaType"] = MediaTypes.OciIndex), "is of type"),
        ["root that is missing"] = (() => Layout().Remove(TestArchive.PathOf(s_image.Manifest)).ToTar(), "does not have the manifest"),
        ["config that is missing"] = (() => Layout().Remove(TestArchive.PathOf(s_image.Config)).ToTar(), "does not have the config"),
        ["layer that is missing"] = (() => Layout().Remove(TestArchive.PathOf(s_image.Layers[1].Blob)).ToTar(), "does not have the layer"),
        ["layer that is missing of a docker archive"] = (() => Docker(layer: "missing/layer.tar").ToTar(), "names 'missing/layer.tar'"),
        ["blob with other bytes"] = (() => Layout().Replace(
            TestArchive.PathOf(s_image.Layers[0].Blob), [1, 2, 3]).ToTar(), "is not the content of digest"),
        ["blob with other bytes that the store has"] = (() => Layout(s_other).Replace(
            TestArchive.PathOf(s_other.Layers[0].Blob), Change(s_other.Layers[0].Blob.Bytes, 20)).ToTar(), "is not the content of digest"),
        ["wrong size of a layer"] = (() => TestArchive.OfLayout(("app:1", new TestImage(
            "x", changeManifest: m => m["layers"]![0]!["size"] = 7))).ToTar(), "its descriptor says 7"),
        ["one name for two images"] = (() => TestArchive.OfLayout(("app:1", s_image), ("app:1", s_other)).ToTar(), "to 2 different images"),
        ["one name in two spellings for two images"] =
            (() => TestArchive.OfLayout(("app:1", s_image), ("docker.io/library/app:1", s_other)).ToTar(), "to 2 different images"),
        ["one name for two images of a docker archive"] =
            (() => TestArchive.OfDocker20(("app:1", s_image), ("app:1", s_other)).ToTar(), "to 2 different images"),
        ["one digest with two sizes"] = (() => TwoSizes(), "different sizes or types"),
        ["manifest with members of an index"] = (() => TestArchive.OfLayout(("app:1", new TestImage(
            "x", changeManifest: m => m["manifests"] = new JsonArray()))).ToTar(), "does not belong"),
        ["index none of whose images is there"] = (() => EmptyIndex(), "does not have the"),
        ["index in an index in an index in an index"] = (() => DeepIndex(), "more than 3 deep"),
        ["layer in another spelling of its name"] = (() => Docker(layer: "x/../evil").Add("evil", "x").ToTar(), "may lead out of it"),

        // AR8, AR10, AR13
        ["docker before 1.10"] = (() => new TestArchive().Add("repositories", "{}").ToTar(), "does not contain a manifest.json"),
        ["plain tree"] = (() => new TestArchive().Add("etc/passwd", "x").ToTar(), "neither a docker archive nor an OCI layout"),
        ["tar without members"] = (() => new TarBuilder().End(), "neither a docker archive nor an OCI layout"),
        ["nothing"] = (() => [], "it is empty"),
        ["no tar"] = (() => Encoding.ASCII.GetBytes(new string('x', 5000)), "it is not a tar archive"),
        ["delta that is broken"] = (() => Layout().Add(".imgsps-delta.json", "[]").ToTar(), ".imgsps-delta.json"),
        ["delta of a later version"] = (() => Layout().Add(".imgsps-delta.json", "{\"version\":2,\"layers\":[]}").ToTar(), "of version 2"),
        ["delta that leaves out the wrong one"] = (() => Layout().Remove(TestArchive.PathOf(s_image.Layers[0].Blob)).Add(
            ".imgsps-delta.json", "{\"version\":1,\"layers\":[]}").ToTar(), "does not have the layer"),
    };

    public static IEnumerable<object[]> Cases => s_cases.Keys.Select(name => new object[] { name });

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Archive_that_lies_is_one_error_and_changes_nothing_RA1_RA2_RA4_RA5_RA6_RA7_RA9_AR8_AR12(string what)
    {
        using var around = new TempFolder();
        using var store = new TempStore(folder: around.Path);
        await store.PutAsync("there:1", s_other);
        var index = File.ReadAllBytes(store.Paths.Index);
        var blobs = store.Blobs().OrderBy(b => b, StringComparer.Ordinal).ToList();
        var tar = s_cases[what].Make();

        var failure = await ImportTests.FailAsync(store, tar);

        Assert.Contains(s_cases[what].Message, failure.Message, StringComparison.Ordinal);
        Assert.NotNull(failure.Advice);
        Assert.Equal(index, File.ReadAllBytes(store.Paths.Index));
        Assert.Equal(blobs, store.Blobs().OrderBy(b => b, StringComparer.Ordinal));
        ImportTests.AssertNothingTemporary(store);
        Assert.Equal([store.Root], Directory.GetFileSystemEntries(around.Path));
    }

    [Fact]
    public async Task Empty_list_of_images_is_no_error_AR12()
    {
        using var store = new TempStore();
        Assert.Empty(await ImportTests.ImportAsync(store, Manifest("[]")));
        Assert.Contains("has no image", Assert.Single(store.Observer.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Archive_that_is_cut_anywhere_names_nothing_RA6()
    {
        using var store = new TempStore();
        var tar = TestArchive.OfDocker25(("app:1", s_image)).ToTar();
        var end = tar.Length - 1024;
        for (var cut = 0; cut < tar.Length; cut += cut % 512 == 0 ? 257 : 255)
        {
            // Where only the end's empty blocks are missing, nothing of the images is.
            if (cut != end && cut != end + 512)
            {
                var failure = await ImportTests.FailAsync(store, tar.Take(cut).ToArray());
                Assert.True(failure.Kind is ImageErrorKind.InvalidData or ImageErrorKind.Integrity, $"{cut}: {failure}");
            }
        }

        Assert.Empty(store.Blobs());
        ImportTests.AssertNothingTemporary(store);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(512)]
    public async Task Archive_without_the_blocks_of_its_end_is_whole_when_nothing_is_missing_RA6(int zeros)
    {
        // GNU tar, dockerd 20.10 and skopeo take it [seen].
        foreach (var archive in new[]
        {
            TestArchive.OfDocker25(("app:1", s_image)), TestArchive.OfDocker20(("app:1", s_image)), TestArchive.OfSkopeo("app:1", s_image),
            TestArchive.OfCrane("app:1", s_image), TestArchive.OfLayout(("docker.io/library/app:1", s_image)),
        })
        {
            using var store = new TempStore();
            var tar = archive.ToTar();
            Assert.Single(await ImportTests.ImportAsync(store, tar.Take(tar.Length - 1024 + zeros).ToArray()));
            ImportTests.AssertNothingTemporary(store);
        }
    }

    [Theory]
    [InlineData("oci-layout")]
    [InlineData("manifest.json", "oci-layout")]
    [InlineData("index.json", "manifest.json", "oci-layout")]
    public async Task Archive_that_stops_behind_a_member_with_others_to_come_is_refused_RA6(params string[] missing)
    {
        // What is left would be read in another way: as an archive of Docker alone, or as nothing.
        using var store = new TempStore();
        var archive = TestArchive.OfDocker25(("app:1", s_image));
        var tar = new TarBuilder();
        foreach (var member in archive.All().Where(m => !missing.Contains(m.Name)))
        {
            tar.File(member.Name, member.Content);
        }

        var failure = await ImportTests.FailAsync(store, tar.Open());
        Assert.Contains("it ends there, and an archive ends with two empty blocks", failure.Message, StringComparison.Ordinal);
        Assert.Empty(store.Blobs());
    }

    [Fact]
    public async Task Flipped_bits_are_found_or_mean_nothing()
    {
        using var store = new TempStore();
        var whole = TestArchive.OfDocker25(("app:1", s_image)).ToTar();
        var random = new Random(15);
        for (var i = 0; i < 300; i++)
        {
            var tar = (byte[])whole.Clone();
            tar[random.Next(tar.Length)] ^= (byte)(1 << random.Next(8));
            try
            {
                foreach (var image in await ImportTests.ImportAsync(store, tar))
                {
                    Assert.Equal(s_image.Id, image.Id);
                }
            }
            catch (ImageException failure)
            {
                Assert.NotEmpty(failure.Message);
            }
        }

        Assert.All(await store.ListAsync(), image => Assert.Equal(s_image.Id, image.Id));
    }

    [Fact]
    public async Task Folder_with_a_link_is_refused_RA2()
    {
        if (Environment.OSVersion.Platform == PlatformID.Win32NT)
        {
            return;
        }

        using var store = new TempStore();
        using var folder = new TempFolder();
        Layout().Remove(TestArchive.PathOf(s_image.Config)).ToFolder(folder.Path);
        ImgsPS.Engine.Tests.Disk.UnixNodes.Link(
            "/etc/passwd", Path.Combine(folder.Path, TestArchive.PathOf(s_image.Config).Replace('/', Path.DirectorySeparatorChar)));

        var failure = await Assert.ThrowsAsync<ImageException>(() => store.Store.ImportAsync(
            new Stores.ImportRequest(new Stores.ImportInput("f") { Folder = folder.Path }), store.Observer, default));
        Assert.Contains("no regular file", failure.Message, StringComparison.Ordinal);
        Assert.Empty(store.Blobs());
    }

    private static TestArchive Layout(TestImage? image = null) => TestArchive.OfLayout(("app:1", image ?? s_image));

    private static TestArchive Docker(string? config = null, string? layer = null)
    {
        var archive = TestArchive.OfDocker20(("app:1", s_image));
        if (config is not null)
        {
            archive.Manifest![0]!["Config"] = config;
        }

        if (layer is not null)
        {
            archive.Manifest![0]!["Layers"]![1] = layer;
        }

        return archive;
    }

    private static byte[] Folder(string name) => new TarBuilder().Folder(name).End();

    private static byte[] Special(char type) => new TarBuilder().Add("evil", type, []).End();

    private static TestArchive Chain()
    {
        var archive = Layout();
        for (var i = 0; i < 20; i++)
        {
            archive.Link("l" + i, i == 19 ? "oci-layout" : "l" + (i + 1));
        }

        return archive;
    }

    private static byte[] ManyNames()
    {
        var tar = new TarBuilder();
        for (var i = 0; i < 9000; i++)
        {
            tar.Pax(("path", new string('n', 3900) + i)).File("x", "");
        }

        return tar.End();
    }

    private static byte[] BigManifest()
    {
        var blob = TestBlob.Of(MediaTypes.OciManifest, new byte[5 << 20]);
        return TestArchive.OfLayout().Blob(blob).AddToIndex(blob, (Named, "app:1")).ToTar();
    }

    private static byte[] Json(string json) => Docker(config: "evil").Add("evil", json).ToTar();

    private static byte[] GzipLayer(Func<byte[], byte[]> change)
    {
        var archive = TestArchive.OfCrane("app:1", s_image);
        var name = s_image.Layers[1].Blob.Digest.Hex + ".tar.gz";
        return archive.Replace(name, change(s_image.Layers[1].Blob.Bytes)).ToTar();
    }

    private static byte[] Change(byte[] bytes, int at)
    {
        var changed = (byte[])bytes.Clone();
        changed[at] ^= 1;
        return changed;
    }

    private static byte[] Layers(Action<JsonArray> change)
    {
        var archive = Docker();
        change(archive.Manifest![0]!["Layers"]!.AsArray());
        return archive.ToTar();
    }

    private static byte[] Both(Action<JsonArray> change)
    {
        var archive = TestArchive.OfDocker25(("app:1", s_image));
        change(archive.Manifest!);
        return archive.ToTar();
    }

    private static byte[] BothOther()
    {
        var archive = TestArchive.OfDocker25(("app:1", s_image));
        archive.Blob(s_other.Config);
        archive.Manifest![0]!["Config"] = TestArchive.PathOf(s_other.Config);
        return archive.ToTar();
    }

    private static byte[] Second()
    {
        var archive = TestArchive.OfDocker20(("app:1", s_image), ("app:2", s_other));
        archive.Manifest![1]!["Config"] = "missing.json";
        return archive.ToTar();
    }

    private static byte[] Manifest(string json) => new TestArchive().Add("manifest.json", json).ToTar();

    private static byte[] Index(string json)
    {
        var archive = Layout();
        archive.Index = null;
        return archive.Add("index.json", json).ToTar();
    }

    private static byte[] Version(string? json)
    {
        var archive = Layout();
        archive.Layout = json;
        return archive.ToTar();
    }

    private static byte[] Root(Action<JsonObject> change)
    {
        var archive = Layout();
        change(archive.Index!["manifests"]![0]!.AsObject());
        return archive.ToTar();
    }

    private static byte[] TwoSizes()
    {
        var archive = Layout().AddToIndex(s_image.Manifest, (Named, "app:2"));
        archive.Index!["manifests"]![1]!["size"] = 5;
        return archive.ToTar();
    }

    private static byte[] EmptyIndex()
    {
        var index = TestImage.Index(s_image, new TestImage("arm", platform: "linux/arm64"));
        return TestArchive.OfLayout().Blob(index).AddToIndex(index, (Named, "app:1")).ToTar();
    }

    private static byte[] DeepIndex()
    {
        var archive = TestArchive.OfLayout();
        s_image.Content.ToList().ForEach(b => archive.Blob(b));
        var root = s_image.Manifest;
        for (var i = 0; i < 4; i++)
        {
            root = TestImage.IndexOf(root);
            archive.Blob(root);
        }

        return archive.AddToIndex(root, (Named, "app:1")).ToTar();
    }
}
