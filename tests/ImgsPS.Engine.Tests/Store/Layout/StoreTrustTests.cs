using System;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Disk;
using ImgsPS.Engine.Tests.Disk;
using ImgsPS.Stores.Layout;
using ImgsPS.Transfer;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Layout;

/// <summary>What a store believes of files that it did not write, and for whom it waits (SF2, SF6, SF7).</summary>
public sealed class StoreTrustTests : IDisposable
{
    private readonly WatchedFiles _files = new();
    private readonly TempStore _store;

    public StoreTrustTests() => _store = new TempStore(_files);

    public void Dispose() => _store.Dispose();

    [Fact]
    public async Task Planted_content_of_the_right_size_is_put_aside_and_fetched_SF7()
    {
        var image = await _store.PutAsync("app:1", new TestImage("one"));
        var layer = image.Layers[0].Blob;
        var path = _store.Paths.Blob(layer.Digest);
        File.Delete(path);
        var planted = new byte[layer.Bytes.Length];
        File.WriteAllBytes(path, planted);

        using var session = await BeginAsync("app:2");
        Assert.True(session.Contains(layer.Descriptor));
        Assert.False(await session.HasAsync(layer.Descriptor, CancellationToken.None));
        using (var writer = await session.BeginAsync(layer.Descriptor, _store.Observer, CancellationToken.None))
        {
            await writer!.WriteAsync(layer.Bytes, 0, layer.Bytes.Length, CancellationToken.None);
            await writer.CommitAsync(CancellationToken.None);
        }

        Assert.True(await session.HasAsync(layer.Descriptor, CancellationToken.None));
        Assert.Equal(layer.Bytes, File.ReadAllBytes(path));
        Assert.Equal(planted, File.ReadAllBytes(Assert.Single(Directory.GetFiles(_store.Paths.Quarantine))));
        Assert.Contains("quarantine", Assert.Single(_store.Observer.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Planted_content_in_the_trash_is_not_brought_back_SF7()
    {
        var blob = TestBlob.Of("x/y", Encoding.ASCII.GetBytes("hello"));
        await _store.PutAsync("app:1", new TestImage());
        File.WriteAllText(_store.Paths.TrashedBlob(blob.Digest), "wrong");

        using var session = await BeginAsync("app:2");
        await TempStore.WriteAsync(session, blob);

        Assert.Equal(blob.Bytes, File.ReadAllBytes(_store.Paths.Blob(blob.Digest)));
        Assert.Single(Directory.GetFiles(_store.Paths.Quarantine));
    }

    [Fact]
    public async Task Content_of_another_tool_is_hashed_once_and_our_own_never_SF7()
    {
        var image = await _store.PutAsync("app:1", new TestImage("one"));
        var own = image.Layers[0].Blob;
        var other = TestBlob.Of("x/y", new byte[1000]);
        File.WriteAllBytes(_store.Paths.Blob(other.Digest), other.Bytes);

        Assert.Equal((0, 1), await AskAsync());
        Assert.Equal((0, 0), await AskAsync());

        // Without the notes each is hashed once more.
        File.Delete(_store.Paths.Verified);
        Assert.Equal((1, 1), await AskAsync());
        Assert.Equal((0, 0), await AskAsync());

        async Task<(int Own, int Other)> AskAsync()
        {
            _files.Read.Clear();
            using var store = _store.Reopen(_files);
            using var session = await store.BeginPullAsync(ImageReference.Parse("app:2"), NullObserver.Instance, CancellationToken.None);
            Assert.True(await session.HasAsync(own.Descriptor, CancellationToken.None));
            Assert.True(await session.HasAsync(other.Descriptor, CancellationToken.None));
            var content = image.Content.Select(b => b.Descriptor).ToArray();
            Assert.True(await session.PublishAsync(image.Manifest.Descriptor, content, CancellationToken.None));
            return (Count(own), Count(other));
        }

        int Count(TestBlob blob) => _files.Read.Count(p => p == _store.Paths.Blob(blob.Digest));
    }

    [Fact]
    public async Task Notes_that_came_with_a_copy_of_the_store_say_nothing_SF7()
    {
        var image = await _store.PutAsync("app:1", new TestImage("one"));
        var layer = image.Layers[0].Blob;
        var path = _store.Paths.Blob(layer.Digest);
        var time = File.GetLastWriteTimeUtc(path);
        File.Move(path, path + ".old");
        File.WriteAllBytes(path, new byte[layer.Bytes.Length]);
        File.SetLastWriteTimeUtc(path, time);

        using var session = await BeginAsync("app:2");
        Assert.False(await session.HasAsync(layer.Descriptor, CancellationToken.None));
    }

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Notes_that_another_user_owns_or_can_write_are_not_believed_SF7(bool owned)
    {
        Skip.IfNot(UnixNodes.IsRoot, "needs root: a file is given to another user");
        var image = await _store.PutAsync("app:1", new TestImage("one"));
        if (owned)
        {
            UnixNodes.SetOwner(_store.Paths.Verified, 65534);
        }
        else
        {
            UnixNodes.SetRights(_store.Paths.Verified, 0x1B6);
        }

        _files.Read.Clear();
        using var store = new LayoutStore(_store.Root, files: _files, access: StoreAccess.Full with { AllowShared = true });
        using var session = await store.BeginPullAsync(ImageReference.Parse("app:2"), NullObserver.Instance, CancellationToken.None);
        Assert.True(await session.HasAsync(image.Layers[0].Blob.Descriptor, CancellationToken.None));
        Assert.Contains(_store.Paths.Blob(image.Layers[0].Blob.Digest), _files.Read);
    }

    [Fact]
    public async Task Notes_of_content_that_is_gone_are_taken_out_when_they_are_many_SF7()
    {
        var image = await _store.PutAsync("app:1", new TestImage("one"));
        var known = File.ReadAllLines(_store.Paths.Verified);
        File.AppendAllLines(_store.Paths.Verified, Enumerable.Range(0, 5000)
            .Select(i => $"{Digest.Of(Encoding.ASCII.GetBytes("gone " + i))} {i} {i} {i}"));

        await _store.Store.OptimizeAsync(TimeSpan.Zero);

        var left = File.ReadAllLines(_store.Paths.Verified);
        Assert.Equal(known.OrderBy(l => l, StringComparer.Ordinal), left.OrderBy(l => l, StringComparer.Ordinal));
        _files.Read.Clear();
        using var session = await BeginAsync("app:2");
        Assert.True(await session.HasAsync(image.Layers[0].Blob.Descriptor, CancellationToken.None));
        Assert.DoesNotContain(_store.Paths.Blob(image.Layers[0].Blob.Digest), _files.Read);
    }

    [SkippableFact]
    public async Task Lock_of_a_store_that_an_earlier_version_made_is_closed_to_others_SF6()
    {
        Skip.If(OperatingSystem.IsWindows(), "rights of Unix");
        await _store.PutAsync("app:1", new TestImage("one"));
        UnixNodes.SetRights(_store.Root, 0x1ED);
        UnixNodes.SetRights(_store.Paths.StoreLock, 0x1A4);
        await _store.PutAsync("app:2", new TestImage("two"));

        Assert.Equal(0x180, _files.Door.Stat(_store.Paths.StoreLock)!.Value.Rights);
    }

    [SkippableFact]
    public async Task Broken_index_is_moved_aside_with_the_rights_it_has_SF2()
    {
        Skip.If(OperatingSystem.IsWindows(), "rights of Unix");
        await _store.PutAsync("app:1", new TestImage("one"));
        await _store.PutAsync("app:2", new TestImage("two"));
        File.WriteAllText(_store.Paths.Index, "{ secret");
        UnixNodes.SetRights(_store.Paths.Index, 0x100);
        var before = _files.Door.Stat(_store.Paths.Index)!.Value;
        await _store.PutAsync("app:3", new TestImage("three"));

        var kept = _files.Door.Stat(Assert.Single(Directory.GetFiles(_store.Root, "index.json.corrupt-*")))!.Value;
        Assert.True(kept.IsSame(before));
        Assert.Equal(0x100, kept.Rights);
    }

    [Fact]
    public async Task Only_names_of_our_own_forms_are_deleted_SF1()
    {
        await _store.PutAsync("app:1", new TestImage("one"));
        var strange = new[]
        {
            Path.Combine(_store.Paths.Trash, "notes.txt"),
            Path.Combine(_store.Paths.Trash, "sha256-abc"),
            Path.Combine(_store.Paths.Quarantine, "notes.txt"),
            Path.Combine(_store.Paths.Leases, "report.lock"),
            Path.Combine(_store.Paths.Leases, "report.list"),
            Path.Combine(_store.Root, "report.tmp"),
            Path.Combine(_store.Root, "report.corrupt-me"),
            Path.Combine(_store.Paths.Ingest, "mine", "data"),
        };
        foreach (var path in strange)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, "x");
            File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddDays(-30));
        }

        await _store.RemoveAsync("app:1");
        await _store.Store.OptimizeAsync(TimeSpan.Zero, quarantine: true);
        await _store.Store.RepairAsync(full: true);

        Assert.All(strange, path => Assert.True(File.Exists(path), path));
    }

