using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores.Registry;

namespace ImgsPS.Stores.Docker;

/// <summary>
/// Speaks HTTP/1.1 (RFC 9112) over connections that somebody else opens: what .NET Framework's own handler cannot. Keeps connections for
/// further requests; one that the server closed meanwhile is not used. A GET or HEAD that nothing was answered to on a kept connection is
/// sent once more on a new one, other methods are not. The answer comes back when its head is there. Safe for any number of threads.
/// </summary>
internal sealed class StreamHttpHandler : HttpMessageHandler
{
    // RFC 9110 15.2: any number may come; nobody sends many.
    private const int MostInterimAnswers = 16;

    private readonly Func<CancellationToken, Task<Stream>> _connect;
    private readonly DockerLimits _limits;
    private readonly Stack<StreamHttpConnection> _idle = new();
    private readonly Timer _sweeper;
    private bool _disposed;

    /// <param name="connect">Opens a connection.</param>
    /// <param name="limits">How long and how much.</param>
    public StreamHttpHandler(Func<CancellationToken, Task<Stream>> connect, DockerLimits limits)
    {
        _connect = connect;
        _limits = limits;
        _sweeper = new Timer(_ => Sweep(), null, limits.IdleConnection, limits.IdleConnection);
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var bytes = await BytesAsync(request).ConfigureAwait(false);
        if (Take() is { } known)
        {
            try
            {
                return await ExchangeAsync(known, request, bytes, cancellationToken).ConfigureAwait(false);
            }
            catch (IOException e) when (e is not HttpFormatException && !known.HasAnswered
                && (request.Method == HttpMethod.Get || request.Method == HttpMethod.Head))
            {
                // The server closed the connection while the request was on its way.
            }
        }

        using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timer.CancelAfter(_limits.Connect);
        var connection = new StreamHttpConnection(await _connect(timer.Token).ConfigureAwait(false), _limits.HeadBytes);
        return await ExchangeAsync(connection, request, bytes, cancellationToken).ConfigureAwait(false);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            lock (_idle)
            {
                _disposed = true;
                while (_idle.Count > 0)
                {
                    _idle.Pop().Dispose();
                }
            }

            _sweeper.Dispose();
        }

        base.Dispose(disposing);
    }

    private async Task<HttpResponseMessage> ExchangeAsync(
        StreamHttpConnection connection, HttpRequestMessage request, byte[] bytes, CancellationToken cancellationToken)
    {
        try
        {
            await connection.WriteAsync(bytes, cancellationToken).ConfigureAwait(false);
            if (request.Content is StreamedContent upload)
            {
                await connection.WriteAsync(upload, cancellationToken).ConfigureAwait(false);
            }

            for (var interim = 0; interim < MostInterimAnswers; interim++)
            {
                var head = await connection.ReadHeadAsync(cancellationToken).ConfigureAwait(false);
                if (head.Status == 101)
                {
                    break;
                }

                if (head.Status >= 200)
                {
                    return Response(connection, request, head);
                }
            }

            throw new HttpFormatException("the answer does not come to its point");
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private HttpResponseMessage Response(StreamHttpConnection connection, HttpRequestMessage request, StreamHttpHead head)
    {
        var length = head.BodyLength(request.Method == HttpMethod.Head);
        Action<StreamHttpConnection> release = head.KeepAlive && length is not null ? Keep : c => c.Dispose();
        var response = new HttpResponseMessage((HttpStatusCode)head.Status) { RequestMessage = request };
        if (length == 0)
        {
            response.Content = new ByteArrayContent(Array.Empty<byte>());
            release(connection);
        }
        else
        {
            response.Content = new StreamContent(new StreamHttpBody(connection, length, release));
        }

        foreach (var field in head.Fields)
        {
            if (!response.Headers.TryAddWithoutValidation(field.Key, field.Value))
            {
                response.Content.Headers.TryAddWithoutValidation(field.Key, field.Value);
            }
        }

        return response;
    }

    private StreamHttpConnection? Take()
    {
        lock (_idle)
        {
            while (_idle.Count > 0)
            {
                var connection = _idle.Pop();
                if (connection.Idle < _limits.IdleConnection && connection.TryResume())
                {
                    return connection;
                }

                connection.Dispose();
            }

            return null;
        }
    }

    private void Keep(StreamHttpConnection connection)
    {
        if (connection.Rest())
        {
            lock (_idle)
            {
                if (!_disposed && _idle.Count < _limits.Connections)
                {
                    _idle.Push(connection);
                    return;
                }
            }
        }

        connection.Dispose();
    }

    private void Sweep()
    {
        lock (_idle)
        {
            var young = _idle.Where(c => c.Idle < _limits.IdleConnection).Reverse().ToArray();
            foreach (var old in _idle.Except(young))
            {
                old.Dispose();
            }

            _idle.Clear();
            foreach (var connection in young)
            {
                _idle.Push(connection);
            }
        }
    }

    private static async Task<byte[]> BytesAsync(HttpRequestMessage request)
    {
        // A body that is made while it is sent comes behind; any other is small.
        var body = request.Content is null or StreamedContent ? null : await request.Content.ReadAsByteArrayAsync().ConfigureAwait(false);
        var head = new StringBuilder();
        head.Append($"{request.Method} {request.RequestUri!.PathAndQuery} HTTP/1.1\r\nHost: {request.RequestUri.Authority}\r\n");
        foreach (var header in request.Headers.Concat(request.Content?.Headers.Where(h => h.Key != "Content-Length") ?? []))
        {
            foreach (var value in header.Value)
            {
                // Nothing that a caller passes on may become a second header.
                if (value.IndexOfAny(['\r', '\n', '\0']) >= 0)
                {
                    throw new HttpRequestException("A header has a line break.");
                }

                head.Append(header.Key).Append(": ").Append(value).Append("\r\n");
            }
        }

        if (request.Content?.Headers.ContentLength is { } length)
        {
            head.Append($"Content-Length: {length}\r\n");
        }

        return Encoding.ASCII.GetBytes(head.Append("\r\n").ToString()).Concat(body ?? []).ToArray();
    }
}
