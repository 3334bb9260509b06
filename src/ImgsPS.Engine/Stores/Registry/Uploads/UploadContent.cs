using System;
using System.IO;
using System.Net;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Threading.Tasks;
using ImgsPS.Transfer;

namespace ImgsPS.Stores.Registry;

/// <summary>A part of a blob as the body of a request: read from its source while it is sent, never in memory as a whole.</summary>
internal sealed class UploadContent : HttpContent
{
    private readonly BlobTransfer _blob;
    private readonly long _from;
    private readonly long _count;
    private readonly RetryBudget _budget;

    /// <param name="blob">The blob.</param>
    /// <param name="from">Its first byte to send.</param>
    /// <param name="count">How many.</param>
    /// <param name="budget">Ends the sending, and hears how far it is.</param>
    public UploadContent(BlobTransfer blob, long from, long count, RetryBudget budget)
    {
        _blob = blob;
        _from = from;
        _count = count;
        _budget = budget;
        Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
    }

    /// <summary>Called when the last byte is on its way: from then on an answer is waited for.</summary>
    public Action? Sent { get; set; }

    /// <summary>Why the source could not be read; null when it could.</summary>
    public ImageException? Failure { get; private set; }

    /// <inheritdoc/>
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        using var source = _blob.Open(_from, _budget.Token);
        using var buffer = TransferBuffer.Rent(_count + 1);
        var end = _from + _count;
        for (var at = _from; at < end;)
        {
            int read;
            try
            {
                using var aside = _budget.Aside();
                read = await source.ReadAsync(buffer.Bytes, buffer.Offset, (int)Math.Min(buffer.Length, end - at), _budget.Token)
                    .ConfigureAwait(false);
                if (read == 0)
                {
                    throw new ImageException(
                        ImageErrorKind.Integrity,
                        $"blob {_blob.Descriptor.Digest} ended after {at} of {_blob.Descriptor.Size} bytes");
                }
            }
            catch (ImageException e)
            {
                Failure = e;
                throw new IOException("The content could not be read.", e);
            }

            await stream.WriteAsync(buffer.Bytes, buffer.Offset, read, _budget.Token).ConfigureAwait(false);
            at += read;
            _budget.Moved();
            _budget.Reached(at);
            _blob.Progress(at);
        }

        Sent?.Invoke();
    }

    /// <inheritdoc/>
    protected override bool TryComputeLength(out long length)
    {
        length = _count;
        return true;
    }
}