    [Fact]
    public async Task Wait_for_a_download_that_does_not_go_on_is_told_and_ends_SF6()
    {
        var blob = TestBlob.Of("x/y", new byte[1000]);
        await _store.PutAsync("app:1", new TestImage());
        using var session = await BeginAsync("app:2");
        var folder = _store.Paths.IngestFolder(blob.Digest);
        Directory.CreateDirectory(folder);

        // As another process has it: no gate of this process stands before it.
        using var held = FileLock.TryTake(StoreFiles.Of(_store.Paths.Root), IngestFolder.LockOf(folder))!;
        var error = await Assert.ThrowsAsync<ImageException>(
            () => session.BeginAsync(blob.Descriptor, _store.Observer, CancellationToken.None));

        Assert.Equal(ImageErrorKind.Timeout, error.Kind);
        Assert.Contains(blob.Digest.ToString(), error.Message, StringComparison.Ordinal);
        Assert.Contains("another process", Assert.Single(_store.Observer.Warnings), StringComparison.Ordinal);

        held.Dispose();
        await TempStore.WriteAsync(session, blob);
        Assert.True(session.Contains(blob.Descriptor));
    }

    [Theory]
    [InlineData("process 2147483646 (pwsh) on {0}\n", "by another process.")]
    [InlineData("process {1} (somebody) on {0}\n", "by another process.")]
    [InlineData("process {1} ({2}) on {0}\n", "by process {1} ({2}) on {0}.")]
    [InlineData("process 1 (pwsh) on elsewhere\n", "by another process, on 'elsewhere'.")]
    [InlineData("call this number", "by another process.")]
    [InlineData("", "by another process.")]
    public async Task Owner_of_a_lock_is_named_only_while_it_lives_SF6(string owner, string said)
    {
        await _store.PutAsync("app:1", new TestImage());
        using var me = Process.GetCurrentProcess();
        using var held = FileLock.TryTake(StoreFiles.Of(_store.Paths.Root), _store.Paths.StoreLock);
        File.WriteAllText(_store.Paths.StoreLockOwner, Format(owner));
        var error = await Assert.ThrowsAsync<ImageException>(() => StoreLock.TakeAsync(
            _store.Paths, StoreFiles.Of(_store.Paths.Root), TimeSpan.FromMilliseconds(10), CancellationToken.None));

        Assert.Equal(ImageErrorKind.StoreLocked, error.Kind);
        Assert.EndsWith(Format(said), error.Message, StringComparison.Ordinal);

        string Format(string text) => string.Format(
            System.Globalization.CultureInfo.InvariantCulture, text, Environment.MachineName, me.Id, me.ProcessName);
    }

