using System;
using System.Globalization;
using System.Net;
using System.Net.Http;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Naming;
using ImgsPS.Transfer;

namespace ImgsPS.Stores.Registry;

/// <summary>
/// One blob on its way into a repository: a session, one PUT, and from byte 0 again after a fault; in chunks where the registry or a proxy
/// takes no large body (PU2-PU11). One per blob; not thread-safe.
/// </summary>
internal sealed class BlobUpload
{
    /// <summary>The first chunk that is tried after a 413, in bytes; halved as long as that is refused too.</summary>
    private const long FirstChunk = 8 * 1024 * 1024;

    /// <summary>The smallest chunk, in bytes, unless the registry wants larger ones.</summary>
    private const long SmallestChunk = 128 * 1024;

    /// <summary>A body of so many bytes is announced first, so that a refusal comes before it is sent.</summary>
    private const long WorthAsking = 1024 * 1024;

    /// <summary>How long the end of a session that nobody needs is waited for.</summary>
    private static readonly TimeSpan EndWait = TimeSpan.FromSeconds(5);

    // .NET Framework has no name for it.
    private static readonly HttpMethod s_patch = new("PATCH");

    private readonly RegistryUploads _uploads;
    private readonly RegistryTransport _transport;
    private readonly BlobTransfer _blob;
    private readonly RetryBudget _budget;
    private readonly CancellationToken _user;
    private Uri? _location;
    private long _chunk;
    private long _least;
    private bool _isProven;

    /// <param name="uploads">The repository.</param>
    /// <param name="transport">Its registry.</param>
    /// <param name="blob">The blob.</param>
    /// <param name="budget">How often, and how long.</param>
    /// <param name="user">Ends it when the user does.</param>
    public BlobUpload(
        RegistryUploads uploads, RegistryTransport transport, BlobTransfer blob, RetryBudget budget, CancellationToken user)
    {
        _uploads = uploads;
        _transport = transport;
        _blob = blob;
        _budget = budget;
        _user = user;
    }

