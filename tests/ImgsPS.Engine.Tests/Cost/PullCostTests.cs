using System;
using System.Collections.Concurrent;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Disk;
using ImgsPS.Engine.Tests.Registry;
using ImgsPS.Engine.Tests.Store.Layout;
using ImgsPS.Stores;
using ImgsPS.Stores.Layout;
using ImgsPS.Stores.Registry;
using ImgsPS.Testing;
using ImgsPS.Transfer;
using Xunit;

namespace ImgsPS.Engine.Tests.Cost;

/// <summary>What a pull costs, in counts that no machine changes: requests, connections, files made, buffers.</summary>
public sealed class PullCostTests : IDisposable
{
    private readonly TestRegistry _registry = TestRegistry.Start();
    private readonly MakingFiles _files = new();
    private readonly TempStore _store;

    // On a disk: memory has no cache that a write could go past.
    public PullCostTests() => _store = new TempStore(_files, TestSettings.DiskFolder);

    public void Dispose()
    {
        _registry.Dispose();
        _store.Dispose();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    public async Task Cold_pull_takes_one_request_for_the_manifest_one_for_the_config_and_one_a_layer(int layers)
    {
        var image = _registry.AddImage("team/app:1",
            new ImageSpec { Layers = [.. Enumerable.Range(1, layers).Select(i => new LayerSpec(i))] });

        await PullAsync(image.Reference);

        Assert.Equal(layers + 2, _registry.Requests.Count);
        Assert.All(_registry.Requests, r => Assert.Equal("GET", r.Method));
    }

    [Fact]
    public async Task One_platform_of_an_index_takes_one_request_more_and_an_unchanged_tag_one()
    {
        var index = _registry.AddIndex("team/multi:1", [ImageSpec.For("linux/amd64"), ImageSpec.For("linux/arm64")]);

        await PullAsync(index.Reference, "linux/amd64");
        Assert.Equal(ImageSpec.For("linux/amd64").Layers.Count + 3, _registry.Requests.Count);

        _registry.ClearRequests();
        await PullAsync(index.Reference, "linux/amd64");
        Assert.Equal("HEAD", Assert.Single(_registry.Requests).Method);
    }

    [Fact]
    public async Task Pulls_one_after_the_other_share_their_connections()
    {
        await using var door = new Door(_registry.Host);
        for (var i = 0; i < 10; i++)
        {
            _registry.AddImage($"team/app:{i}", new ImageSpec { Layers = [new LayerSpec((2 * i) + 1), new LayerSpec((2 * i) + 2)] });
        }

        for (var i = 0; i < 10; i++)
        {
            await PullAsync($"{door.Host}/team/app:{i}");
        }

        // A pull fetches 4 blobs at a time.
        Assert.Equal(40, _registry.Requests.Count);
        Assert.InRange(door.Connections, 1, 4);
    }

    [Fact]
    public async Task Small_blob_makes_no_file_but_its_data()
    {
        // And the lock beside it, which is no step of the store.
        await PullAsync(_registry.AddImage("team/app:1", new ImageSpec { Layers = [new LayerSpec(1)] }).Reference);
        var ingest = _store.Paths.Ingest + Path.DirectorySeparatorChar;
        var made = _files.Made.Where(f => f.StartsWith(ingest, StringComparison.Ordinal)).ToList();

        Assert.Equal(3, made.Count);
        Assert.All(made, f => Assert.Equal("data", Path.GetFileName(f)));
        Assert.Empty(Directory.GetFileSystemEntries(_store.Paths.Ingest));
    }

    [SkippableFact]
    public async Task Sessions_side_by_side_make_one_ingest_folder_for_blob_after_blob_and_leave_none()
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows does not move a folder in which a file is open");
        var blobs = Enumerable.Range(0, 10).Select(i => TestBlob.Of("application/octet-stream", TestClients.Bytes(1000, i))).ToArray();
        using (await _store.Store.BeginPullAsync(ImageReference.Parse("other:1"), NullObserver.Instance, CancellationToken.None))
        {
            using var session = await _store.Store.BeginPullAsync(ImageReference.Parse("app:1"), NullObserver.Instance,
                CancellationToken.None);
            _files.Folders.Clear();
            foreach (var blob in blobs)
            {
                await TempStore.WriteAsync(session, blob);
                Assert.False(Directory.Exists(_store.Paths.IngestFolder(blob.Descriptor.Digest)));
                Assert.True(session.Contains(blob.Descriptor));
            }

            Assert.Single(_files.Folders, f => Path.GetDirectoryName(f) == _store.Paths.Ingest);
        }

        Assert.Empty(Directory.GetFileSystemEntries(_store.Paths.Ingest));
    }

