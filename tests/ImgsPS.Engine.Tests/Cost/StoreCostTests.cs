using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Disk;
using ImgsPS.Engine.Tests.Store.Layout;
using ImgsPS.Stores;
using ImgsPS.Stores.Layout;
using ImgsPS.Transfer;
using Xunit;

namespace ImgsPS.Engine.Tests.Cost;

/// <summary>
/// What operations of the local store cost in numbers that do not depend on the machine: files opened, changes of the index, bytes
/// allocated. A number that grows here is a store that became slow.
/// </summary>
[Collection(Alone)]
public sealed class StoreCostTests : IDisposable
{
    private const string Alone = "Costs";

    private readonly TempStore _store = new();

    public void Dispose() => _store.Dispose();

    [Fact]
    public async Task List_opens_the_same_few_files_however_many_images_there_are()
    {
        await FillAsync(3);
        var few = await CountOpenedByListAsync();
        await FillAsync(40);

        Assert.Equal(few, await CountOpenedByListAsync());

        // oci-layout, index.json, index.seal, catalog.json
        Assert.InRange(few, 1, 4);
    }

    [Fact]
    public async Task First_list_without_a_catalog_opens_manifest_and_config_of_each_image_once()
    {
        await FillAsync(20);
        File.Delete(_store.Paths.Catalog);
        var files = new CountingFiles();
        using var store = _store.Reopen(files);

        await store.ListAsync(ListRequest.Default, NullObserver.Instance, CancellationToken.None);
        await store.ListAsync(ListRequest.Default, NullObserver.Instance, CancellationToken.None);

        Assert.Equal(2 * 20, files.Opened.Count(path => path.StartsWith(_store.Paths.Blobs, StringComparison.Ordinal)));
        Assert.Equal(1, files.Replaced.Count(path => path == _store.Paths.Catalog));
    }

    [Fact]
    public async Task List_allocates_little_for_each_image()
    {
        await FillAsync(200);
        await _store.ListAsync();
        await _store.ListAsync();
        var before = GC.GetAllocatedBytesForCurrentThread();
        var images = await _store.ListAsync();
        var after = GC.GetAllocatedBytesForCurrentThread();

        Assert.Equal(200, images.Count);
        Assert.InRange((after - before) / 200, 1, 4096);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(60)]
    public async Task Removal_changes_the_index_once_however_many_images_go(int count)
    {
        await FillAsync(count + 1);
        var files = new CountingFiles();
        using var store = _store.Reopen(files);
        var images = await store.ListAsync(ListRequest.Default, NullObserver.Instance, CancellationToken.None);
        files.Clear();

        var removals = await store.RemoveAsync(
            images.Take(count).Select(i => new RemovalRequest(ImageIdentity.Of(i))).ToArray(), NullObserver.Instance,
            CancellationToken.None);

        Assert.Equal(count, removals.Done.Count);
        Assert.Single(await store.ListAsync(ListRequest.Default, NullObserver.Instance, CancellationToken.None));
        Assert.Equal(1, files.Replaced.Count(path => path == _store.Paths.Index));

        // index.json, its copy, and the folder
        Assert.Equal(3, files.Flushes);
    }

    [Fact]
    public async Task Removal_after_another_one_opens_the_same_few_files_however_many_images_there_are()
    {
        var opened = new List<int>();
        foreach (var count in new[] { 5, 60 })
        {
            await FillAsync(count);
            await _store.RemoveAsync((await _store.ListAsync())[0]);

            // Another store of the same process, as the next command has it.
            var files = new CountingFiles();
            using var store = _store.Reopen(files);
            var image = (await _store.ListAsync())[0];
            await store.RemoveAsync(new RemovalRequest(ImageIdentity.Of(image)), NullObserver.Instance, CancellationToken.None);
            opened.Add(files.Opened.Count);
            Assert.DoesNotContain(files.Opened, path => path.StartsWith(_store.Paths.Blobs, StringComparison.Ordinal));
        }

        Assert.Equal(opened[0], opened[1]);
    }

    [Fact]
    public async Task Pulls_that_wait_for_the_lock_are_named_in_one_change_of_the_index()
    {
        await FillAsync(1);
        var files = new CountingFiles();
        using var store = _store.Reopen(files);
        var images = Enumerable.Range(0, 12).Select(i => new TestImage($"waiting {i}")).ToArray();
        var sessions = new List<LayoutTarget>();
        var publications = new List<Task<bool>>();
        using (await StoreLock.TakeAsync(_store.Paths, StoreFiles.Of(_store.Paths.Root), TimeSpan.FromSeconds(30), CancellationToken.None))
        {
            for (var i = 0; i < images.Length; i++)
            {
                var session = await store.BeginPullAsync(ImageReference.Parse($"waiting:{i}"), NullObserver.Instance,
                    CancellationToken.None);
                sessions.Add(session);
                foreach (var blob in images[i].Content)
                {
                    await TempStore.WriteAsync(session, blob);
                }

                publications.Add(session.PublishAsync(images[i].Manifest.Descriptor, images[i].Content.Select(b => b.Descriptor)
                    .ToArray(), CancellationToken.None));
            }

            files.Clear();
        }

        Assert.All(await Task.WhenAll(publications), Assert.True);
        sessions.ForEach(s => s.Dispose());
        Assert.Equal(1, files.Replaced.Count(path => path == _store.Paths.Index));
        Assert.Equal(13, (await _store.ListAsync()).Count);
    }

    private async Task FillAsync(int count)
    {
        var layer = TestLayer.Of("base.txt", "base");
        for (var i = 0; i < count; i++)
        {
            await _store.PutAsync($"team/app{i}:1", new TestImage($"app {i}", new[] { layer }));
        }

        // Writes the catalog.
        await _store.ListAsync();
    }

    private async Task<int> CountOpenedByListAsync()
    {
        var files = new CountingFiles();
        using var store = _store.Reopen(files);
        await store.ListAsync(ListRequest.Default, NullObserver.Instance, CancellationToken.None);
        return files.Opened.Count;
    }

    /// <summary>Counts the steps on the disk.</summary>
    private sealed class CountingFiles : StoreFiles
    {
        private readonly object _sync = new();

        public List<string> Opened { get; } = new();

        public List<string> Replaced { get; } = new();

        public int Flushes { get; private set; }

        public void Clear()
        {
            lock (_sync)
            {
                Opened.Clear();
                Replaced.Clear();
                Flushes = 0;
            }
        }

        protected override StoreFile OpenReadStep(string path)
        {
            lock (_sync)
            {
                Opened.Add(path);
            }

            return base.OpenReadStep(path);
        }

        protected override void MoveOverStep(string from, string to)
        {
            lock (_sync)
            {
                Replaced.Add(to);
            }

            base.MoveOverStep(from, to);
        }

        protected override void FlushStep(StoreFile file)
        {
            lock (_sync)
            {
                Flushes++;
            }

            base.FlushStep(file);
        }

        protected override void SyncFolderStep(string path)
        {
            lock (_sync)
            {
                Flushes++;
            }

            base.SyncFolderStep(path);
        }
    }

    /// <summary>What a process remembers of stores is that of the last few: the stores of other tests would take their place.</summary>
    [CollectionDefinition(Alone, DisableParallelization = true)]
    public sealed class NothingBeside;
}
