using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Disk;
using ImgsPS.Stores;
using ImgsPS.Stores.Layout;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Layout;

/// <summary>What an optimization takes away and what it leaves (RS2, RS5, RS6).</summary>
public sealed class OptimizeTests : IDisposable
{
    private readonly RecordingFiles _files = new();
    private readonly TempStore _store;

    public OptimizeTests() => _store = new TempStore(_files);

    public void Dispose() => _store.Dispose();

    [Fact]
    public async Task Content_that_nothing_names_goes_after_the_grace_and_not_before()
    {
        var (kept, gone) = await OrphanAsync();
        Assert.Equal(0, (await _store.Store.OptimizeAsync()).Blobs);
        Assert.True(_store.HasAll(gone.ToArray()));

        _store.Age();
        var done = await _store.Store.OptimizeAsync();
        Assert.Equal(gone.Count, done.Blobs);
        Assert.Equal(gone.Sum(b => b.Bytes.Length), done.BytesFreed);
        Assert.Equal((0, 0, 0, _store.Root), (done.Downloads, done.Leftovers, done.Quarantined, done.Store));
        Assert.True(_store.HasNone(gone.ToArray()));
        Assert.True(_store.HasAll(kept.Content.ToArray()));
        Assert.Empty(Directory.GetFileSystemEntries(_store.Paths.Trash));
        Assert.Empty(await _store.Store.TestAsync(full: true));
        Assert.Equal(0, (await _store.Store.OptimizeAsync(TimeSpan.Zero)).BytesFreed);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Question_gives_the_numbers_of_what_is_then_done_and_writes_nothing(bool quarantine)
    {
        await OrphanAsync();
        await LitterAsync();
        _store.Age();
        var before = _store.Snapshot();
        var asked = await _store.Store.OptimizeAsync(dryRun: true, quarantine: quarantine);
        Assert.Equal(before, _store.Snapshot());

        var done = await _store.Reopen().OptimizeAsync(quarantine: quarantine);
        Assert.Equal(
            (asked.Blobs, asked.Downloads, asked.Leftovers, asked.Quarantined, asked.BytesFreed),
            (done.Blobs, done.Downloads, done.Leftovers, done.Quarantined, done.BytesFreed));

        // A file in the trash, a lease, a list without its lease, two temporary files; a blob, an index and its copy in quarantine.
        Assert.Equal((3, 1, 5, quarantine ? 3 : 0), (done.Blobs, done.Downloads, done.Leftovers, done.Quarantined));
        Assert.Equal(before.Where(f => !File.Exists(f.Key)).Sum(f => f.Value.Length), done.BytesFreed);
        Assert.Equal(quarantine ? 0 : 3, (await _store.Store.TestAsync(full: true)).Count);
    }

    [Fact]
    public async Task Download_that_someone_works_on_stays_however_old()
    {
        // RS6: a lock, not an age
        var blob = TestBlob.Of("application/octet-stream", new byte[5000]);
        using var session = await _store.Store.BeginPullAsync(ImageReference.Parse("app:1"), NullObserver.Instance, CancellationToken.None);
        var writer = await session.BeginAsync(blob.Descriptor, NullObserver.Instance, CancellationToken.None);
        await writer!.WriteAsync(blob.Bytes, 0, 1000, CancellationToken.None);
        _store.Age();
        Assert.Equal(0, (await _store.Store.OptimizeAsync(TimeSpan.Zero)).Downloads);

        await writer.WriteAsync(blob.Bytes, 1000, 1000, CancellationToken.None);
        writer.Dispose();
        Assert.Equal(ImageStoreFindingKind.StaleIngest, Assert.Single(await _store.Store.TestAsync()).Kind);
        Assert.Equal(0, (await _store.Store.OptimizeAsync()).Downloads);
        _store.Age();
        Assert.Equal(1, (await _store.Store.OptimizeAsync()).Downloads);
        Assert.Empty(Directory.GetFileSystemEntries(_store.Paths.Ingest));
    }

    [Fact]
    public async Task Files_from_the_future_are_never_deleted_RS6()
    {
        var (_, gone) = await OrphanAsync();
        foreach (var blob in gone)
        {
            File.SetLastWriteTimeUtc(_store.Paths.Blob(blob.Digest), DateTime.UtcNow.AddDays(1));
        }

        Assert.Equal(0, (await _store.Store.OptimizeAsync(TimeSpan.Zero)).Blobs);
        Assert.Equal(0, (await _store.Store.OptimizeAsync(TimeSpan.Zero, dryRun: true)).Blobs);
        Assert.True(_store.HasAll(gone.ToArray()));
    }

    [Fact]
    public async Task Age_is_told_by_the_file_systems_clock_RS6()
    {
        // A share whose clock is three hours behind: what was written two hours ago by ours is from its future.
        var (_, gone) = await OrphanAsync();
        foreach (var file in Directory.GetFiles(_store.Paths.Blobs, "*", SearchOption.AllDirectories))
        {
            File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddHours(-2));
        }

        Assert.Equal(0, (await _store.Reopen(new LateClock(TimeSpan.FromHours(-3))).OptimizeAsync()).Blobs);
        Assert.Equal(gone.Count, (await _store.Reopen(new LateClock(TimeSpan.FromMinutes(-30))).OptimizeAsync()).Blobs);
    }

