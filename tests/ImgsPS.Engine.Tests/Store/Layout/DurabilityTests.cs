using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Disk;
using ImgsPS.Stores;
using ImgsPS.Stores.Layout;
using ImgsPS.Testing;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Layout;

/// <summary>The order of durable steps, and disks that fail: RS3, RS4, RS8.</summary>
public sealed class DurabilityTests
{
    [Fact]
    public async Task Everything_is_flushed_before_it_is_moved_and_blobs_come_before_the_index()
    {
        // RS3
        var files = new RecordingFiles();
        using var store = new TempStore(files);
        var image = await store.PutAsync("app:1", new TestImage("one"));
        var steps = files.Steps.ToArray();

        foreach (var blob in image.Content)
        {
            var moved = Index(steps, s => s.Kind == "move" && s.To == store.Paths.Blob(blob.Digest));
            var data = steps[moved].From;
            var flushed = Index(steps, s => s.Kind == "flush" && s.From == data);
            Assert.InRange(flushed, 0, moved - 1);
            Assert.DoesNotContain(steps.Skip(flushed), s => s.Kind == "write" && s.From == data);
        }

        var index = Array.FindLastIndex(steps, s => s.Kind == "replace" && s.To == store.Paths.Index);
        var lastBlob = Array.FindLastIndex(steps, s => s.Kind == "move" && s.To!.StartsWith(store.Paths.Blobs, StringComparison.Ordinal));
        var synced = Array.FindLastIndex(steps, index, s => s.Kind == "sync" && s.From == store.Paths.BlobFolder("sha256"));
        var temp = Array.FindLastIndex(steps, index, s => s.Kind == "flush" && s.From == store.Paths.Temp("index.json"));
        var previous = Array.FindLastIndex(steps, index, s => s.Kind == "replace" && s.To == store.Paths.PreviousIndex);
        var root = Array.FindIndex(steps, index, s => s.Kind == "sync" && s.From == store.Root);
        Assert.True(lastBlob >= 0 && lastBlob < synced && synced < temp && temp < previous && previous < index
            && index < root, files.ToString());
    }

    [Fact]
    public async Task Manifest_is_moved_after_config_and_layers()
    {
        var files = new RecordingFiles();
        using var store = new TempStore(files);
        var image = await store.PutAsync("app:1", new TestImage("one"));

        var blobs = files.Steps.Where(s => s.Kind == "move" && s.To!.StartsWith(store.Paths.Blobs, StringComparison.Ordinal))
            .Select(s => Path.GetFileName(s.To)).ToArray();
        Assert.Equal(image.Manifest.Digest.Hex, blobs[^1]);
    }

    [Fact]
    public async Task Removal_changes_the_index_before_it_moves_content()
    {
        // Step 7
        var files = new RecordingFiles();
        using var store = new TempStore(files);
        await store.PutAsync("app:1", new TestImage("one"));
        files.Steps.Clear();
        await store.RemoveAsync("app:1");
        var steps = files.Steps.ToArray();

        var index = Index(steps, s => s.Kind == "replace" && s.To == store.Paths.Index);
        var trashed = Index(steps, s => s.Kind == "replace" && s.To!.StartsWith(store.Paths.Trash, StringComparison.Ordinal));
        var deleted = Index(steps, s => s.Kind == "delete" && s.From.StartsWith(store.Paths.Trash, StringComparison.Ordinal));
        Assert.True(index >= 0 && index < trashed && trashed < deleted, files.ToString());
    }

