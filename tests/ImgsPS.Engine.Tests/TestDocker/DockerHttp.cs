using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Engine.Tests;

/// <summary>An answer of an engine, read whole.</summary>
internal sealed record DockerAnswer(int Status, IReadOnlyDictionary<string, string> Headers, string Body)
{
    public string? ContentType => Headers.GetValueOrDefault("Content-Type");

    public JsonNode? Json => JsonNode.Parse(Body);

    /// <summary>The error's words.</summary>
    public string? Message => Json?["message"]?.GetValue<string>();

    /// <summary>The documents of a pull's body.</summary>
    public IReadOnlyList<JsonObject> Lines =>
        Body.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonNode.Parse(l)!.AsObject()).ToList();
}

/// <summary>Asks an engine over its Unix socket, as curl would.</summary>
internal sealed class DockerHttp(string socketPath) : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, cancellationToken) => await ConnectAsync(socketPath, cancellationToken),
    })
    { BaseAddress = new Uri("http://docker") };

    /// <summary>A connection to a Unix socket.</summary>
    public static async Task<Stream> ConnectAsync(string path, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public Task<DockerAnswer> GetAsync(string path) => SendAsync("GET", path);

    public Task<DockerAnswer> PostAsync(string path, string? json = null) => SendAsync("POST", path, json);

    public Task<DockerAnswer> DeleteAsync(string path) => SendAsync("DELETE", path);

    public async Task<DockerAnswer> SendAsync(
        string method, string path, string? json = null, CancellationToken cancellationToken = default,
        params (string Name, string Value)[] headers)
    {
        using var request = Request(method, path);
        request.Content = json is null ? null : new StringContent(json, Encoding.UTF8, "application/json");
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await SendAsync(request, cancellationToken);
    }

    /// <summary>Sends a tar, for a build.</summary>
    public async Task<DockerAnswer> PostTarAsync(string path, byte[] tar)
    {
        using var request = Request("POST", path);
        request.Content = new ByteArrayContent(tar);
        request.Content.Headers.ContentType = new("application/x-tar");
        return await SendAsync(request, default);
    }

    public void Dispose() => _http.Dispose();

    private static HttpRequestMessage Request(string method, string path) => new(new HttpMethod(method), path);

    private async Task<DockerAnswer> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var response = await _http.SendAsync(request, cancellationToken);
        var headers = response.Headers.Concat(response.Content.Headers)
            .ToDictionary(h => h.Key, h => string.Join(h.Key == "Server" ? " " : ", ", h.Value), StringComparer.OrdinalIgnoreCase);
        return new DockerAnswer((int)response.StatusCode, headers, await response.Content.ReadAsStringAsync(cancellationToken));
    }
}