    [SkippableFact]
    public async Task Lock_is_let_go_when_something_else_has_its_owners_name_SF1()
    {
        Skip.If(OperatingSystem.IsWindows(), "links take a privilege on Windows");
        await _store.PutAsync("app:1", new TestImage());
        File.Delete(_store.Paths.StoreLockOwner);
        UnixNodes.Link(_store.Paths.Index, _store.Paths.StoreLockOwner);
        var before = File.ReadAllText(_store.Paths.Index);

        var error = await Assert.ThrowsAsync<ImageException>(() => _store.TagAsync("app:1", "app:2"));
        Assert.Equal(ImageErrorKind.InvalidData, error.Kind);
        Assert.Equal(before, File.ReadAllText(_store.Paths.Index));

        File.Delete(_store.Paths.StoreLockOwner);
        await _store.TagAsync("app:1", "app:2");
    }

    [Fact]
    public async Task Store_that_is_only_looked_at_is_not_written_SF4()
    {
        await _store.PutAsync("app:1", new TestImage("one"));
        File.Delete(_store.Paths.Catalog);
        var damaged = (await _store.PutAsync("app:2", new TestImage("two"))).Manifest;
        MaintenanceStore.Damage(_store.Paths.Blob(damaged.Digest), MaintenanceStore.Flip);
        var before = _store.Snapshot();
        using var store = new LayoutStore(_store.Root, access: StoreAccess.ReadOnly);

        await store.ListAsync(ImgsPS.Stores.ListRequest.Default, _store.Observer, CancellationToken.None);
        await store.GetInfoAsync(_store.Observer, CancellationToken.None);
        await store.TestAsync(full: true);
        await store.OptimizeAsync(TimeSpan.Zero, dryRun: true);

        Assert.Equal(before, _store.Snapshot());
        Assert.NotEmpty(_store.Observer.Warnings);
    }

    [Fact]
    public async Task Content_that_was_hashed_is_noted_when_nothing_is_published_SF7()
    {
        var image = await _store.PutAsync("app:1", new TestImage("one"));
        File.Delete(_store.Paths.Verified);
        Assert.Equal(1, await AskAsync());
        Assert.Equal(0, await AskAsync());

        async Task<int> AskAsync()
        {
            _files.Read.Clear();
            using var store = _store.Reopen(_files);
            using var session = await store.BeginPullAsync(ImageReference.Parse("app:1"), NullObserver.Instance, CancellationToken.None);
            Assert.True(await session.HasAsync(image.Layers[0].Blob.Descriptor, CancellationToken.None));
            return _files.Read.Count(p => p == _store.Paths.Blob(image.Layers[0].Blob.Digest));
        }
    }

    private Task<LayoutTarget> BeginAsync(string reference) =>
        _store.Store.BeginPullAsync(ImageReference.Parse(reference), _store.Observer, CancellationToken.None);

    /// <summary>The disk, telling what is read, for somebody without patience.</summary>
    private sealed class WatchedFiles : StoreFiles
    {
        public ConcurrentBag<string> Read { get; } = new();

        public override TimeSpan WaitBeforeWarning => TimeSpan.Zero;

        public override TimeSpan Patience => TimeSpan.FromMilliseconds(100);

        protected override StoreFile OpenReadStep(string path)
        {
            Read.Add(path);
            return base.OpenReadStep(path);
        }
    }
}
