using System;
using System.Globalization;
using System.IO;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Testing;

/// <summary>Sends answers over a connection, with all their faults. Not thread-safe.</summary>
internal sealed class ResponseWriter(Socket socket, Stream stream)
{
    private const int ChunkSize = 64 * 1024;
    private const int SlowTicksPerSecond = 20;

    /// <summary>Sends an answer. False when the connection is not usable for another request.</summary>
    public async Task<bool> WriteAsync(TestRequest request, TestResponse response, CancellationToken cancellationToken)
    {
        if (response.Hold is not null)
        {
            await response.Hold.WaitAsync(cancellationToken);
        }

        await Task.Delay(response.Delay, cancellationToken);
        if (response.CutAfter < 0)
        {
            await CutAsync(response.Cut, cancellationToken);
            return false;
        }

        if (response.Raw is { } raw)
        {
            var whole = new TestResponse(0, raw) { BytesPerSecond = response.BytesPerSecond, Endless = response.Endless };
            await WriteBodyAsync(request, whole, Framing.Close, cancellationToken);
            await CutAsync(CutKind.Fin, cancellationToken);
            return false;
        }

        var bodyless = request.Method is "HEAD" or "CONNECT" || response.Status is 204 or 304 or (>= 100 and < 200);
        var framing = response.Endless && response.Framing == Framing.ContentLength && response.Header("Content-Length") is null
            ? Framing.Chunked
            : response.Framing;
        var keepAlive = request.KeepAlive && framing != Framing.Close;
        if (request.Log is { } log)
        {
            log.Status = response.Status;
        }

        await stream.WriteAsync(Head(response, framing, keepAlive), cancellationToken);
        if (bodyless)
        {
            return keepAlive;
        }

        if (!await WriteBodyAsync(request, response, framing, cancellationToken))
        {
            return false;
        }

        if (framing == Framing.Chunked)
        {
            await stream.WriteAsync("0\r\n\r\n"u8.ToArray(), cancellationToken);
        }

        if (framing == Framing.Close)
        {
            await CutAsync(CutKind.Fin, cancellationToken);
        }

        return keepAlive;
    }

    private static byte[] Head(TestResponse response, Framing framing, bool keepAlive)
    {
        var head = new StringBuilder();
        head.Append(FormattableString.Invariant($"HTTP/1.1 {response.Status} {Reason(response.Status)}\r\n"));
        head.Append(FormattableString.Invariant($"Date: {DateTimeOffset.UtcNow:r}\r\n"));
        foreach (var header in response.Headers)
        {
            head.Append(FormattableString.Invariant($"{header.Key}: {header.Value}\r\n"));
        }

        if (framing == Framing.Chunked)
        {
            head.Append("Transfer-Encoding: chunked\r\n");
        }
        else if (framing == Framing.ContentLength && response.Header("Content-Length") is null && response.Status is not (204 or 304))
        {
            head.Append(FormattableString.Invariant($"Content-Length: {response.Body.Length}\r\n"));
        }

        if (!keepAlive)
        {
            head.Append("Connection: close\r\n");
        }

        return Encoding.Latin1.GetBytes(head.Append("\r\n").ToString());
    }

    /// <summary>False when the body was cut.</summary>
    private async Task<bool> WriteBodyAsync(
        TestRequest request, TestResponse response, Framing framing, CancellationToken cancellationToken)
    {
        if (response.Endless)
        {
            // What waits in the sender's buffer is counted as sent, and says nothing of what the client read.
            socket.SendBufferSize = ChunkSize;
        }

        var chunk = response.BytesPerSecond is { } rate ? Math.Max(1, rate / SlowTicksPerSecond) : ChunkSize;
        var body = response.Endless ? Repeated(response.Body, chunk) : response.Body;
        var limit = response.CutAfter ?? long.MaxValue;
        long sent = 0;
        var at = 0;
        while (sent < limit && (at < body.Length || (response.Endless && body.Length > 0)))
        {
            at = at == body.Length ? 0 : at;
            var count = (int)Math.Min(Math.Min(chunk, body.Length - at), limit - sent);
            if (at + count == body.Length && sent + count < limit)
            {
                response.BeforeEnd?.Invoke();
            }

            // Counted before, so that a client that has the bytes finds them counted.
            request.Log?.Sent(count);
            await WriteChunkAsync(body.Slice(at, count), framing, cancellationToken);
            at += count;
            sent += count;
            if (response.BytesPerSecond is { } perSecond)
            {
                await Task.Delay(TimeSpan.FromSeconds((double)count / perSecond), cancellationToken);
            }
        }

        if (sent >= limit)
        {
            await CutAsync(response.Cut, cancellationToken);
            return false;
        }

        return true;
    }

    /// <summary>As many bodies as a chunk holds, so that a short one without end costs a call for each chunk and not for each body.</summary>
    private static ReadOnlyMemory<byte> Repeated(ReadOnlyMemory<byte> body, int chunk)
    {
        if (body.IsEmpty || chunk < 2 * body.Length)
        {
            return body;
        }

        var whole = new byte[chunk / body.Length * body.Length];
        for (var at = 0; at < whole.Length; at += body.Length)
        {
            body.CopyTo(whole.AsMemory(at));
        }

        return whole;
    }

    private async Task WriteChunkAsync(ReadOnlyMemory<byte> bytes, Framing framing, CancellationToken cancellationToken)
    {
        if (framing == Framing.Chunked)
        {
            var size = bytes.Length.ToString("x", CultureInfo.InvariantCulture);
            await stream.WriteAsync(Encoding.ASCII.GetBytes(size + "\r\n"), cancellationToken);
            await stream.WriteAsync(bytes, cancellationToken);
            await stream.WriteAsync("\r\n"u8.ToArray(), cancellationToken);
        }
        else
        {
            await stream.WriteAsync(bytes, cancellationToken);
        }
    }

    private async Task CutAsync(CutKind cut, CancellationToken cancellationToken)
    {
        await stream.FlushAsync(cancellationToken);
        switch (cut)
        {
            case CutKind.Reset:
                // A reset throws away what the client has not read yet: give it a moment to read.
                await Task.Delay(50, cancellationToken);
                socket.LingerState = new LingerOption(true, 0);
                socket.Close();
                break;
            case CutKind.Fin:
                socket.Shutdown(SocketShutdown.Send);
                await WaitForCloseAsync(cancellationToken).WaitAsync(TimeSpan.FromSeconds(5), cancellationToken).ContinueWith(
                    _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
                break;
            case CutKind.Stall:
                await WaitForCloseAsync(cancellationToken);
                break;
        }
    }

    private async Task WaitForCloseAsync(CancellationToken cancellationToken)
    {
        var one = new byte[1];
        while (await socket.ReceiveAsync(one, SocketFlags.Peek, cancellationToken) > 0)
        {
            // The client sent more, and gets no answer.
            await Task.Delay(50, cancellationToken);
        }
    }

    private static string Reason(int status) => status switch
    {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        206 => "Partial Content",
        301 => "Moved Permanently",
        302 => "Found",
        307 => "Temporary Redirect",
        304 => "Not Modified",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        409 => "Conflict",
        416 => "Range Not Satisfiable",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Status",
    };
}