    [Fact]
    public async Task Spare_ingest_folder_does_not_take_the_place_of_one_that_has_data()
    {
        // RS2: what an earlier pull left is gone on with.
        var first = TestBlob.Of("application/octet-stream", TestClients.Bytes(1000, 1));
        var second = TestBlob.Of("application/octet-stream", TestClients.Bytes(1000, 2));
        using (await _store.Store.BeginPullAsync(ImageReference.Parse("other:1"), NullObserver.Instance, CancellationToken.None))
        {
            using var session = await _store.Store.BeginPullAsync(ImageReference.Parse("app:1"), NullObserver.Instance,
                CancellationToken.None);
            using (var broken = await session.BeginAsync(second.Descriptor, NullObserver.Instance, CancellationToken.None))
            {
                await broken!.WriteAsync(second.Bytes, 0, 400, CancellationToken.None);
            }

            await TempStore.WriteAsync(session, first);
            using (var again = await session.BeginAsync(second.Descriptor, NullObserver.Instance, CancellationToken.None))
            {
                Assert.Equal(400, again!.Position);
                await again.WriteAsync(second.Bytes, 400, 600, CancellationToken.None);
                await again.CommitAsync(CancellationToken.None);
            }

            Assert.True(session.Contains(second.Descriptor));
        }

        Assert.Empty(Directory.GetFileSystemEntries(_store.Paths.Ingest));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Large_blob_is_right_whether_or_not_its_writes_go_past_the_cache(bool direct)
    {
        _files.TakesDirect = direct;
        const int Size = (24 << 20) + 12345;
        var bytes = TestClients.Bytes(Size);
        var digest = Digest.Parse(_registry.PutBlob("team/app", bytes));
        var reference = ImageReference.Parse(_registry.Host + "/team/app:1");
        using var client = TestClients.Client(_registry.Host);
        using var session = await _store.Store.BeginPullAsync(reference, NullObserver.Instance, CancellationToken.None);
        var descriptor = TestClients.Blob(bytes);
        var largest = 0L;
        using (var writer = await session.BeginAsync(descriptor, NullObserver.Instance, CancellationToken.None))
        {
            await client.DownloadBlobAsync(
                reference, writer!, position => largest = Math.Max(largest, position), NullObserver.Instance, CancellationToken.None);
        }

        Assert.Equal(Size, largest);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(_store.Paths.Blob(digest)));
    }

    [Fact]
    public void Large_buffers_are_few_whoever_asks()
    {
        var buffers = Enumerable.Range(0, 100).Select(_ => TransferBuffer.Rent(1L << 40)).ToList();
        Assert.InRange(buffers.Count(b => b.Length == TransferBuffer.LargeSize), 0, TransferBuffer.MaxLarge);
        Assert.All(buffers, b => Assert.InRange(b.Length, TransferBuffer.SmallSize, TransferBuffer.LargeSize));
        Assert.Equal(buffers.Count, buffers.Select(b => b.Bytes).Distinct().Count());
        buffers.ForEach(b => b.Dispose());
    }

    private async Task PullAsync(string reference, string platform = "linux/amd64")
    {
        var request = new PullRequest(ImageReference.Parse(reference)) { Platform = Platform.Parse(platform) };
        await foreach (var image in _store.Store.PullAsync(request, NullObserver.Instance, CancellationToken.None))
        {
            Assert.NotNull(image);
        }
    }

    /// <summary>The disk, telling what is made on it.</summary>
    private sealed class MakingFiles : StoreFiles
    {
        public ConcurrentBag<string> Made { get; } = new();

        public ConcurrentBag<string> Folders { get; } = new();

        public bool TakesDirect { get; set; } = true;

        protected override StoreFile CreateStep(string path)
        {
            Made.Add(path);
            return base.CreateStep(path);
        }

        protected override StoreFile OpenAppendStep(string path)
        {
            Made.Add(path);
            return base.OpenAppendStep(path);
        }

        protected override void CreateFolderStep(string path)
        {
            if (!Directory.Exists(path))
            {
                Folders.Add(path);
            }

            base.CreateFolderStep(path);
        }

        protected override bool SetDirectStep(StoreFile file, bool on) => TakesDirect && base.SetDirectStep(file, on);
    }

    /// <summary>Passes connections on to a registry and counts them.</summary>
    private sealed class Door : IAsyncDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly CancellationTokenSource _stop = new();
        private readonly string _inside;
        private readonly Task _work;
        private int _connections;

        public Door(string inside)
        {
            _inside = inside;
            _listener.Start();
            Host = $"127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";
            _work = AcceptAsync();
        }

        public string Host { get; }

        public int Connections => Volatile.Read(ref _connections);

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            _listener.Stop();
            await _work;
            _stop.Dispose();
        }

        private async Task AcceptAsync()
        {
            var passing = new ConcurrentBag<Task>();
            try
            {
                while (true)
                {
                    var outer = await _listener.AcceptTcpClientAsync(_stop.Token);
                    Interlocked.Increment(ref _connections);
                    passing.Add(PassAsync(outer));
                }
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                // The door is closed.
            }

            await Task.WhenAll(passing);
        }

        private async Task PassAsync(TcpClient outer)
        {
            using (outer)
            {
                using var inner = new TcpClient();
                try
                {
                    await inner.ConnectAsync(IPEndPoint.Parse(_inside), _stop.Token);
                    await Task.WhenAny(
                        outer.GetStream().CopyToAsync(inner.GetStream(), _stop.Token),
                        inner.GetStream().CopyToAsync(outer.GetStream(), _stop.Token));
                }
                catch (Exception e) when (e is OperationCanceledException or IOException or SocketException)
                {
                    // One of both sides is gone, or the door is closed.
                }
            }
        }
    }
}
