using System;
using System.Net;
using System.Net.Http;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Transfer;

namespace ImgsPS.Stores.Registry;

/// <summary>
/// One blob's way from a registry into a writer, in one pass, whatever the connection does (RN10, RN15-RN19). One instance per download.
/// </summary>
internal sealed class BlobDownload
{
    /// <summary>Bytes that are written although the buffer is not full, while the next ones are waited for.</summary>
    private const int WorthWriting = 128 * 1024;

    /// <summary>How long fewer bytes than that wait for more at most, in milliseconds.</summary>
    private const int LongestHold = 100;

    private readonly RegistryTransport _transport;
    private readonly ImageReference _repository;
    private readonly Uri _uri;
    private readonly IBlobWriter _writer;
    private readonly Action<long>? _progress;
    private readonly IOperationObserver _observer;
    private readonly RetryBudget _budget;

    // The bytes are not of one answer: the digest may fail although the registry's content is right.
    private bool _pieced;

    // Runs out now and then while few bytes are held; one for many reads, since a timer for each is garbage that grows with the blob.
    private Task? _hold;

    // RN16, and a digest that failed over pieces: from byte 0 once more, no oftener.
    private bool _startedOver;

    // The coding that an answer came with, for the way (FF13).
    private string? _coding;

    // Undo it: the digest is of the content without. Null until the first such answer; once it was wrong, it is the other way for good.
    private bool? _undo;
    private bool _isTurned;

    public BlobDownload(
        RegistryTransport transport, ImageReference repository, Uri uri, IBlobWriter writer, Action<long>? progress,
        RetryBudget budget, IOperationObserver observer)
    {
        _transport = transport;
        _repository = repository;
        _uri = uri;
        _writer = writer;
        _progress = progress;
        _budget = budget;
        _observer = observer;
    }

    private Descriptor Blob => _writer.Descriptor;

