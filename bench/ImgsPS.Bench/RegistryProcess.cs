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
    private readonly Process _process;
    private readonly string _log;

    private RegistryProcess(Process process, string host, string log)
    {
        _process = process;
        Host = host;
        _log = log;
    }

    public string Host { get; }

    /// <summary>How many requests were answered so far.</summary>
    public int Requests
    {
        get
        {
            using var file = new FileStream(_log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var reader = new StreamReader(file);
            var count = 0;
            while (reader.ReadLine() is { } line)
            {
                // An access log's line: 127.0.0.1 - - [time] "GET /v2/ HTTP/1.1" 200 2 "" "agent"
                count += line.Contains(" HTTP/1.1\" ", StringComparison.Ordinal) ? 1 : 0;
            }

            return count;
        }
    }

    /// <exception cref="InvalidOperationException">It did not start.</exception>
    public static async Task<RegistryProcess> StartAsync(string work)
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
        await File.WriteAllTextAsync(config, $"""
            version: 0.1
            log:
              level: error
            storage:
              filesystem:
                rootdirectory: "{Path.Combine(work, "registry")}"
            http:
              addr: "{host}"
            """);

        // The shell redirects, so that reading its output costs this process nothing.
        var process = Process.Start(
            "sh", ["-c", $"exec docker-registry serve {Meter.Quote(config)} >{Meter.Quote(log)} 2>{Meter.Quote(log + ".err")}"]);
        var registry = new RegistryProcess(process, host, log);
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

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }
}
