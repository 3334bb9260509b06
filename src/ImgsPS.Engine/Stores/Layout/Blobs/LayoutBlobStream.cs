using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Disk;
using ImgsPS.Transfer;

namespace ImgsPS.Stores.Layout;

/// <summary>
/// One blob out of a layout. Reading throws <see cref="ImageException"/>: NotFound (it is not there, whole by its size and digest),
/// StoreUnavailable (it cannot be read).
/// </summary>
internal sealed class LayoutBlobStream : BlobStream
{
    private readonly BlobFolder _blobs;
    private readonly Descriptor _blob;
    private readonly IOperationObserver _observer;
    private readonly CancellationToken _cancellation;
    private StoreFile? _file;

    // Where they are not the same, the bytes before may be another's fault.
    private bool _isWhole;

    /// <param name="blobs">The layout's content.</param>
    /// <param name="blob">The blob.</param>
    /// <param name="offset">The first byte that is wanted.</param>
    /// <param name="observer">Told of damage.</param>
    /// <param name="cancellation">Ends each read.</param>
    public LayoutBlobStream(BlobFolder blobs, Descriptor blob, long offset, IOperationObserver observer, CancellationToken cancellation)
    {
        _blobs = blobs;
        _blob = blob;
        _observer = observer;
        _cancellation = cancellation;
        _isWhole = offset == 0;
        Next = offset;
    }

    /// <inheritdoc/>
    public override async ValueTask<int> NextAsync(byte[] buffer, int offset, int count)
    {
        _cancellation.ThrowIfCancellationRequested();
        _file ??= Open();
        var file = _file;
        try
        {
            // A disk's read does not wait by itself, and several blobs are copied side by side.
            var read = await Task.Run(() => file.Read(buffer, offset, count), CancellationToken.None).ConfigureAwait(false);
            Next += read;
            return read;
        }
        catch (Exception e) when (StoreFailure.IsMachine(e))
        {
            throw StoreFailure.OfReading(e, file.Path);
        }
    }

    /// <inheritdoc/>
    public override ImageException? Refused(ImageException wrong)
    {
        _file?.Dispose();
        _file = null;
        if (!_isWhole)
        {
            _observer.Verbose($"the pieces of {_blob.Digest.ShortHex} do not fit together; starting again from its first byte");
            _isWhole = true;
            Next = 0;
            return null;
        }

        if (_blobs.MovesDamage)
        {
            _blobs.Quarantine(_blob.Digest, _observer);
        }

        return Missing(wrong);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _file?.Dispose();
        }

        base.Dispose(disposing);
    }

    private StoreFile Open()
    {
        var file = _blobs.TryOpen(_blob) ?? throw Missing(null);
        file.Seek(Next, SeekOrigin.Begin);
        return file;
    }

    private ImageException Missing(ImageException? cause) =>
        new(ImageErrorKind.NotFound, $"the blob {_blob.Digest} is not in the store '{_blobs.Root}', or damaged", null, cause);
}
