using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Disk;
using ImgsPS.Layers;
using ImgsPS.Stores.Archive;
using ImgsPS.Transfer;

namespace ImgsPS.Stores.Layout;

/// <summary>
/// The content of an import on its way into a layout: bytes go into the store as they come, before anybody knows what they are for, and a
/// lease keeps them until this is disposed. Nothing is named here. Not thread-safe.
/// </summary>
internal sealed class ImportedContent : IDisposable
{
    /// <summary>Bytes up to which a file is kept in memory until it is written, beside others.</summary>
    public const int SmallFile = 64 * 1024;

    /// <summary>Small files that are written at a time: each waits for the disk, which does several at once.</summary>
    private const int Lanes = 8;

    /// <summary>Large files that are read, hashed and written at a time, each with a buffer of 1 MiB.</summary>
    private const int LargeLanes = 4;

    private readonly LayoutTargetParts _parts;
    private readonly IOperationObserver _observer;
    private readonly CancellationToken _cancellation;
    private readonly Lease _lease;
    private readonly HashSet<Digest> _made = new();
    private readonly HashSet<Digest> _begun = new();
    private readonly List<Task> _writing = new();
    private readonly SemaphoreSlim _lanes = new(Lanes);
    private readonly SemaphoreSlim _largeLanes = new(LargeLanes);
    private volatile bool _failed;
    private bool _disposed;

    /// <summary>Begins; the store is prepared for writing.</summary>
    /// <exception cref="ImageException">StoreUnavailable.</exception>
    public ImportedContent(LayoutTargetParts parts, IOperationObserver observer, CancellationToken cancellationToken)
    {
        _parts = parts;
        _observer = observer;
        _cancellation = cancellationToken;
        _lease = Lease.Create(parts.Paths, parts.Files);

        // An import brings as many blobs as many pulls do.
        IngestSpares.Enter(parts.Paths.Ingest);
    }

    /// <summary>
    /// Takes content whose digest is known before. What is there already is hashed all the same: an archive must not lie.
    /// </summary>
    /// <param name="digest">The digest that it must have.</param>
    /// <param name="size">Its bytes.</param>
    /// <param name="read">Gives them.</param>
    /// <param name="name">What it is called, for a message.</param>
    /// <exception cref="ImageException">Integrity: it is other content. StoreUnavailable.</exception>
    public async Task<StoredMember> AddAsync(Digest digest, long size, Func<byte[], int, int, int> read, string name)
    {
        var content = new Descriptor("", digest, size);
        _lease.Add([digest]);
        if (size <= SmallFile)
        {
            return await AddSmallAsync(content, read, name).ConfigureAwait(false);
        }

        using var writer = await BlobWriter.BeginAsync(_parts.Paths, _parts.Files, _parts.Blobs, content, _observer, _cancellation)
            .ConfigureAwait(false);
        if (writer is null)
        {
            using var hash = Digest.CreateHash(digest.Algorithm);
            var compression = await PourAsync(size, read, (bytes, offset, count) =>
            {
                hash.AppendData(bytes, offset, count);
                return Task.CompletedTask;
            }).ConfigureAwait(false);
            var actual = Digest.FromHash(digest.Algorithm, hash.GetHashAndReset());
            return actual == digest ? new StoredMember(content, compression) : throw Wrong(name, digest, actual);
        }

        try
        {
            return new StoredMember(content, await WriteAsync(writer, () => PourAsync(
                size, read, (bytes, offset, count) => writer.WriteAsync(bytes, offset, count, _cancellation))).ConfigureAwait(false));
        }
        catch (ImageException e) when (e.Kind == ImageErrorKind.Integrity)
        {
            throw Wrong(name, digest, null, e);
        }
    }

