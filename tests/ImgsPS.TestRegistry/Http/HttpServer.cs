using System;
using System.Collections.Concurrent;
using System.IO;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Testing;

/// <summary>
/// A small HTTP/1.1 server, on loopback or a Unix socket, that can misbehave below HTTP, which is why it is not one of the framework's.
/// Keep-alive, any number of connections, one task each.
/// </summary>
internal sealed class HttpServer : IAsyncDisposable
{
    private readonly Socket _listener;
    private readonly X509Certificate2? _certificate;
    private readonly Func<TestRequest, int, CancellationToken, Task<TestResponse>> _answer;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<int, (Socket Socket, Task Task)> _connections = new();
    private readonly Task _accepting;
    private int _disposed;

    /// <summary>Starts to listen. <paramref name="answer"/> gets the request and its connection's number.</summary>
    public HttpServer(EndPoint address, X509Certificate2? certificate, Func<TestRequest, int, CancellationToken, Task<TestResponse>> answer)
    {
        _certificate = certificate;
        _answer = answer;
        var isUnix = address.AddressFamily == AddressFamily.Unix;
        _listener = new Socket(address.AddressFamily, SocketType.Stream, isUnix ? ProtocolType.Unspecified : ProtocolType.Tcp);
        _listener.Bind(address);
        _listener.Listen(512);
        Port = _listener.LocalEndPoint is IPEndPoint ip ? ip.Port : 0;
        _accepting = Task.Run(AcceptAsync);
    }

    /// <summary>The port; 0 for a Unix socket.</summary>
    public int Port { get; }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        foreach (var connection in _connections.Values)
        {
            connection.Socket.Dispose();
            await connection.Task;
        }

        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        for (var number = 1; ; number++)
        {
            Socket socket;
            try
            {
                socket = await _listener.AcceptAsync(_stop.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException
                || (e is InvalidOperationException && _stop.IsCancellationRequested))
            {
                // The server stops; a socket that is disposed of just before it accepts says that it does not listen.
                return;
            }

            var id = number;
            var started = new TaskCompletionSource();
            var task = Task.Run(async () =>
            {
                await started.Task;
                await ServeAsync(socket, id);
                _connections.TryRemove(id, out _);
            });
            _connections[id] = (socket, task);
            started.SetResult();
        }
    }

    private async Task ServeAsync(Socket socket, int number)
    {
        try
        {
            using (socket)
            {
                if (socket.AddressFamily != AddressFamily.Unix)
                {
                    // A Unix socket refuses the option, whatever its value.
                    socket.NoDelay = true;
                }

                Stream stream = new NetworkStream(socket, ownsSocket: false);
                if (_certificate is not null)
                {
                    var secure = new SslStream(stream);
                    var options = new SslServerAuthenticationOptions { ServerCertificate = _certificate };
                    await secure.AuthenticateAsServerAsync(options, _stop.Token);
                    stream = secure;
                }

                using (stream)
                {
                    await ServeAsync(socket, stream, number);
                }
            }
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException
            or System.Security.Authentication.AuthenticationException)
        {
            // The client went away or the server stops: both are ordinary ends of a connection.
        }
    }

    private async Task ServeAsync(Socket socket, Stream stream, int number)
    {
        var reader = new HttpReader(stream);
        var writer = new ResponseWriter(socket, stream);
        var open = true;
        while (open && await ReadAsync(reader, stream) is { } request)
        {
            TestResponse response;
            try
            {
                response = await _answer(request, number, _stop.Token);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // A fault of a test's own rule or a bad control request: the client is told, the server goes on.
                response = new TestResponse(500, Encoding.UTF8.GetBytes(e.ToString()), "text/plain; charset=utf-8");
            }

            open = await writer.WriteAsync(request, response, _stop.Token);
            await stream.FlushAsync(_stop.Token);
            if (request.Method == "CONNECT" && response.Tunnel is not null)
            {
                using var secure = new SslStream(stream);
                await secure.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = response.Tunnel },
                    _stop.Token);
                await ServeAsync(socket, secure, number);
                return;
            }
        }

        socket.Shutdown(SocketShutdown.Both);
    }

    /// <summary>The next request with its body; null when the client closed the connection or what it sends is not HTTP.</summary>
    private async Task<TestRequest?> ReadAsync(HttpReader reader, Stream stream)
    {
        try
        {
            var request = await reader.ReadHeadAsync(_stop.Token);
            if (request is null)
            {
                return null;
            }

            if ((request.Header("Expect") ?? "").Equals("100-continue", StringComparison.OrdinalIgnoreCase))
            {
                await stream.WriteAsync("HTTP/1.1 100 Continue\r\n\r\n"u8.ToArray(), _stop.Token);
            }

            request.Body = await reader.ReadBodyAsync(request, _stop.Token);
            return request;
        }
        catch (Exception e) when (e is InvalidDataException or FormatException or OverflowException)
        {
            await stream.WriteAsync("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray(), _stop.Token);
            return null;
        }
    }
}