    [Fact]
    public async Task Tag_flushes_the_index_before_it_is_moved_and_writes_no_content()
    {
        // RS3
        var files = new RecordingFiles();
        using var store = new TempStore(files);
        await store.PutAsync("app:1", new TestImage("one"));
        files.Steps.Clear();
        files.Points.Clear();
        await store.TagAsync("app:1", "app:2");
        var steps = files.Steps.ToArray();

        var synced = Index(steps, s => s.Kind == "sync" && s.From == store.Paths.BlobFolder("sha256"));
        var temp = Index(steps, s => s.Kind == "flush" && s.From == store.Paths.Temp("index.json"));
        var previous = Index(steps, s => s.Kind == "replace" && s.To == store.Paths.PreviousIndex);
        var index = Index(steps, s => s.Kind == "replace" && s.To == store.Paths.Index);
        var root = Index(steps, s => s.Kind == "sync" && s.From == store.Root);
        Assert.True(synced >= 0 && synced < temp && temp < previous && previous < index && index < root, files.ToString());
        Assert.DoesNotContain(steps, s => s.Kind == "move"
            || (s.To ?? s.From).StartsWith(store.Paths.Blobs + Path.DirectorySeparatorChar, StringComparison.Ordinal) && s.Kind != "sync");
        Assert.Equal(
            new List<StorePoint> { StorePoint.BeforeIndexTemp, StorePoint.AfterIndexTemp, StorePoint.AfterIndexMove }, files.Points);
    }

    [Theory]
    [InlineData(nameof(StorePoint.BeforeIndexTemp), false)]
    [InlineData(nameof(StorePoint.AfterIndexTemp), false)]
    [InlineData(nameof(StorePoint.AfterIndexMove), true)]
    public async Task After_a_stop_a_tag_is_there_or_not_and_can_be_given_again(string point, bool done)
    {
        // RS2, with an exception where a kill would be
        var files = new RecordingFiles();
        using var store = new TempStore(files);
        var old = await store.PutAsync("app:1", new TestImage("old"));
        var fresh = await store.PutAsync("app:2", new TestImage("new"));
        files.Stop = Enum.Parse<StorePoint>(point);
        await Assert.ThrowsAsync<InvalidOperationException>(() => store.TagAsync("app:2", "app:1"));

        using var later = store.Reopen();
        var rows = await later.ListAsync(ListRequest.Default, store.Observer, CancellationToken.None);
        Assert.Equal(done ? fresh.Id : old.Id, Assert.Single(rows, r => r.Reference == "app:1").Id);
        Assert.Equal(done ? 1 : 0, rows.Count(r => r.Dangling));
        files.Stop = null;
        Assert.Equal(fresh.Id, (await store.TagAsync("app:2", "app:1")).Id);
        Assert.Equal(old.Id, Assert.Single(await store.ListAsync(), r => r.Dangling).Id);
        Assert.True(store.HasAll(old.Content.Concat(fresh.Content).ToArray()));
        Assert.Empty(store.Observer.Warnings);
    }

    [Fact]
    public async Task Tag_on_a_full_disk_changes_nothing()
    {
        // RS4
        var files = new RecordingFiles();
        using var store = new TempStore(files);
        await store.PutAsync("app:1", new TestImage());
        files.Before = (kind, path) =>
        {
            if (kind == "write" && path == store.Paths.Temp("index.json"))
            {
                throw RecordingFiles.DiskFull();
            }
        };

        Assert.Equal(ImageErrorKind.StoreUnavailable,
            (await Assert.ThrowsAsync<ImageException>(() => store.TagAsync("app:1", "app:2"))).Kind);
        Assert.Equal(new[] { "docker.io/library/app:1" }, store.Names());
        Assert.False(File.Exists(store.Paths.Temp("index.json")));
    }

