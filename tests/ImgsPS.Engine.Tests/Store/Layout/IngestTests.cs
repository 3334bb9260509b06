using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Stores.Layout;
using ImgsPS.Transfer;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Layout;

/// <summary>How one blob comes into the store: RN18, RN19, RS3, RS4, U4.</summary>
public sealed class IngestTests : IDisposable
{
    private static readonly ImageReference Reference = ImageReference.Parse("app:1");

    private readonly TempStore store = new();

    [Fact]
    public async Task Blob_is_written_whole_and_its_ingest_folder_goes()
    {
        var blob = TestBlob.Of("application/octet-stream", Encoding.ASCII.GetBytes("hello"));
        using var session = await BeginAsync();
        await TempStore.WriteAsync(session, blob);

        Assert.Equal(blob.Bytes, File.ReadAllBytes(store.Paths.Blob(blob.Digest)));
        Assert.Empty(Directory.GetFileSystemEntries(store.Paths.Ingest));
        Assert.True(session.Contains(blob.Descriptor));
        Assert.Null(await session.BeginAsync(blob.Descriptor, NullObserver.Instance, CancellationToken.None));
    }

    [Theory]
    [InlineData("sha256")]
    [InlineData("sha512")]
    public async Task Blob_of_each_algorithm_stands_under_its_digest(string algorithm)
    {
        var blob = TestBlob.Of("application/octet-stream", Encoding.ASCII.GetBytes("hello"), algorithm);
        using var session = await BeginAsync();
        await TempStore.WriteAsync(session, blob);

        Assert.Equal(blob.Bytes, File.ReadAllBytes(Path.Combine(store.Root, "blobs", algorithm, blob.Digest.Hex)));
        Assert.Equal(blob.Bytes, session.TryRead(blob.Descriptor, 100));
    }

    [Fact]
    public async Task Empty_blob_can_be_written()
    {
        var blob = TestBlob.Of("application/octet-stream", Array.Empty<byte>());
        using var session = await BeginAsync();
        Assert.False(session.Contains(blob.Descriptor));
        await TempStore.WriteAsync(session, blob);

        Assert.True(session.Contains(blob.Descriptor));
    }

    [Fact]
    public async Task Partial_ingest_goes_on_where_it_stopped()
    {
        var blob = Random(300_000);
        using (var session = await BeginAsync())
        {
            using var writer = await session.BeginAsync(blob.Descriptor, NullObserver.Instance, CancellationToken.None);
            await writer!.WriteAsync(blob.Bytes, 0, 200_000, CancellationToken.None);
        }

        Assert.True(store.HasNone(blob));
        using var second = await BeginAsync(store.Reopen());
        using var resumed = await second.BeginAsync(blob.Descriptor, NullObserver.Instance, CancellationToken.None);
        Assert.Equal(200_000, resumed!.Position);
        await resumed.WriteAsync(blob.Bytes, 200_000, 100_000, CancellationToken.None);
        await resumed.CommitAsync(CancellationToken.None);

        Assert.True(store.HasAll(blob));
    }

    [Fact]
    public async Task Complete_partial_of_a_killed_process_only_needs_its_commit()
    {
        var blob = Random(1000);
        LeavePartial(blob.Digest, blob.Bytes);
        using var session = await BeginAsync();
        using var writer = await session.BeginAsync(blob.Descriptor, NullObserver.Instance, CancellationToken.None);

        Assert.Equal(1000, writer!.Position);
        await writer.CommitAsync(CancellationToken.None);
        Assert.True(store.HasAll(blob));
    }

    [Fact]
    public async Task Partial_that_is_longer_than_the_blob_is_thrown_away()
    {
        var blob = Random(1000);
        LeavePartial(blob.Digest, new byte[1001]);
        using var session = await BeginAsync();
        using var writer = await session.BeginAsync(blob.Descriptor, NullObserver.Instance, CancellationToken.None);

        Assert.Equal(0, writer!.Position);
    }

    [Fact]
    public async Task Damaged_partial_fails_once_and_the_writer_starts_again()
    {
        var blob = Random(1000);
        LeavePartial(blob.Digest, new byte[400]);
        using var session = await BeginAsync();
        using var writer = await session.BeginAsync(blob.Descriptor, NullObserver.Instance, CancellationToken.None);
        Assert.Equal(400, writer!.Position);
        await writer.WriteAsync(blob.Bytes, 400, 600, CancellationToken.None);

        var error = await Assert.ThrowsAsync<ImageException>(() => writer.CommitAsync(CancellationToken.None));
        Assert.Equal(ImageErrorKind.Integrity, error.Kind);
        Assert.Equal(0, writer.Position);
        await writer.WriteAsync(blob.Bytes, 0, 1000, CancellationToken.None);
        await writer.CommitAsync(CancellationToken.None);
        Assert.Equal(blob.Bytes, File.ReadAllBytes(store.Paths.Blob(blob.Digest)));
    }