    /// <summary>Brings it; true when the registry took it from <paramref name="from"/>.</summary>
    public async Task<bool> RunAsync(string? from)
    {
        try
        {
            if (await BeginAsync(from).ConfigureAwait(false))
            {
                return true;
            }

            while (!await TryAsync().ConfigureAwait(false))
            {
                await BeginAsync(null).ConfigureAwait(false);
            }

            _location = null;
            return false;
        }
        finally
        {
            await EndAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Begins a session; true when the blob was mounted instead.</summary>
    private async Task<bool> BeginAsync(string? from)
    {
        _location = null;
        if (from is not null)
        {
            using var mounting = await TryMountAsync(from).ConfigureAwait(false);
            switch (mounting?.Status)
            {
                case HttpStatusCode.Created:
                    return true;
                case HttpStatusCode.Accepted:
                    Take(mounting);
                    return false;
            }

            // PU3: some refuse the question itself.
        }

        using var response = await _transport.SendAsync(_uploads.Request(HttpMethod.Post, "blobs/uploads/", Empty), _budget, _blob.Observer)
            .ConfigureAwait(false);
        if (response.Status != HttpStatusCode.Accepted)
        {
            throw await _uploads.FailureAsync(response, _user).ConfigureAwait(false);
        }

        Take(response);
        return false;
    }

    private async Task<RegistryResponse?> TryMountAsync(string from)
    {
        var path = $"blobs/uploads/?mount={Uri.EscapeDataString(_blob.Descriptor.Digest.ToString())}&from={Uri.EscapeDataString(from)}";
        var own = _uploads.Request(HttpMethod.Post, path, Empty);
        try
        {
            // PU4: the token must allow to read there.
            return await _transport.SendOnceAsync(
                _uploads.Request(HttpMethod.Post, own.Uri, Empty, TokenScope.Pull(from)), _budget, _blob.Observer).ConfigureAwait(false);
        }
        catch (Exception e) when (e is TransferFault || e is ImageException { Kind: not ImageErrorKind.RateLimited })
        {
            _blob.Observer.Debug($"{_blob.Descriptor.Digest.ShortHex} is not mounted from {from}: {PrintableText.OfServer(e.Message)}");
            return null;
        }
    }

    private void Take(RegistryResponse response)
    {
        _location = UploadLocation.Of(response, _transport.Errors);
        if (long.TryParse(response.Single("OCI-Chunk-Min-Length"), NumberStyles.None, CultureInfo.InvariantCulture, out var least))
        {
            _least = least;
        }
    }

    /// <summary>Sends it once, from byte 0; false when another session has to be begun.</summary>
    private async Task<bool> TryAsync()
    {
        var at = 0L;
        while (true)
        {
            try
            {
                using var response = _chunk == 0
                    ? await PutAsync(at == 0 ? _blob.Descriptor.Size : 0, at).ConfigureAwait(false)
                    : await SendChunksAsync(at).ConfigureAwait(false);
                return await JudgeAsync(response).ConfigureAwait(false);
            }
            catch (TransferFault fault)
            {
                await _uploads.PauseAsync(fault, _budget).ConfigureAwait(false);
                if (await ReachedAsync().ConfigureAwait(false) is not { } reached)
                {
                    return false;
                }

                // PU10: the session goes on behind what the registry has, in one chunk if there was none before.
                at = reached;
                _chunk = _chunk == 0 && at > 0 ? _blob.Descriptor.Size : _chunk;
            }
        }
    }

    private Task<RegistryResponse> PutAsync(long count, long from)
    {
        var uri = UploadLocation.WithDigest(_location!, _blob.Descriptor.Digest);
        var request = _uploads.Request(HttpMethod.Put, uri, () => BlobPart.Of(_blob, from, count, _budget)) with
        {
            ExpectContinue = count > WorthAsking,
        };
        return _transport.SendOnceAsync(request, _budget, _blob.Observer);
    }

    /// <summary>PU8, PU9: PATCH by PATCH, and a PUT without a body; gives the last answer.</summary>
    private async Task<RegistryResponse> SendChunksAsync(long at)
    {
        var size = _blob.Descriptor.Size;
        while (at < size)
        {
            var count = Math.Min(Math.Max(_chunk, _least), size - at);
            var from = at;
            var range = $"{from.ToString(CultureInfo.InvariantCulture)}-{(from + count - 1).ToString(CultureInfo.InvariantCulture)}";
            var request = _uploads.Request(s_patch, _location!, () => Chunk(from, count, range)) with
            {
                ExpectContinue = count > WorthAsking,
            };
            var response = await _transport.SendOnceAsync(request, _budget, _blob.Observer).ConfigureAwait(false);
            if ((int)response.Status is not (201 or 202 or 204))
            {
                return response;
            }

            using (response)
            {
                Take(response);
                at += count;
                if (LastOf(response) is { } last && last + 1 != at)
                {
                    throw new TransferFault(
                        TransferFaultKind.Broken, $"the registry has {last + 1} bytes of the upload where {at} were sent")
                    {
                        At = response.Uri,
                    };
                }
            }
        }

        return await PutAsync(0, size).ConfigureAwait(false);
    }

    private StreamedContent Chunk(long from, long count, string range)
    {
        var content = BlobPart.Of(_blob, from, count, _budget);
        content.Headers.TryAddWithoutValidation("Content-Range", range);
        return content;
    }

    /// <summary>True when the blob is there now; false when another session has to be begun.</summary>
    private async Task<bool> JudgeAsync(RegistryResponse response)
    {
        var status = (int)response.Status;
        switch (status)
        {
            case 200 or 201 or 204:
                return true;
            case 413 when NextChunk() is { } chunk:
                _blob.Observer.Verbose($"{_blob.Descriptor.Digest.ShortHex}: the registry takes no body of that size; "
                    + $"sending chunks of {chunk} bytes");
                _chunk = chunk;
                return false;
        }

        await response.KeepBodyAsync(_transport.Limits, _budget.Token).ConfigureAwait(false);
        var failure = await _uploads.FailureAsync(response, _user).ConfigureAwait(false);
        if (failure.Kind == ImageErrorKind.Integrity)
        {
            await ProveAsync().ConfigureAwait(false);
        }

        // The session is gone, or the registry has a fault: another one may do.
        var isLost = status is 404 or 416 || RetryingSender.IsTransient(response.Status) || failure.Kind == ImageErrorKind.Integrity;
        if (isLost && await _transport.Retrying.TryWaitAsync(response, _budget, _blob.Observer).ConfigureAwait(false))
        {
            return false;
        }

        var retryAfter = RetryAfter.Parse(response.First("Retry-After"), DateTimeOffset.UtcNow);
        if (!isLost || !_budget.TryTake(failure.Message, retryAfter, out var pause))
        {
            throw failure;
        }

        _blob.Observer.Verbose(_transport.Retrying.Announce(failure.Message, _budget, pause));
        await _transport.Limits.Pause(pause, _budget.Token).ConfigureAwait(false);
        return false;
    }

    private long? NextChunk()
    {
        var before = _chunk == 0 ? Math.Min(2 * FirstChunk, _blob.Descriptor.Size) : _chunk;
        var next = Math.Max(before / 2, Math.Max(SmallestChunk, _least));
        return next < before ? next : null;
    }

    /// <summary>PU10: how many bytes of a broken session the registry has; null when it does not go on with it.</summary>
    private async Task<long?> ReachedAsync()
    {
        if (_location is null)
        {
            return null;
        }

        try
        {
            using var response = await _transport.SendOnceAsync(_uploads.Request(HttpMethod.Get, _location, null), _budget, _blob.Observer)
                .ConfigureAwait(false);
            if (response.Status != HttpStatusCode.NoContent || LastOf(response) is not { } last || last + 1 > _blob.Descriptor.Size)
            {
                return null;
            }

            Take(response);

            // 0-0 is what a session without a byte says, too.
            return last == 0 ? 0 : last + 1;
        }
        catch (Exception e) when (e is TransferFault or ImageException)
        {
            _blob.Observer.Debug($"The upload cannot go on: {PrintableText.OfServer(e.Message)}");
            return null;
        }
    }

    /// <summary>The last byte of a session by its Range; null when it does not say.</summary>
    private static long? LastOf(RegistryResponse response)
    {
        var parts = (response.Single("Range") ?? "").Replace("bytes=", "").Split('-');
        return parts.Length == 2 && parts[0] == "0" && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var last)
            ? last : null;
    }

    /// <summary>The registry says that the bytes are not the blob: are they?</summary>
    /// <exception cref="ImageException">Integrity: the source's are not.</exception>
    private async Task ProveAsync()
    {
        if (_isProven)
        {
            return;
        }

        var expected = _blob.Descriptor.Digest;
        using var source = _blob.Open(0, _user);
        using var buffer = TransferBuffer.Rent(_blob.Descriptor.Size + 1);
        using var hash = Digest.CreateHash(expected.Algorithm);
        for (int read; (read = await source.ReadAsync(buffer.Bytes, buffer.Offset, buffer.Length, _user).ConfigureAwait(false)) > 0;)
        {
            hash.AppendData(buffer.Bytes, buffer.Offset, read);
        }

        if (Digest.FromHash(expected.Algorithm, hash.GetHashAndReset()) is var actual && actual != expected)
        {
            throw new ImageException(
                ImageErrorKind.Integrity, $"blob {expected} has other bytes where it comes from: their digest is {actual}",
                "It is damaged there. In a local store Test-ImageStore says more, and Repair-ImageStore or a new pull puts it right.");
        }

        _isProven = true;
    }

    /// <summary>PU11: a session that nobody needs is ended; whether that works is the registry's matter.</summary>
    private async Task EndAsync()
    {
        if (_location is null)
        {
            return;
        }

        try
        {
            using var stop = new CancellationTokenSource(EndWait);
            using var budget = new RetryBudget(_transport.Limits, stop.Token);
            var request = _uploads.Request(HttpMethod.Delete, _location, null);
            using var response = await _transport.SendOnceAsync(request, budget, NullObserver.Instance).ConfigureAwait(false);
        }
        catch (Exception e) when (e is TransferFault or ImageException or OperationCanceledException)
        {
            _blob.Observer.Debug($"The upload is not ended at the registry: {PrintableText.OfServer(e.Message)}");
        }
    }

    private static ByteArrayContent Empty() => new([]);
}
