using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Engine.Tests.Layers;
using ImgsPS.Engine.Tests.Store.Layout;
using ImgsPS.Stores;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Archive;

/// <summary>What the tools write is imported, each with its names, its id and its layers (AR8-AR16).</summary>
public class ImportTests
{
    private static readonly TestImage s_one = new("one");
    private static readonly TestImage s_two = new("two", [TestLayer.Of("base.txt", "base of one"), TestLayer.Of("two.txt", "two")]);

    public static TheoryData<string> Tools => new() { "docker20", "docker25", "skopeo", "crane", "oci" };

    [Theory]
    [MemberData(nameof(Tools))]
    public async Task Archive_of_every_tool_keeps_id_and_diff_ids_AR11(string tool)
    {
        using var store = new TempStore();
        var image = Assert.Single(await ImportAsync(store, ArchiveOf(tool, "docker.io/team/app:1.1").ToTar()));

        Assert.Equal(("team/app:1.1", s_one.Id, "Imported"), (image.Reference, image.Id, image.Status));
        Assert.Equal(s_one.Layers.Select(l => l.DiffId.ToString()), image.Layers.Select(l => l.DiffId));
        Assert.Equal(tool is "oci" or "docker25", image.Digest == s_one.Manifest.Digest.ToString());
        Assert.Null(image.PulledAt);
        await AssertWholeAsync(store);
        Assert.Empty(await UnneededAsync(store));
    }

    [Theory]
    [MemberData(nameof(Tools))]
    public async Task Second_import_changes_nothing(string tool)
    {
        using var store = new TempStore();
        var tar = ArchiveOf(tool, "team/app:1.1").ToTar();
        await ImportAsync(store, tar);
        var before = File.ReadAllBytes(store.Paths.Index);
        var blobs = store.Blobs();

        Assert.Equal("UpToDate", Assert.Single(await ImportAsync(store, tar)).Status);
        Assert.Equal(before, File.ReadAllBytes(store.Paths.Index));
        Assert.Equal(blobs.OrderBy(b => b), store.Blobs().OrderBy(b => b));
    }

    [Fact]
    public async Task Same_docker_archive_makes_the_same_manifest_in_every_store_AR15()
    {
        using var first = new TempStore();
        using var second = new TempStore();
        await second.PutAsync("other:1", s_two);
        var one = Assert.Single(await ImportAsync(first, ArchiveOf("docker20", "a:1").ToTar()));
        var two = Assert.Single(await ImportAsync(second, ArchiveOf("skopeo", "b:2").ToTar()));

        Assert.Equal(one.Digest, two.Digest);
        Assert.All(one.Layers, l => Assert.Equal((l.DiffId, MediaTypes.OciLayer), (l.Digest, l.MediaType)));
    }

    [Fact]
    public async Task Compress_makes_gzip_of_the_layers_of_a_docker_archive_AR15_AR16()
    {
        using var store = new TempStore();
        var big = TestLayer.Of("big.txt", string.Concat(Enumerable.Range(0, 30_000).Select(i => i + " ")));
        var image = new TestImage("big", [.. s_one.Layers, big]);
        var imported = Assert.Single(await ImportAsync(store, TestArchive.OfDocker20(("app:1", image)).ToTar(), compress: true));

        Assert.Equal(image.Id, imported.Id);
        Assert.Equal(image.Layers.Select(l => l.DiffId.ToString()), imported.Layers.Select(l => l.DiffId));
        Assert.All(imported.Layers, layer =>
        {
            Assert.Equal(MediaTypes.OciLayerGzip, layer.MediaType);
            var bytes = File.ReadAllBytes(store.Paths.Blob(Digest.Parse(layer.Digest!)));
            Assert.Equal([0x1F, 0x8B, 8, 0, 0, 0, 0, 0], bytes.Take(8));
        });
        Assert.Empty(await UnneededAsync(store));
        await AssertWholeAsync(store);
    }