    /// <summary>Fills the writer and commits it.</summary>
    /// <exception cref="ImageException">Integrity: not this blob's bytes. NotFound, Unauthorized, Unavailable, Timeout, …</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        _pieced = _writer.Position > 0;
        while (true)
        {
            try
            {
                while (_writer.Position < Blob.Size)
                {
                    await FetchAsync(cancellationToken).ConfigureAwait(false);
                }

                using (_budget.Aside())
                {
                    await _writer.CommitAsync(cancellationToken).ConfigureAwait(false);
                }

                return;
            }
            catch (ImageException e) when (e.Kind == ImageErrorKind.Integrity && _undo is not null && !_isTurned
                && ContentCoding.CanUndo(_coding!))
            {
                _observer.Verbose($"{Blob.Digest.ShortHex} came with Content-Encoding {_coding}; it is read "
                    + (_undo.Value ? "as it came" : "without"));
                _undo = !_undo;
                _isTurned = true;
                _writer.Reset();
                _pieced = false;
                _progress?.Invoke(0);
            }
            catch (ImageException e) when (e.Kind == ImageErrorKind.Integrity && _pieced && !_startedOver)
            {
                StartOver($"the pieces of {Blob.Digest.ShortHex} do not fit together");
            }
            catch (ImageException e) when (e.Kind == ImageErrorKind.Integrity && _coding is not null)
            {
                throw ContentCoding.Told(_coding, e);
            }
        }
    }

    private void StartOver(string reason)
    {
        _observer.Verbose(reason + "; starting again from its first byte");
        _writer.Reset();
        _pieced = false;
        _startedOver = true;
        _budget.StartOver();
        _progress?.Invoke(0);
    }

    // One request: as many bytes as come. Returns normally also when more are needed.
    private async Task FetchAsync(CancellationToken cancellationToken)
    {
        var from = _writer.Position;
        _pieced |= from > 0;
        var request = new RegistryRequest(HttpMethod.Get, _uri, TokenScope.Pull(_repository.Repository),
            _repository.Repository)
        { RangeFrom = _undo == true ? 0 : from };
        using var response = await _transport.SendAsync(request, _budget, _observer).ConfigureAwait(false);
        Judge(response);
        try
        {
            var skip = 0L;
            switch (response.Status)
            {
                case HttpStatusCode.OK:
                    skip = from;
                    if (_undo != true)
                    {
                        CheckLength(response, Blob.Size);
                    }

                    break;
                case HttpStatusCode.PartialContent when from == 0:
                    throw new TransferFault(TransferFaultKind.Broken, "the registry sent a part of the blob, unasked");
                case HttpStatusCode.PartialContent:
                    if (ContentRange.Parse(response.Header("Content-Range")) is not { } range
                        || range.First != from
                        || range.CompleteLength != Blob.Size)
                    {
                        Refuse($"the registry sent another part of {Blob.Digest.ShortHex} than was asked for");
                        return;
                    }

                    break;
                case HttpStatusCode.RequestedRangeNotSatisfiable when from > 0:
                    Refuse($"the registry has no bytes of {Blob.Digest.ShortHex} after the first {from}");
                    return;
                default:
                    throw await _transport.Errors.ForBlobAsync(response, _repository, Blob.Digest, cancellationToken).ConfigureAwait(false);
            }

            await CopyAsync(response, from - skip, skip).ConfigureAwait(false);
        }
        catch (TransferFault fault)
        {
            await _transport.PauseAsync(fault, _budget, _observer).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// How an answer with a coding is read first: as it came when its length is the blob's, or when it is compressed content by its type, of
    /// which storages say so.
    /// </summary>
    private void Judge(RegistryResponse response)
    {
        if (response.Status == HttpStatusCode.OK && ContentCoding.Of(response) is { } coding)
        {
            _coding = coding;
            _undo ??= ContentCoding.CanUndo(coding) && response.Length != Blob.Size
                && (response.Length >= 0 || MediaTypes.Classify(Blob.MediaType).Compression is null or LayerCompression.None);
        }
    }

    private void Refuse(string reason)
    {
        if (_startedOver)
        {
            throw new ImageException(
                ImageErrorKind.InvalidData, reason, "The registry, or a proxy before it, does not handle Range requests correctly.");
        }

        StartOver(reason);
    }

    private void CheckLength(RegistryResponse response, long expected)
    {
        if (response.Length >= 0 && response.Length != expected)
        {
            throw new ImageException(
                ImageErrorKind.Integrity,
                $"blob {Blob.Digest} has {response.Length} bytes at the registry; its descriptor says {expected}",
                "The image was pushed wrongly, or something between changes the content.");
        }
    }

    // start: the first byte of the blob that the answer has; skip: how many of its bytes are there already.
    private async Task CopyAsync(RegistryResponse response, long start, long skip)
    {
        using var body = await (_undo == true && ContentCoding.Of(response) is { } coding && ContentCoding.CanUndo(coding)
            ? BodyReader.OpenAsync(response, coding, Blob.Size, _transport.Limits, _budget, _budget.Token)
            : BodyReader.OpenAsync(response, _transport.Limits, _budget, start, _budget.Token)).ConfigureAwait(false);

        // One byte more than is left: that tells the end from a body that goes on (RN10).
        using var buffer = TransferBuffer.Rent(skip + Blob.Size - _writer.Position + 1);
        var gathered = 0;
        while (true)
        {
            var wanted = (int)Math.Min(buffer.Length - gathered, skip + Blob.Size - _writer.Position - gathered + 1);
#pragma warning disable CA2012 // Each is consumed once: when it is, the variable has the next one.
            var reading = body.ReadAsync(buffer.Bytes, buffer.Offset + gathered, wanted, _budget.Token);
            var isSoon = gathered == 0 || reading.IsCompleted;
            if (!isSoon && gathered < WorthWriting)
            {
                var waited = reading.AsTask();
                reading = new ValueTask<int>(waited);
                isSoon = await IsSoonAsync(waited).ConfigureAwait(false);
            }

            if (!isSoon)
            {
                // While nothing comes, what is there goes into the store: it counts as progress and is kept whatever happens. The read goes
                // on behind it in the buffer.
                try
                {
                    await WriteAsync(buffer, gathered).ConfigureAwait(false);
                }
                catch
                {
                    buffer.Abandon();
                    Forget(reading.AsTask());
                    throw;
                }

                var more = await reading.ConfigureAwait(false);
                Buffer.BlockCopy(buffer.Bytes, buffer.Offset + gathered, buffer.Bytes, buffer.Offset, more);
                gathered = 0;
                reading = new ValueTask<int>(more);
            }

            int read;
            try
            {
                read = await reading.ConfigureAwait(false);
            }
            catch (Exception e) when (gathered > 0 && e is (TransferFault or OperationCanceledException))
            {
                // The next try, or the next pull, goes on after what came.
                await WriteAsync(buffer, gathered).ConfigureAwait(false);
                throw;
            }

#pragma warning restore CA2012
            if (read == 0)
            {
                break;
            }

            var skipped = (int)Math.Min(skip, read);
            skip -= skipped;
            if (skipped > 0)
            {
                Buffer.BlockCopy(buffer.Bytes, buffer.Offset + gathered + skipped, buffer.Bytes, buffer.Offset + gathered, read - skipped);
            }

            gathered += read - skipped;
            if (gathered > Blob.Size - _writer.Position)
            {
                // What is kept would be taken for the blob the next time.
                _writer.Reset();
                throw new ImageException(
                    ImageErrorKind.Integrity,
                    $"blob {Blob.Digest} is longer than the {Blob.Size} bytes of its descriptor",
                    "The image was pushed wrongly, or something between changes the content.");
            }

            if (gathered == buffer.Length)
            {
                await WriteAsync(buffer, gathered).ConfigureAwait(false);
                gathered = 0;
            }
        }

        if (gathered > 0)
        {
            await WriteAsync(buffer, gathered).ConfigureAwait(false);
        }

        if (_writer.Position < Blob.Size)
        {
            // Never trust the end of a body (RN17).
            throw body.Cut($"{Blob.Digest.ShortHex} ended after {body.Position} of {Blob.Size} bytes");
        }
    }

    // What came is never thrown away, so it cannot be cancelled; the next read can.
    private async Task WriteAsync(TransferBuffer buffer, int count)
    {
        using (_budget.Aside())
        {
            await _writer.WriteAsync(buffer.Bytes, buffer.Offset, count, CancellationToken.None).ConfigureAwait(false);
        }

        _progress?.Invoke(_writer.Position);
    }

    /// <summary>True when a read ends before the few bytes that are gathered have waited long enough.</summary>
    private async Task<bool> IsSoonAsync(Task<int> reading)
    {
        if (_hold is null || _hold.IsCompleted)
        {
            _hold = Task.Delay(LongestHold, CancellationToken.None);
        }

        await Task.WhenAny(reading, _hold).ConfigureAwait(false);
        return reading.IsCompleted;
    }

    // Its failure says only that nobody wants it any more.
    private static void Forget(Task reading) =>
        _ = reading.ContinueWith(t => t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
}
