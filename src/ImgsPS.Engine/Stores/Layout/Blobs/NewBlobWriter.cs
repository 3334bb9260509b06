using System;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Disk;
using ImgsPS.Transfer;

namespace ImgsPS.Stores.Layout;

/// <summary>
/// Writes content that is made here through an ingest folder with a name of its own: the blob's name is known at its end. Not thread-safe.
/// </summary>
internal sealed class NewBlobWriter : INewBlobWriter
{
    private const string Algorithm = "sha256";

    private readonly StorePaths _paths;
    private readonly StoreFiles _files;
    private readonly BlobFolder _blobs;
    private readonly Action<Descriptor> _protect;
    private readonly IngestFolder _ingest;
    private readonly IngestData _data;
    private Digest? _digest;

    private NewBlobWriter(
        StorePaths paths, StoreFiles files, BlobFolder blobs, Action<Descriptor> protect, IngestFolder ingest)
    {
        _paths = paths;
        _files = files;
        _blobs = blobs;
        _protect = protect;
        _ingest = ingest;
        _data = new IngestData(files, ingest.Data, Algorithm);
    }

    /// <inheritdoc/>
    public long Position => _data.Position;

    /// <summary>A writer.</summary>
    /// <param name="paths">The store.</param>
    /// <param name="files">Its files.</param>
    /// <param name="blobs">Its content.</param>
    /// <param name="protect">Claims what the content turns out to be, before it is visible.</param>
    /// <param name="observer">Who is told.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="ImageException">StoreUnavailable.</exception>
    public static async Task<NewBlobWriter> BeginAsync(
        StorePaths paths, StoreFiles files, BlobFolder blobs, Action<Descriptor> protect, IOperationObserver observer,
        CancellationToken cancellationToken)
    {
        var ingest = await IngestFolder.LockNewAsync(paths, files, cancellationToken).ConfigureAwait(false);
        try
        {
            files.At(StorePoint.AfterIngestCreate);
            return new NewBlobWriter(paths, files, blobs, protect, ingest);
        }
        catch
        {
            ingest.DisposeAndDelete();
            throw;
        }
    }

    /// <inheritdoc/>
    public Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_digest is not null)
        {
            throw new InvalidOperationException("The content is at its end.");
        }

        _data.Write(buffer, offset, count, count);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task<Descriptor> CommitAsync(string mediaType, IOperationObserver observer, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var blob = new Descriptor(mediaType, _digest ??= _data.Finish(), Position);
        _protect(blob);
        if (!await _blobs.HasAsync(blob, observer, cancellationToken).ConfigureAwait(false))
        {
            // Another writer of the same content holds this one's place.
            using var place = await IngestFolder.LockAsync(_paths, _files, blob.Digest, observer, cancellationToken).ConfigureAwait(false);
            if (!await BlobWriter.IsThereAsync(_blobs, blob, observer, place, cancellationToken).ConfigureAwait(false)
                && await BlobWriter.PlaceAsync(_paths, _files, _blobs, (_ingest.Data, _data.Close()), blob).ConfigureAwait(false))
            {
                _ingest.DisposeMoved();
            }

            // What an earlier copy left of it is of no use any more.
            place.DisposeAndDelete();
        }

        return blob;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _data.Dispose();
        _ingest.DisposeAndDelete();
    }
}
