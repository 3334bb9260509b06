using System;
using System.Collections.Generic;
using System.IO;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ImgsPS.Stores.Docker;

namespace ImgsPS.Engine.Tests.Store.Docker.Connection;

/// <summary>A Docker config folder and an environment of its own.</summary>
internal sealed class DockerFolder : IDisposable
{
    public DockerFolder()
    {
        Environment["DOCKER_CONFIG"] = Root;
        Addresses = new(name => Environment.TryGetValue(name, out var value) ? value : null);
    }

    public string Root { get; } = Directory.CreateTempSubdirectory("imgsps-docker-").FullName;

    public Dictionary<string, string?> Environment { get; } = [];

    public DockerAddresses Addresses { get; }

    public static string Id(string name) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(name))).ToLowerInvariant();

    public string Write(string path, string text)
    {
        var full = Path.Combine(Root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
        return full;
    }

    public void Config(string text) => Write("config.json", text);

    /// <summary>Writes what <c>docker context create</c> writes.</summary>
    public void Context(string name, string? host, bool skipVerify = false, string? description = null, params string[] tlsFiles)
    {
        var endpoint = host is null ? "" : $"\"Host\":{JsonSerializer.Serialize(host)},";
        var metadata = description is null ? "{}" : $"{{\"Description\":{JsonSerializer.Serialize(description)}}}";
        Meta(
            name,
            $"{{\"Name\":\"{name}\",\"Metadata\":{metadata},\"Endpoints\":{{\"docker\":{{{endpoint}\"SkipTLSVerify\":{(skipVerify ? "true" : "false")}}}}}}}");
        foreach (var file in tlsFiles)
        {
            Write(TlsFile(name, file), "");
        }
    }

    public string Meta(string name, string text) => Write(Path.Combine("contexts", "meta", Id(name), "meta.json"), text);

    public string TlsFile(string name, string file) => Path.Combine(Root, "contexts", "tls", Id(name), "docker", file);

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