    [Fact]
    public async Task Old_content_of_a_young_manifest_stays()
    {
        // Another tool writes the manifest before the index, and takes layers that are there
        var (_, gone) = await OrphanAsync();
        _store.Age();
        File.SetLastWriteTimeUtc(_store.Paths.Blob(gone[gone.Count - 1].Digest), DateTime.UtcNow);

        Assert.Equal(0, (await _store.Store.OptimizeAsync()).Blobs);
        Assert.True(_store.HasAll(gone.ToArray()));
    }

    [Fact]
    public async Task Content_that_a_running_pull_has_claimed_stays_RS5()
    {
        var (_, gone) = await OrphanAsync();
        _store.Age();
        using (var session = await _store.Store.BeginPullAsync(ImageReference.Parse("new:1"), NullObserver.Instance,
            CancellationToken.None))
        {
            session.Protect(new[] { gone[gone.Count - 1].Descriptor });
            Assert.Equal(0, (await _store.Store.OptimizeAsync()).Blobs);
            Assert.DoesNotContain(await _store.Store.TestAsync(), f => f.Digest == gone[gone.Count - 1].Digest.ToString());
            Assert.True(await session.PublishAsync(gone[gone.Count - 1].Descriptor, gone.Select(b => b.Descriptor)
                .ToArray(), CancellationToken.None));
        }

        Assert.Equal(0, (await _store.Store.OptimizeAsync()).Blobs);
        Assert.True(_store.HasAll(gone.ToArray()));
    }

    [Fact]
    public async Task Pull_that_began_to_rely_on_content_too_late_is_told_so_when_it_publishes()
    {
        // Step 6: the claim comes between the mark and the move
        var (_, gone) = await OrphanAsync();
        _store.Age();
        using var session = await _store.Store.BeginPullAsync(ImageReference.Parse("new:1"), NullObserver.Instance, CancellationToken.None);
        _files.Reached = point =>
        {
            if (point == StorePoint.CollectAfterMark)
            {
                Assert.True(session.Contains(gone[0].Descriptor));
            }
        };
        Assert.Equal(gone.Count, (await _store.Store.OptimizeAsync()).Blobs);

        Assert.False(await session.PublishAsync(gone[gone.Count - 1].Descriptor, gone.Select(b => b.Descriptor)
            .ToArray(), CancellationToken.None));
        Assert.DoesNotContain("docker.io/library/new:1", _store.Names());
    }

    [Theory]
    [InlineData("broken")]
    [InlineData("gone")]
    [InlineData("all gone")]
    public async Task Without_a_good_index_nothing_is_taken_away(string state)
    {
        await OrphanAsync();
        _store.Age();
        switch (state)
        {
            case "broken":
                File.WriteAllText(_store.Paths.Index, "{");
                break;
            case "all gone":
                File.Delete(_store.Paths.PreviousIndex);
                goto default;
            default:
                File.Delete(_store.Paths.Index);
                break;
        }

        var blobs = _store.Blobs();
        foreach (var dryRun in new[] { true, false })
        {
            // A store that has its folders and no index gets an empty one from whoever writes, but not when it has content.
            var error = await Assert.ThrowsAsync<ImageException>(() => _store.Store.OptimizeAsync(TimeSpan.Zero, dryRun));
            Assert.Equal(ImageErrorKind.InvalidData, error.Kind);
            Assert.Contains("Repair-ImageStore", error.Advice, StringComparison.Ordinal);
        }

        Assert.Equal(blobs, _store.Blobs());
    }

    [Fact]
    public async Task Manifest_that_cannot_be_used_keeps_everything_and_stays_where_it_is()
    {
        var (kept, gone) = await OrphanAsync();
        MaintenanceStore.Damage(_store.Paths.Blob(kept.Manifest.Digest), MaintenanceStore.Flip);
        _store.Age();

        Assert.Equal(0, (await _store.Store.OptimizeAsync(dryRun: true)).Blobs);
        Assert.Equal(0, (await _store.Store.OptimizeAsync()).Blobs);
        Assert.True(_store.HasAll(gone.ToArray()));
        Assert.True(_store.HasAll(kept.Content.ToArray()));
    }

