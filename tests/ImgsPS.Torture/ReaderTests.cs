using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Engine.Tests;
using ImgsPS.Stores;
using ImgsPS.Stores.Layout;
using ImgsPS.Testing;
using Xunit;

namespace ImgsPS.Torture;

/// <summary>RS5, step 5: readers take no lock and never wait.</summary>
public sealed class ReaderTests : IDisposable
{
    private readonly TestRegistry _registry = TestRegistry.Start();
    private readonly TortureStore _store = new();

    public void Dispose()
    {
        _registry.Dispose();
        _store.Dispose();
    }

    [Fact]
    public async Task Readers_do_not_wait_for_a_pull_nor_for_the_store_lock_RS5()
    {
        var there = _registry.AddImage("team/app:1", new ImageSpec { Layers = [new LayerSpec(1)] });
        var coming = _registry.AddImage("team/app:2", new ImageSpec { Layers = [new LayerSpec(1), new LayerSpec(2)] });
        await _store.PullAsync(there.Reference);

        // Without a catalog every list reads the documents and wants to write what it learned.
        File.Delete(Path.Combine(_store.Root, ".imgsps", "catalog.json"));
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _registry.Faults.Add(new Fault("^GET .*/blobs/" + coming.Layers[1].Blob.Digest, FaultAction.HoldUntil(done.Task)));
        _registry.Faults.Add(new Fault("^GET .*/blobs/" +
            coming.Layers[1].Blob.Digest, new FaultAction { OnRequest = _ => asked.TrySetResult() }));

        // One process in the middle of a download, with an ingest lock and a lease; this process holds the store's lock as a third one
        // would.
        using var pull = _store.Drive("pull", coming.Reference);
        await asked.Task;
        using (new FileStream(Path.Combine(_store.Root, ".imgsps", "locks", "store.lock"), FileMode.Open, FileAccess.ReadWrite,
            FileShare.None))
        {
            foreach (var command in new[] { "list", "store", "test" })
            {
                await _store.RunAsync(command);
            }

            foreach (var command in new[] { "manifest", "config", "history", "layers" })
            {
                Assert.NotEmpty((await _store.RunAsync(command, there.Reference)).Output);
            }

            // In this process with a lock that is waited for without end: any waiting would never come back.
            using var reader = new LayoutStore(_store.Root) { LockWait = Timeout.InfiniteTimeSpan };
            var images = await reader.ListAsync(ListRequest.Default, NullObserver.Instance, CancellationToken.None);
            Assert.Equal(there.Config.Digest, Assert.Single(images).Id);
            Assert.Equal("linux", (await reader.GetConfigAsync(ImageIdentity.Of(there.Reference), null, NullObserver.Instance,
                CancellationToken.None)).Platform?.OS);
            Assert.False(pull.HasExited);
        }

        done.SetResult();
        var result = await pull.WaitAsync();
        Assert.True(result.ExitCode == 0, result.ToString());
        await _store.AssertTidyAfterOptimizeAsync();
        Assert.Equal(2, _store.Audit.Names.Count);
    }

    [Fact]
    public async Task Writer_says_who_holds_the_store_lock_RS6()
    {
        var image = _registry.AddImage("team/app:1", new ImageSpec());
        await _store.PullAsync(image.Reference);
        using (new FileStream(Path.Combine(_store.Root, ".imgsps", "locks", "store.lock"), FileMode.Open, FileAccess.ReadWrite,
            FileShare.None))
        {
            using var writer = new LayoutStore(_store.Root) { LockWait = TimeSpan.FromMilliseconds(50) };
            var error = await Assert.ThrowsAsync<ImageException>(() => writer.RemoveAsync(
                new RemovalRequest(ImageIdentity.Of(image.Reference)), new RecordingObserver(), CancellationToken.None));
            Assert.Equal(ImageErrorKind.StoreLocked, error.Kind);
            Assert.Contains($"process {Environment.ProcessId} (", error.Message, StringComparison.Ordinal);
        }

        await _store.RunAsync("remove", image.Reference);
        await _store.AssertTidyAfterOptimizeAsync();
    }
}