    [Fact]
    public async Task Pull_of_an_index_moves_content_then_manifests_then_the_index_then_names_it_then_writes_the_catalog()
    {
        // RS3; steps 3 and 4
        using var registry = TestRegistry.Start();
        var index = registry.AddIndex("team/multi:1", [
            ImageSpec.For("linux/amd64") with { Layers = [new LayerSpec(1), new LayerSpec(2)] },
            ImageSpec.For("linux/arm64") with { Layers = [new LayerSpec(1), new LayerSpec(3)] },
        ]);
        var files = new RecordingFiles();
        using var store = new TempStore(files);
        var request = new PullRequest(ImageReference.Parse(index.Reference)) { AllPlatforms = true };
        await foreach (var _ in store.Store.PullAsync(request, store.Observer, CancellationToken.None))
        {
        }

        var steps = files.Steps.ToArray();
        int Moved(BuiltBlob blob)
        {
            var moved = Index(steps, s => s.Kind == "move" && s.To == store.Paths.Blob(Digest.Parse(blob.Digest)));
            Assert.True(moved >= 0, blob.Digest);
            var data = steps[moved].From;
            var flushed = Array.FindLastIndex(steps, moved, s => s.Kind == "flush" && s.From == data);
            Assert.InRange(flushed, 0, moved - 1);
            Assert.DoesNotContain(steps.Skip(flushed).Take(moved - flushed), s => s.Kind == "write" && s.From == data);
            return moved;
        }

        Assert.All(index.Images, i => Assert.All(
            i.Layers.Select(l => l.Blob).Append(i.Config),
            blob => Assert.True(Moved(blob) < Moved(i.Manifest), files.ToString())));
        Assert.All(index.Images, i => Assert.True(Moved(i.Manifest) < Moved(index.Manifest), files.ToString()));
        var synced = Array.FindLastIndex(steps, s => s.Kind == "sync" && s.From == store.Paths.BlobFolder("sha256"));
        var named = Array.FindLastIndex(steps, s => s.Kind == "replace" && s.To == store.Paths.Index);
        var root = Array.FindLastIndex(steps, s => s.Kind == "sync" && s.From == store.Root);
        var catalog = Array.FindLastIndex(steps, s => s.Kind == "replace" && s.To == store.Paths.Catalog);
        Assert.True(Moved(index.Manifest) < synced && synced < named && named < root && root < catalog, files.ToString());
    }

    [Fact]
    public async Task Optimize_moves_content_to_the_trash_before_it_deletes_and_writes_no_index()
    {
        // Step 6
        var files = new RecordingFiles();
        using var store = new TempStore(files);
        await store.PutAsync("app:1", new TestImage("one"));
        var orphan = TestBlob.Of("application/octet-stream", new byte[5000]);
        using (var session = await store.Store.BeginPullAsync(ImageReference.Parse("app:2"), NullObserver.Instance, CancellationToken.None))
        {
            await TempStore.WriteAsync(session, orphan);
        }

        files.Steps.Clear();
        files.Points.Clear();
        Assert.Equal(1, (await store.Store.OptimizeAsync(TimeSpan.Zero)).Blobs);
        var steps = files.Steps.ToArray();

        var trashed = Index(steps, s => s.Kind == "replace" && s.From == store.Paths.Blob(orphan.Digest)
            && s.To == store.Paths.TrashedBlob(orphan.Digest));
        var deleted = Index(steps, s => s.Kind == "delete" && s.From == store.Paths.TrashedBlob(orphan.Digest));
        Assert.True(trashed >= 0 && trashed < deleted, files.ToString());
        Assert.DoesNotContain(steps, s => s.Kind == "delete" && s.From.StartsWith(store.Paths.Blobs, StringComparison.Ordinal));
        Assert.DoesNotContain(steps, s => (s.To ?? s.From) == store.Paths.Index);
        Assert.Equal(new List<StorePoint> { StorePoint.CollectAfterMark, StorePoint.CollectAfterTrash }, files.Points);
    }

    [Fact]
    public async Task Repair_flushes_the_index_before_it_is_moved_and_deletes_no_content()
    {
        // RS3, RS7; steps 8 and 9
        var files = new RecordingFiles();
        using var store = new TempStore(files);
        var image = await store.PutAsync("app:1", new TestImage("one"));
        await store.PutAsync("app:2", new TestImage("two"));
        await store.TagAsync("app:2", "last:1");
        File.WriteAllText(store.Paths.Index, "{");
        MaintenanceStore.Damage(store.Paths.Blob(image.Layers[0].Blob.Digest), MaintenanceStore.Flip);
        files.Steps.Clear();
        Assert.NotEmpty(await store.Store.RepairAsync(full: true));
        var steps = files.Steps.ToArray();

        var temp = Array.FindLastIndex(steps, s => s.Kind == "flush" && s.From == store.Paths.Temp("index.json"));
        var index = Array.FindLastIndex(steps, s => s.Kind == "replace" && s.To == store.Paths.Index);
        var root = Array.FindLastIndex(steps, s => s.Kind == "sync" && s.From == store.Root);
        Assert.True(temp >= 0 && temp < index && index < root, files.ToString());
        var kept = Index(steps, s => s.Kind == "move" && s.To!.Contains(".corrupt-", StringComparison.Ordinal));
        Assert.InRange(kept, 0, index);
        Assert.Contains(steps, s => s.Kind == "move" && s.From == store.Paths.Blob(image.Layers[0].Blob.Digest)
            && s.To!.StartsWith(store.Paths.Quarantine, StringComparison.Ordinal));
        Assert.DoesNotContain(steps, s => s.Kind == "delete"
            && (s.From.StartsWith(store.Paths.Blobs, StringComparison.Ordinal)
                || s.From.StartsWith(store.Paths.Quarantine, StringComparison.Ordinal)));
        Assert.Equal(new[] { "docker.io/library/app:1", "docker.io/library/app:2" }, store.Names().Where(n => n is not null));
    }