    [Fact]
    public async Task Store_of_a_newer_version_is_left_alone()
    {
        await OrphanAsync();
        File.WriteAllText(_store.Paths.Version, "2\n");
        _store.Age();
        var before = _store.Snapshot();

        Assert.Equal(ImageErrorKind.NotSupported, (await Assert.ThrowsAsync<ImageException>(() => _store.Store.OptimizeAsync())).Kind);
        Assert.Equal(ImageErrorKind.NotSupported,
            (await Assert.ThrowsAsync<ImageException>(() => _store.Store.OptimizeAsync(dryRun: true))).Kind);
        Assert.Equal(before, _store.Snapshot());
    }

    [Fact]
    public async Task Marking_comes_before_moving_and_deleting_comes_after_the_lock()
    {
        // Step 6, by a recording file layer
        var (_, gone) = await OrphanAsync();
        _store.Age();
        _files.Steps.Clear();
        _files.Points.Clear();
        var seen = new List<string>();
        _files.Reached = point => seen.Add(point.ToString());
        _files.Before = (kind, path) =>
        {
            if (path.StartsWith(_store.Paths.Trash, StringComparison.Ordinal))
            {
                var free = StoreLock.TryTakeAsync(_store.Paths, StoreFiles.Of(_store.Paths.Root), TimeSpan.Zero, CancellationToken.None)
                    .GetAwaiter().GetResult();
                seen.Add(kind + (free is null ? " locked" : " free"));
                free?.Dispose();
            }
        };
        await _store.Store.OptimizeAsync();

        Assert.Equal(
            new[] { nameof(StorePoint.CollectAfterMark) }.Concat(gone.Select(_ => "replace locked"))
                .Append(nameof(StorePoint.CollectAfterTrash)).Concat(gone.Select(_ => "delete free")),
            seen);
        Assert.DoesNotContain(_files.Steps, s => s.Kind == "delete" && s.From.StartsWith(_store.Paths.Blobs, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(nameof(StorePoint.CollectAfterMark), 3, 0)]
    [InlineData(nameof(StorePoint.CollectAfterTrash), 0, 3)]
    public async Task Stopped_optimization_is_finished_by_the_next_RS2(string point, int blobs, int leftovers)
    {
        var (kept, _) = await OrphanAsync();
        _store.Age();
        _files.Stop = Enum.Parse<StorePoint>(point);
        await Assert.ThrowsAsync<InvalidOperationException>(() => _store.Store.OptimizeAsync());
        _files.Stop = null;
        Assert.Empty((await _store.Store.TestAsync(full: true)).Damage());

        var done = await _store.Store.OptimizeAsync();
        Assert.Equal((blobs, leftovers), (done.Blobs, done.Leftovers));
        Assert.Empty(await _store.Store.TestAsync(full: true));
        Assert.True(_store.HasAll(kept.Content.ToArray()));
    }

    [Fact]
    public async Task Trash_that_a_kill_left_comes_back_when_it_is_wanted()
    {
        // Step 6: a blob wanted again is moved back
        var (_, gone) = await OrphanAsync();
        _store.Age();
        _files.Stop = StorePoint.CollectAfterTrash;
        await Assert.ThrowsAsync<InvalidOperationException>(() => _store.Store.OptimizeAsync());
        _files.Stop = null;
        _files.Steps.Clear();
        await TempStore.PutAsync(_store.Store, "back:1", gone[gone.Count - 1], gone);

        Assert.DoesNotContain(_files.Steps, s => s.Kind == "write" && s.From.EndsWith("data", StringComparison.Ordinal));
        Assert.Empty((await _store.Store.TestAsync(full: true)).Damage());
        Assert.Equal(0, (await _store.Store.OptimizeAsync(TimeSpan.Zero)).Blobs);
    }

    [Fact]
    public async Task Optimizing_beside_pulls_and_removals_loses_nothing_and_tests_see_no_damage_RS5()
    {
        var shared = TestLayer.Of("shared.txt", "shared");
        var images = Enumerable.Range(0, 4).Select(i => new TestImage("image" + i, new[] { shared, TestLayer.Of("own.txt", "own " + i) }))
            .ToArray();
        using var stop = new CancellationTokenSource();
        var optimizer = Task.Run(async () =>
        {
            using var store = _store.Reopen();
            var rounds = 0;
            for (; !stop.IsCancellationRequested; rounds++)
            {
                await store.OptimizeAsync(TimeSpan.Zero);
            }

            return rounds;
        });
        var tester = Task.Run(async () =>
        {
            using var store = _store.Reopen();
            var rounds = 0;
            for (; !stop.IsCancellationRequested; rounds++)
            {
                Assert.Empty((await store.TestAsync(full: true)).Damage());
            }

            return rounds;
        });
        await Task.WhenAll(images.Select((image, number) => Task.Run(async () =>
        {
            using var store = _store.Reopen();
            for (var round = 0; round < 15; round++)
            {
                while (!await TryPutAsync(store, "app:" + number, image))
                {
                }

                Assert.Empty((await store.TestAsync()).Damage());
                if (round < 14)
                {
                    await store.RemoveAsync(new RemovalRequest(ImageIdentity.Of("app:" + number)), NullObserver.Instance,
                        CancellationToken.None);
                }
            }
        })));
        stop.Cancel();

        Assert.True(await optimizer > 0);
        Assert.True(await tester > 0);
        Assert.Equal(4, (await _store.ListAsync()).Count);
        Assert.Empty((await _store.Store.TestAsync(full: true)).Damage());
        Assert.True(_store.HasAll(images.SelectMany(i => i.Content).ToArray()));
    }

    /// <summary>As a pull does; false when content went before it was named, and a pull fetches it again.</summary>
    private static async Task<bool> TryPutAsync(LayoutStore store, string reference, TestImage image)
    {
        var content = image.Content.ToArray();
        using var session = await store.BeginPullAsync(ImageReference.Parse(reference), NullObserver.Instance, CancellationToken.None);
        session.Protect(content.Select(b => b.Descriptor));
        foreach (var blob in content)
        {
            await TempStore.WriteAsync(session, blob);
        }

        return await session.PublishAsync(image.Manifest.Descriptor, content.Select(b => b.Descriptor).ToArray(), CancellationToken.None);
    }

    /// <summary>An image that stays, and content of one that a killed removal left: config and layer and manifest, last.</summary>
    private async Task<(TestImage Kept, IReadOnlyList<TestBlob> Gone)> OrphanAsync()
    {
        var shared = TestLayer.Of("shared.txt", "shared");
        var kept = await _store.PutAsync("kept:1", new TestImage("kept", new[] { shared, TestLayer.Of("kept.txt", "kept") }));
        var gone = await _store.PutAsync("gone:1", new TestImage("gone", new[] { shared, TestLayer.Of("gone.txt", "gone") }));
        _files.Stop = StorePoint.RemoveAfterIndex;
        await Assert.ThrowsAsync<InvalidOperationException>(() => _store.RemoveAsync("gone:1"));
        _files.Stop = null;
        return (kept, gone.Content.Where(b => b.Digest != shared.Blob.Digest).ToArray());
    }

    /// <summary>What killed processes and failed checks leave.</summary>
    private async Task LitterAsync()
    {
        var blob = TestBlob.Of("application/octet-stream", new byte[5000]);
        using (var session = await _store.Store.BeginPullAsync(ImageReference.Parse("app:1"), NullObserver.Instance,
            CancellationToken.None))
        using (var writer = await session.BeginAsync(blob.Descriptor, NullObserver.Instance, CancellationToken.None))
        {
            await writer!.WriteAsync(blob.Bytes, 0, 1000, CancellationToken.None);
        }

        var digest = Digest.Of(new byte[1]);
        File.WriteAllText(_store.Paths.TrashedBlob(digest), "trash");
        File.WriteAllText(Path.Combine(_store.Paths.Leases, Guid.NewGuid().ToString("N") + ".lock"), "");
        File.WriteAllText(Path.Combine(_store.Paths.Leases, Guid.NewGuid().ToString("N") + ".list"), digest + "\n");
        File.WriteAllText(_store.Paths.Temp("index.json"), "{");
        File.WriteAllText(_store.Paths.Temp("catalog.json"), "{{");
        File.WriteAllText(Path.Combine(_store.Paths.Quarantine, "sha256-" + digest.Hex + ".20240101T000000000Z"), "wrong");
        File.WriteAllText(_store.Paths.Index + ".corrupt-20240101T000000000Z", "{");
        File.WriteAllText(_store.Paths.PreviousIndex + ".corrupt-20240101T000000000Z", "{");
    }

    /// <summary>A file system with another clock than this machine.</summary>
    private sealed class LateClock(TimeSpan difference) : StoreFiles
    {
        protected override void WriteStep(StoreFile file, byte[] buffer, int offset, int count)
        {
            base.WriteStep(file, buffer, offset, count);
            if (Path.GetFileName(file.Path).StartsWith("clock.", StringComparison.Ordinal))
            {
                File.SetLastWriteTimeUtc(file.Path, DateTime.UtcNow + difference);
            }
        }
    }
}
