using System;
using System.IO;
using System.Net.Http;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores.Registry;

/// <summary>
/// Reads an answer's body under the time limits of RN12. Every fault of the connection is a <see cref="TransferFault"/>. Not thread-safe.
/// </summary>
internal sealed partial class BodyReader : IDisposable
{
    private readonly RegistryResponse _response;
    private readonly Stream _stream;
    private readonly RegistryLimits _limits;
    private readonly RetryBudget? _budget;
    private readonly long _start;

    // Where it ends although the platform does not know it; -1 where the platform does.
    private long _end = -1;

    // Only time spent waiting for bytes counts: a slow disk is not a slow server.
    private readonly Pace _pace;

    // The body below a coding that is undone; null for one that is read as it came.
    private ContentCoding.EncodedStream? _coded;

    private BodyReader(RegistryResponse response, Stream stream, RegistryLimits limits, RetryBudget? budget, long start)
    {
        _response = response;
        _stream = stream;
        _limits = limits;
        _budget = budget;
        _pace = new Pace(limits.SlowWindow, limits.SlowBytesPerSecond);
        Position = _start = start;
    }

    /// <summary>How far into the whole body it is, in bytes.</summary>
    public long Position { get; private set; }

    /// <summary>Opens the body as it came.</summary>
    /// <param name="response">The answer.</param>
    /// <param name="limits">How long.</param>
    /// <param name="budget">Told how far the body came; null for nobody.</param>
    /// <param name="start">The first byte of the body that this answer has.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<BodyReader> OpenAsync(
        RegistryResponse response, RegistryLimits limits, RetryBudget? budget, long start, CancellationToken cancellationToken)
    {
        var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        return new(response, stream, limits, budget, start) { _end = response.IsLengthRepeated ? start + response.Length : -1 };
    }

    /// <summary>Opens the body without its coding, as <see cref="ContentCoding.Coded"/>.</summary>
    public static async Task<BodyReader> OpenAsync(
        RegistryResponse response, string coding, long size, RegistryLimits limits, RetryBudget? budget, CancellationToken cancellationToken)
    {
        var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        var coded = ContentCoding.Coded(coding, stream, size);
        return new(response, ContentCoding.Open(coding, coded), limits, budget, 0) { _coded = coded };
    }

    /// <summary>The body ended before its end, or the connection broke.</summary>
    public TransferFault Cut(string message, Exception? cause = null) => new(TransferFaultKind.Broken, message, cause)
    {
        At = _response.Uri,

        // A reset takes bytes with it that were sent: where the body was cut is not known when none came.
        CutAt = Position == _start && IsReset(cause) ? null : Position,
    };

    /// <summary>
    /// Reads the whole body. The content is <c>null</c> when it goes beyond <paramref name="limit"/> bytes, whatever the framing said
    /// before; nothing beyond limit + 1 bytes is read.
    /// </summary>
    public static async Task<byte[]?> ReadAllAsync(
        RegistryResponse response, int limit, RegistryLimits limits, RetryBudget? budget, CancellationToken cancellationToken)
    {
        if (response.Length > limit)
        {
            return null;
        }

        var (bytes, complete) = await ReadUpToAsync(response, limit, limits, budget, cancellationToken).ConfigureAwait(false);
        return complete ? bytes : null;
    }

    /// <summary>Reads at most <paramref name="limit"/> bytes and says whether that was all.</summary>
    public static async Task<(byte[] Bytes, bool Complete)> ReadUpToAsync(
        RegistryResponse response, int limit, RegistryLimits limits, RetryBudget? budget, CancellationToken cancellationToken)
    {
        using var reader = await OpenAsync(response, limits, budget, 0, cancellationToken).ConfigureAwait(false);
        var expected = response.Length;
        var buffer = new byte[expected >= 0 && expected <= limit ? (int)expected + 1 : Math.Min(16 * 1024, limit + 1)];
        var count = 0;
        while (true)
        {
            if (count == buffer.Length)
            {
                if (count > limit)
                {
                    break;
                }

                Array.Resize(ref buffer, (int)Math.Min((long)limit + 1, buffer.Length * 2L));
            }

            var read = await reader.ReadAsync(buffer, count, buffer.Length - count, cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                break;
            }

            count += read;
        }

        // A body cut short is not told by every handler (RN17).
        if (expected > count && count <= limit)
        {
            throw reader.Cut($"the answer ended after {count} of {expected} bytes");
        }

        var complete = count <= limit;
        Array.Resize(ref buffer, Math.Min(count, limit));
        return (buffer, complete);
    }

    /// <summary>Reads some bytes; 0 at the end.</summary>
    /// <exception cref="TransferFault">The connection broke, or a limit of RN12 ran out.</exception>
    /// <exception cref="ImageException">Integrity: the body is opened without its coding, and has another.</exception>
#if !NET472
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
#endif
    public async ValueTask<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Position == _end)
        {
            return 0;
        }

        int read;
        _pace.Start();
        try
        {
            read = await ReadWithinAsync(buffer, offset, count, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TransferFault(TransferFaultKind.Timeout, $"no byte came for {_limits.IdleRead.TotalSeconds:0.###} s")
            {
                At = _response.Uri,
            };
        }
        catch (Exception e) when (e is InvalidDataException || (_coded?.HasFailed == false && e is IOException and not TransferFault))
        {
            // The body came; what undoes its coding refuses it, on mono as a failed read.
            throw new ImageException(
                ImageErrorKind.Integrity, $"the answer of {HostNames.Display(_response.Uri)} is not encoded as it says: {e.Message}", null, e);
        }
        catch (Exception e) when (e is IOException or HttpRequestException or ObjectDisposedException && e is not TransferFault)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw Cut("the connection broke in the middle of the answer", e);
        }
        finally
        {
            _pace.Stop();
        }

        Position += read;
        _budget?.Reached(Position);
        return _pace.IsTooSlow(read)
            ? throw new TransferFault(TransferFaultKind.Slow, $"only {_pace.Bytes} bytes came in {_pace.Elapsed.TotalSeconds:0} s")
            {
                At = _response.Uri,
            }
            : read;
    }

    public void Dispose() => End();

    partial void End();

    private static bool IsReset(Exception? cause) => cause is SocketException { SocketErrorCode: SocketError.ConnectionReset }
        || (cause is not null && IsReset(cause.InnerException));
}