    /// <summary>Takes content whose digest is not known.</summary>
    /// <param name="size">Its bytes.</param>
    /// <param name="read">Gives them.</param>
    /// <param name="compress">Compresses a tar with gzip, unless it is compressed.</param>
    public async Task<StoredMember> AddNewAsync(long size, Func<byte[], int, int, int> read, bool compress)
    {
        using var writer = await NewAsync().ConfigureAwait(false);
        IncrementalHash? diffId = null;
        Stream? gzip = null;
        var isFirst = true;
        try
        {
            var compression = await PourAsync(size, read, async (bytes, offset, count) =>
            {
                if (isFirst && compress && !IsText(bytes, offset, count) && Compressions.Of(bytes, offset, count) == Compression.None)
                {
                    gzip = GzipWriter.To(new NewBlobStream(writer, _cancellation));
                    diffId = Digest.CreateHash("sha256");
                }

                isFirst = false;
                if (gzip is null)
                {
                    await writer.WriteAsync(bytes, offset, count, _cancellation).ConfigureAwait(false);
                }
                else
                {
                    diffId!.AppendData(bytes, offset, count);
                    gzip.Write(bytes, offset, count);
                }
            }).ConfigureAwait(false);
            if (gzip is not null)
            {
                gzip.Dispose();
                var blob = await CommitAsync(writer, "").ConfigureAwait(false);
                return new StoredMember(blob, Compression.Gzip) { DiffId = Digest.FromHash("sha256", diffId!.GetHashAndReset()) };
            }

            var content = await CommitAsync(writer, "").ConfigureAwait(false);
            return new StoredMember(content, compression) { DiffId = compression == Compression.None ? content.Digest : null };
        }
        catch
        {
            gzip = null;
            throw;
        }
        finally
        {
            diffId?.Dispose();
        }
    }

    /// <summary>
    /// Begins to put bytes that are in memory into the store, beside others; <see cref="FinishAsync"/> waits for all of them.
    /// </summary>
    public async Task<Descriptor> AddBytesAsync(byte[] bytes, string mediaType)
    {
        var content = new Descriptor(mediaType, Digest.Of(bytes), bytes.Length);
        await StartAsync(content, bytes).ConfigureAwait(false);
        return content;
    }

