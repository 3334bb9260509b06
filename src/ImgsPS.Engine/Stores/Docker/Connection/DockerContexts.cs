using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using ImgsPS.Disk;
using ImgsPS.Naming;

namespace ImgsPS.Stores.Docker;

/// <summary>
/// Reads docker's context store (docker CLI, cli/context/store): <c>contexts/meta/ID/meta.json</c> and <c>contexts/tls/ID/docker/*.pem</c>,
/// where ID is the SHA-256 of the name. Reads anew each time; safe for any number of threads.
/// </summary>
internal sealed class DockerContexts
{
    /// <summary>The name of the context that docker makes of the environment; it has no file.</summary>
    public const string Default = "default";

    private const string NamePattern = "^[a-zA-Z0-9][a-zA-Z0-9_.+-]+$";
    // Far more than any has.
    private const int MaxMeta = 1 << 20;
    private static readonly JsonDocumentOptions Json = new() { MaxDepth = 64 };
    private readonly string _folder;

    /// <param name="configFolder">Docker's config folder.</param>
    public DockerContexts(string configFolder) => _folder = System.IO.Path.Combine(configFolder, "contexts");

    /// <summary>
    /// What a context's file says of Docker. Host is null where the file has none: docker takes the platform's default then.
    /// </summary>
    public sealed record Entry(string Name, string? Host, string? Description, DockerTls? Tls);

    /// <summary>Reads the context of this name.</summary>
    /// <param name="name">The name.</param>
    /// <param name="origin">Who named it, for the advice: <c>-Store</c>, <c>DOCKER_CONTEXT</c>.</param>
    /// <exception cref="ImageException">
    /// InvalidArgument: not a context's name, or no such context. InvalidData: a broken file. StoreUnavailable: an unreadable one.
    /// </exception>
    public Entry Read(string name, string origin)
    {
        if (!IsName(name))
        {
            throw new ImageException(
                ImageErrorKind.InvalidArgument,
                name.Length == 0
                    ? "context name cannot be empty"
                    : $"context name \"{PrintableText.Of(name)}\" is invalid, names are validated against regexp \"{NamePattern}\"",
                $"The name comes from {origin}. {Known()}");
        }

        var id = Id(name);
        return ReadFile(MetaFile(id), id, name)
            ?? throw new ImageException(
                ImageErrorKind.InvalidArgument, $"context \"{PrintableText.Of(name)}\": context not found",
                $"The name comes from {origin}. {Known()}");
    }

    /// <summary>The contexts that can be read, in the order of their names.</summary>
    public IReadOnlyList<Entry> List()
    {
        var entries = new List<Entry>();
        foreach (var folder in Folders())
        {
            try
            {
                // The ID decides: docker finds the context by its name's hash and nothing else.
                var id = System.IO.Path.GetFileName(folder);
                if (ReadFile(MetaFile(id), id, null) is { } entry && Id(entry.Name) == id && entry.Name != Default
                    && IsName(entry.Name))
                {
                    entries.Add(entry);
                }
            }
            catch (ImageException)
            {
                // A broken context is no reason not to offer the others; who names it gets its error.
            }
        }

        return entries.OrderBy(e => e.Name, StringComparer.Ordinal).ToList();
    }

    // $ would let a line break at the end pass.
    private static bool IsName(string name) =>
        Regex.IsMatch(name, NamePattern, RegexOptions.CultureInvariant) && name[name.Length - 1] != '\n';

    private string[] Folders()
    {
        try
        {
            return Directory.GetDirectories(System.IO.Path.Combine(_folder, "meta"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // No folder, or none for us: no contexts. The list serves completion and advice only.
            return [];
        }
    }

    private string Known() => "The contexts are: " +
        string.Join(", ", new[] { Default }.Concat(List().Select(e => PrintableText.Of(e.Name)))) + ".";

    private string MetaFile(string id) => System.IO.Path.Combine(_folder, "meta", id, "meta.json");

    private static string Id(string name)
    {
        using var sha = SHA256.Create();
#pragma warning disable CA1850 // net472 has no HashData
        return string.Concat(sha.ComputeHash(Encoding.UTF8.GetBytes(name))
            .Select(b => b.ToString("x2", System.Globalization.CultureInfo.InvariantCulture)));
#pragma warning restore CA1850
    }

    private Entry? ReadFile(string path, string id, string? name)
    {
        var subject = name is null ? "" : $"context \"{PrintableText.Of(name)}\": ";
        try
        {
            using var document = JsonDocument.Parse(MachineFile.ReadText(path, MaxMeta), Json);
            var root = document.RootElement;
            name ??= Text(root, "Name") ?? throw new FormatException("it has no name");
            if (Member(root, "Endpoints") is not { ValueKind: JsonValueKind.Object } endpoints
                || !endpoints.TryGetProperty("docker", out var docker)
                || docker.ValueKind != JsonValueKind.Object)
            {
                throw new ImageException(
                    ImageErrorKind.InvalidData,
                    $"{subject}cannot find docker endpoint in context",
                    "Give it one: docker context update NAME --docker host=ADDRESS.");
            }

            var description = Member(root, "Metadata") is { ValueKind: JsonValueKind.Object } metadata ? Text(metadata, "Description")
                : null;
            return new(name, Text(docker, "Host"), description, Tls(id, Flag(docker, "SkipTLSVerify")));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
            var why = e is FormatException ? e.Message : "it is not the JSON of a context";
            throw new ImageException(
                ImageErrorKind.InvalidData, $"{subject}parsing {path}: {why}", "Make the context anew with docker context create.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ImageException(
                ImageErrorKind.StoreUnavailable,
                $"{subject}open {path}: {DockerFailure.Why(e)}",
                "Make the file readable, or set DOCKER_CONFIG to another folder.",
                e);
        }
    }

    // docker has TLS for a context whose folder of TLS material exists, whatever is in it, or that says SkipTLSVerify.
    private DockerTls? Tls(string id, bool skipVerify)
    {
        var folder = System.IO.Path.Combine(_folder, "tls", id, "docker");
        if (!Directory.Exists(folder))
        {
            return skipVerify ? new(null, null, null, true, null) : null;
        }

        return new(
            DockerTls.FileIn(folder, "ca.pem"), DockerTls.FileIn(folder, "cert.pem"), DockerTls.FileIn(folder, "key.pem"), skipVerify,
            null);
    }

    // Member names in any case, as Go reads them.
    private static JsonElement? Member(JsonElement element, string name)
    {
        JsonElement? found = null;
        foreach (var member in element.EnumerateObject())
        {
            found = string.Equals(member.Name, name, StringComparison.OrdinalIgnoreCase) ? member.Value : found;
        }

        return found;
    }

    private static string? Text(JsonElement element, string name) => Member(element, name) switch
    {
        null or { ValueKind: JsonValueKind.Null } => null,
        { ValueKind: JsonValueKind.String } value => value.GetString() is { Length: > 0 } text ? text : null,
        _ => throw new FormatException($"{name} is not a text"),
    };

    private static bool Flag(JsonElement element, string name) => Member(element, name) switch
    {
        null or { ValueKind: JsonValueKind.Null or JsonValueKind.False } => false,
        { ValueKind: JsonValueKind.True } => true,
        _ => throw new FormatException($"{name} is not true or false"),
    };
}
