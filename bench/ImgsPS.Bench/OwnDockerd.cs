using System;
using System.Diagnostics;
using System.IO;
using System.Net.Sockets;
using System.Threading.Tasks;

namespace ImgsPS.Bench;

/// <summary>A dockerd with folders of its own, which are deleted when it ends.</summary>
internal sealed class OwnDockerd : IAsyncDisposable
{
    private readonly Children _children;
    private readonly Process _process;
    private readonly string _data;

    private OwnDockerd(Children children, Process process, string data, string socket)
    {
        _children = children;
        _process = process;
        _data = data;
        Address = "unix://" + socket;
    }

    /// <summary>Its socket as the docker command takes it.</summary>
    public string Address { get; }

    /// <summary>Starts it.</summary>
    /// <param name="children">Who ends it when the program ends.</param>
    /// <param name="work">The work folder: its images are on the disk that the stores are on.</param>
    /// <param name="folder">A folder with a short path, for its sockets.</param>
    /// <exception cref="InvalidOperationException">It did not start.</exception>
    public static async Task<OwnDockerd> StartAsync(Children children, string work, string folder)
    {
        var data = Path.Combine(work, "docker-data");
        var socket = Path.Combine(folder, "docker.sock");
        var log = Path.Combine(work, "dockerd.log");
        Discard(data);
        var command = "exec dockerd --iptables=false --ip6tables=false --bridge=none"
            + $" --data-root {Meter.Quote(data)} --exec-root {Meter.Quote(Path.Combine(folder, "exec"))}"
            + $" --pidfile {Meter.Quote(Path.Combine(folder, "docker.pid"))} -H {Meter.Quote("unix://" + socket)}";
        var start = new ProcessStartInfo("sh", ["-c", $"{command} >{Meter.Quote(log)} 2>&1 </dev/null"]);
        var docker = new OwnDockerd(children, children.Start(start, gently: true), data, socket);
        for (var i = 0; i < 300 && !docker._process.HasExited; i++)
        {
            try
            {
                using var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await client.ConnectAsync(new UnixDomainSocketEndPoint(socket));
                return docker;
            }
            catch (SocketException)
            {
                // It does not listen yet.
                await Task.Delay(100);
            }
        }

        await docker.DisposeAsync();
        throw new InvalidOperationException($"dockerd did not start; see {log}");
    }

    public ValueTask DisposeAsync()
    {
        _children.Stop(_process);
        _process.Dispose();
        Discard(_data);
        return ValueTask.CompletedTask;
    }

    private static void Discard(string folder)
    {
        try
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Something is mounted in it still: it stays, and the next run tries again.
            Console.Error.WriteLine(e.Message);
        }
    }
}
