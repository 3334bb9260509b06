using System;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Tasks;

namespace ImgsPS.Engine.Tests.Registry;

/// <summary>A proxy on loopback that wants credentials and is never content with them. It keeps what it was asked.</summary>
internal sealed class RefusingProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly StringBuilder _asked = new();
    private readonly Task _serving;

    public RefusingProxy()
    {
        _listener.Start();
        Address = _listener.LocalEndpoint.ToString()!;
        _serving = ServeAsync();
    }

    /// <summary>Host and port.</summary>
    public string Address { get; }

    /// <summary>The request lines and headers so far.</summary>
    public string Asked
    {
        get
        {
            lock (_asked)
            {
                return _asked.ToString();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _serving;
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                using var client = await _listener.AcceptTcpClientAsync();
                using var reader = new StreamReader(client.GetStream(), Encoding.ASCII, false, 1024, leaveOpen: true);
                while (await reader.ReadLineAsync() is { } line)
                {
                    lock (_asked)
                    {
                        _asked.AppendLine(line);
                    }

                    if (line.Length == 0)
                    {
                        var answer = Encoding.ASCII.GetBytes("HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=\"x\"\r\n"
                            + "Connection: close\r\nContent-Length: 0\r\n\r\n");
                        await client.GetStream().WriteAsync(answer, 0, answer.Length);
                        break;
                    }
                }
            }
        }
        catch (Exception e) when (e is SocketException or InvalidOperationException or IOException)
        {
            // The test is over.
        }
    }
}
