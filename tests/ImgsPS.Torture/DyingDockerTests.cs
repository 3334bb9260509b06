using System;
using System.IO;
using System.Linq;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Engine.Tests;
using ImgsPS.Stores;
using ImgsPS.Stores.Archive;
using ImgsPS.Testing;
using Xunit;

namespace ImgsPS.Torture;

/// <summary>A Docker Engine that dies in the middle of a load, and copies out of one that were killed (CP7, CP8), with dockerd.</summary>
public sealed class DyingDockerTests : IClassFixture<RealDocker>, IDisposable
{
    private readonly RealDocker _docker;
    private readonly TestRegistry _from = TestRegistry.Start();
    private readonly TortureStore _store = new();

    public DyingDockerTests(RealDocker docker) => _docker = docker;

    public void Dispose()
    {
        _from.Dispose();
        _store.Dispose();
    }

    [SkippableTheory]
    [InlineData(1)]
    [InlineData(100_000)]
    [InlineData(1_000_000)]
    public async Task Docker_Engine_that_dies_during_a_load_has_no_image_and_the_next_load_finishes_CP7(int bytes)
    {
        Skip.If(_docker.Absent is not null, _docker.Absent);
        var name = $"docker.io/team/load:{bytes}";
        var image = await PullAsync(bytes);
        using var mortal = new MortalServer(new UnixDomainSocketEndPoint(_docker.SocketPath), bytes, countsUp: true);
        async Task<ImageTransfer> LoadAsync()
        {
            using var engine = ImageStores.Open("tcp://" + mortal.Host);
            using var store = _store.Open();
            return await TransferAsync(store, engine, image.Reference, name);
        }

        var error = await Assert.ThrowsAsync<ImageException>(LoadAsync);
        Assert.True(mortal.IsDead);
        Assert.Equal(ImageErrorKind.StoreUnavailable, error.Kind);
        Assert.Contains(mortal.Host, error.Message, StringComparison.Ordinal);
        using (var engine = Engine())
        {
            Assert.DoesNotContain(
                await engine.ListAsync(new ListRequest { All = true }, _store.Observer, CancellationToken.None),
                i => i.Id == image.Config.Digest);
        }

        await _store.AssertWholeAsync();
        mortal.Revive();
        Assert.Equal(image.Config.Digest, (await LoadAsync()).Id);
    }

    [SkippableFact]
    public async Task What_killed_copies_out_of_a_Docker_Engine_left_goes_with_the_next_CP8_RS6()
    {
        Skip.If(_docker.Absent is not null, _docker.Absent);
        const string name = "docker.io/team/staged:1";
        using var engine = Engine();
        var image = await PullAsync(7);
        using (var store = _store.Open())
        {
            await TransferAsync(store, engine, image.Reference, name);
        }

        string Left(bool hasLock)
        {
            var folder = Path.Combine(Path.GetTempPath(), $"imgsps-copy-{Guid.NewGuid():N}");
            Directory.CreateDirectory(Path.Combine(folder, "store", "blobs", "sha256"));
            File.WriteAllText(Path.Combine(folder, "store", "blobs", "sha256", "x"), "x");
            if (hasLock)
            {
                File.WriteAllText(Path.Combine(folder, "lock"), "");
            }

            return folder;
        }

        // One whose process is gone; one of a process that runs; one of another version, which has no lock.
        var (dead, alive, other) = (Left(hasLock: true), Left(hasLock: true), Left(hasLock: false));
        try
        {
            using var held = new FileStream(Path.Combine(alive, "lock"), FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            using var copy = new TortureStore();
            await copy.CopyAsync(engine, name, name);
            Assert.Equal(image.Config.Digest, Assert.Single(await copy.ListAsync()).Id);
            Assert.False(Directory.Exists(dead));
            Assert.True(File.Exists(Path.Combine(alive, "store", "blobs", "sha256", "x")));
            Assert.True(Directory.Exists(other));
        }
        finally
        {
            new[] { dead, alive, other }.Where(Directory.Exists).ToList().ForEach(f => Directory.Delete(f, recursive: true));
        }
    }

    private IImageStore Engine() => ImageStores.Open("unix://" + _docker.SocketPath);

    private async Task<BuiltImage> PullAsync(int seed)
    {
        var image = _from.AddImage(
            $"team/app:{seed}",
            new ImageSpec { Layers = [new LayerSpec(seed, 400_000), new LayerSpec(seed + 1, 700_000)], Author = $"{seed}" });
        await _store.PullAsync(image.Reference);
        return image;
    }

    private async Task<ImageTransfer> TransferAsync(IImageStore from, IImageStore to, string image, string name) =>
        await ImageTransfers.RunAsync(
            from, to, new TransferRequest(ImageIdentity.Of(image), ImageReference.Parse(name)), _store.Observer, CancellationToken.None);
}
