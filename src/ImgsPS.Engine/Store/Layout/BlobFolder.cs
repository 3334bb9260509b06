using System;
using System.Buffers;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;

namespace ImgsPS.Store.Layout;

/// <summary>The verified content of a store, <c>blobs/&lt;alg&gt;/&lt;hex&gt;</c>. Safe for any number of threads and processes.</summary>
internal sealed class BlobFolder
{
    /// <summary>Bytes that are read at a time to be hashed.</summary>
    private const int BufferSize = 1 << 20;

    /// <summary>Files of which several are deleted at a time.</summary>
    private const int ManyFiles = 200;

    /// <summary>Deletions at a time then.</summary>
    private const int Deletions = 4;

    private readonly StorePaths _paths;
    private readonly StoreFiles _files;

    public BlobFolder(StorePaths paths, StoreFiles files)
    {
        _paths = paths;
        _files = files;
    }

    /// <summary>False for a look at the store that changes nothing: damage stays where it is, and whoever looks tells of it.</summary>
    public bool MovesDamage { get; init; } = true;

    /// <summary>Bytes of a blob's file; null when there is none.</summary>
    public long? SizeOf(Digest digest) => StoreReader.Length(_paths.Blob(digest));

    /// <summary>True when the content is there, whole by its size; a file of another size counts as absent (RS3).</summary>
    public bool Contains(Descriptor descriptor) => SizeOf(descriptor.Digest) == descriptor.Size;

    /// <summary>Bytes of a blob's file, and when it came to the store; null when it is not there. One look at the disk.</summary>
    public BlobStat? Stat(Digest digest)
    {
        var file = new FileInfo(_paths.Blob(digest));
        return file.Exists ? new BlobStat(file.Length, new DateTimeOffset(file.LastWriteTimeUtc, TimeSpan.Zero)) : null;
    }

    /// <summary>
    /// Reads content, checked against its digest; null when it is not there. A blob that fails the check goes to quarantine, with one
    /// warning, and is not there from then on.
    /// </summary>
    /// <exception cref="ImageException">
    /// TooLarge: the descriptor's size is over <paramref name="limit"/> bytes. StoreUnavailable.
    /// </exception>
    public byte[]? TryRead(Descriptor descriptor, int limit, IOperationObserver observer)
    {
        if (descriptor.Size > limit)
        {
            throw new ImageException(
                ImageErrorKind.TooLarge, $"The content {descriptor.Digest} has {descriptor.Size} bytes, more than the limit of {limit}.");
        }

        switch (Look(descriptor, limit, out var bytes))
        {
            case BlobState.Whole:
                return bytes;
            case BlobState.WrongContent when MovesDamage:
                Quarantine(descriptor.Digest, observer);
                return null;
            default:
                return null;
        }
    }

    /// <summary>Reads and judges content of at most <paramref name="limit"/> bytes; nothing is moved.</summary>
    /// <param name="descriptor">The content.</param>
    /// <param name="limit">Most bytes to read; a larger file has the wrong size.</param>
    /// <param name="bytes">The bytes that have the digest, also when the descriptor says another size; else null.</param>
    /// <exception cref="ImageException">StoreUnavailable: it cannot be read.</exception>
    public BlobState Look(Descriptor descriptor, int limit, out byte[]? bytes)
    {
        bytes = null;
        var path = _paths.Blob(descriptor.Digest);
        if (StoreReader.Length(path) is not { } length)
        {
            return BlobState.Absent;
        }

        if (length > limit)
        {
            return BlobState.WrongSize;
        }

        if (_files.TryRead(path, limit) is not { } found)
        {
            return BlobState.Absent;
        }

        if (Digest.Of(found, descriptor.Digest.Algorithm) != descriptor.Digest)
        {
            return BlobState.WrongContent;
        }

        // The right bytes under a descriptor that lies about their number: not what was asked for (RN19), and nothing wrong with the blob.
        bytes = found;
        return found.Length == descriptor.Size ? BlobState.Whole : BlobState.WrongSize;
    }

