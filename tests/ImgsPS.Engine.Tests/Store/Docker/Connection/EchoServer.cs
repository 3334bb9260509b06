using System;
using System.IO;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Engine.Tests.Store.Docker.Connection;

/// <summary>Answers each connection with the bytes it gets, over a socket or TCP, with TLS where asked.</summary>
internal sealed class EchoServer : IDisposable
{
    private readonly Socket _listener;
    private readonly CancellationTokenSource _stop = new();

    /// <param name="point">Where to listen.</param>
    /// <param name="tls">TLS, or null.</param>
    /// <param name="silent">True to accept and say nothing at all.</param>
    public EchoServer(EndPoint point, SslServerAuthenticationOptions? tls = null, bool silent = false)
    {
        _listener = new Socket(point.AddressFamily, SocketType.Stream, point is IPEndPoint ? ProtocolType.Tcp : ProtocolType.Unspecified);
        _listener.Bind(point);
        _listener.Listen();
        _ = AcceptAsync(tls, silent);
    }

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    /// <summary>Sends a text and reads as many bytes back.</summary>
    public static async Task<string> AskAsync(Stream stream, string text = "hello")
    {
        var bytes = Encoding.ASCII.GetBytes(text);
        var answer = new byte[bytes.Length];

        // At the same time: who echoes need not keep more than a pipe's length.
        var read = stream.ReadExactlyAsync(answer).AsTask();
        await Task.WhenAll(stream.WriteAsync(bytes).AsTask(), read).WaitAsync(TimeSpan.FromSeconds(60));
        return Encoding.ASCII.GetString(answer);
    }

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync(SslServerAuthenticationOptions? tls, bool silent)
    {
        var stop = _stop.Token;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                _ = ServeAsync(await _listener.AcceptAsync(stop), tls, silent, stop);
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private static async Task ServeAsync(Socket socket, SslServerAuthenticationOptions? tls, bool silent, CancellationToken stop)
    {
        try
        {
            Stream stream = new NetworkStream(socket, ownsSocket: true);
            if (tls is not null)
            {
                var secure = new SslStream(stream);
                stream = secure;
                await secure.AuthenticateAsServerAsync(tls, stop);
            }

            using (stream)
            {
                var buffer = new byte[4096];
                int read;
                while ((read = await stream.ReadAsync(buffer, stop)) > 0)
                {
                    if (!silent)
                    {
                        await stream.WriteAsync(buffer.AsMemory(0, read), stop);
                    }
                }
            }
        }
        catch (Exception e) when (e is IOException or System.Security.Authentication.AuthenticationException or OperationCanceledException)
        {
            // The client went away, or was refused: that is what tests are about.
            socket.Dispose();
        }
    }
}
