using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Disk;
using ImgsPS.Engine.Tests.Store.Layout;
using ImgsPS.Layers;
using ImgsPS.Stores;
using ImgsPS.Stores.Archive;
using ImgsPS.Stores.Layout;
using ImgsPS.Transfer;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Archive;

/// <summary>
/// Large members of a file or a folder are brought several at a time, those of a pipe one after the other, and what comes of it is the same
/// (AR8, AR12).
/// </summary>
public class LargeMemberTests
{
    private static readonly TestImage s_image = new("large", Enumerable.Range(0, 9).Select(i => Layer(i, 150_000 + (i * 3001))).ToArray());

    private static readonly string[] s_tools = ["docker20", "docker25", "skopeo", "crane"];

    public static TheoryData<string, string> Ways
    {
        get
        {
            var ways = new TheoryData<string, string>();
            foreach (var tool in s_tools)
            {
                foreach (var way in new[] { "file", "a file from its middle on", "pipe", "gzip", "folder" })
                {
                    ways.Add(tool, way);
                }
            }

            return ways;
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Large_members_make_the_same_store_whatever_way_they_come_AR8(string tool, string way)
    {
        using var expected = new TempStore();
        using var store = new TempStore();
        using var folder = new TempFolder();
        var archive = ArchiveOf(tool);
        var wanted = Assert.Single(await ImportAsync(expected, () => new Pipe(archive.ToTar())));
        var image = Assert.Single(await store.Store.ImportAsync(
            new ImportRequest(InputOf(archive, way, folder)), store.Observer, CancellationToken.None));

        Assert.Equal((s_image.Id, wanted.Digest), (image.Id, image.Digest));
        Assert.Equal(expected.Blobs().OrderBy(b => b), store.Blobs().OrderBy(b => b));
        await AssertWholeAsync(store);
    }

    [Theory]
    [InlineData("docker20")]
    [InlineData("docker25")]
    public async Task Four_large_members_of_a_file_are_under_way_at_most_and_each_with_one_buffer(string tool)
    {
        var files = new MeetingFiles(4);
        using var store = new TempStore(files);
        var source = new Counted(ArchiveOf(tool).ToTar());
        Assert.Single(await ImportAsync(store, () => source));

        Assert.Equal(4, files.Most);
        Assert.InRange(source.Largest, 1, TransferBuffer.LargeSize);
        await AssertWholeAsync(store);
    }

    [Fact]
    public async Task Large_members_of_a_pipe_come_one_after_the_other()
    {
        var files = new MeetingFiles(1);
        using var store = new TempStore(files);
        Assert.Single(await ImportAsync(store, () => new Pipe(ArchiveOf("docker20").ToTar())));

        Assert.Equal(1, files.Most);
    }

    [Theory]
    [InlineData("write", 1)]
    [InlineData("write", 4)]
    [InlineData("write", 9)]
    [InlineData("flush", 1)]
    [InlineData("flush", 5)]
    [InlineData("flush", 9)]
    [InlineData("move", 1)]
    [InlineData("move", 6)]
    public async Task Disk_that_fails_with_one_of_several_members_names_nothing_and_the_next_import_finishes_AR12(string step, int nth)
    {
        var files = new FailingFiles(step, nth);
        using var store = new TempStore(files);
        await store.PutAsync("there:1", new TestImage("there"));
        var before = store.Blobs();
        files.Begin();
        var tar = ArchiveOf("docker20").ToTar();
        var failure = await Assert.ThrowsAsync<ImageException>(() => ImportAsync(store, () => new MemoryStream(tar)));

        Assert.Equal(ImageErrorKind.StoreUnavailable, failure.Kind);
        Assert.Equal(["there:1"], (await store.ListAsync()).Select(i => i.Reference));
        Assert.Equal(before.OrderBy(b => b), store.Blobs().OrderBy(b => b));
        ImportTests.AssertNothingTemporary(store);

        Assert.Single(await ImportAsync(store, () => new MemoryStream(tar)));
        await AssertWholeAsync(store);
    }

    [Theory]
    [InlineData("docker20")]
    [InlineData("docker25")]
    public async Task File_that_is_cut_in_a_large_member_is_told_by_the_byte_where_it_ends_RA6(string tool)
    {
        using var store = new TempStore();
        var tar = ArchiveOf(tool).ToTar();
        for (var cut = 20_000; cut < tar.Length - 1024; cut += 61_111)
        {
            var failure = await ImportTests.FailAsync(store, tar.Take(cut).ToArray());
            Assert.Equal(ImageErrorKind.InvalidData, failure.Kind);
            Assert.Contains($"byte {cut}: it ends there", failure.Message, StringComparison.Ordinal);
        }

        Assert.Empty(store.Blobs());
        ImportTests.AssertNothingTemporary(store);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    [InlineData(8)]
    public async Task One_large_member_with_other_bytes_is_the_failure_that_is_told_RA9_AR12(int number)
    {
        using var store = new TempStore();
        var archive = ArchiveOf("docker25");
        var name = TestArchive.PathOf(s_image.Layers[number].Blob);
        var bytes = (byte[])s_image.Layers[number].Blob.Bytes.Clone();
        bytes[bytes.Length / 2] ^= 1;
        var failure = await ImportTests.FailAsync(store, archive.Replace(name, bytes).ToTar());

        Assert.Equal(ImageErrorKind.Integrity, failure.Kind);
        Assert.Contains(name, failure.Message, StringComparison.Ordinal);
        Assert.Empty(store.Blobs());
        ImportTests.AssertNothingTemporary(store);
    }

    [Fact]
    public async Task File_that_becomes_shorter_while_its_members_are_read_is_one_error()
    {
        using var store = new TempStore();
        var tar = ArchiveOf("docker20").ToTar();
        var failure = await Assert.ThrowsAsync<ImageException>(() => ImportAsync(store, () => new Counted(tar) { Ends = tar.Length / 2 }));

        Assert.Contains(failure.Kind, new[] { ImageErrorKind.StoreUnavailable, ImageErrorKind.InvalidData });
        Assert.Empty(await store.ListAsync());
        Assert.Empty(store.Blobs());
        ImportTests.AssertNothingTemporary(store);
    }

    [Fact]
    public async Task Import_that_is_cancelled_with_several_members_under_way_leaves_the_archive_and_names_nothing()
    {
        using var stop = new CancellationTokenSource();
        var files = new FailingFiles("write", 6, stop.Cancel);
        using var store = new TempStore(files);
        var source = new Counted(ArchiveOf("docker20").ToTar());
        await store.PutAsync("there:1", new TestImage("there"));
        files.Begin();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.Store.ImportAsync(
            new ImportRequest(new ImportInput("test.tar") { Open = () => source }), store.Observer, stop.Token));

        Assert.True(source.IsClosed);
        Assert.False(source.WasReadClosed);
        Assert.Equal(["there:1"], (await store.ListAsync()).Select(i => i.Reference));
        Assert.Single(await ImportAsync(store, () => new MemoryStream(ArchiveOf("docker20").ToTar())));
        await AssertWholeAsync(store);
    }

    [Theory]
    [InlineData("docker20", "docker20")]
    [InlineData("docker25", "crane")]
    public async Task Two_imports_of_the_same_large_members_at_once_both_succeed(string first, string second)
    {
        using var store = new TempStore();
        var images = await Task.WhenAll(new[] { first, second }.Select(tool => Task.Run(() =>
            ImportAsync(tool == first ? store.Store : store.Reopen(), () => new MemoryStream(ArchiveOf(tool).ToTar())))));

        Assert.All(images, i => Assert.Equal(s_image.Id, Assert.Single(i).Id));
        await AssertWholeAsync(store);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Layers_with_the_same_bytes_side_by_side_are_one_blob_AR11(bool compress)
    {
        using var store = new TempStore();
        var image = new TestImage("same", Enumerable.Repeat(s_image.Layers[0], 6).ToArray());
        var archive = TestArchive.OfSkopeo("app:1", s_image);
        archive.Members.Clear();
        var paths = Enumerable.Range(0, 6).Select(i => $"{i}/layer.tar").ToList();
        paths.ForEach(path => archive.Add(path, TestArchive.TarOf(s_image.Layers[0])));
        archive.Add("config.json", image.Config.Bytes);
        archive.Manifest = [TestArchive.Element("config.json", paths, ["app:1"])];
        var imported = Assert.Single(await ImportTests.ImportAsync(store, archive.ToTar(), compress: compress));

        Assert.Equal(image.Id, imported.Id);
        Assert.Single(imported.Layers.Select(l => l.Digest).Distinct());
        Assert.Equal(3, store.Blobs().Count);
        await AssertWholeAsync(store);
    }

    [Fact]
    public void Detached_member_is_read_beside_the_next_ones_and_nothing_is_detached_of_a_gzip_or_a_pipe()
    {
        var tar = ArchiveOf("docker20").ToTar();
        using var members = new TarMembers(new MemoryStream(tar), "test", CancellationToken.None);
        var detached = new List<(string Name, Stream Stream)>();
        while (members.Next() is { } member)
        {
            if (member.Size > ImportedContent.SmallFile)
            {
                detached.Add((member.Name, members.Detach()!));
            }
        }

        Assert.Equal(9, detached.Count);
        foreach (var (name, stream) in detached.AsEnumerable().Reverse())
        {
            using var bytes = new MemoryStream();
            stream.CopyTo(bytes);
            Assert.Equal(ArchiveOf("docker20").All().Single(m => m.Name == name).Content, bytes.ToArray());
        }

        using var pipe = new TarMembers(new Pipe(tar), "test", CancellationToken.None);
        using var gzip = new TarMembers(new MemoryStream(Gzip(tar)), "test", CancellationToken.None);
        Assert.NotNull(pipe.Next());
        Assert.NotNull(gzip.Next());
        Assert.Null(pipe.Detach());
        Assert.Null(gzip.Detach());
    }

    private static TestLayer Layer(int seed, int size)
    {
        var bytes = new byte[size * 3 / 4];
        new Random(seed).NextBytes(bytes);
        return TestLayer.Of($"f{seed}.txt", Convert.ToBase64String(bytes));
    }

    private static TestArchive ArchiveOf(string tool) => tool switch
    {
        "docker20" => TestArchive.OfDocker20(("app:1", s_image)),
        "docker25" => TestArchive.OfDocker25(("app:1", s_image)),
        "skopeo" => TestArchive.OfSkopeo("app:1", s_image),
        _ => TestArchive.OfCrane("app:1", s_image),
    };

    private static ImportInput InputOf(TestArchive archive, string way, string folder)
    {
        var tar = archive.ToTar();
        var path = Path.Combine(folder, "x.tar");
        switch (way)
        {
            case "folder":
                archive.ToFolder(folder);
                return new ImportInput(folder) { Folder = folder };
            case "file":
                File.WriteAllBytes(path, tar);
                return new ImportInput(path) { Open = () => File.OpenRead(path) };
            case "a file from its middle on":
                File.WriteAllBytes(path, [.. new byte[1234], .. tar]);
                return new ImportInput(path)
                {
                    Open = () =>
                    {
                        var file = File.OpenRead(path);
                        file.Position = 1234;
                        return file;
                    },
                };
            case "gzip":
                return new ImportInput("-") { Open = () => new MemoryStream(Gzip(tar)) };
            default:
                return new ImportInput("-") { Open = () => new Pipe(tar) };
        }
    }

    private static byte[] Gzip(byte[] bytes)
    {
        using var compressed = new MemoryStream();
        using (var stream = new GZipStream(compressed, CompressionMode.Compress, leaveOpen: true))
        {
            stream.Write(bytes, 0, bytes.Length);
        }

        return compressed.ToArray();
    }

    private static Task<IReadOnlyList<Image>> ImportAsync(TempStore store, Func<Stream> open) => ImportAsync(store.Store, open);

    private static Task<IReadOnlyList<Image>> ImportAsync(LayoutStore store, Func<Stream> open) => store.ImportAsync(
        new ImportRequest(new ImportInput("test.tar") { Open = open }), NullObserver.Instance, CancellationToken.None);

    private static async Task AssertWholeAsync(TempStore store)
    {
        ImportTests.AssertNothingTemporary(store);
        await foreach (var finding in store.Store.TestAsync(new StoreTestRequest { Full = true }, store.Observer, CancellationToken.None))
        {
            Assert.Fail(finding.Message);
        }
    }

    /// <summary>A stream that is no file.</summary>
    private sealed class Pipe(byte[] bytes) : ReadingStream
    {
        private readonly MemoryStream _bytes = new(bytes);

        public override int Read(byte[] buffer, int offset, int count) => _bytes.Read(buffer, offset, count);

        protected override void Dispose(bool disposing)
        {
            base.Dispose(disposing);
            _bytes.Dispose();
        }
    }

    /// <summary>A file that says how it is read.</summary>
    private sealed class Counted(byte[] bytes) : MemoryStream(bytes)
    {
        /// <summary>Where it ends although it is longer; null for its end.</summary>
        public long? Ends { get; init; }

        public int Largest { get; private set; }

        public bool IsClosed { get; private set; }

        public bool WasReadClosed { get; private set; }

        public override int Read(byte[] buffer, int offset, int count)
        {
            WasReadClosed |= IsClosed;
            Largest = Math.Max(Largest, count);
            return base.Read(buffer, offset, Ends is { } end ? (int)Math.Max(0, Math.Min(count, end - Position)) : count);
        }

        protected override void Dispose(bool disposing)
        {
            IsClosed = true;
            base.Dispose(disposing);
        }
    }

    /// <summary>A disk on which files of content wait in their flush until as many are there as are expected, or no more come.</summary>
    private sealed class MeetingFiles(int expected) : StoreFiles
    {
        private readonly object _sync = new();
        private int _there;
        private int _met;

        public int Most { get; private set; }

        protected override void FlushStep(StoreFile file)
        {
            if (file.Length <= ImportedContent.SmallFile || Path.GetFileName(file.Path) != "data")
            {
                base.FlushStep(file);
                return;
            }

            lock (_sync)
            {
                Most = Math.Max(Most, ++_there);
                _met = Math.Max(_met, _there);
                Monitor.PulseAll(_sync);
                for (var tries = 0; _met < expected && tries < 300; tries++)
                {
                    Monitor.Wait(_sync, 100);
                }
            }

            // One more than may come would come now.
            Thread.Sleep(20);
            base.FlushStep(file);
            lock (_sync)
            {
                _there--;
            }
        }
    }

    /// <summary>A disk on which the nth step of a kind on content fails, or something else happens there, once it was begun.</summary>
    private sealed class FailingFiles(string step, int nth, Action? happens = null) : StoreFiles
    {
        private int _left = int.MaxValue;

        public void Begin() => _left = nth;

        protected override void WriteStep(StoreFile file, byte[] buffer, int offset, int count)
        {
            Step("write", file.Path);
            base.WriteStep(file, buffer, offset, count);
        }

        protected override void FlushStep(StoreFile file)
        {
            Step("flush", file.Path);
            base.FlushStep(file);
        }

        protected override bool MoveNewStep(string from, string to)
        {
            Step("move", from);
            return base.MoveNewStep(from, to);
        }

        private void Step(string name, string path)
        {
            if (name != step || Path.GetFileName(path) != "data" || Interlocked.Decrement(ref _left) != 0)
            {
                return;
            }

            if (happens is null)
            {
                throw new IOException("No space left on device", NativeFiles.IsWindows ? unchecked((int)0x80070070) : 28);
            }

            happens();
        }
    }
}