    /// <summary>Reads a blob of any size and hashes it; nothing is moved.</summary>
    /// <param name="digest">The blob.</param>
    /// <param name="read">Hears of each piece that was read, in bytes; null when nobody listens.</param>
    /// <param name="cancellationToken">Stops between two pieces.</param>
    public BlobState Hash(Digest digest, Action<int>? read, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            using var file = _files.OpenRead(_paths.Blob(digest));
            using var hash = Digest.CreateHash(digest.Algorithm);
            int count;
            while ((count = file.Read(buffer, 0, buffer.Length)) > 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                hash.AppendData(buffer, 0, count);
                read?.Invoke(count);
            }

            return Digest.FromHash(digest.Algorithm, hash.GetHashAndReset()) == digest ? BlobState.Whole : BlobState.WrongContent;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return BlobState.Absent;
        }
        catch (Exception e) when (StoreFailure.IsMachine(e))
        {
            return BlobState.Unreadable;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>
    /// Moves a blob whose bytes are wrong out of the way, unless its writer is just making it new. The warning is given in any case. Moves
    /// nothing in a store that is not ours, or that cannot be written.
    /// </summary>
    /// <returns>True when it was moved.</returns>
    public bool Quarantine(Digest digest, IOperationObserver observer)
    {
        var fate = "It is ignored.";
        var moved = false;
        if (Directory.Exists(_paths.Quarantine) && Directory.Exists(_paths.Ingest))
        {
            try
            {
                using var ingest = IngestFolder.TryLock(_paths, _files, digest);
                if (ingest is not null
                    && Hash(digest, null, CancellationToken.None) == BlobState.WrongContent
                    && _files.TryMoveNew(_paths.Blob(digest), QuarantinePath(digest)))
                {
                    moved = true;
                    fate = $"It was moved to '{_paths.Quarantine}'; pull the image again to replace it.";
                }
            }
            catch (ImageException e)
            {
                observer.Debug($"The blob {digest} stays where it is: {e.Message}");
            }
        }

        observer.Warning($"The blob {digest} in '{_paths.Root}' is damaged: its bytes do not have that digest. {fate}");
        return moved;
    }

    /// <summary>Moves a file that is in a good blob's way to the quarantine. The caller holds the ingest lock of the digest.</summary>
    public Task ReplaceWrongAsync(Digest digest, CancellationToken cancellationToken)
    {
        _files.CreateFolder(_paths.Quarantine);
        return _files.MoveNewAsync(_paths.Blob(digest), QuarantinePath(digest), cancellationToken);
    }

    /// <summary>
    /// Moves a blob to the quarantine whatever its bytes are; false when its writer is just making it new, or it cannot be moved.
    /// </summary>
    /// <exception cref="ImageException">StoreUnavailable.</exception>
    public async Task<bool> PutAsideAsync(Digest digest)
    {
        using var ingest = IngestFolder.TryLock(_paths, _files, digest);
        if (ingest is null)
        {
            return false;
        }

        await ReplaceWrongAsync(digest, CancellationToken.None).ConfigureAwait(false);
        return true;
    }

    /// <summary>Moves a blob to the trash, whose folder is there, under the store's lock. Bytes moved; null when it is not there.</summary>
    public async Task<long?> MoveToTrashAsync(Digest digest)
    {
        if (SizeOf(digest) is not { } size)
        {
            return null;
        }

        await _files.MoveOverAsync(_paths.Blob(digest), _paths.TrashedBlob(digest), CancellationToken.None).ConfigureAwait(false);
        return size;
    }

    /// <summary>
    /// Brings a blob back from the trash when it is there with the right size; the caller holds its ingest lock. Only whole blobs go there.
    /// </summary>
    public async Task<bool> RestoreAsync(Descriptor descriptor, CancellationToken cancellationToken)
    {
        var trashed = _paths.TrashedBlob(descriptor.Digest);
        if (StoreReader.Length(trashed) != descriptor.Size)
        {
            return false;
        }

        try
        {
            _files.CreateFolder(_paths.BlobFolder(descriptor.Digest.Algorithm));
            await _files.MoveNewAsync(trashed, _paths.Blob(descriptor.Digest), cancellationToken).ConfigureAwait(false);
        }
        catch (ImageException e) when (e.InnerException is FileNotFoundException)
        {
            // The trash was emptied in this moment.
        }

        return Contains(descriptor);
    }

    /// <summary>Deletes all that is in the trash. What cannot be deleted now stays for the next time.</summary>
    public Task EmptyTrashAsync(IOperationObserver observer)
    {
        var files = FilesIn(_paths.Trash);

        // A deletion waits for the disk: several at a time, when there are many.
        var lanes = files.Length < ManyFiles ? 1 : Deletions;
        return lanes == 1 ? DeleteAsync(0) : Task.WhenAll(Enumerable.Range(0, lanes).Select(lane => Task.Run(() => DeleteAsync(lane))));

        async Task DeleteAsync(int lane)
        {
            for (var i = lane; i < files.Length; i += lanes)
            {
                try
                {
                    await _files.DeleteAsync(files[i], CancellationToken.None).ConfigureAwait(false);
                }
                catch (ImageException e)
                {
                    observer.Warning($"{e.Message} The next removal tries again.");
                }
            }
        }
    }

    /// <summary>Brings the names of blobs to the disk, before an index relies on them.</summary>
    public void Sync(IEnumerable<string> algorithms)
    {
        foreach (var algorithm in algorithms)
        {
            _files.SyncFolder(_paths.BlobFolder(algorithm));
        }
    }

    /// <summary>Counts the files under <c>blobs/</c> and their bytes.</summary>
    public (int Count, long Bytes) Measure()
    {
        var count = 0;
        long bytes = 0;
        foreach (var file in Files())
        {
            count++;
            bytes += file.Size;
        }

        return (count, bytes);
    }

    /// <summary>All files under <c>blobs/</c>, in no order. Those that go while this runs may be left out.</summary>
    /// <exception cref="ImageException">StoreUnavailable: a folder cannot be read.</exception>
    public IEnumerable<BlobFile> Files()
    {
        if (!Directory.Exists(_paths.Blobs))
        {
            yield break;
        }

        foreach (var file in StoreReader.FilesUnder(_paths.Blobs))
        {
            var known = StoreReader.TryStat(file);
            if (known is { } found)
            {
                var inPlace = string.Equals(Path.GetDirectoryName(file.DirectoryName), _paths.Blobs, StringComparison.Ordinal);
                var name = inPlace ? file.Directory!.Name + ":" + file.Name : null;
                yield return new BlobFile(file.FullName, Digest.TryParse(name, out var digest) ? digest : null, found.Size, found.Time);
            }
        }
    }

    private static string[] FilesIn(string folder) => Directory.Exists(folder) ? Directory.GetFiles(folder) : Array.Empty<string>();

    private string QuarantinePath(Digest digest) => Path.Combine(
        _paths.Quarantine,
        digest.Algorithm + "-" + digest.Hex + "." + DateTime.UtcNow.ToString("yyyyMMdd'T'HHmmssfff'Z'", CultureInfo.InvariantCulture));
}