    [Fact]
    public async Task Points_of_a_crash_test_are_passed_in_order()
    {
        var files = new RecordingFiles();
        using var store = new TempStore(files);
        using (var session = await store.Store.BeginPullAsync(ImageReference.Parse("app:1"), NullObserver.Instance, CancellationToken.None))
        {
            files.Points.Clear();
            var image = new TestImage();
            await TempStore.WriteAsync(session, image.Config);
            await session.PublishAsync(image.Config.Descriptor, Array.Empty<Descriptor>(), CancellationToken.None);
        }

        Assert.Equal(
            new List<StorePoint>
            {
                StorePoint.AfterIngestCreate, StorePoint.MidWrite, StorePoint.BeforeFlush, StorePoint.BeforeRename, StorePoint.AfterRename,
                StorePoint.BeforeIndexTemp, StorePoint.AfterIndexTemp, StorePoint.AfterIndexMove,
            },
            files.Points);
    }

    [Fact]
    public async Task Sharing_violation_is_tried_again()
    {
        // RS8
        var files = new RecordingFiles();
        using var store = new TempStore(files);
        var failures = 0;
        files.Before = (kind, path) =>
        {
            if (kind == "move" && failures++ < 2)
            {
                throw RecordingFiles.SharingViolation();
            }
        };
        var image = await store.PutAsync("app:1", new TestImage());

        Assert.True(store.HasAll(image.Content.ToArray()));
        Assert.True(failures > 2);
    }

    [Fact]
    public async Task Sharing_violation_that_stays_is_an_error_that_names_the_file_and_changes_nothing()
    {
        // RS8
        var files = new RecordingFiles();
        using var store = new TempStore(files);
        await store.PutAsync("app:1", new TestImage("one"));
        var tries = 0;
        files.Before = (kind, path) =>
        {
            if (kind == "replace" && path == store.Paths.Index)
            {
                tries++;
                throw RecordingFiles.SharingViolation();
            }
        };

        var error = await Assert.ThrowsAsync<ImageException>(() => store.PutAsync("app:2", new TestImage("two")));
        Assert.Equal(ImageErrorKind.StoreUnavailable, error.Kind);
        Assert.Contains(store.Paths.Index, error.Message, StringComparison.Ordinal);
        Assert.Equal(10, tries);
        Assert.Equal(9, files.Pauses.Count);
        Assert.InRange(files.Pauses.Sum(p => p.TotalSeconds), 4, 6);
        Assert.Equal(new[] { "docker.io/library/app:1" }, store.Names());
    }

    [Fact]
    public async Task Full_disk_names_path_and_bytes_and_keeps_what_was_written()
    {
        // RS4
        var files = new RecordingFiles { Free = 12345 };
        using var store = new TempStore(files);
        var blob = TestBlob.Of("application/octet-stream", new byte[5000]);
        using var session = await store.Store.BeginPullAsync(ImageReference.Parse("app:1"), NullObserver.Instance, CancellationToken.None);
        files.Free = null;
        using var writer = await session.BeginAsync(blob.Descriptor, NullObserver.Instance, CancellationToken.None);
        await writer!.WriteAsync(blob.Bytes, 0, 1000, CancellationToken.None);
        files.Before = (kind, _) =>
        {
            if (kind == "write")
            {
                throw RecordingFiles.DiskFull();
            }
        };

        var error = await Assert.ThrowsAsync<ImageException>(() => writer.WriteAsync(blob.Bytes, 1000, 1000, CancellationToken.None));
        Assert.Equal(ImageErrorKind.StoreUnavailable, error.Kind);
        Assert.Contains("no space left on device (4000 bytes needed, ", error.Message, StringComparison.Ordinal);
        Assert.Contains(store.Paths.IngestFolder(blob.Digest), error.Message, StringComparison.Ordinal);

        // With room again the same writer goes on.
        files.Before = null;
        Assert.Equal(1000, writer.Position);
        await writer.WriteAsync(blob.Bytes, 1000, 4000, CancellationToken.None);
        await writer.CommitAsync(CancellationToken.None);
        Assert.True(store.HasAll(blob));
    }

