using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;

namespace ImgsPS.Store.Layout;

/// <summary>The verified content of a store, <c>blobs/&lt;alg&gt;/&lt;hex&gt;</c>. Safe for any number of threads and processes.</summary>
internal sealed class BlobFolder
{
    private readonly StorePaths _paths;
    private readonly StoreFiles _files;

    public BlobFolder(StorePaths paths, StoreFiles files)
    {
        _paths = paths;
        _files = files;
    }

    /// <summary>Bytes of a blob's file; null when there is none.</summary>
    public long? SizeOf(Digest digest) => StoreReader.Length(_paths.Blob(digest));

    /// <summary>True when the content is there, whole by its size; a file of another size counts as absent (RS3).</summary>
    public bool Contains(Descriptor descriptor) => SizeOf(descriptor.Digest) == descriptor.Size;

    /// <summary>When a blob came to the store, by its file; null when it is not there.</summary>
    public DateTimeOffset? TimeOf(Digest digest)
    {
        var file = new FileInfo(_paths.Blob(digest));
        return file.Exists ? new DateTimeOffset(file.LastWriteTimeUtc, TimeSpan.Zero) : null;
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

        var path = _paths.Blob(descriptor.Digest);
        if (StoreReader.Length(path) is not { } length || length > limit || StoreReader.TryRead(path, limit) is not { } bytes)
        {
            return null;
        }

        if (Digest.Of(bytes, descriptor.Digest.Algorithm) != descriptor.Digest)
        {
            Quarantine(descriptor.Digest, observer);
            return null;
        }

        // The right bytes under a descriptor that lies about their number: not what was asked for (RN19), and nothing wrong with the blob.
        return bytes.Length == descriptor.Size ? bytes : null;
    }

    /// <summary>
    /// Moves a blob whose bytes are wrong out of the way, unless its writer is just making it new. The warning is given in any case. Moves
    /// nothing in a store that is not ours, or that cannot be written.
    /// </summary>
    public void Quarantine(Digest digest, IOperationObserver observer)
    {
        var fate = "It is ignored.";
        if (Directory.Exists(_paths.Quarantine) && Directory.Exists(_paths.Ingest))
        {
            try
            {
                using var ingest = IngestFolder.TryLock(_paths, _files, digest);
                if (ingest is not null && !HasDigest(digest) && _files.TryMoveNew(_paths.Blob(digest), QuarantinePath(digest)))
                {
                    fate = $"It was moved to '{_paths.Quarantine}'; pull the image again to replace it.";
                }
            }
            catch (ImageException e)
            {
                observer.Debug($"The blob {digest} stays where it is: {e.Message}");
            }
        }

        observer.Warning($"The blob {digest} in '{_paths.Root}' is damaged: its bytes do not have that digest. {fate}");
    }

    /// <summary>Moves a file that is in a good blob's way to the quarantine. The caller holds the ingest lock of the digest.</summary>
    public Task ReplaceWrongAsync(Digest digest, CancellationToken cancellationToken)
    {
        _files.CreateFolder(_paths.Quarantine);
        return _files.MoveNewAsync(_paths.Blob(digest), QuarantinePath(digest), cancellationToken);
    }

    /// <summary>Moves a blob to the trash, under the store's lock. Bytes moved; null when it is not there.</summary>
    public async Task<long?> MoveToTrashAsync(Digest digest)
    {
        if (SizeOf(digest) is not { } size)
        {
            return null;
        }

        _files.CreateFolder(_paths.Trash);
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
    public async Task EmptyTrashAsync(IOperationObserver observer)
    {
        foreach (var path in FilesIn(_paths.Trash))
        {
            try
            {
                await _files.DeleteAsync(path, CancellationToken.None).ConfigureAwait(false);
            }
            catch (ImageException e)
            {
                observer.Warning($"{e.Message} The next removal tries again.");
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
        if (Directory.Exists(_paths.Blobs))
        {
            foreach (var file in new DirectoryInfo(_paths.Blobs).EnumerateFiles("*", SearchOption.AllDirectories))
            {
                count++;
                bytes += LengthOrZero(file);
            }
        }

        return (count, bytes);
    }

    private static long LengthOrZero(FileInfo file)
    {
        try
        {
            return file.Length;
        }
        catch (FileNotFoundException)
        {
            // Removed since it was listed.
            return 0;
        }
    }

    private static string[] FilesIn(string folder) => Directory.Exists(folder) ? Directory.GetFiles(folder) : Array.Empty<string>();

    private string QuarantinePath(Digest digest) => Path.Combine(
        _paths.Quarantine,
        digest.Algorithm + "-" + digest.Hex + "." + DateTime.UtcNow.ToString("yyyyMMdd'T'HHmmssfff'Z'", CultureInfo.InvariantCulture));

    private bool HasDigest(Digest digest)
    {
        try
        {
            using var file = StoreReader.Open(_paths.Blob(digest));
            using var hash = Digest.CreateHash(digest.Algorithm);
            var buffer = new byte[1 << 16];
            int read;
            while ((read = file.Read(buffer, 0, buffer.Length)) > 0)
            {
                hash.AppendData(buffer, 0, read);
            }

            return Digest.FromHash(digest.Algorithm, hash.GetHashAndReset()) == digest;
        }
        catch (Exception e) when (StoreFailure.IsMachine(e))
        {
            // Cannot be read now, so nothing is known against it.
            return true;
        }
    }
}
