using System;
using System.Buffers;
using System.Net;
using System.Net.Http;
using System.Runtime.CompilerServices;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Transfer;

namespace ImgsPS.Stores.Registry;

/// <summary>
/// One blob out of a registry, in one pass, whatever the connection does (RN10, RN15-RN19): a read that fails asks for the rest, in the
/// limits of one budget. Time between two reads is not the registry's and does not count. Reading throws <see cref="ImageException"/>:
/// Integrity (it is not this blob), NotFound, Unauthorized, Denied, RateLimited, Unavailable, Timeout.
/// </summary>
internal sealed class RegistryBlobStream : BlobStream
{
    /// <summary>Bytes that are read at a time of what is there already.</summary>
    private const int SkipSize = 128 * 1024;

    private readonly RegistryTransport _transport;
    private readonly BlobRequest _request;
    private readonly IOperationObserver _observer;
    private readonly RetryBudget _budget;
    private RetryBudget.Pause _between;
    private RegistryResponse? _response;
    private BodyReader? _body;
    private bool _disposed;

    // The bytes are not of one answer: the digest may fail although the registry's content is right.
    private bool _pieced;

    // RN16, and a digest that failed over pieces: from byte 0 once more, no oftener.
    private bool _startedOver;

    // The coding that an answer came with, for the way (FF13).
    private string? _coding;

    // Undo it: the digest is of the content without. Null until the first such answer; once it was wrong, it is the other way for good.
    private bool? _undo;
    private bool _isTurned;

    /// <param name="transport">The registry.</param>
    /// <param name="request">What is wanted of it.</param>
    /// <param name="budget">How long and how often; goes with the stream.</param>
    /// <param name="observer">Who is told of faults and new tries.</param>
    public RegistryBlobStream(RegistryTransport transport, BlobRequest request, RetryBudget budget, IOperationObserver observer)
    {
        _transport = transport;
        _request = request;
        _observer = observer;
        _budget = budget;
        _between = budget.Aside();
        Next = request.Offset;
        _pieced = request.Offset > 0;
    }

    private Descriptor Blob => _request.Blob;