    [Fact]
    public async Task Wrong_bytes_are_never_visible_and_are_not_kept()
    {
        // RN18
        var blob = Random(1000);
        using var session = await BeginAsync();
        using (var writer = await session.BeginAsync(blob.Descriptor, NullObserver.Instance, CancellationToken.None))
        {
            await writer!.WriteAsync(new byte[1000], 0, 1000, CancellationToken.None);
            Assert.True(store.HasNone(blob));
            var error = await Assert.ThrowsAsync<ImageException>(() => writer.CommitAsync(CancellationToken.None));
            Assert.Equal(ImageErrorKind.Integrity, error.Kind);
            Assert.Contains(blob.Digest.ToString(), error.Message, StringComparison.Ordinal);
        }

        Assert.True(store.HasNone(blob));
        Assert.Empty(Directory.GetFileSystemEntries(store.Paths.Ingest));
    }

    [Fact]
    public async Task Short_content_is_refused()
    {
        var blob = Random(1000);
        using var session = await BeginAsync();
        using var writer = await session.BeginAsync(blob.Descriptor, NullObserver.Instance, CancellationToken.None);
        await writer!.WriteAsync(blob.Bytes, 0, 999, CancellationToken.None);

        Assert.Equal(ImageErrorKind.Integrity,
            (await Assert.ThrowsAsync<ImageException>(() => writer.CommitAsync(CancellationToken.None))).Kind);
        Assert.True(store.HasNone(blob));
    }

    [Fact]
    public async Task More_bytes_than_the_size_are_refused_before_they_are_written()
    {
        // RN10, RN19: also when the digest is right
        var blob = Random(1000);
        var lie = new Descriptor(blob.Descriptor.MediaType, blob.Digest, 900);
        using var session = await BeginAsync();
        using var writer = await session.BeginAsync(lie, NullObserver.Instance, CancellationToken.None);

        var error = await Assert.ThrowsAsync<ImageException>(() => writer!.WriteAsync(blob.Bytes, 0, 1000, CancellationToken.None));
        Assert.Equal(ImageErrorKind.Integrity, error.Kind);
        Assert.Equal(0, writer!.Position);
    }

    [Fact]
    public async Task Reset_starts_again_at_0()
    {
        var blob = Random(1000);
        using var session = await BeginAsync();
        using var writer = await session.BeginAsync(blob.Descriptor, NullObserver.Instance, CancellationToken.None);
        await writer!.WriteAsync(new byte[700], 0, 700, CancellationToken.None);
        writer.Reset();
        Assert.Equal(0, writer.Position);
        await writer.WriteAsync(blob.Bytes, 0, 1000, CancellationToken.None);
        await writer.CommitAsync(CancellationToken.None);

        Assert.Equal(blob.Bytes, File.ReadAllBytes(store.Paths.Blob(blob.Digest)));
    }

    [Fact]
    public async Task Blob_of_the_wrong_size_counts_as_absent_and_is_replaced_and_kept_as_evidence()
    {
        // RS3
        var blob = Random(1000);
        using var session = await BeginAsync();
        Directory.CreateDirectory(store.Paths.BlobFolder("sha256"));
        File.WriteAllBytes(store.Paths.Blob(blob.Digest), new byte[3]);
        Assert.False(session.Contains(blob.Descriptor));
        await TempStore.WriteAsync(session, blob);

        Assert.Equal(blob.Bytes, File.ReadAllBytes(store.Paths.Blob(blob.Digest)));
        var kept = Assert.Single(Directory.GetFiles(store.Paths.Quarantine));
        Assert.StartsWith("sha256-" + blob.Digest.Hex, Path.GetFileName(kept), StringComparison.Ordinal);
        Assert.Equal(3, new FileInfo(kept).Length);
    }

    [Fact]
    public async Task Damaged_blob_is_not_read_and_goes_to_quarantine_with_one_warning()
    {
        // Step 8
        var blob = Random(1000);
        using var session = await BeginAsync();
        await TempStore.WriteAsync(session, blob);
        File.WriteAllBytes(store.Paths.Blob(blob.Digest), new byte[1000]);

        Assert.Null(session.TryRead(blob.Descriptor, 2000));
        Assert.Contains(blob.Digest.ToString(), Assert.Single(store.Observer.Warnings), StringComparison.Ordinal);
        Assert.Single(Directory.GetFiles(store.Paths.Quarantine));
        Assert.False(session.Contains(blob.Descriptor));
        Assert.Empty(Directory.GetFileSystemEntries(store.Paths.Ingest));
    }

    [Fact]
    public async Task Descriptor_with_a_wrong_size_does_not_harm_a_good_blob()
    {
        var blob = Random(1000);
        using var session = await BeginAsync();
        await TempStore.WriteAsync(session, blob);
        var lie = new Descriptor(blob.Descriptor.MediaType, blob.Digest, 999);

        Assert.False(session.Contains(lie));
        Assert.Null(session.TryRead(lie, 2000));
        Assert.True(session.Contains(blob.Descriptor));
        Assert.Empty(store.Observer.Warnings);
    }

