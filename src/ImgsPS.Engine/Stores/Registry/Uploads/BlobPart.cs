using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Transfer;

namespace ImgsPS.Stores.Registry;

/// <summary>A part of a blob as the body of a request: read from its source while it is sent, never in memory as a whole.</summary>
internal static class BlobPart
{
    /// <summary>The body.</summary>
    /// <param name="blob">The blob.</param>
    /// <param name="from">Its first byte to send.</param>
    /// <param name="count">How many.</param>
    /// <param name="budget">Ends the sending, and hears how far it is.</param>
    public static StreamedContent Of(BlobTransfer blob, long from, long count, RetryBudget budget) => new(
        count,
        "application/octet-stream",
        (stream, cancellation) => WriteAsync(blob, from, count, budget, stream, cancellation),
        budget.Token);

    private static async Task WriteAsync(
        BlobTransfer blob, long from, long count, RetryBudget budget, Stream stream, CancellationToken cancellation)
    {
        using var source = blob.Open(from, cancellation);
        using var buffer = TransferBuffer.Rent(count + 1);
        var end = from + count;
        for (var at = from; at < end;)
        {
            int read;
            using (budget.Aside())
            {
                read = await source.ReadAsync(buffer.Bytes, buffer.Offset, (int)Math.Min(buffer.Length, end - at), cancellation)
                    .ConfigureAwait(false);
            }

            if (read == 0)
            {
                throw new ImageException(
                    ImageErrorKind.Integrity, $"blob {blob.Descriptor.Digest} ended after {at} of {blob.Descriptor.Size} bytes");
            }

            await stream.WriteAsync(buffer.Bytes, buffer.Offset, read, cancellation).ConfigureAwait(false);
            at += read;
            budget.Moved();
            budget.Reached(at);
            blob.Progress(at);
        }
    }
}
