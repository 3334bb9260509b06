using System;
using System.Diagnostics;
using System.IO;
using System.Net.Http;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Registry;

/// <summary>
/// Reads an answer's body under the time limits of RN12. Every fault of the connection is a <see cref="TransferFault"/>. Not thread-safe.
/// </summary>
internal sealed class BodyReader : IDisposable
{
    private readonly RegistryResponse _response;
    private readonly Stream _stream;
    private readonly RegistryLimits _limits;
    private readonly Stopwatch _reading = new();
    private long _windowBytes;
#if NET472
    private byte[]? _own;
#else

    // Of one read after the other: all of a body are read under the same token.
    private CancellationTokenSource? _idle;
#endif

    private BodyReader(RegistryResponse response, Stream stream, RegistryLimits limits)
    {
        _response = response;
        _stream = stream;
        _limits = limits;
    }

    public static async Task<BodyReader> OpenAsync(RegistryResponse response, RegistryLimits limits, CancellationToken cancellationToken)
    {
#if NET472
        cancellationToken.ThrowIfCancellationRequested();
        var stream = await response.Content.ReadAsStreamAsync().ConfigureAwait(false);
#else
        var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
#endif
        return new(response, stream, limits);
    }

    /// <summary>
    /// Reads the whole body. The content is <c>null</c> when it goes beyond <paramref name="limit"/> bytes, whatever the framing said
    /// before; nothing beyond limit + 1 bytes is read.
    /// </summary>
    public static async Task<byte[]?> ReadAllAsync(RegistryResponse response, int limit, RegistryLimits limits,
        CancellationToken cancellationToken)
    {
        if (response.Length > limit)
        {
            return null;
        }

        var (bytes, complete) = await ReadUpToAsync(response, limit, limits, cancellationToken).ConfigureAwait(false);
        return complete ? bytes : null;
    }

    /// <summary>Reads at most <paramref name="limit"/> bytes and says whether that was all.</summary>
    public static async Task<(byte[] Bytes, bool Complete)> ReadUpToAsync(
        RegistryResponse response, int limit, RegistryLimits limits, CancellationToken cancellationToken)
    {
        using var reader = await OpenAsync(response, limits, cancellationToken).ConfigureAwait(false);
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
            throw new TransferFault(TransferFaultKind.Broken, $"the answer ended after {count} of {expected} bytes");
        }

        var complete = count <= limit;
        Array.Resize(ref buffer, Math.Min(count, limit));
        return (buffer, complete);
    }

    /// <summary>Reads some bytes; 0 at the end.</summary>
    /// <exception cref="TransferFault">The connection broke, or a limit of RN12 ran out.</exception>
#if !NET472
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
#endif
    public async ValueTask<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        int read;
        _reading.Start();
        try
        {
            read = await ReadWithinAsync(buffer, offset, count, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TransferFault(TransferFaultKind.Timeout, $"no byte came for {_limits.IdleRead.TotalSeconds:0.###} s");
        }
        catch (Exception e) when (e is IOException or HttpRequestException or ObjectDisposedException && e is not TransferFault)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new TransferFault(TransferFaultKind.Broken, "the connection broke in the middle of the answer", e);
        }
        finally
        {
            _reading.Stop();
        }

        CheckRate(read);
        return read;
    }

    public void Dispose()
    {
#if !NET472
        _idle?.Dispose();
#endif
    }

    // Only time spent waiting for bytes counts: a slow disk is not a slow server.
    private void CheckRate(int read)
    {
        _windowBytes += read;
        if (read == 0 || _reading.Elapsed < _limits.SlowWindow)
        {
            return;
        }

        if (_windowBytes < _limits.SlowBytesPerSecond * _reading.Elapsed.TotalSeconds)
        {
            throw new TransferFault(
                TransferFaultKind.Timeout,
                $"only {_windowBytes} bytes came in {_reading.Elapsed.TotalSeconds:0} s");
        }

        _reading.Reset();
        _windowBytes = 0;
    }

#if NET472
    // .NET Framework's network stream does not look at the token once a read is on its way: abandon the read and the connection.
    private async Task<int> ReadWithinAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        _own ??= new byte[Math.Min(count, 128 * 1024)];
        var read = _stream.ReadAsync(_own, 0, Math.Min(count, _own.Length), CancellationToken.None);
        using (var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken))
        {
            var idle = Task.Delay(_limits.IdleRead, timer.Token);
            if (await Task.WhenAny(read, idle).ConfigureAwait(false) != read)
            {
                // Nobody waits for the read any more; its failure says only that the connection is gone.
                _ = read.ContinueWith(t => t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted,
                    TaskScheduler.Default);
                _response.Dispose();
                throw new OperationCanceledException();
            }

            timer.Cancel();
        }

        var length = await read.ConfigureAwait(false);
        Buffer.BlockCopy(_own, 0, buffer, offset, length);
        return length;
    }
#else
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReadWithinAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        _ = _response;
        _idle ??= CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var reading = _stream.ReadAsync(buffer.AsMemory(offset, count), _idle.Token);
        if (reading.IsCompleted)
        {
            return await reading.ConfigureAwait(false);
        }

        _idle.CancelAfter(_limits.IdleRead);
        var read = await reading.ConfigureAwait(false);
        if (!_idle.TryReset())
        {
            // The time ran out in the moment in which bytes came.
            _idle.Dispose();
            _idle = null;
        }

        return read;
    }
#endif
}
