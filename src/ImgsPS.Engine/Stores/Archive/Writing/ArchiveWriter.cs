using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Transfer;

namespace ImgsPS.Stores.Archive;

/// <summary>
/// Writes what a plan says, in one pass and with a few buffers: content is hashed on its way, so that nothing damaged is passed on (RS7).
/// One instance per archive.
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
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(_cancellation);
        using var next = new SemaphoreSlim(1);
        var members = _plan.Members.GetEnumerator();
        try
        {
            var workers = new Task[_sink.Concurrency];
            for (var i = 0; i < workers.Length; i++)
            {
                workers[i] = Task.Run(WorkAsync, CancellationToken.None);
            }

            try
            {
                await Task.WhenAll(workers).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!_cancellation.IsCancellationRequested)
            {
                // The others were cancelled because one failed: that one is the cause.
                throw workers.Select(w => w.Exception?.InnerException).First(e => e is not null and not OperationCanceledException)!;
            }

            await _sink.FinishAsync(_cancellation).ConfigureAwait(false);
        }
        finally
        {
            members.Dispose();
            _observer.Progress(new TransferProgress(_title, null, "Exporting", _done, _plan.ContentSize, true));
        }

        async Task WorkAsync()
        {
            try
            {
                while (await NextAsync().ConfigureAwait(false) is var (member, file))
                {
                    using (file)
                    {
                        await WriteMemberAsync(member, file, stop.Token).ConfigureAwait(false);
                    }
                }
            }
            catch
            {
                stop.Cancel();
                throw;
            }
        }

        // The next file, begun; folders before it are made. Null when there is none.
        async Task<(ArchiveMember Member, IMemberSink File)?> NextAsync()
        {
            await next.WaitAsync(stop.Token).ConfigureAwait(false);
            try
            {
                while (members.MoveNext())
                {
                    var member = members.Current;
                    if (!member.IsFolder)
                    {
                        return (member, await _sink.BeginFileAsync(member, stop.Token).ConfigureAwait(false));
                    }

                    await _sink.AddFolderAsync(member.Name, stop.Token).ConfigureAwait(false);
                }

                return null;
            }
            finally
            {
                next.Release();
            }
        }
    }

    private async Task WriteMemberAsync(ArchiveMember member, IMemberSink file, CancellationToken cancellationToken)
    {
        if (member.Content is { } content)
        {
            await content.Source.GuardAsync(_observer, guarded => CopyAsync(content, file, guarded, cancellationToken))
                .ConfigureAwait(false);
        }
        else
        {
            await TakeAsync(file, member.Document!, 0, member.Document!.Length, cancellationToken).ConfigureAwait(false);
        }

        await file.EndAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task<bool> CopyAsync(
        ArchiveContent content, IMemberSink file, IOperationObserver observer, CancellationToken cancellationToken)
    {
        try
        {
            if (content.Kind is ArchiveContentKind.Config or ArchiveContentKind.Layer)
            {
                await StreamAsync(content, file, observer, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                var document = await content.Source.GetManifestAsync(content.Descriptor, observer, cancellationToken).ConfigureAwait(false);
                await TakeAsync(file, document.Bytes, 0, document.Bytes.Length, cancellationToken).ConfigureAwait(false);
            }

            return true;
        }
        catch (ImageException e) when (e.Kind == ImageErrorKind.NotFound)
        {
            throw content.Source.Incomplete($"{content.Namer} names the {content.What}", content.What, content.Descriptor, false, e);
        }
    }

    private async Task StreamAsync(
        ArchiveContent content, IMemberSink file, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var blob = content.Descriptor;
        using var stream = content.Source.OpenBlob(blob, 0, observer, cancellationToken);
        using var hash = Digest.CreateHash(blob.Digest.Algorithm);

        // One byte more than there should be tells a blob that goes on from one that ends.
        using var buffer = TransferBuffer.Rent(blob.Size + 1);
        long got = 0;
        int read;
        while ((read = await stream.ReadAsync(
            buffer.Bytes, buffer.Offset, (int)Math.Min(buffer.Length, blob.Size - got + 1), cancellationToken).ConfigureAwait(false)) > 0)
        {
            got += read;
            if (got > blob.Size)
            {
                throw Damaged(content, stream, $"it has more than the {blob.Size} bytes of its descriptor");
            }

            hash.AppendData(buffer.Bytes, buffer.Offset, read);
            await TakeAsync(file, buffer.Bytes, buffer.Offset, read, cancellationToken).ConfigureAwait(false);
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

    private async Task TakeAsync(IMemberSink file, byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        await file.WriteAsync(buffer, offset, count, cancellationToken).ConfigureAwait(false);
        var done = Interlocked.Add(ref _done, count);
        _observer.Progress(new TransferProgress(_title, null, "Exporting", done, _plan.ContentSize, false));
    }
}