    [Fact]
    public async Task Blob_that_does_not_fit_is_refused_before_its_first_byte()
    {
        // RN10
        var files = new RecordingFiles();
        using var store = new TempStore(files);
        using var session = await store.Store.BeginPullAsync(ImageReference.Parse("app:1"), NullObserver.Instance, CancellationToken.None);
        files.Free = 4_000_000;
        var error = await Assert.ThrowsAsync<ImageException>(() => session.BeginAsync(
            new Descriptor("application/octet-stream", Digest.Of(new byte[1]), 1L << 40), NullObserver.Instance, CancellationToken.None));

        Assert.Equal(ImageErrorKind.StoreUnavailable, error.Kind);
        Assert.Contains("1099511627776 bytes needed, 4000000 bytes free", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(store.Paths.Ingest));
    }

    [Fact]
    public async Task Full_disk_in_the_index_leaves_the_index_and_no_temp_file()
    {
        // RS4
        var files = new RecordingFiles();
        using var store = new TempStore(files);
        await store.PutAsync("app:1", new TestImage("one"));
        files.Before = (kind, path) =>
        {
            if (kind == "write" && path == store.Paths.Temp("index.json"))
            {
                throw RecordingFiles.DiskFull();
            }
        };

        Assert.Equal(ImageErrorKind.StoreUnavailable,
            (await Assert.ThrowsAsync<ImageException>(() => store.PutAsync("app:2", new TestImage("two")))).Kind);
        Assert.Equal(new[] { "docker.io/library/app:1" }, store.Names());
        Assert.False(File.Exists(store.Paths.Temp("index.json")));
    }

    [Theory]
    [InlineData("write", "index.json.tmp")]
    [InlineData("flush", "index.json.tmp")]
    [InlineData("write", "index.prev.json.tmp")]
    [InlineData("flush", "index.prev.json.tmp")]
    [InlineData("write", "index.seal.tmp")]
    [InlineData("replace", "index.prev.json")]
    [InlineData("replace", "index.seal")]
    [InlineData("replace", "index.json")]
    public async Task Change_that_fails_at_any_step_of_the_index_leaves_the_index_and_no_temp_file(string kind, string name)
    {
        // RS4
        var files = new RecordingFiles();
        using var store = new TempStore(files);
        await store.PutAsync("app:1", new TestImage("one"));
        var before = File.ReadAllBytes(store.Paths.Index);
        files.Before = (step, path) =>
        {
            if (step == kind && Path.GetFileName(path) == name)
            {
                throw RecordingFiles.DiskFull();
            }
        };

        Assert.Equal(ImageErrorKind.StoreUnavailable,
            (await Assert.ThrowsAsync<ImageException>(() => store.PutAsync("app:2", new TestImage("two")))).Kind);
        Assert.Equal(ImageErrorKind.StoreUnavailable, (await Assert.ThrowsAsync<ImageException>(() => store.RemoveAsync("app:1"))).Kind);
        Assert.Equal(before, File.ReadAllBytes(store.Paths.Index));
        Assert.Empty(Directory.GetFiles(store.Root, "*.tmp", SearchOption.AllDirectories));
        files.Before = null;
        await store.PutAsync("app:2", new TestImage("two"));
        Assert.Equal(2, store.Entries().Count);
    }

    [Fact]
    public void Free_bytes_of_a_folder_that_is_still_to_be_made_are_those_of_its_volume()
    {
        // RS4
        var folder = Path.GetTempPath();
        Assert.NotNull(new StoreFiles().FreeBytes(Path.Combine(folder, "imgsps-none", ".imgsps", "locks")));
    }

