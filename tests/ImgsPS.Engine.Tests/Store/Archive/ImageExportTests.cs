using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Disk;
using ImgsPS.Engine.Tests.Layers;
using ImgsPS.Engine.Tests.Pulling;
using ImgsPS.Engine.Tests.Store.Layout;
using ImgsPS.Layers;
using ImgsPS.Stores;
using ImgsPS.Stores.Archive;
using ImgsPS.Transfer;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Archive;

/// <summary>
/// An archive on the disk: the same bytes each time (AR7), whole under its name or not there (CP9), nothing damaged in it (RS7).
/// </summary>
public sealed class ImageExportTests : IDisposable
{
    private readonly ExportWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Fact]
    public async Task File_has_the_bytes_of_the_stream_each_time_AR7()
    {
        // More bytes than a buffer, and ends that are no whole blocks.
        var random = new Random(7);
        foreach (var size in new[] { 10, 512, 1 << 20, (1 << 20) + 1, 3_000_000 })
        {
            await _world.Store.PutAsync("app:" + size, new TestImage("app" + size, [Layer(random, size)]));
        }

        var plan = await _world.PlanAsync("app");
        var stream = await _world.WriteAsync(plan);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(stream, File.ReadAllBytes(await _world.ExportAsync(plan)));
        }

        var shuffled = await _world.PlanAsync("app:10", "app:1048577", "app:1048576", "app:3000000", "app:512");
        Assert.Equal(stream, await _world.WriteAsync(shuffled));
        Assert.Equal(["x.tar"], _world.Files);
    }

    [Fact]
    public async Task Compressed_archive_has_the_same_tar_and_a_header_without_time_AR16()
    {
        await _world.Store.PutAsync("app:1", new TestImage("app", [Layer(new Random(1), 2_500_000)]));
        var plan = await _world.PlanAsync("app:1");
        var bytes = File.ReadAllBytes(await _world.ExportAsync(plan, compress: true));

        Assert.Equal(new byte[] { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255 }, bytes.Take(10));
        using var unpacked = new MemoryStream();
        using var gzip = new GZipStream(new MemoryStream(bytes), CompressionMode.Decompress);
        gzip.CopyTo(unpacked);
        Assert.Equal(await _world.WriteAsync(plan), unpacked.ToArray());
        Assert.Equal(bytes, File.ReadAllBytes(await _world.ExportAsync(plan, compress: true)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(1000)]
    public void Gzip_header_is_the_same_however_it_is_written_AR16(int piece)
    {
        using var output = new MemoryStream();
        using (var gzip = GzipWriter.To(output))
        {
            var text = Enumerable.Range(0, 5000).Select(i => (byte)i).ToArray();
            for (var at = 0; at < text.Length; at += piece)
            {
                gzip.Write(text, at, Math.Min(piece, text.Length - at));
                gzip.Flush();
            }
        }

        Assert.Equal(new byte[] { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255 }, output.ToArray().Take(10));
        using var back = new MemoryStream();
        new GZipStream(new MemoryStream(output.ToArray()), CompressionMode.Decompress).CopyTo(back);
        Assert.Equal(5000, back.Length);
    }

    [Fact]
    public async Task Folder_has_the_members_and_is_a_store()
    {
        var image = await _world.Store.PutAsync("app:1", new TestImage());
        var plan = await _world.PlanAsync("app:1");
        using (var target = new ExportTarget(_world.PathOf("layout"), isFolder: true))
        {
            Assert.False(target.IsThere());
            await ImageExport.ToFolderAsync(plan, target, _world.Observer, CancellationToken.None);
        }

        foreach (var (name, bytes) in (await _world.MembersAsync(plan)).Select(m => (m.Key, m.Value)))
        {
            Assert.Equal(bytes, File.ReadAllBytes(Path.Combine(_world.PathOf("layout"), name)));
        }

        using var store = new Stores.Layout.LayoutStore(_world.PathOf("layout"));
        var row = Assert.Single(await store.ListAsync(ListRequest.Default, _world.Observer, CancellationToken.None));
        Assert.Equal(("app:1", image.Id, image.Manifest.Digest.ToString()), (row.Reference, row.Id, row.Digest));
        Assert.Equal(["layout"], _world.Files);
        using var again = new ExportTarget(_world.PathOf("layout"), isFolder: true);
        Assert.Equal(ImageErrorKind.Conflict, Assert.Throws<ImageException>(() => again.IsThere()).Kind);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_killed_exports_left_goes_with_the_next_one_after_the_grace_CP9(bool isFolder)
    {
        await _world.Store.PutAsync("app:1", new TestImage());
        var plan = await _world.PlanAsync("app:1");
        var old = DateTime.UtcNow - StoreOptimizeRequest.DefaultGrace - TimeSpan.FromMinutes(1);
        string Left(char digit, DateTime time, bool folder)
        {
            var path = _world.PathOf($".imgsps-{new string(digit, 32)}.tmp");
            if (folder)
            {
                Directory.CreateDirectory(Path.Combine(path, "blobs", "sha256"));
                File.WriteAllText(Path.Combine(path, "blobs", "sha256", "x"), "x");
                File.SetLastWriteTimeUtc(Path.Combine(path, "blobs", "sha256", "x"), time);
                Directory.SetLastWriteTimeUtc(Path.Combine(path, "blobs", "sha256"), old);
                Directory.SetLastWriteTimeUtc(Path.Combine(path, "blobs"), old);
                Directory.SetLastWriteTimeUtc(path, old);
            }
            else
            {
                File.WriteAllText(path, "x");
                File.SetLastWriteTimeUtc(path, time);
            }

            return Path.GetFileName(path);
        }

        // Of another name, of an export that may still run, of one whose last file is young, and from the future.
        Left('a', old, folder: false);
        Left('b', old, folder: true);
        var young = Left('c', DateTime.UtcNow.AddMinutes(-50), folder: false);
        var writing = Left('d', DateTime.UtcNow.AddMinutes(-5), folder: true);
        var future = Left('e', DateTime.UtcNow.AddDays(2), folder: false);
        foreach (var other in new[] { ".imgsps-x.tmp", "x.tmp", ".imgsps-" + new string('F', 32) + ".tmp", "images.tar" })
        {
            File.WriteAllText(_world.PathOf(other), "x");
            File.SetLastWriteTimeUtc(_world.PathOf(other), old);
        }

        using (var target = new ExportTarget(_world.PathOf("new"), isFolder))
        {
            await (isFolder ? ImageExport.ToFolderAsync(plan, target, _world.Observer, CancellationToken.None)
                : ImageExport.ToFileAsync(plan, target, compress: false, _world.Observer, CancellationToken.None));
        }

        Assert.Equal(
            new[] { young, writing, future, ".imgsps-x.tmp", "x.tmp", ".imgsps-" + new string('F', 32) + ".tmp", "images.tar", "new" }
                .OrderBy(n => n, StringComparer.Ordinal),
            _world.Files);
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task Damaged_or_missing_layer_leaves_nothing_and_says_which_and_what_to_do_RS7(bool isFolder, bool isDamaged)
    {
        var image = await _world.Store.PutAsync("app:1", new TestImage("app", [TestLayer.Of("a", "a"), Layer(new Random(2), 1_500_000)]));
        var plan = await _world.PlanAsync("app:1");
        var digest = image.Layers[1].Blob.Digest;
        var path = _world.Store.Paths.Blob(digest);
        if (isDamaged)
        {
            var bytes = File.ReadAllBytes(path);
            bytes[1_400_000] ^= 1;
            File.SetAttributes(path, FileAttributes.Normal);
            File.WriteAllBytes(path, bytes);
        }
        else
        {
            File.Delete(path);
        }

        File.WriteAllText(_world.PathOf("old"), "old");
        var name = isFolder ? "new" : "old";
        var failure = await Assert.ThrowsAsync<ImageException>(async () =>
        {
            using var target = new ExportTarget(_world.PathOf(name), isFolder);
            await (isFolder ? ImageExport.ToFolderAsync(plan, target, _world.Observer, CancellationToken.None)
                : ImageExport.ToFileAsync(plan, target, false, _world.Observer, CancellationToken.None));
        });

        Assert.Equal(isDamaged ? ImageErrorKind.Integrity : ImageErrorKind.Incomplete, failure.Kind);
        Assert.Contains($"the manifest {image.Manifest.Digest} of app:1 names the layer {digest}, but that layer is", failure.Message);
        Assert.Contains("Invoke-ImagePull app:1", failure.Advice);
        Assert.Equal(["old"], _world.Files);
        Assert.Equal("old", File.ReadAllText(_world.PathOf("old")));
        Assert.False(File.Exists(path));
    }

    [Theory]
    [InlineData("create", 0)]
    [InlineData("write", 0)]
    [InlineData("write", 4)]
    [InlineData("flush", 0)]
    [InlineData("move", 0)]
    public async Task Full_disk_is_one_error_and_leaves_what_was_there_CP9(string step, int after)
    {
        await _world.Store.PutAsync("app:1", new TestImage("app", [Layer(new Random(3), 3_000_000), Layer(new Random(4), 3_000_000)]));
        var plan = await _world.PlanAsync("app:1");
        File.WriteAllText(_world.PathOf("x.tar"), "old");
        foreach (var compress in new[] { false, true })
        {
            var files = new FullDisk(step, after);
            var failure = await Assert.ThrowsAsync<ImageException>(() => _world.ExportAsync(plan, files: files, compress: compress));

            Assert.Equal(ImageErrorKind.StoreUnavailable, failure.Kind);
            Assert.Contains(_world.PathOf("x.tar"), failure.Message);
            Assert.DoesNotContain(".imgsps-", failure.Message);
            Assert.Contains("no space left on device", failure.Message);
            Assert.Contains("-Path", failure.Advice);
            Assert.Equal(["x.tar"], _world.Files);
            Assert.Equal("old", File.ReadAllText(_world.PathOf("x.tar")));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Cancelled_run_leaves_nothing_CP9(bool isFolder)
    {
        await _world.Store.PutAsync("app:1", new TestImage("app", [Layer(new Random(5), 3_000_000)]));
        using var stop = new CancellationTokenSource();
        var source = new WatchedSource(_world.Store.Store.OpenSource(ImageIdentity.Of("app:1"), _world.Observer))
        {
            AfterRead = (_, _) =>
            {
                Assert.Single(_world.Files);
                stop.Cancel();
                return Task.CompletedTask;
            },
        };
        var plan = await ArchivePlanner.RunAsync(
            [new ArchiveImage(source, ImageReference.Parse("app:1"), null, null)], new ExportRequest(), _world.Observer,
            CancellationToken.None);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            using var target = new ExportTarget(_world.PathOf("x"), isFolder);
            await (isFolder ? ImageExport.ToFolderAsync(plan, target, _world.Observer, stop.Token)
                : ImageExport.ToFileAsync(plan, target, false, _world.Observer, stop.Token));
        });

        Assert.True(stop.IsCancellationRequested);
        Assert.Empty(_world.Files);
    }

    [Fact]
    public async Task File_that_comes_meanwhile_is_not_replaced_where_none_may_be_AR7()
    {
        await _world.Store.PutAsync("app:1", new TestImage());
        var plan = await _world.PlanAsync("app:1");
        using (var target = new ExportTarget(_world.PathOf("x.tar"), isFolder: false) { IsNew = true })
        {
            Assert.False(target.IsThere());
            File.WriteAllText(target.Path, "another");
            var failure = await Assert.ThrowsAsync<ImageException>(
                () => ImageExport.ToFileAsync(plan, target, false, _world.Observer, CancellationToken.None));
            Assert.Equal(ImageErrorKind.Conflict, failure.Kind);
        }

        Assert.Equal("another", File.ReadAllText(_world.PathOf("x.tar")));
        Assert.Equal(["x.tar"], _world.Files);
    }

    [Fact]
    public async Task Name_that_is_two_images_is_refused()
    {
        using var other = new TempStore();
        await _world.Store.PutAsync("app:1", new TestImage("one"));
        await other.PutAsync("app:1", new TestImage("two"));
        var images = new[] { _world.Store, other }.Select(store => new ArchiveImage(
            store.Store.OpenSource(ImageIdentity.Of("app:1"), _world.Observer), ImageReference.Parse("app:1"), null, null));
        var failure = await Assert.ThrowsAsync<ImageException>(
            () => ArchivePlanner.RunAsync(images, new ExportRequest(), _world.Observer, CancellationToken.None));

        Assert.Equal(ImageErrorKind.Conflict, failure.Kind);
        Assert.Contains("app:1 is the name of two different images", failure.Message);
    }

    [Fact]
    public async Task Memory_does_not_grow_with_the_content()
    {
        const int Mebibytes = 64;
        var zeros = new byte[1 << 20];
        using var hash = Digest.CreateHash("sha256");
        for (var i = 0; i < Mebibytes; i++)
        {
            hash.AppendData(zeros);
        }

        var layer = Digest.FromHash("sha256", hash.GetHashAndReset());
        var source = new ZeroSource(new TestImage(
            "zeros", [new TestLayer(new TestBlob(new Descriptor(MediaTypes.OciLayer, layer, (long)Mebibytes << 20), []), layer)]));
        var plan = await ArchivePlanner.RunAsync(
            [new ArchiveImage(source, ImageReference.Parse("zeros:1"), null, null)], new ExportRequest(), _world.Observer,
            CancellationToken.None);
        using var output = new CountingStream();
        using var sink = new TarStreamSink(output);
        await ArchiveWriter.WriteAsync(plan, sink, "zeros", _world.Observer, CancellationToken.None);

        // What is read is written before more is read, from one buffer.
        Assert.Equal(plan.TarSize, output.Length);
        Assert.InRange(source.Buffers.Count, 1, 2);
        Assert.All(source.Buffers.Keys.Concat(output.Buffers.Keys), buffer => Assert.InRange(buffer.Length, 1, (1 << 20) + 4096));
        Assert.InRange(output.Buffers.Count, 1, 20);
        Assert.Equal(plan.ContentSize, _world.Observer.ProgressPoints[^1].Current);
        Assert.True(_world.Observer.ProgressPoints[^1].Completed);
    }

    private static TestLayer Layer(Random random, int size)
    {
        var bytes = new byte[size];
        random.NextBytes(bytes);
        return new TestLayer(TestBlob.Of(MediaTypes.OciLayer, bytes), Digest.Of(bytes));
    }

    /// <summary>Takes bytes, and notes which arrays they come from.</summary>
#pragma warning disable CA1844 // The form with memory goes through the one with arrays.
    private sealed class CountingStream : MemoryStream
    {
        private long _length;

        public Dictionary<byte[], int> Buffers { get; } = new();

        public override long Length => _length;

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        {
            Buffers[buffer] = count;
            _length += count;
            return Task.CompletedTask;
        }
    }
#pragma warning restore CA1844

    /// <summary>A disk without room at a step.</summary>
    private sealed class FullDisk(string step, int after) : StoreFiles
    {
        private int _left = after;

        protected override StoreFile CreateStep(string path) => Step("create", () => base.CreateStep(path));

        protected override void WriteStep(StoreFile file, byte[] buffer, int offset, int count) => Step("write", () =>
        {
            base.WriteStep(file, buffer, offset, count);
            return true;
        });

        protected override void FlushStep(StoreFile file) => Step("flush", () =>
        {
            base.FlushStep(file);
            return true;
        });

        protected override void MoveOverStep(string from, string to) => Step("move", () =>
        {
            base.MoveOverStep(from, to);
            return true;
        });

        private T Step<T>(string name, Func<T> real) => name == step && Interlocked.Decrement(ref _left) < 0
            ? throw new IOException("No space left on device", NativeFiles.IsWindows ? unchecked((int)0x80070070) : 28)
            : real();
    }

    /// <summary>One image whose layer is zeros that nobody keeps.</summary>
    private sealed class ZeroSource(TestImage image) : IImageSource
    {
        /// <summary>The arrays that its layer was read into.</summary>
        public Dictionary<byte[], int> Buffers { get; } = new();

        public string Name => "zeros:1";

        public string Lack(string what, Descriptor content) => $"that {what} is not there";

        public string LackAdvice(Descriptor content, bool hasOthers) => "Nothing helps.";

        public Task<Descriptor?> ResolveAsync(IOperationObserver observer, CancellationToken cancellationToken) =>
            Task.FromResult<Descriptor?>(image.Manifest.Descriptor);

        public Task<ManifestDocument> GetManifestAsync(
            Descriptor? expected, IOperationObserver observer, CancellationToken cancellationToken) =>
            Task.FromResult(ManifestDocument.Parse(image.Manifest.Bytes, null, expected));

        public Task<byte[]> GetConfigAsync(Descriptor config, IOperationObserver observer, CancellationToken cancellationToken) =>
            Task.FromResult(image.Config.Bytes);

        public BlobStream OpenBlob(Descriptor blob, long offset, IOperationObserver observer, CancellationToken cancellationToken) =>
            new Bytes(blob.Size, blob.Digest == image.Config.Digest ? image.Config.Bytes : null, Buffers);

        public bool Lacks(Descriptor content) => false;

        public IEnumerable<string> RepositoriesAt(string registry, Descriptor blob) => [];

        public Task<T> GuardAsync<T>(IOperationObserver observer, Func<IOperationObserver, Task<T>> work) => work(observer);

        private sealed class Bytes(long size, byte[]? known, Dictionary<byte[], int> buffers) : BlobStream
        {
            public override ValueTask<int> NextAsync(byte[] buffer, int offset, int count)
            {
                var read = (int)Math.Min(count, size - Next);
                if (known is null)
                {
                    buffers[buffer] = count;
                    Array.Clear(buffer, offset, read);
                }
                else
                {
                    Array.Copy(known, Next, buffer, offset, read);
                }

                Next += read;
                return new ValueTask<int>(read);
            }

            public override ImageException? Refused(ImageException wrong) => wrong;
        }
    }
}
