using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using System.Threading.Tasks;

namespace ImgsPS.Bench;

/// <summary>A docker-registry on a free port of this machine, whose access log tells the number of requests.</summary>
internal sealed class RegistryProcess : IAsyncDisposable
{
    private readonly Children _children;
    private readonly Process _process;
    private readonly string _log;
    private long _read;
    private int _requests;

    private RegistryProcess(Children children, Process process, string host, string storage, string log)
    {
        _children = children;
        _process = process;
        Host = host;
        Storage = storage;
        _log = log;
    }

    public string Host { get; }

    /// <summary>The folder that it keeps its content in.</summary>
    public string Storage { get; }

    /// <summary>How many requests were answered so far.</summary>
    public int Requests
    {
        get
        {
            using var file = new FileStream(_log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            file.Position = _read;
            using var reader = new StreamReader(file);
            var text = reader.ReadToEnd();
            var whole = text.LastIndexOf('\n') + 1;

            // An access log's line: 127.0.0.1 - - [time] "GET /v2/ HTTP/1.1" 200 2 "" "agent"
            _requests += text[..whole].Split('\n').Count(line => line.Contains(" HTTP/1.1\" ", StringComparison.Ordinal));
            _read += System.Text.Encoding.UTF8.GetByteCount(text.AsSpan(0, whole));
            return _requests;
        }
    }

    /// <exception cref="InvalidOperationException">It did not start.</exception>
    public static async Task<RegistryProcess> StartAsync(string work, Children children)
    {
        int port;
        using (var listener = new TcpListener(IPAddress.Loopback, 0))
        {
            listener.Start();
            port = ((IPEndPoint)listener.LocalEndpoint).Port;
        }

        var host = $"127.0.0.1:{port}";
        var config = Path.Combine(work, "registry.yml");
        var log = Path.Combine(work, "registry.log");

        // Another name when the sets change: what is there is not made again.
        var storage = Path.Combine(work, "registry-2");
        await File.WriteAllTextAsync(config, $"""
            version: 0.1
            log:
              level: error
            storage:
              filesystem:
                rootdirectory: "{storage}"
            http:
              addr: "{host}"
            """);

        // The shell redirects, so that reading its output costs this process nothing.
        var process = children.Start(new ProcessStartInfo(
            "sh", ["-c", $"exec docker-registry serve {Meter.Quote(config)} >{Meter.Quote(log)} 2>{Meter.Quote(log + ".err")} " +
                "</dev/null"]));
        var registry = new RegistryProcess(children, process, host, storage, log);
        using var client = new HttpClient();
        for (var i = 0; i < 100 && !process.HasExited; i++)
        {
            try
            {
                using var answer = await client.GetAsync(new Uri($"http://{host}/v2/"));
                return registry;
            }
            catch (HttpRequestException)
            {
                // It does not listen yet.
                await Task.Delay(50);
            }
        }

        var said = File.Exists(log + ".err") ? (await File.ReadAllLinesAsync(log + ".err")).LastOrDefault() : null;
        await registry.DisposeAsync();
        throw new InvalidOperationException($"docker-registry did not start: {said}");
    }

    /// <summary>How many requests came since <paramref name="before"/>; the log is given a moment to have them all.</summary>
    public async Task<int> RequestsSinceAsync(int before)
    {
        await Task.Delay(30);
        return Requests - before;
    }

    public ValueTask DisposeAsync()
    {
        _children.Stop(_process);
        _process.Dispose();
        return ValueTask.CompletedTask;
    }
}