    [Fact]
    public async Task Content_over_the_limit_is_not_read()
    {
        var blob = Random(1000);
        using var session = await BeginAsync();
        await TempStore.WriteAsync(session, blob);

        Assert.Equal(ImageErrorKind.TooLarge, Assert.Throws<ImageException>(() => session.TryRead(blob.Descriptor, 999)).Kind);
    }

    [Fact]
    public async Task Second_writer_waits_and_finds_the_blob()
    {
        // U4: one download, whoever waits
        var blob = Random(1000);
        using var first = await BeginAsync();
        using var second = await BeginAsync(store.Reopen());
        using var writer = await first.BeginAsync(blob.Descriptor, NullObserver.Instance, CancellationToken.None);
        var waiting = second.BeginAsync(blob.Descriptor, NullObserver.Instance, CancellationToken.None);
        await writer!.WriteAsync(blob.Bytes, 0, 500, CancellationToken.None);
        Assert.False(waiting.IsCompleted);
        await writer.WriteAsync(blob.Bytes, 500, 500, CancellationToken.None);
        await writer.CommitAsync(CancellationToken.None);

        Assert.Null(await waiting);
    }

    [Fact]
    public async Task Second_writer_goes_on_where_the_first_gave_up()
    {
        var blob = Random(1000);
        using var first = await BeginAsync();
        using var second = await BeginAsync(store.Reopen());
        var writer = await first.BeginAsync(blob.Descriptor, NullObserver.Instance, CancellationToken.None);
        var waiting = second.BeginAsync(blob.Descriptor, NullObserver.Instance, CancellationToken.None);
        await writer!.WriteAsync(blob.Bytes, 0, 500, CancellationToken.None);
        writer.Dispose();

        using var next = await waiting;
        Assert.Equal(500, next!.Position);
    }

    [Fact]
    public async Task Waiting_for_another_writer_can_be_cancelled()
    {
        var blob = Random(1000);
        using var session = await BeginAsync();
        using var writer = await session.BeginAsync(blob.Descriptor, NullObserver.Instance, CancellationToken.None);
        using var stop = new CancellationTokenSource();
        var waiting = session.BeginAsync(blob.Descriptor, NullObserver.Instance, stop.Token);
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await writer!.WriteAsync(blob.Bytes, 0, 1000, CancellationToken.None);
        await writer.CommitAsync(CancellationToken.None);
        Assert.True(store.HasAll(blob));
    }

    [Fact]
    public async Task Many_writers_of_one_blob_write_it_once()
    {
        var blob = Random(100_000);
        var written = 0;
        await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(async () =>
        {
            using var session = await BeginAsync(store.Reopen());
            using var writer = await session.BeginAsync(blob.Descriptor, NullObserver.Instance, CancellationToken.None);
            if (writer is not null)
            {
                Interlocked.Increment(ref written);
                await writer.WriteAsync(blob.Bytes, 0, blob.Bytes.Length, CancellationToken.None);
                await writer.CommitAsync(CancellationToken.None);
            }
        })));

        Assert.Equal(1, written);
        Assert.Equal(blob.Bytes, File.ReadAllBytes(store.Paths.Blob(blob.Digest)));
    }

    [Fact]
    public async Task Blob_in_the_trash_comes_back_when_it_is_wanted()
    {
        var blob = Random(1000);
        using var session = await BeginAsync();
        Directory.CreateDirectory(store.Paths.Trash);
        File.WriteAllBytes(store.Paths.TrashedBlob(blob.Digest), blob.Bytes);

        Assert.Null(await session.BeginAsync(blob.Descriptor, NullObserver.Instance, CancellationToken.None));
        Assert.True(store.HasAll(blob));
        Assert.Empty(Directory.GetFiles(store.Paths.Trash));
    }

    private static TestBlob Random(int size)
    {
        var bytes = new byte[size];
        new Random(size).NextBytes(bytes);
        return TestBlob.Of("application/octet-stream", bytes);
    }

    private Task<LayoutTarget> BeginAsync(LayoutStore? at = null) =>
        (at ?? store.Store).BeginPullAsync(Reference, store.Observer, CancellationToken.None);

    /// <summary>What a process that was killed in the middle of a download leaves.</summary>
    private void LeavePartial(Digest digest, byte[] bytes)
    {
        var folder = store.Paths.IngestFolder(digest);
        Directory.CreateDirectory(folder);
        File.WriteAllBytes(Path.Combine(folder, "lock"), Array.Empty<byte>());
        File.WriteAllBytes(Path.Combine(folder, "data"), bytes);
    }

    public void Dispose() => store.Dispose();
}