    [Theory]
    [InlineData("docker.io/library/app:1", "1", "app:1")]
    [InlineData("reg.example.com:5000/team/app:v2", "v2", "reg.example.com:5000/team/app:v2")]
    [InlineData(null, "reg.example.com/app:3", "reg.example.com/app:3")]
    [InlineData(null, "ubuntu:24.04", "ubuntu:24.04")]
    [InlineData(null, "team/app", "team/app:latest")]
    [InlineData(null, "1", "given/name:1")]
    [InlineData(null, "latest", "given/name:latest")]
    [InlineData(null, "localhost:5000/app@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "localhost:5000/app@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [InlineData("not a name", "app:5", "app:5")]
    [InlineData(null, null, null)]
    [InlineData(null, "two words", null)]
    public async Task Name_is_the_whole_one_else_that_of_the_tag_and_the_repository_AR9(string? whole, string? text, string? expected)
    {
        using var store = new TempStore();
        var archive = TestArchive.OfLayout();
        archive.AddToIndex(s_one, new[] { ("io.containerd.image.name", whole), ("org.opencontainers.image.ref.name", text) }
            .Where(a => a.Item2 is not null).Select(a => (a.Item1, a.Item2!)).ToArray());
        var image = Assert.Single(await ImportAsync(store, archive.ToTar(), "given/name"));

        Assert.Equal(expected, image.Reference);
        Assert.Equal(expected, Assert.Single(await store.ListAsync()).Reference);
    }

    [Fact]
    public async Task Tag_alone_without_a_repository_is_imported_without_a_name_and_said_AR9()
    {
        using var store = new TempStore();
        var image = Assert.Single(await ImportAsync(store, TestArchive.OfLayout(("1", s_one)).ToTar()));

        Assert.Null(image.Reference);
        Assert.True(image.Dangling);
        Assert.Contains("only the tag '1'", Assert.Single(store.Observer.Warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("e10")]
    [InlineData("team/app")]
    [InlineData("app@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [InlineData("app:1@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [InlineData("App:1")]
    [InlineData("")]
    [InlineData("../x:1")]
    public async Task Tag_of_a_docker_archive_that_is_none_is_refused_in_dockers_words_AR10(string tag)
    {
        using var store = new TempStore();
        var failure = await FailAsync(store, TestArchive.OfDocker20((tag, s_one)).ToTar());

        Assert.Equal($"invalid tag \"{tag}\"", failure.Message);
        Assert.Empty(await store.ListAsync());
    }

    [Fact]
    public async Task Untagged_image_of_a_docker_archive_is_imported_without_a_name()
    {
        using var store = new TempStore();
        Assert.True(Assert.Single(await ImportAsync(store, TestArchive.OfDocker20((null, s_one)).ToTar())).Dangling);
        Assert.Equal("UpToDate", Assert.Single(await ImportAsync(store, TestArchive.OfDocker20((null, s_one)).ToTar())).Status);
        Assert.Single(store.Entries());
    }

    [Fact]
    public async Task Tag_that_exists_moves_and_its_image_is_dangling_AR14()
    {
        using var store = new TempStore();
        await store.PutAsync("app:1", s_two);
        var image = Assert.Single(await ImportAsync(store, TestArchive.OfLayout(("app:1", s_one)).ToTar()));

        Assert.Equal(("Moved", s_two.Manifest.Digest.ToString()), (image.Status, image.PreviousDigest));
        var list = await store.ListAsync();
        Assert.Equal(s_one.Id, Assert.Single(list, i => i.Reference == "app:1").Id);
        Assert.Equal(s_two.Id, Assert.Single(list, i => i.Dangling).Id);
    }

    [Fact]
    public async Task Name_that_a_pull_gave_stays_pulled_when_the_same_image_is_imported()
    {
        using var store = new TempStore();
        await store.PutAsync("app:1", s_one);
        var before = File.ReadAllBytes(store.Paths.Index);

        Assert.Equal("UpToDate", Assert.Single(await ImportAsync(store, TestArchive.OfLayout(("app:1", s_one)).ToTar())).Status);
        Assert.Equal(before, File.ReadAllBytes(store.Paths.Index));
    }

    [Fact]
    public async Task Docker_list_beside_a_layout_only_adds_names_AR8()
    {
        using var store = new TempStore();
        var archive = TestArchive.OfDocker25(("app:1", s_one), ("app:2", s_two));
        archive.Manifest![0]!["RepoTags"]!.AsArray().Add("other:9");
        var images = await ImportAsync(store, archive.ToTar());

        Assert.Equal(["app:1", "app:2", "other:9"], images.Select(i => i.Reference!).OrderBy(r => r, StringComparer.Ordinal));
        Assert.Equal(s_one.Manifest.Digest.ToString(), images.Single(i => i.Reference == "other:9").Digest);
    }

    [Fact]
    public async Task Layers_that_images_share_come_once_also_as_links_AR11()
    {
        using var store = new TempStore();
        var archive = TestArchive.OfDocker20(("app:1", s_one), ("app:2", s_two));
        Assert.Contains(archive.Members, m => m.Link is not null);
        var images = await ImportAsync(store, archive.ToTar());

        Assert.Equal([s_one.Id, s_two.Id], images.Select(i => i.Id));
        Assert.Equal(3, images.SelectMany(i => i.Layers).Select(l => l.Digest).Distinct().Count());
    }

    [Fact]
    public async Task Index_with_some_of_its_platforms_shows_those_and_keeps_its_digest()
    {
        using var store = new TempStore();
        var arm = new TestImage("arm", platform: "linux/arm64");
        var index = TestImage.Index(s_one, arm);
        var archive = TestArchive.OfLayout();
        arm.Content.Append(index).ToList().ForEach(b => archive.Blob(b));
        archive.AddToIndex(index, ("io.containerd.image.name", "docker.io/library/multi:1"));
        var image = Assert.Single(await ImportAsync(store, archive.ToTar()));

        Assert.Equal(("multi:1", "linux/arm64", index.Digest.ToString()), (image.Reference, image.Platform!.ToString(), image.Digest));
        Assert.Contains(store.Observer.VerboseLines, line => line.Contains("does not have linux/amd64", StringComparison.Ordinal));
        archive.AddToIndex(s_one);
        Assert.Equal(3, (await ImportAsync(store, archive.ToTar())).Count);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Archive_may_be_compressed_as_a_whole_and_come_through_a_pipe_AR8(bool gzip)
    {
        using var store = new TempStore();
        var tar = TestArchive.OfDocker25(("app:1", s_one)).ToTar();
        if (gzip)
        {
            using var compressed = new MemoryStream();
            using (var stream = new GZipStream(compressed, CompressionMode.Compress, leaveOpen: true))
            {
                stream.Write(tar, 0, tar.Length);
            }

            tar = compressed.ToArray();
        }

        var request = new ImportRequest(new ImportInput("-") { Open = () => new Pipe(tar) });
        Assert.Single(await store.Store.ImportAsync(request, store.Observer, CancellationToken.None));
    }

    [Theory]
    [InlineData(new byte[] { 0x28, 0xB5, 0x2F, 0xFD, 0, 0, 0, 0 }, "zstd")]
    [InlineData(new byte[] { (byte)'B', (byte)'Z', (byte)'h', (byte)'9', 0, 0, 0, 0 }, "bzip2")]
    [InlineData(new byte[] { 0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0, 0, 0 }, "xz")]
    public async Task Compression_without_a_decoder_is_found_by_its_magic_and_the_way_out_is_named_AR8(byte[] magic, string tool)
    {
        using var store = new TempStore();
        var failure = await FailAsync(store, [.. magic, .. new byte[600]]);

        Assert.Equal(ImageErrorKind.NotSupported, failure.Kind);
        Assert.Contains(tool, failure.Message, StringComparison.Ordinal);
        Assert.Contains($"{tool} -dc", failure.Advice!, StringComparison.Ordinal);
        var layer = TestArchive.OfCrane("app:1", s_one).Replace(s_one.Layers[0].Blob.Digest.Hex + ".tar.gz", magic);
        Assert.Equal(ImageErrorKind.NotSupported, (await FailAsync(store, layer.ToTar())).Kind);
    }

    [Theory]
    [InlineData("docker25")]
    [InlineData("oci")]
    [InlineData("crane")]
    public async Task Folder_is_imported_as_the_archive_that_it_was_AR8(string tool)
    {
        using var store = new TempStore();
        using var folder = new TempFolder();
        ArchiveOf(tool, "team/app:1.1").Add("blobs/other", "x").ToFolder(folder.Path);
        File.WriteAllText(Path.Combine(folder.Path, ".hidden"), "x");
        var image = Assert.Single(await ImportFolderAsync(store, folder.Path));

        Assert.Equal(("team/app:1.1", s_one.Id), (image.Reference, image.Id));
        Assert.Empty(await UnneededAsync(store));
    }

    [Fact]
    public async Task Folder_with_something_else_is_refused_before_it_is_read()
    {
        using var store = new TempStore();
        using var folder = new TempFolder();
        File.WriteAllText(Path.Combine(folder.Path, "file"), "x");

        var failure = await Assert.ThrowsAsync<ImageException>(() => ImportFolderAsync(store, folder.Path));
        Assert.Contains("neither a docker archive nor an OCI layout", failure.Message, StringComparison.Ordinal);
        Assert.Contains("-RootFileSystem", failure.Advice!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Many_images_are_one_change_of_the_index_AR12()
    {
        using var store = new TempStore();
        await store.PutAsync("there:1", s_two);
        var archive = TestArchive.OfLayout();
        for (var i = 0; i < 300; i++)
        {
            archive.AddToIndex(new TestImage("n" + i, s_one.Layers), ("io.containerd.image.name", $"docker.io/library/n{i}:1"));
        }

        var before = File.ReadAllBytes(store.Paths.Index);
        Assert.Equal(300, (await ImportAsync(store, archive.ToTar())).Count);
        Assert.Equal(before, File.ReadAllBytes(store.Paths.PreviousIndex));
        Assert.Equal(301, (await store.ListAsync()).Count);
    }

    [Fact]
    public async Task Delta_needs_the_layers_that_it_leaves_out_AR13()
    {
        using var with = new TempStore();
        using var without = new TempStore();
        await with.PutAsync("base:1", s_one);
        var left = s_two.Layers[0];
        var archive = TestArchive.OfDocker25(("app:2", s_two)).Remove(TestArchive.PathOf(left.Blob)).Add(".imgsps-delta.json", Delta(left));

        Assert.Equal("app:2", Assert.Single(await ImportAsync(with, archive.ToTar())).Reference);
        var failure = await FailAsync(without, archive.ToTar());
        Assert.Equal(ImageErrorKind.Incomplete, failure.Kind);
        Assert.Contains(left.Blob.Digest.ToString(), failure.Message, StringComparison.Ordinal);
        Assert.Contains("Bring base:1 here first", failure.Advice!, StringComparison.Ordinal);
        Assert.Empty(without.Blobs());
    }

    [Fact]
    public async Task Delta_of_a_docker_archive_finds_the_layer_by_its_diff_id_AR13()
    {
        using var store = new TempStore();
        await store.PutAsync("base:1", s_one);
        var archive = new TestArchive { Manifest = [] };
        var left = s_two.Layers[0];
        archive.Blob(s_two.Config).Blob(s_two.Layers[1].Blob).Add(".imgsps-delta.json", Delta(left));
        archive.Manifest.Add(TestArchive.Element(
            TestArchive.PathOf(s_two.Config), s_two.Layers.Select(l => TestArchive.PathOf(l.Blob)), ["app:2"]));

        Assert.Equal(s_two.Id, Assert.Single(await ImportAsync(store, archive.ToTar())).Id);
    }

    [Fact]
    public async Task Layer_that_is_not_distributed_is_named_with_the_switch_AR20()
    {
        using var store = new TempStore();
        var image = new TestImage("windows", changeManifest: m =>
            m["layers"]![0]!["mediaType"] = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip");
        var archive = TestArchive.OfLayout(("win:1", image)).Remove(TestArchive.PathOf(image.Layers[0].Blob));

        var failure = await FailAsync(store, archive.ToTar());
        Assert.Contains(image.Layers[0].Blob.Digest.ToString(), failure.Message, StringComparison.Ordinal);
        Assert.Contains("-IncludeForeignLayer", failure.Advice!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Config_larger_than_what_is_kept_in_memory_is_imported()
    {
        using var store = new TempStore();
        var image = new TestImage("large", author: new string('a', 200_000));

        var tar = TestArchive.OfDocker20(("app:1", image)).ToTar();
        Assert.Equal(image.Id, Assert.Single(await ImportAsync(store, tar, compress: true)).Id);
    }

    [Fact]
    public async Task Import_that_is_cancelled_names_nothing_and_says_so()
    {
        using var store = new TempStore();
        using var stop = new CancellationTokenSource();
        var tar = TestArchive.OfDocker25(("app:1", s_one)).ToTar();
        var request = new ImportRequest(new ImportInput("-") { Open = () => new Endless(tar.Take(3000).ToArray(), stop) });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.Store.ImportAsync(request, store.Observer, stop.Token));
        Assert.Empty(await store.ListAsync());
        AssertNothingTemporary(store);
    }

    [Fact]
    public async Task Imports_and_pulls_at_once_lose_no_name()
    {
        using var store = new TempStore();
        var images = Enumerable.Range(0, 12).Select(i => new TestImage("i" + i, [s_one.Layers[0], TestLayer.Of("f", "f" + i)])).ToArray();
        await Task.WhenAll(images.Select((image, i) => Task.Run(() => i % 2 == 0
            ? ImportAsync(store, TestArchive.OfDocker20(($"i{i}:1", image)).ToTar())
            : (Task)store.PutAsync($"i{i}:1", image))));

        Assert.Equal(12, (await store.ListAsync()).Count(i => i.Reference is not null));
        await AssertWholeAsync(store);
    }

    internal static Task<IReadOnlyList<Image>> ImportAsync(
        TempStore store, byte[] tar, string? repository = null, bool compress = false) => store.Store.ImportAsync(
        new ImportRequest(new ImportInput("test.tar") { Open = () => new MemoryStream(tar) })
        {
            Repository = repository is null ? null : ImageReference.Parse(repository),
            Compress = compress,
        },
        store.Observer, CancellationToken.None);

    internal static Task<ImageException> FailAsync(TempStore store, byte[] tar) =>
        Assert.ThrowsAsync<ImageException>(() => ImportAsync(store, tar));

    /// <summary>Nothing but the folders of a store that rests: no download, no lease, no temporary file.</summary>
    internal static void AssertNothingTemporary(TempStore store)
    {
        var own = Path.Combine(store.Root, ".imgsps");
        var files = new[] { "ingest", "leases", "trash" }.Select(f => Path.Combine(own, f)).Where(Directory.Exists)
            .SelectMany(f => Directory.GetFiles(f, "*", SearchOption.AllDirectories));
        Assert.DoesNotContain(files, f => Path.GetFileName(f) != "lock");
        Assert.Empty(Directory.GetFiles(own, "*.tmp"));
    }

    private static Task<IReadOnlyList<Image>> ImportFolderAsync(TempStore store, string folder) => store.Store.ImportAsync(
        new ImportRequest(new ImportInput(folder) { Folder = folder }), store.Observer, CancellationToken.None);

    private static TestArchive ArchiveOf(string tool, string name) => tool switch
    {
        "docker20" => TestArchive.OfDocker20((name, s_one)),
        "docker25" => TestArchive.OfDocker25((name, s_one)),
        "skopeo" => TestArchive.OfSkopeo(name, s_one),
        "crane" => TestArchive.OfCrane(name, s_one),
        _ => TestArchive.OfLayout((name, s_one)),
    };

    private static string Delta(TestLayer layer) => new JsonObject
    {
        ["version"] = 1,
        ["layers"] = new JsonArray(new JsonObject
        {
            ["digest"] = layer.Blob.Digest.ToString(),
            ["size"] = layer.Blob.Bytes.Length,
            ["diffId"] = layer.DiffId.ToString(),
            ["images"] = new JsonArray("docker.io/library/base:1"),
        }),
    }.ToJsonString();

    private static async Task AssertWholeAsync(TempStore store)
    {
        AssertNothingTemporary(store);
        await foreach (var finding in store.Store.TestAsync(new StoreTestRequest { Full = true }, store.Observer, CancellationToken.None))
        {
            Assert.Equal("Orphan", finding.Kind.ToString());
        }
    }

    private static async Task<List<string>> UnneededAsync(TempStore store)
    {
        var orphans = new List<string>();
        await foreach (var finding in store.Store.TestAsync(new StoreTestRequest(), store.Observer, CancellationToken.None))
        {
            orphans.Add(finding.Message);
        }

        return orphans;
    }

    /// <summary>A stream that is no file: few bytes at a time, no length.</summary>
    private sealed class Pipe(byte[] bytes) : ImgsPS.Layers.ReadingStream
    {
        private int _next;

        public override int Read(byte[] buffer, int offset, int count)
        {
            count = Math.Min(Math.Min(count, 700), bytes.Length - _next);
            Array.Copy(bytes, _next, buffer, offset, count);
            _next += count;
            return count;
        }
    }

    /// <summary>A pipe whose writer says nothing more; the operation is cancelled then.</summary>
    private sealed class Endless(byte[] bytes, CancellationTokenSource stop) : ImgsPS.Layers.ReadingStream
    {
        private int _next;

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        {
            if (_next == bytes.Length)
            {
                stop.CancelAfter(10);
                return new TaskCompletionSource<int>().Task;
            }

            count = Math.Min(count, bytes.Length - _next);
            Array.Copy(bytes, _next, buffer, offset, count);
            _next += count;
            return Task.FromResult(count);
        }
    }
}
