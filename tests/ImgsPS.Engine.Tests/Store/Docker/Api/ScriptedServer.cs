using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores.Docker;
using Stream = System.IO.Stream;

namespace ImgsPS.Engine.Tests.Store.Docker.Api;

/// <summary>
/// A server on loopback that answers each request with the bytes it is told to; it knows nothing of HTTP but where a request ends.
/// </summary>
internal sealed class ScriptedServer : IDisposable
{
    public const string Ping = "HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nOstype: linux\r\nServer: Docker/20.10.24 " +
        "(linux)\r\nContent-Length: 0\r\n\r\n";

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Func<string, Step> _answer;
    private readonly CancellationTokenSource _life = new();
    private int _connections;

    /// <param name="answer">Gives the answer to a request, whose head is given as text.</param>
    public ScriptedServer(Func<string, Step> answer)
    {
        _answer = answer;
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _ = Task.Run(AcceptAsync);
    }

    public int Port { get; }

    public int Connections => Volatile.Read(ref _connections);

    /// <summary>The heads of all requests.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>The first lines of all requests.</summary>
    public IEnumerable<string> Lines => Requests.Select(r => r.Split("\r\n")[0]);

    /// <summary>Completes when a client closed a connection while its answer was being sent or waited for.</summary>
    public TaskCompletionSource ClosedByClient { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>A server that answers the ping, and everything else with the same.</summary>
    public static ScriptedServer Always(params string[] pieces) =>
        new(head => head.Contains("/_ping ") ? new Step(Ping) : new Step(pieces));

    public static string Json(string body, int status = 200) =>
        $"HTTP/1.1 {status} Whatever\r\nContent-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}";

    public DockerEndpoint Endpoint(string host = "127.0.0.1") =>
        new("docker", DockerAddressKind.Tcp, $"tcp://{host}:{Port}", "DOCKER_HOST") { Host = host, Port = Port };

    public async Task<Stream> ConnectAsync(CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, Port, cancellationToken);
        return new NetworkStream(socket, ownsSocket: true);
    }

    public void Dispose()
    {
        _life.Cancel();
        _listener.Stop();
        _life.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_life.Token);
                Interlocked.Increment(ref _connections);
                _ = Task.Run(() => ServeAsync(client));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                client.NoDelay = true;
                var stream = client.GetStream();
                var bytes = new byte[64 * 1024];
                var text = "";
                while (true)
                {
                    int end;
                    while ((end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal)) < 0)
                    {
                        var read = await stream.ReadAsync(bytes, _life.Token);
                        if (read == 0)
                        {
                            return;
                        }

                        text += Encoding.Latin1.GetString(bytes, 0, read);
                    }

                    var head = text[..end];
                    text = text[(end + 4)..];
                    Requests.Enqueue(head);
                    var step = _answer(head);
                    foreach (var piece in step.Pieces)
                    {
                        await stream.WriteAsync(Encoding.UTF8.GetBytes(piece), _life.Token);
                        if (step.Pieces.Length > 1)
                        {
                            await Task.Delay(step.Pause, _life.Token);
                        }
                    }

                    if (step.Close)
                    {
                        return;
                    }

                    if (step.Hang)
                    {
                        if (await stream.ReadAsync(bytes, _life.Token) == 0)
                        {
                            ClosedByClient.TrySetResult();
                        }

                        return;
                    }
                }
            }
            catch (Exception e) when (e is OperationCanceledException or System.IO.IOException or ObjectDisposedException)
            {
                ClosedByClient.TrySetResult();
            }
        }
    }

    /// <summary>An answer.</summary>
    /// <param name="Pieces">Its bytes, sent one after the other.</param>
    internal sealed record Step(params string[] Pieces)
    {
        /// <summary>How long it waits after each of several pieces.</summary>
        public TimeSpan Pause { get; init; } = TimeSpan.FromMilliseconds(1);

        /// <summary>Closes the connection afterwards.</summary>
        public bool Close { get; init; }

        /// <summary>Sends nothing more, and waits for the client to close.</summary>
        public bool Hang { get; init; }
    }
}
