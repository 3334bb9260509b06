using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using System.Text;
using System.Threading.Tasks;

namespace ImgsPS.Engine.Tests.Registry;

/// <summary>Debian's docker-registry on a loopback port over a temporary folder. Disposing stops it and deletes the folder.</summary>
internal sealed class DockerRegistry : IAsyncDisposable
{
    public const string Program = "/usr/bin/docker-registry";

    private readonly Process _process;
    private readonly string _folder;
    private readonly HttpClient _http = new();
    private int _changes;

    private DockerRegistry(Process process, string folder, string host)
    {
        _process = process;
        _folder = folder;
        Host = host;
    }

    public static bool IsInstalled => File.Exists(Program);

    public string Host { get; }

    /// <summary>Where it keeps its content.</summary>
    public string DataFolder => Path.Combine(_folder, "data");

    /// <summary>Changes the passwords that it takes, as an administrator does; it reads the file again.</summary>
    public void SetPasswords(string htpasswd)
    {
        var file = Path.Combine(_folder, "htpasswd");
        File.WriteAllText(file, htpasswd);

        // It looks at the file's time alone.
        File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddSeconds(++_changes));
    }

    /// <param name="auth">Lines of the configuration's <c>auth:</c> member, indented; empty for none.</param>
    /// <param name="htpasswd">The text of <c>{folder}/htpasswd</c>; null for none.</param>
    public static async Task<DockerRegistry> StartAsync(Func<string, string>? auth = null, string? htpasswd = null)
    {
        for (var tries = 1; ; tries++)
        {
            var registry = await StartOnceAsync(auth, htpasswd);
            if (!registry._process.HasExited)
            {
                return registry;
            }

            // Another process was faster to take the port.
            await registry.DisposeAsync();
            if (tries == 5)
            {
                throw new InvalidOperationException($"{Program} ended five times when it had started.");
            }
        }
    }

    private static async Task<DockerRegistry> StartOnceAsync(Func<string, string>? auth, string? htpasswd)
    {
        var folder = Directory.CreateTempSubdirectory("imgsps-registry-").FullName;
        if (htpasswd is not null)
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "htpasswd"), htpasswd);
        }

        var host = "127.0.0.1:" + FreePort().ToString(CultureInfo.InvariantCulture);
        await File.WriteAllTextAsync(
            Path.Combine(folder, "config.yml"),
            "version: 0.1\nlog:\n  level: error\n  accesslog:\n    disabled: true\nstorage:\n"
            + $"  filesystem:\n    rootdirectory: {folder}/data\nhttp:\n  addr: {host}\n{auth?.Invoke(folder)}");
        var process = Process.Start(new ProcessStartInfo(Program)
        {
            ArgumentList = { "serve", Path.Combine(folder, "config.yml") },
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        })!;
        process.ErrorDataReceived += static (_, _) => { };
        process.OutputDataReceived += static (_, _) => { };
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        var registry = new DockerRegistry(process, folder, host);
        for (var tries = 0; ; tries++)
        {
            try
            {
                using var answer = await registry._http.GetAsync(new Uri($"http://{host}/v2/"));
                return registry;
            }
            catch (HttpRequestException) when (tries < 600)
            {
                if (process.HasExited)
                {
                    return registry;
                }

                await Task.Delay(50);
            }
        }
    }

    /// <summary>Pushes a blob by the distribution protocol.</summary>
    public async Task PushBlobAsync(string repository, byte[] bytes, string? authorization = null)
    {
        using var start = await SendAsync(HttpMethod.Post, $"http://{Host}/v2/{repository}/blobs/uploads/", null, null, authorization);
        start.EnsureSuccessStatusCode();
        var location = start.Headers.Location!.ToString();
        using var put = await SendAsync(
            HttpMethod.Put,
            location + (location.Contains('?', StringComparison.Ordinal) ? "&" : "?") + "digest=" + Digest.Of(bytes),
            bytes,
            "application/octet-stream",
            authorization);
        put.EnsureSuccessStatusCode();
    }

    /// <summary>Pushes a manifest.</summary>
    public async Task PushManifestAsync(string repository, string tag, byte[] bytes, string mediaType, string? authorization = null)
    {
        using var put = await SendAsync(HttpMethod.Put, $"http://{Host}/v2/{repository}/manifests/{tag}", bytes, mediaType, authorization);
        put.EnsureSuccessStatusCode();
    }

    /// <summary>Pushes an image of one layer; returns its manifest.</summary>
    public async Task<byte[]> PushImageAsync(string repository, string tag, byte[] layer, string? authorization = null)
    {
        var config = Encoding.UTF8.GetBytes(
            "{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" + Digest.Of(layer)
                + "\"]}}");
        await PushBlobAsync(repository, config, authorization);
        await PushBlobAsync(repository, layer, authorization);
        const string type = "application/vnd.oci.image.manifest.v1+json";
        var manifest = Encoding.UTF8.GetBytes(
            $"{{\"schemaVersion\":2,\"mediaType\":\"{type}\",\"config\":{{"
            + $"\"mediaType\":\"application/vnd.oci.image.config.v1+json\",\"digest\":\"{Digest.Of(config)}\",\"size\":{config.Length}}},"
            + "\"layers\":[{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar\","
            + $"\"digest\":\"{Digest.Of(layer)}\",\"size\":{layer.Length}}}]}}");
        await PushManifestAsync(repository, tag, manifest, type, authorization);
        return manifest;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        await _process.WaitForExitAsync();
        _process.Dispose();
        _http.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string url, byte[]? body, string? type, string? authorization)
    {
        using var request = new HttpRequestMessage(method, url);
        if (authorization is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        }

        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        }

        return await _http.SendAsync(request);
    }

    private static int FreePort()
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        return port;
    }
}
