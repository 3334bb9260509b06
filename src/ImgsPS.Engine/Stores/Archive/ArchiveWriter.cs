using System;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Transfer;

namespace ImgsPS.Stores.Archive;

/// <summary>
/// Writes what a plan says, in one pass and with one buffer: content is hashed on its way, so that nothing damaged is passed on (RS7). One
/// instance per archive.
/// </summary>
internal sealed class ArchiveWriter
{
    private readonly ArchivePlan _plan;
    private readonly IArchiveSink _sink;
    private readonly string _title;
    private readonly IOperationObserver _observer;
    private readonly CancellationToken _cancellation;
    private long _done;

    private ArchiveWriter(ArchivePlan plan, IArchiveSink sink, string title, IOperationObserver observer, CancellationToken cancellation)
    {
        _plan = plan;
        _sink = sink;
        _title = title;
        _observer = observer;
        _cancellation = cancellation;
    }

    /// <summary>Writes an archive.</summary>
    /// <param name="plan">What it has.</param>
    /// <param name="sink">Who takes it.</param>
    /// <param name="title">What the progress is called by.</param>
    /// <param name="observer">Who is told.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="ImageException">
    /// Incomplete: content is not there. Integrity: it is damaged. Both name the image, the content and the way out. Others as the sources
    /// and the sink.
    /// </exception>
    public static Task WriteAsync(
        ArchivePlan plan, IArchiveSink sink, string title, IOperationObserver observer, CancellationToken cancellationToken) =>
        new ArchiveWriter(plan, sink, title, observer, cancellationToken).RunAsync();

    private async Task RunAsync()
    {
        try
        {
            foreach (var member in _plan.Members)
            {
                _cancellation.ThrowIfCancellationRequested();
                if (member.IsFolder)
                {
                    await _sink.AddFolderAsync(member.Name, _cancellation).ConfigureAwait(false);
                    continue;
                }

                await _sink.BeginFileAsync(member.Name, member.Size, _cancellation).ConfigureAwait(false);
                if (member.Content is { } content)
                {
                    await content.Source.GuardAsync(_observer, guarded => CopyAsync(content, guarded)).ConfigureAwait(false);
                }
                else
                {
                    await TakeAsync(member.Document!, 0, member.Document!.Length).ConfigureAwait(false);
                }

                await _sink.EndFileAsync(_cancellation).ConfigureAwait(false);
            }

            await _sink.FinishAsync(_cancellation).ConfigureAwait(false);
        }
        finally
        {
            _observer.Progress(new TransferProgress(_title, null, "Exporting", _done, _plan.ContentSize, true));
        }
    }

    private async Task<bool> CopyAsync(ArchiveContent content, IOperationObserver observer)
    {
        try
        {
            if (content.Kind is ArchiveContentKind.Config or ArchiveContentKind.Layer)
            {
                await StreamAsync(content, observer).ConfigureAwait(false);
            }
            else
            {
                var document = await content.Source.GetManifestAsync(content.Descriptor, observer, _cancellation).ConfigureAwait(false);
                await TakeAsync(document.Bytes, 0, document.Bytes.Length).ConfigureAwait(false);
            }

            return true;
        }
        catch (ImageException e) when (e.Kind == ImageErrorKind.NotFound)
        {
            throw content.Source.Incomplete($"{content.Namer} names the {content.What}", content.What, content.Descriptor, false, e);
        }
    }

    private async Task StreamAsync(ArchiveContent content, IOperationObserver observer)
    {
        var blob = content.Descriptor;
        using var stream = content.Source.OpenBlob(blob, 0, observer, _cancellation);
        using var hash = Digest.CreateHash(blob.Digest.Algorithm);

        // One byte more than there should be tells a blob that goes on from one that ends.
        using var buffer = TransferBuffer.Rent(blob.Size + 1);
        long got = 0;
        int read;
        while ((read = await stream.ReadAsync(
            buffer.Bytes, buffer.Offset, (int)Math.Min(buffer.Length, blob.Size - got + 1), _cancellation).ConfigureAwait(false)) > 0)
        {
            got += read;
            if (got > blob.Size)
            {
                throw Damaged(content, stream, $"it has more than the {blob.Size} bytes of its descriptor");
            }

            hash.AppendData(buffer.Bytes, buffer.Offset, read);
            await TakeAsync(buffer.Bytes, buffer.Offset, read).ConfigureAwait(false);
        }

        if (got < blob.Size)
        {
            throw Damaged(content, stream, $"it ended after {got} of {blob.Size} bytes");
        }

        var actual = Digest.FromHash(blob.Digest.Algorithm, hash.GetHashAndReset());
        if (actual != blob.Digest)
        {
            throw Damaged(content, stream, $"its bytes have the digest {actual}");
        }
    }

    /// <summary>The failure of damaged content. The source hears of it, and may put it aside.</summary>
    private static ImageException Damaged(ArchiveContent content, BlobStream stream, string how)
    {
        var blob = content.Descriptor;
        var wrong = new ImageException(
            ImageErrorKind.Integrity, $"{content.Namer} names the {content.What} {blob.Digest}, but that {content.What} is damaged: {how}",
            content.Source.LackAdvice(blob, hasOthers: false));
        return stream.Refused(wrong) is { } cause && cause != wrong ? new ImageException(wrong.Kind, wrong.Message, wrong.Advice, cause)
            : wrong;
    }

    private async Task TakeAsync(byte[] buffer, int offset, int count)
    {
        await _sink.WriteAsync(buffer, offset, count, _cancellation).ConfigureAwait(false);
        _done += count;
        _observer.Progress(new TransferProgress(_title, null, "Exporting", _done, _plan.ContentSize, false));
    }
}