    [Theory]
    [InlineData(nameof(StorePoint.BeforeRename))]
    [InlineData(nameof(StorePoint.AfterRename))]
    [InlineData(nameof(StorePoint.BeforeIndexTemp))]
    [InlineData(nameof(StorePoint.AfterIndexTemp))]
    public async Task After_a_stop_before_the_index_the_same_put_works_and_the_old_name_stands(string point)
    {
        // RS2, with an exception where a kill would be; real kills are tested with processes
        var files = new RecordingFiles();
        using var store = new TempStore(files);
        var old = await store.PutAsync("app:1", new TestImage("old"));
        files.Stop = Enum.Parse<StorePoint>(point);
        var fresh = new TestImage("new");
        await Assert.ThrowsAsync<InvalidOperationException>(() => store.PutAsync("app:1", fresh));

        Assert.Equal(old.Manifest.Digest.ToString(), (string?)store.Entries().Single()["digest"]);
        files.Stop = null;
        await store.PutAsync("app:1", fresh);
        Assert.Equal(2, store.Entries().Count);
        Assert.True(store.HasAll(fresh.Content.ToArray()));
        Assert.Empty(Directory.GetFileSystemEntries(store.Paths.Ingest));
    }

    private static int Index(Step[] steps, Predicate<Step> match) => Array.FindIndex(steps, match);
}

/// <summary>A step that reached the disk. <see cref="From"/> is the file itself where there is no second one.</summary>
internal sealed record Step(string Kind, string From, string? To = null);

/// <summary>Records the durable steps, and fails those that a test wants to fail.</summary>
internal sealed class RecordingFiles : StoreFiles
{
    public List<Step> Steps { get; } = new();

    public List<StorePoint> Points { get; } = new();

    /// <summary>
    /// Called before each step with its kind and the file that it is about (the target of a move); throws what the disk would say.
    /// </summary>
    public Action<string, string>? Before { get; set; }

    /// <summary>Free bytes to tell; null for the real ones.</summary>
    public long? Free { get; set; }

    /// <summary>Called at each point.</summary>
    public Action<StorePoint>? Reached { get; set; }

    /// <summary>Where to stop, as if the process were gone.</summary>
    public StorePoint? Stop { get; set; }

    public static IOException SharingViolation() => new("It is being used by another process.", unchecked((int)0x80070020));

    public static IOException DiskFull() => new("No space left on device", unchecked((int)0x80070070));

    public override void At(StorePoint point)
    {
        lock (Steps)
        {
            Points.Add(point);
        }

        Reached?.Invoke(point);

        if (point == Stop)
        {
            throw new InvalidOperationException("stopped at " + point);
        }
    }

    public override long? FreeBytes(string path) => Free ?? base.FreeBytes(path);

    public override string ToString() => string.Join(Environment.NewLine, Steps);

    /// <summary>The pauses before steps were tried again; they take no time.</summary>
    public List<TimeSpan> Pauses { get; } = [];

    protected override Task PauseStepAsync(TimeSpan time, CancellationToken cancellationToken)
    {
        Pauses.Add(time);
        return Task.CompletedTask;
    }

    protected override void WriteStep(StoreFile file, byte[] buffer, int offset, int count)
    {
        Record("write", file.Path);
        base.WriteStep(file, buffer, offset, count);
    }

    protected override void FlushStep(StoreFile file)
    {
        Record("flush", file.Path);
        base.FlushStep(file);
    }

    protected override bool MoveNewStep(string from, string to)
    {
        Record("move", from, to);
        return base.MoveNewStep(from, to);
    }

    protected override void MoveOverStep(string from, string to)
    {
        Record("replace", from, to);
        base.MoveOverStep(from, to);
    }

    protected override void DeleteStep(string path)
    {
        Record("delete", path);
        base.DeleteStep(path);
    }

    protected override void SyncFolderStep(string path)
    {
        Record("sync", path);
        base.SyncFolderStep(path);
    }

    private void Record(string kind, string from, string? to = null)
    {
        from = TestStorePaths.Plain(from);
        Before?.Invoke(kind, to ?? from);
        lock (Steps)
        {
            Steps.Add(new Step(kind, from, to));
        }
    }
}
