using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Net.Http.Json;
using System.Text.Json;
using System.Threading.Tasks;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Contract;

/// <summary>
/// A real dockerd with a folder of its own, without networks: one for all tests of its collection, started by the first one that needs it.
/// </summary>
public sealed class DockerDaemon : IAsyncLifetime
{
    /// <summary>The collection of the tests that use it, one at a time.</summary>
    public const string Collection = "dockerd";

    private string? _folder;
    private Process? _process;
    private HttpClient? _http;
    private string? _failure;

    /// <summary>Its socket.</summary>
    public string Socket => Path.Combine(_folder!, "docker.sock");

    public Task InitializeAsync() => Task.CompletedTask;

    /// <summary>Starts it when it does not run yet, and removes all of its containers and images.</summary>
    /// <exception cref="SkipException">There is no dockerd here, or this user may not start it.</exception>
    public async Task ResetAsync()
    {
        var program = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Select(folder => Path.Combine(folder, "dockerd"))
            .FirstOrDefault(File.Exists);
        Skip.IfNot(OperatingSystem.IsLinux(), "dockerd runs on Linux only.");
        Skip.If(program is null, "There is no dockerd on PATH.");
        Skip.IfNot(Environment.UserName == "root", "dockerd needs root.");
        if (_http is null)
        {
            Assert.True(_failure is null, _failure);
            await StartAsync(program!);
        }

        foreach (var container in await GetAsync("/containers/json?all=1"))
        {
            await DeleteAsync($"/containers/{container.GetProperty("Id").GetString()}?force=1&v=1");
        }

        foreach (var image in await GetAsync("/images/json"))
        {
            await DeleteAsync($"/images/{image.GetProperty("Id").GetString()}?force=1");
        }

        Assert.Empty(await GetAsync("/images/json?all=1"));
    }

    /// <summary>Makes a container without a network; gives its id.</summary>
    public async Task<string> AddContainerAsync(string image, string name, bool running)
    {
        using var made = await _http!.PostAsJsonAsync(
            $"/containers/create?name={name}", new { Image = image, Cmd = new[] { "/wait" }, HostConfig = new { NetworkMode = "none" } });
        var text = await made.Content.ReadAsStringAsync();
        Assert.True(made.IsSuccessStatusCode, text);
        using var document = JsonDocument.Parse(text);
        var id = document.RootElement.GetProperty("Id").GetString()!;
        if (running)
        {
            using var started = await _http!.PostAsync($"/containers/{id}/start", null);
            Assert.True(started.IsSuccessStatusCode, await started.Content.ReadAsStringAsync());
        }

        return id;
    }

    /// <summary>Makes an image whose parent another one is, as <c>docker commit</c> does.</summary>
    /// <param name="parent">Names the parent.</param>
    /// <param name="name">Repository, colon and tag for the child.</param>
    public async Task AddChildAsync(string parent, string name)
    {
        var container = await AddContainerAsync(parent, "committed", running: false);
        var colon = name.LastIndexOf(':');
        using var made = await _http!.PostAsync($"/commit?container={container}&repo={name[..colon]}&tag={name[(colon + 1)..]}", null);
        Assert.True(made.IsSuccessStatusCode, await made.Content.ReadAsStringAsync());
        await DeleteAsync($"/containers/{container}?v=1");
    }

    public async Task DisposeAsync()
    {
        _http?.Dispose();
        if (_process is not null)
        {
            using (_process)
            {
                if (!_process.HasExited)
                {
                    // SIGTERM: it unmounts what it mounted.
                    using var kill = Process.Start("kill", $"-TERM {_process.Id}");
                    await _process.WaitForExitAsync();
                }
            }
        }

        if (_folder is not null)
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    private async Task StartAsync(string program)
    {
        // Short, since a socket's path has at most 107 bytes.
        _folder = Directory.CreateTempSubdirectory("dkd-").FullName;
        var start = new ProcessStartInfo("/bin/sh") { UseShellExecute = false };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add("exec \"$0\" \"$@\" >\"$LOG\" 2>&1");
        start.ArgumentList.Add(program);
        foreach (var argument in new[]
        {
            "--iptables=false", "--ip6tables=false", "--bridge=none", "--data-root", Path.Combine(_folder, "data"), "--exec-root",
            Path.Combine(_folder, "exec"),
            "-H", "unix://" + Socket, "--pidfile", Path.Combine(_folder, "pid"),
        })
        {
            start.ArgumentList.Add(argument);
        }

        var log = Path.Combine(_folder, "log");
        start.Environment["LOG"] = log;
        _process = Process.Start(start)!;
        var http = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, stop) => await DockerHttp.ConnectAsync(Socket, stop),
        })
        { BaseAddress = new Uri("http://docker") };
        for (var i = 0; i < 600; i++)
        {
            try
            {
                using var ping = await http.GetAsync("/_ping");
                if (ping.IsSuccessStatusCode)
                {
                    _http = http;
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // It is not there yet.
            }

            if (_process.HasExited)
            {
                break;
            }

            await Task.Delay(50);
        }

        http.Dispose();
        _failure = "dockerd did not start: " + (File.Exists(log) ? File.ReadAllText(log) : "no log");
        Assert.Fail(_failure);
    }

    private async Task<JsonElement[]> GetAsync(string path)
    {
        using var response = await _http!.GetAsync(path);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        using var document = JsonDocument.Parse(text);
        return document.RootElement.EnumerateArray().Select(e => e.Clone()).ToArray();
    }

    private async Task DeleteAsync(string path)
    {
        using var response = await _http!.DeleteAsync(path);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
    }
}

/// <summary>See <see cref="DockerDaemon.Collection"/>.</summary>
[CollectionDefinition(DockerDaemon.Collection)]
public sealed class DockerDaemonGroup : ICollectionFixture<DockerDaemon>;
