using System;
using System.Collections.Generic;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Torture;

/// <summary>
/// A server that dies: bytes go through to a real one until so many have gone one way, then all connections are reset and nobody listens,
/// as when a process is killed. <see cref="Revive"/> starts it again at the same port. Safe for any number of threads.
/// </summary>
internal sealed class MortalServer : IDisposable
{
    private readonly object _gate = new();
    private readonly List<Socket> _open = [];
    private readonly EndPoint _behind;
    private readonly bool _countsUp;
    private readonly int _port;
    private Socket? _listener;
    private long _left;

    /// <param name="host">The real server, <c>127.0.0.1:PORT</c>.</param>
    /// <param name="bytes">After how many bytes it dies.</param>
    /// <param name="countsUp">True to count what clients send, false for what they get.</param>
    public MortalServer(string host, long bytes, bool countsUp)
        : this(IPEndPoint.Parse(host), bytes, countsUp)
    {
    }

    /// <summary>As the other, for a server behind any socket.</summary>
    public MortalServer(EndPoint behind, long bytes, bool countsUp)
    {
        _behind = behind;
        _countsUp = countsUp;
        _left = bytes;
        _port = Listen(0);
    }

    /// <summary>Where clients find it.</summary>
    public string Host => $"127.0.0.1:{_port}";

    /// <summary>True when it has died.</summary>
    public bool IsDead { get; private set; }

    /// <summary>Lives again, for ever.</summary>
    public void Revive()
    {
        lock (_gate)
        {
            _left = long.MaxValue;
            IsDead = false;
            Listen(_port);
        }
    }

    public void Dispose() => Die();

    private int Listen(int port)
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
        listener.Listen(64);
        _listener = listener;
        _ = AcceptAsync(listener);
        return ((IPEndPoint)listener.LocalEndPoint!).Port;
    }

    private async Task AcceptAsync(Socket listener)
    {
        try
        {
            while (true)
            {
                var client = await listener.AcceptAsync();
                var server = new Socket(
                    _behind.AddressFamily, SocketType.Stream, _behind is IPEndPoint ? ProtocolType.Tcp : ProtocolType.Unspecified);
                lock (_gate)
                {
                    _open.AddRange([client, server]);
                }

                await server.ConnectAsync(_behind);
                _ = PumpAsync(client, server, _countsUp);
                _ = PumpAsync(server, client, !_countsUp);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It died.
        }
    }

    private async Task PumpAsync(Socket from, Socket to, bool counts)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            for (int read; (read = await from.ReceiveAsync(buffer)) > 0;)
            {
                if (counts && Interlocked.Add(ref _left, -read) < 0)
                {
                    Die();
                    return;
                }

                await to.SendAsync(buffer.AsMemory(0, read));
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or IOException)
        {
            // One of the ends is gone; the other is closed when it dies, or by its own end.
            to.Dispose();
        }
    }

    private void Die()
    {
        lock (_gate)
        {
            IsDead = true;
            _listener?.Dispose();
            foreach (var socket in _open)
            {
                // A reset, as the system sends it for a process that is gone with bytes unread.
                try
                {
                    socket.LingerState = new LingerOption(true, 0);
                }
                catch (Exception e) when (e is SocketException or ObjectDisposedException)
                {
                    // Closed already.
                }

                socket.Dispose();
            }

            _open.Clear();
        }
    }
}
