using System;
using System.Buffers;
using System.IO;
using System.Net.Http;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores.Registry;

namespace ImgsPS.Stores.Docker;

/// <summary>Reads an answer's body under a limit on silence. Every fault is an <see cref="ImageException"/>. Not thread-safe.</summary>
internal sealed class DockerBody(Stream stream, DockerLimits limits, DockerErrors errors)
{
    public static async Task<DockerBody> OpenAsync(
        HttpResponseMessage response, DockerLimits limits, DockerErrors errors, CancellationToken cancellationToken)
    {
        // On .NET Framework an answer without a body has no content.
        if (response.Content is null)
        {
            return new(Stream.Null, limits, errors);
        }

        return new(await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false), limits, errors);
    }

    /// <summary>Reads some bytes; 0 at the end.</summary>
    /// <exception cref="ImageException">StoreUnavailable: the connection broke. Timeout: silence.</exception>
    public async Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timer.CancelAfter(limits.Silence);
        try
        {
            return await stream.ReadAsync(buffer, offset, count, timer.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or HttpRequestException or ObjectDisposedException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw timer.IsCancellationRequested
                ? errors.TimedOut("sent no byte of its answer", limits.Silence)
                : errors.Broken("in the middle of an answer", e);
        }
    }

    /// <summary>Reads at most <paramref name="limit"/> bytes and says whether that was all.</summary>
    /// <exception cref="ImageException">As <see cref="ReadAsync"/>.</exception>
    public async Task<(ArraySegment<byte> Bytes, bool Complete)> ReadUpToAsync(int limit, CancellationToken cancellationToken)
    {
        // Pooled while it grows: a long list would leave megabytes of garbage behind. Not given back after a failure, when a read may not
        // be over yet.
        var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(64 * 1024, limit + 1L));
        var count = 0;
        var pace = new Pace(limits.Silence, limits.SlowBytesPerSecond);
        while (count <= limit)
        {
            if (count == buffer.Length)
            {
                var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(limit + 1L, buffer.Length * 4L));
                Buffer.BlockCopy(buffer, 0, larger, 0, count);
                ArrayPool<byte>.Shared.Return(buffer);
                buffer = larger;
            }

            pace.Start();
            var read = await ReadAsync(buffer, count, buffer.Length - count, cancellationToken).ConfigureAwait(false);
            pace.Stop();
            if (read == 0)
            {
                break;
            }

            count += read;
            if (pace.IsTooSlow(read))
            {
                throw errors.TimedOut($"sent only {pace.Bytes} bytes of its answer", limits.Silence);
            }
        }

        var bytes = new byte[Math.Min(count, limit)];
        Buffer.BlockCopy(buffer, 0, bytes, 0, bytes.Length);
        ArrayPool<byte>.Shared.Return(buffer);
        return (new(bytes), count <= limit);
    }
}
