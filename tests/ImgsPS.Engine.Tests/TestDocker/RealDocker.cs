using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Threading.Tasks;
using Xunit;

namespace ImgsPS.Engine.Tests;

/// <summary>
/// A dockerd of the tests' own in a temporary folder; absent where there is none or the user is not root. Shared by a class's tests.
/// </summary>
public sealed class RealDocker : IAsyncLifetime
{
    private string? _folder;
    private Process? _process;

    /// <summary>Why it is absent; null when it runs.</summary>
    internal string? Absent { get; private set; }

    internal string SocketPath => Path.Combine(_folder!, "docker.sock");

    public async Task InitializeAsync()
    {
        if (!OperatingSystem.IsLinux() || Environment.UserName != "root" || FindProgram("dockerd") is not { } program)
        {
            Absent = "needs dockerd on PATH and root on Linux";
            return;
        }

        _folder = Directory.CreateTempSubdirectory("dd-").FullName;
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true };
        string[] arguments =
        [
            "--iptables=false", "--ip6tables=false", "--bridge=none", "--data-root", Path.Combine(_folder, "data"),
            "--exec-root", Path.Combine(_folder, "exec"), "-H", "unix://" + SocketPath, "--pidfile", Path.Combine(_folder, "pid"),
        ];
        Array.ForEach(arguments, start.ArgumentList.Add);
        _process = Process.Start(start)!;

        // Both are read, so that dockerd never waits for a reader.
        _ = _process.StandardOutput.ReadToEndAsync();
        var log = _process.StandardError.ReadToEndAsync();
        using var http = new DockerHttp(SocketPath);
        while (!await AnswersAsync(http))
        {
            if (_process.HasExited)
            {
                Absent = "dockerd does not start here: " + (await log).Split('\n').LastOrDefault(l => l.Length > 0);
                return;
            }

            await Task.Delay(100);
        }
    }

    public async Task DisposeAsync()
    {
        if (_process is { HasExited: false })
        {
            // SIGTERM, since dockerd has mounts and a containerd to take down.
            using var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
            await kill.WaitForExitAsync();
            await _process.WaitForExitAsync();
        }

        _process?.Dispose();
        if (_folder is not null)
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    /// <summary>Takes all containers and images away.</summary>
    internal static async Task EmptyAsync(DockerHttp docker)
    {
        foreach (var container in (await docker.GetAsync("/containers/json?all=1")).Json!.AsArray())
        {
            await docker.DeleteAsync($"/containers/{container!["Id"]}?force=1");
        }

        while ((await docker.GetAsync("/images/json")).Json!.AsArray() is { Count: > 0 } images)
        {
            await docker.DeleteAsync($"/images/{images[0]!["Id"]}?force=1");
        }
    }

    private static async Task<bool> AnswersAsync(DockerHttp http)
    {
        try
        {
            return (await http.GetAsync("/_ping")).Status == 200;
        }
        catch (HttpRequestException)
        {
            // It does not listen yet.
            return false;
        }
    }

    private static string? FindProgram(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(p => Path.Combine(p, name))
            .FirstOrDefault(File.Exists);
}
