using System;
using System.Buffers;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Disk;

namespace ImgsPS.Stores.Layout;

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
        Verified = new VerifiedContent(paths, files);
    }

    /// <summary>The store's folder.</summary>
    public string Root => _paths.Root;

    /// <summary>What of it was hashed by this user.</summary>
    public VerifiedContent Verified { get; }

    /// <summary>False for a look at the store that changes nothing: damage stays where it is, and whoever looks tells of it.</summary>
    public bool MovesDamage { get; init; } = true;

    /// <summary>Bytes of a blob's file; null when there is none.</summary>
    public long? SizeOf(Digest digest) => _files.Length(_paths.Blob(digest));

    /// <summary>True when the content is there, whole by its size; a file of another size counts as absent (RS3).</summary>
    public bool Contains(Descriptor descriptor) => SizeOf(descriptor.Digest) == descriptor.Size;

    /// <summary>
    /// True when the content is there and has its digest: this user's ImgsPS wrote it, or hashed it once (SF7). Wrong bytes go to the
    /// quarantine when the caller has the digest's lock.
    /// </summary>
    /// <param name="descriptor">The content.</param>
    /// <param name="observer">Who is told of wrong bytes.</param>
    /// <param name="cancellationToken">Stops between two pieces.</param>
    /// <param name="ingest">The ingest folder of the digest, when the caller has it locked.</param>
    /// <exception cref="ImageException">StoreUnavailable: it cannot be read.</exception>
    public async Task<bool> HasAsync(
        Descriptor descriptor, IOperationObserver observer, CancellationToken cancellationToken, IngestFolder? ingest = null)
    {
        if (_files.Stat(_paths.Blob(descriptor.Digest)) is not { } before || before.Size != descriptor.Size)
        {
            return false;
        }

        if (Verified.Knows(descriptor.Digest, before))
        {
            return true;
        }

        var state = await Task.Run(() => Hash(descriptor.Digest, null, cancellationToken), cancellationToken).ConfigureAwait(false);
        if (state == BlobState.Whole)
        {
            // Another file may have come in its place while it was read: that is hashed the next time.
            Verified.Add(descriptor.Digest, before);
            return true;
        }

        if (state == BlobState.WrongContent && ingest is not null)
        {
            observer.Warning(Damaged(descriptor.Digest, $"It was moved to '{_paths.Quarantine}', and is fetched again."));
            await ReplaceWrongAsync(descriptor.Digest, cancellationToken).ConfigureAwait(false);
        }

        return false;
    }

    /// <summary>Bytes of a blob's file, and when it came to the store; null when it is not there. One look at the disk.</summary>
    public BlobStat? Stat(Digest digest) =>
        _files.Stat(_paths.Blob(digest)) is { } file ? new BlobStat(file.Size, new DateTimeOffset(file.Time, TimeSpan.Zero)) : null;

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
            throw OwnLimit.Exceeded(
                $"the content {descriptor.Digest} has {descriptor.Size} bytes", $"reads at most {limit} of such a blob");
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

    /// <summary>Opens content for reading; null when it is not there, whole by its size. Its digest is not checked.</summary>
    /// <exception cref="ImageException">StoreUnavailable, InvalidData: it cannot be read.</exception>
    public StoreFile? TryOpen(Descriptor descriptor)
    {
        var path = _paths.Blob(descriptor.Digest);
        try
        {
            var file = _files.OpenRead(path);
            if (file.Length == descriptor.Size)
            {
                return file;
            }

            file.Dispose();
            return null;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (StoreFailure.IsMachine(e))
        {
            throw StoreFailure.OfReading(e, path);
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
        if (_files.Length(path) is not { } length)
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
        catch (UnsafeFileException e)
        {
            throw StoreFailure.OfReading(e, e.Path);
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
        if (_files.FolderExists(_paths.Quarantine) && _files.FolderExists(_paths.Ingest) && _files.CanWrite())
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
            catch (ImageException e) when (!StoreFailure.IsUnsafe(e))
            {
                observer.Debug($"The blob {digest} stays where it is: {e.Message}");
            }
        }

        observer.Warning(Damaged(digest, fate));
        return moved;
    }

    private string Damaged(Digest digest, string fate) =>
        $"The blob {digest} in '{_paths.Root}' is damaged: its bytes do not have that digest. {fate}";

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
        if (_files.Length(trashed) != descriptor.Size)
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
        var files = _files.List(_paths.Trash).Where(f => IsTrashName(f.Name)).ToArray();

        // A deletion waits for the disk: several at a time, when there are many.
        var lanes = files.Length < ManyFiles ? 1 : Deletions;
        return lanes == 1 ? DeleteAsync(0) : Task.WhenAll(Enumerable.Range(0, lanes).Select(lane => Task.Run(() => DeleteAsync(lane))));

        async Task DeleteAsync(int lane)
        {
            for (var i = lane; i < files.Length; i += lanes)
            {
                try
                {
                    await _files.DeleteAsync(files[i].Path, CancellationToken.None).ConfigureAwait(false);
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
        foreach (var file in _files.FilesUnder(_paths.Blobs))
        {
            var folder = Path.GetDirectoryName(file.Path)!;
            var name = file.IsFile && Path.GetDirectoryName(folder) == _paths.Blobs ? Path.GetFileName(folder) + ":" + file.Name : null;
            yield return new BlobFile(
                file.Path, Digest.TryParse(name, out var digest) ? digest : null, file.Status.Size, file.Status.Time);
        }
    }

    /// <summary>
    /// True for the name of content on its way out, <c>&lt;alg&gt;-&lt;hex&gt;</c>: nothing else in the trash is ours to delete.
    /// </summary>
    public static bool IsTrashName(string name) => DigestOf(name) is not null && name.IndexOf('.') < 0;

    /// <summary>True for the name of evidence, <c>&lt;alg&gt;-&lt;hex&gt;.&lt;utc&gt;</c>.</summary>
    public static bool IsQuarantineName(string name) =>
        DigestOf(name) is not null && StorePaths.IsTime(name.Substring(name.IndexOf('.') + 1));

    /// <summary>The digest in a name <c>alg-hex</c> or <c>alg-hex.utc</c>; null when it has none.</summary>
    public static Digest? DigestOf(string name)
    {
        var dot = name.IndexOf('.');
        var words = (dot < 0 ? name : name.Substring(0, dot)).Split('-');
        return words.Length == 2 && Digest.TryParse(words[0] + ":" + words[1], out var digest) ? digest : null;
    }

    private string QuarantinePath(Digest digest) => Path.Combine(
        _paths.Quarantine,
        digest.Algorithm + "-" + digest.Hex + "." + StorePaths.TimeName());
}