    /// <summary>
    /// Begins to bring a large file beside others, once fewer than <see cref="LargeLanes"/> are under way; <see cref="FinishAsync"/> waits
    /// for all of them.
    /// </summary>
    /// <param name="file">Its bytes; closed when they are in, or were not wanted.</param>
    /// <param name="bring">Brings them.</param>
    /// <returns>What becomes of it: done when that has waited.</returns>
    public async Task<Task<StoredMember>> BeginAsync(Stream file, Func<Stream, Task<StoredMember>> bring)
    {
        try
        {
            await EnterAsync(_largeLanes).ConfigureAwait(false);
        }
        catch
        {
            file.Dispose();
            throw;
        }

        var bringing = Task.Run(() => BesideAsync(BringAsync, _largeLanes), CancellationToken.None);
        _writing.Add(bringing);
        return bringing;

        async Task<StoredMember> BringAsync()
        {
            using (file)
            {
                return await bring(file).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Waits until all that was begun is in the store.</summary>
    public async Task FinishAsync()
    {
        await Task.WhenAll(_writing).ConfigureAwait(false);
        _writing.Clear();
    }

    /// <summary>True when the store has content that did not come with the archive.</summary>
    public Task<bool> HasAsync(Descriptor content)
    {
        _lease.Add([content.Digest]);
        return _parts.Blobs.HasAsync(content, _observer, _cancellation);
    }

    /// <summary>The bytes of a document of the archive.</summary>
    /// <param name="member">The document.</param>
    /// <param name="limit">Most bytes.</param>
    /// <exception cref="ImageException">TooLarge. Incomplete: it has just been damaged.</exception>
    public byte[] Read(StoredMember member, int limit) => member.Bytes ?? _parts.Blobs.TryRead(member.Content, limit, _observer)
        ?? throw new ImageException(
            ImageErrorKind.Incomplete, $"{member.Content.Digest} went while it was imported", "Import the archive again.");

    /// <summary>The digest of content without its compression (RA6).</summary>
    /// <param name="member">The content.</param>
    /// <param name="what">What it is, for a message.</param>
    /// <exception cref="ImageException">InvalidData: its compression is broken. NotSupported: there is no decoder for it.</exception>
    public Digest DiffIdOf(StoredMember member, string what)
    {
        if (member.DiffId is not null || (member.Compression == Compression.None && member.Content.Digest.Algorithm == "sha256"))
        {
            return member.DiffId ?? member.Content.Digest;
        }

        using var file = Open(member);
        using var content = Compressions.Undo(file, member.Compression, what);
        using var hash = Digest.CreateHash("sha256");
        using var buffer = TransferBuffer.Rent(TransferBuffer.SmallSize);
        for (int read; (read = content.Read(buffer.Bytes, buffer.Offset, buffer.Length)) > 0;)
        {
            _cancellation.ThrowIfCancellationRequested();
            hash.AppendData(buffer.Bytes, buffer.Offset, read);
        }

        return Digest.FromHash("sha256", hash.GetHashAndReset());
    }

    /// <summary>Content that is in the store, once more, compressed with gzip.</summary>
    public async Task<StoredMember> CompressAsync(StoredMember member)
    {
        using var file = Open(member);
        return await AddNewAsync(member.Content.Size, file.Read, compress: true).ConfigureAwait(false);
    }

    /// <summary>A writer for content whose digest nobody knows yet.</summary>
    public Task<NewBlobWriter> NewAsync() => NewBlobWriter.BeginAsync(
        _parts.Paths, _parts.Files, _parts.Blobs, blob => _lease.Add([blob.Digest]), _observer, _cancellation);

    /// <summary>Ends it.</summary>
    public async Task<Descriptor> CommitAsync(NewBlobWriter writer, string mediaType)
    {
        var blob = await writer.CommitAsync(mediaType, _observer, _cancellation).ConfigureAwait(false);
        Made(blob.Digest);
        return blob;
    }

    /// <summary>
    /// Ends the claim, and deletes what came and nothing needs: other files of the archive, and all of one that was refused. Best
    /// effort: what stays is an orphan, which an optimization takes.
    /// </summary>
    /// <param name="lockWait">How long to wait for the store's lock.</param>
    public async Task DropRestAsync(TimeSpan lockWait)
    {
        await SettleAsync().ConfigureAwait(false);
        Dispose();
        try
        {
            var graph = new ContentGraph(_parts.Blobs);
            using (await StoreLock.TakeAsync(_parts.Paths, _parts.Files, lockWait, _cancellation).ConfigureAwait(false))
            {
                var needed = graph.Walk(_parts.IndexFile.Read(NullObserver.Instance).Entries, NullObserver.Instance);
                var collector = new ContentCollector(_parts.Paths, _parts.Files, _parts.Blobs, graph);
                if (needed.Incomplete || collector.Claimed(tidy: false, _observer) is not { } claimed)
                {
                    return;
                }

                await collector.TrashAsync(
                    _made.Where(d => !needed.Content.Contains(d) && !claimed.Contains(d)).ToList(), new Dictionary<Digest, long>())
                    .ConfigureAwait(false);
            }

            await _parts.Blobs.EmptyTrashAsync(_observer).ConfigureAwait(false);
        }
        catch (Exception e)
            when (e is OperationCanceledException or ImageException && !(e is ImageException i && StoreFailure.IsUnsafe(i)))
        {
            _observer.Debug($"What the import does not need stays until an optimization: {e.Message}");
        }
    }

    /// <summary>Waits until nothing is written any more, whatever becomes of it.</summary>
    public Task SettleAsync() => Task.WhenAll(_writing.Select(w => w.ContinueWith(
        t => t.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default)));

    /// <summary>True when something came that is not among the content that images need.</summary>
    public bool HasRest(IEnumerable<Descriptor> needed) => _made.Except(needed.Select(c => c.Digest)).Any();

    /// <summary>Ends the claim.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _parts.Blobs.Verified.Save(_observer);
            IngestSpares.Leave(_parts.Paths.Ingest, _parts.Files);
            _lease.Dispose();
            _lanes.Dispose();
            _largeLanes.Dispose();
        }
    }

    private async Task<StoredMember> AddSmallAsync(Descriptor content, Func<byte[], int, int, int> read, string name)
    {
        var bytes = ReadAll((int)content.Size, read);
        var actual = Digest.Of(bytes, content.Digest.Algorithm);
        if (actual != content.Digest)
        {
            throw Wrong(name, content.Digest, actual);
        }

        await StartAsync(content, bytes).ConfigureAwait(false);
        return new StoredMember(content, Compressions.Of(bytes, bytes.Length));
    }

    private async Task StartAsync(Descriptor content, byte[] bytes)
    {
        if (!_begun.Add(content.Digest))
        {
            return;
        }

        _lease.Add([content.Digest]);
        await EnterAsync(_lanes).ConfigureAwait(false);
        _writing.Add(Task.Run(() => BesideAsync(() => WriteAsync(content, bytes), _lanes), CancellationToken.None));
    }

    /// <summary>Waits for a free lane. What failed in one ends the import before more is read.</summary>
    private async Task EnterAsync(SemaphoreSlim lanes)
    {
        await lanes.WaitAsync(_cancellation).ConfigureAwait(false);
        if (_writing.Find(w => w.IsFaulted) is { } failed)
        {
            lanes.Release();
            await failed.ConfigureAwait(false);
        }

        _writing.RemoveAll(w => w.Status == TaskStatus.RanToCompletion);
    }

    private async Task<T> BesideAsync<T>(Func<Task<T>> work, SemaphoreSlim lane)
    {
        try
        {
            return await work().ConfigureAwait(false);
        }
        catch
        {
            // The others stop at their next piece; this failure is the one that is told.
            _failed = true;
            throw;
        }
        finally
        {
            lane.Release();
        }
    }

    private async Task<bool> WriteAsync(Descriptor content, byte[] bytes)
    {
        using var writer = await BlobWriter.BeginAsync(_parts.Paths, _parts.Files, _parts.Blobs, content, _observer, _cancellation)
            .ConfigureAwait(false);
        return writer is not null && await WriteAsync(writer, async () =>
        {
            await writer.WriteAsync(bytes, 0, bytes.Length, _cancellation).ConfigureAwait(false);
            return true;
        }).ConfigureAwait(false);
    }

    /// <summary>Writes a blob whole, or leaves nothing of it.</summary>
    private async Task<T> WriteAsync<T>(BlobWriter writer, Func<Task<T>> write)
    {
        var done = false;
        try
        {
            // What an earlier, broken copy left is of no use: the bytes come once, from the first on.
            writer.Reset();
            var result = await write().ConfigureAwait(false);
            await writer.CommitAsync(_cancellation).ConfigureAwait(false);
            done = true;
            Made(writer.Descriptor.Digest);
            return result;
        }
        finally
        {
            if (!done)
            {
                writer.Discard();
            }
        }
    }

    /// <summary>True for a document; the first header of a tar is filled up with NULs, which no document has.</summary>
    private static bool IsText(byte[] bytes, int offset, int count) =>
        Array.IndexOf(bytes, (byte)0, offset, Math.Min(count, TarReader.Block)) < 0;

    private void Made(Digest digest)
    {
        lock (_made)
        {
            _made.Add(digest);
        }
    }

    private static ImageException Wrong(string name, Digest expected, Digest? actual, Exception? cause = null) => new(
        ImageErrorKind.Integrity,
        $"'{name}' in the archive is not the content of digest {expected}" + (actual is null ? "" : $": its bytes have {actual}"),
        "The archive was changed, or the tool that wrote it is at fault. Nothing was imported.",
        cause);

    /// <summary>The bytes of a small file.</summary>
    /// <exception cref="ImageException">StoreUnavailable: it ends too early.</exception>
    internal static byte[] ReadAll(int size, Func<byte[], int, int, int> read)
    {
        var bytes = new byte[size];
        for (var filled = 0; filled < size;)
        {
            var got = read(bytes, filled, size - filled);
            filled += got > 0 ? got : throw Short(size - filled);
        }

        return bytes;
    }

    private static ImageException Short(long missing) => new(
        ImageErrorKind.StoreUnavailable, $"a file became {missing} bytes shorter while it was read",
        "Import it again when nobody changes it.");

    private Stream Open(StoredMember member) => member.Bytes is { } bytes ? new MemoryStream(bytes)
        : _parts.Blobs.TryOpen(member.Content) ?? throw new ImageException(
            ImageErrorKind.Incomplete, $"{member.Content.Digest} went while it was imported", "Import the archive again.");

    /// <summary>Brings bytes from a reader to a writer in large pieces; says how they are compressed.</summary>
    private async Task<Compression> PourAsync(long size, Func<byte[], int, int, int> read, Func<byte[], int, int, Task> write)
    {
        using var buffer = TransferBuffer.Rent(Math.Max(1, size));
        var compression = Compression.None;
        for (var (isFirst, left) = (true, size); left > 0; isFirst = false)
        {
            _cancellation.ThrowIfCancellationRequested();
            if (_failed)
            {
                throw new OperationCanceledException();
            }

            var filled = 0;
            var wanted = (int)Math.Min(left, buffer.Length);
            for (int got; filled < wanted && (got = read(buffer.Bytes, buffer.Offset + filled, wanted - filled)) > 0;)
            {
                filled += got;
            }

            if (filled < wanted)
            {
                throw Short(left - filled);
            }

            compression = isFirst ? Compressions.Of(buffer.Bytes, buffer.Offset, filled) : compression;
            await write(buffer.Bytes, buffer.Offset, filled).ConfigureAwait(false);
            left -= filled;
        }

        return compression;
    }
}
