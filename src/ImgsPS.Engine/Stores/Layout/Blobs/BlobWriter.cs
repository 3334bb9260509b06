using System;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Disk;
using ImgsPS.Transfer;

namespace ImgsPS.Stores.Layout;

/// <summary>Writes one blob through its ingest folder (docs/store-design.md, "Adding content, in order"). Not thread-safe.</summary>
internal sealed class BlobWriter : IBlobWriter
{
    /// <summary>
    /// Bytes up to which a blob is not worth a note of what it will be: it is there at once, and most blobs are so small.
    /// </summary>
    private const long WithoutMeta = 64 * 1024;

    private readonly StorePaths _paths;
    private readonly StoreFiles _files;
    private readonly BlobFolder _blobs;
    private readonly IngestFolder _ingest;
    private readonly IngestData _data;

    private BlobWriter(StorePaths paths, StoreFiles files, BlobFolder blobs, IngestFolder ingest, Descriptor descriptor)
    {
        _paths = paths;
        _files = files;
        _blobs = blobs;
        _ingest = ingest;
        Descriptor = descriptor;
        if (descriptor.Size > WithoutMeta)
        {
            ingest.WriteMeta(descriptor);
        }

        _data = new IngestData(files, ingest.Data, descriptor.Digest.Algorithm);
    }

    /// <inheritdoc/>
    public Descriptor Descriptor { get; }

    /// <inheritdoc/>
    public long Position => _data.Position;

    /// <summary>A writer for a blob; null when the blob is there, or came while this call waited for another writer of it.</summary>
    /// <exception cref="ImageException">StoreUnavailable: no room on the disk for the rest, no permission.</exception>
    public static async Task<BlobWriter?> BeginAsync(
        StorePaths paths,
        StoreFiles files,
        BlobFolder blobs,
        Descriptor descriptor,
        IOperationObserver observer,
        CancellationToken cancellationToken)
    {
        if (await blobs.HasAsync(descriptor, observer, cancellationToken).ConfigureAwait(false))
        {
            return null;
        }

        var ingest = await IngestFolder.LockAsync(
            paths,
            files,
            descriptor.Digest,
            observer,
            cancellationToken).ConfigureAwait(false);
        BlobWriter? writer = null;
        var ready = false;
        try
        {
            if (await IsThereAsync(blobs, descriptor, observer, ingest, cancellationToken).ConfigureAwait(false))
            {
                ingest.DisposeAndDelete();
                return null;
            }

            files.At(StorePoint.AfterIngestCreate);
            writer = new BlobWriter(paths, files, blobs, ingest, descriptor);
            await writer._data.ReadBackAsync(descriptor.Size, cancellationToken).ConfigureAwait(false);
            writer._data.EnsureSpace(descriptor.Size - writer.Position);
            ready = true;
            return writer;
        }
        finally
        {
            if (!ready)
            {
                writer?.Dispose();
                ingest.Dispose();
            }
        }
    }

    /// <inheritdoc/>
    public Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (count > Descriptor.Size - Position)
        {
            throw new ImageException(
                ImageErrorKind.Integrity,
                $"{Descriptor.Digest}: more bytes came than its size of {Descriptor.Size}.",
                "The registry sends other content than its manifest says. Nothing was kept of it.");
        }

        _data.Write(buffer, offset, count, Descriptor.Size - Position);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public void Reset() => _data.Reset();

    /// <inheritdoc/>
    public async Task CommitAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Position != Descriptor.Size)
        {
            var got = Position;
            Reset();
            throw new ImageException(
                ImageErrorKind.Integrity,
                $"{Descriptor.Digest}: {got} bytes came, its size is {Descriptor.Size}.",
                "Try again; the content is fetched anew.");
        }

        var actual = _data.Finish();
        if (actual != Descriptor.Digest)
        {
            Reset();
            throw new ImageException(
                ImageErrorKind.Integrity,
                $"filesystem layer verification failed for digest {Descriptor.Digest}: the bytes have {actual}",
                "Try again; if it stays, the registry or a proxy changes the content.");
        }

        if (await PlaceAsync(_paths, _files, _blobs, (_ingest.Data, _data.Close()), Descriptor).ConfigureAwait(false))
        {
            _ingest.DisposeMoved();
        }
        else
        {
            _ingest.DisposeAndDelete();
        }
    }

    /// <summary>Ends it and deletes what came, however far it is: for bytes that nobody can ask for again.</summary>
    public void Discard()
    {
        _data.Dispose();
        _ingest.DisposeAndDelete();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _data.Dispose();
        _ingest.Dispose();
    }

    /// <summary>
    /// True when a blob is there, or came back from the trash, and has its digest; what has not is put aside. The caller holds its lock.
    /// </summary>
    internal static async Task<bool> IsThereAsync(
        BlobFolder blobs, Descriptor blob, IOperationObserver observer, IngestFolder ingest, CancellationToken cancellationToken) =>
        (blobs.Contains(blob) || await blobs.RestoreAsync(blob, cancellationToken).ConfigureAwait(false))
        && await blobs.HasAsync(blob, observer, cancellationToken, ingest).ConfigureAwait(false);

    /// <summary>Moves proven bytes to their place. The caller holds the blob's lock.</summary>
    /// <param name="paths">The store.</param>
    /// <param name="files">Its files.</param>
    /// <param name="blobs">Its content.</param>
    /// <param name="data">The file, and what it was when it was closed.</param>
    /// <param name="blob">What it is.</param>
    /// <returns>False when the same content has come to its place meanwhile; the file is where it was then.</returns>
    internal static async Task<bool> PlaceAsync(
        StorePaths paths, StoreFiles files, BlobFolder blobs, (string Path, FileStatus Written) data, Descriptor blob)
    {
        files.At(StorePoint.BeforeRename);
        files.CreateFolder(paths.BlobFolder(blob.Digest.Algorithm));
        bool moved;
        while (!(moved = await files.MoveNewAsync(data.Path, paths.Blob(blob.Digest), CancellationToken.None).ConfigureAwait(false)))
        {
            // Something has the name: whole, it is the same content (another tool wrote it); of another size, it is damaged (RS3).
            if (blobs.Contains(blob))
            {
                break;
            }

            await blobs.ReplaceWrongAsync(blob.Digest, CancellationToken.None).ConfigureAwait(false);
        }

        if (moved && files.Stat(paths.Blob(blob.Digest)) is { } placed && placed.IsSame(data.Written))
        {
            blobs.Verified.Add(blob.Digest, placed);
        }

        files.At(StorePoint.AfterRename);
        return moved;
    }
}