    /// <inheritdoc/>
#if !NET472
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
#endif
    public override async ValueTask<int> NextAsync(byte[] buffer, int offset, int count)
    {
        if (_body is null && Next >= Blob.Size)
        {
            return 0;
        }

        _between.Dispose();
        try
        {
            while (true)
            {
                try
                {
                    if (_body is null && !await TryOpenAsync().ConfigureAwait(false))
                    {
                        continue;
                    }

                    var read = await _body!.ReadAsync(buffer, offset, count, _budget.Token).ConfigureAwait(false);
                    if (read == 0 && Next < Blob.Size)
                    {
                        // Never trust the end of a body (RN17).
                        throw Cut(_body);
                    }

                    Next += read;
                    return read;
                }
                catch (TransferFault) when (Next >= Blob.Size)
                {
                    // All that was wanted is there: how the connection ends does not matter.
                    EndAnswer();
                    return 0;
                }
                catch (TransferFault fault) when (!_disposed)
                {
                    EndAnswer();
                    await _transport.PauseAsync(fault, _budget, _observer).ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException e) when (_budget.IsOver)
        {
            throw _transport.Errors.Unreachable(_budget.Over(e));
        }
        finally
        {
            _between = _budget.Aside();
        }
    }

    /// <inheritdoc/>
    public override ImageException? Refused(ImageException wrong)
    {
        EndAnswer();
        if (_undo is not null && !_isTurned && ContentCoding.CanUndo(_coding!))
        {
            _observer.Verbose($"{Blob.Digest.ShortHex} came with Content-Encoding {_coding}; it is read "
                + (_undo.Value ? "as it came" : "without"));
            _undo = !_undo;
            _isTurned = true;
            _pieced = false;
            Next = 0;
            return null;
        }

        if (_pieced && !_startedOver)
        {
            StartOver($"the pieces of {Blob.Digest.ShortHex} do not fit together");
            return null;
        }

        return ContentCoding.Told(_coding, wrong);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && !_disposed)
        {
            _disposed = true;
            EndAnswer();
            _budget.Dispose();
        }

        base.Dispose(disposing);
    }

    private void EndAnswer()
    {
        _body?.Dispose();
        _response?.Dispose();
        _body = null;
        _response = null;
    }

    private void StartOver(string reason)
    {
        _observer.Verbose(reason + "; starting again from its first byte");
        _pieced = false;
        _startedOver = true;
        _budget.StartOver();
        Next = 0;
    }

    /// <summary>Asks for the rest; false when it has to be all, from the first byte.</summary>
    private async Task<bool> TryOpenAsync()
    {
        var from = Next;
        _pieced |= from > 0;
        var request = new RegistryRequest(
            HttpMethod.Get, _request.Uri, TokenScope.Pull(_request.Repository.Repository), _request.Repository.Repository)
        {
            RangeFrom = _undo == true ? 0 : from,
        };
        _response = await _transport.SendAsync(request, _budget, _observer).ConfigureAwait(false);
        var opened = false;
        try
        {
            Judge(_response);
            if (await WhyNotAsync(_response, from).ConfigureAwait(false) is { } reason)
            {
                Refuse(reason);
                return false;
            }

            var skip = _response.Status == HttpStatusCode.OK ? from : 0;
            _body = await OpenBodyAsync(_response, from - skip).ConfigureAwait(false);
            await SkipAsync(_body, skip).ConfigureAwait(false);
            opened = true;
            return true;
        }
        finally
        {
            if (!opened)
            {
                EndAnswer();
            }
        }
    }

    /// <summary>Why an answer's body is of no use and all has to be asked for again; null when it is of use.</summary>
    private async Task<string?> WhyNotAsync(RegistryResponse response, long from)
    {
        switch (response.Status)
        {
            case HttpStatusCode.OK:
                if (_undo != true)
                {
                    CheckLength(response);
                }

                return null;
            case HttpStatusCode.PartialContent when from == 0:
                throw new TransferFault(TransferFaultKind.Broken, "the registry sent a part of the blob, unasked");
            case HttpStatusCode.PartialContent:
                return ContentRange.Parse(response.Header("Content-Range")) is { } range
                    && range.First == from && range.CompleteLength == Blob.Size
                    ? null
                    : $"the registry sent another part of {Blob.Digest.ShortHex} than was asked for";
            case HttpStatusCode.RequestedRangeNotSatisfiable when from > 0:
                return $"the registry has no bytes of {Blob.Digest.ShortHex} after the first {from}";
            default:
                throw await _transport.Errors.ForBlobAsync(response, _request.Repository, Blob.Digest, _budget.User).ConfigureAwait(false);
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

    private void CheckLength(RegistryResponse response)
    {
        if (response.Length >= 0 && response.Length != Blob.Size)
        {
            throw new ImageException(
                ImageErrorKind.Integrity,
                $"blob {Blob.Digest} has {response.Length} bytes at the registry; its descriptor says {Blob.Size}",
                "The image was pushed wrongly, or something between changes the content.");
        }
    }

    /// <param name="response">The answer.</param>
    /// <param name="start">The first byte of the blob that it has.</param>
    private Task<BodyReader> OpenBodyAsync(RegistryResponse response, long start) =>
        _undo == true && ContentCoding.Of(response) is { } coding && ContentCoding.CanUndo(coding)
            ? BodyReader.OpenAsync(response, coding, Blob.Size, _transport.Limits, _budget, _budget.Token)
            : BodyReader.OpenAsync(response, _transport.Limits, _budget, start, _budget.Token);

    /// <summary>Reads what is there already: the registry sent it although it was not asked for (RN16).</summary>
    private async Task SkipAsync(BodyReader body, long count)
    {
        if (count == 0)
        {
            return;
        }

        var buffer = ArrayPool<byte>.Shared.Rent(SkipSize);
        try
        {
            while (count > 0)
            {
                var read = await body.ReadAsync(buffer, 0, (int)Math.Min(count, buffer.Length), _budget.Token).ConfigureAwait(false);
                count = read > 0 ? count - read : throw Cut(body);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private TransferFault Cut(BodyReader body) => body.Cut($"{Blob.Digest.ShortHex} ended after {body.Position} of {Blob.Size} bytes");
}
