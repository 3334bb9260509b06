using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Naming;

namespace ImgsPS.Store.Layout;

/// <summary>
/// The file catalog.json: facts by digest, so that a list need not open each manifest and config. Derived: what cannot be read of it is
/// made anew.
/// </summary>
internal sealed class CatalogFile
{
    /// <summary>Raised when what is kept changes its meaning; another version's file is not read.</summary>
    private const int Version = 2;

    /// <summary>What the file begins with; the hash of all that follows it and its end comes next.</summary>
    private const string CheckStart = "{\"sha256\":\"";

    private const string CheckEnd = "\",";

    private const int HashLength = 64;

    private const int MaxSize = 512 * 1024 * 1024;

    private static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly StorePaths _paths;
    private readonly StoreFiles _files;

    public CatalogFile(StorePaths paths, StoreFiles files)
    {
        _paths = paths;
        _files = files;
    }

    /// <summary>Reads the file; nothing when it is not there or not usable.</summary>
    public Dictionary<string, DocumentFacts> Read(IOperationObserver observer)
    {
        var facts = Read(out var fault);
        if (fault is not null)
        {
            observer.Debug($"'{_paths.Catalog}' is not used and will be made anew: {fault}");
        }

        return facts;
    }

    /// <summary>Why the file cannot be used; null when it can, is not there, or is of another version.</summary>
    public string? Fault()
    {
        Read(out var fault);
        return fault;
    }

    private Dictionary<string, DocumentFacts> Read(out string? fault)
    {
        fault = null;
        var facts = new Dictionary<string, DocumentFacts>(StringComparer.Ordinal);
        try
        {
            if (_files.TryRead(_paths.Catalog, MaxSize) is not { } bytes)
            {
                return facts;
            }

            var isChecked = IsChecked(bytes);
            using var json = JsonDocument.Parse(bytes);
            if (json.RootElement.GetProperty("version").GetInt32() != Version)
            {
                return facts;
            }

            if (!isChecked)
            {
                fault = "It has no checksum.";
                return facts;
            }

            foreach (var member in json.RootElement.GetProperty("indexes").EnumerateObject())
            {
                facts[member.Name] = new IndexFacts(member.Value.EnumerateArray().Select(ReadDescriptor).ToArray());
            }

            foreach (var member in json.RootElement.GetProperty("manifests").EnumerateObject())
            {
                facts[member.Name] = ReadManifest(member.Value);
            }
        }
        catch (Exception e) when (e is ImageException or JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            fault = PrintableText.OfServer(e.Message);
            facts.Clear();
        }

        return facts;
    }

    /// <summary>Replaces the file, under the store's lock. Not flushed: a torn file after a power loss is not used.</summary>
    /// <exception cref="ImageException">StoreUnavailable.</exception>
    public async Task WriteAsync(IReadOnlyDictionary<string, DocumentFacts> facts)
    {
        var bytes = AddCheck(Serialize(facts));
        using (var file = _files.Create(_paths.CatalogTemp))
        {
            _files.Write(file, bytes, 0, bytes.Length, bytes.Length);
        }

        await _files.MoveOverAsync(_paths.CatalogTemp, _paths.Catalog, CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>True when the bytes have a checksum and it is theirs; false when they have none.</summary>
    /// <exception cref="ImageException">InvalidData: it is another's.</exception>
    private static bool IsChecked(byte[] bytes)
    {
        var length = CheckStart.Length + HashLength + CheckEnd.Length;
        var start = Encoding.ASCII.GetString(bytes, 0, Math.Min(bytes.Length, length));
        if (start.Length < length || !start.StartsWith(CheckStart, StringComparison.Ordinal))
        {
            return false;
        }

        return start.Substring(CheckStart.Length) == HashOf(bytes, length) + CheckEnd
            ? true
            : throw new ImageException(ImageErrorKind.InvalidData, "Its checksum is wrong.");
    }

    /// <summary>Puts the hash of a document's bytes in front of its first member.</summary>
    private static byte[] AddCheck(byte[] document)
    {
        var start = Encoding.ASCII.GetBytes(CheckStart + HashOf(document, 1) + CheckEnd);
        var bytes = new byte[start.Length + document.Length - 1];
        start.CopyTo(bytes, 0);
        Array.Copy(document, 1, bytes, start.Length, document.Length - 1);
        return bytes;
    }

    private static string HashOf(byte[] bytes, int offset)
    {
        using var hash = Digest.CreateHash("sha256");
        hash.AppendData(bytes, offset, bytes.Length - offset);
        return Digest.FromHash("sha256", hash.GetHashAndReset()).Hex;
    }

    private static byte[] Serialize(IReadOnlyDictionary<string, DocumentFacts> facts)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, WriterOptions))
        {
            json.WriteStartObject();
            json.WriteNumber("version", Version);
            json.WriteStartObject("indexes");
            foreach (var pair in facts)
            {
                if (pair.Value is IndexFacts index)
                {
                    json.WriteStartArray(pair.Key);
                    foreach (var child in index.Children)
                    {
                        Write(json, child);
                    }

                    json.WriteEndArray();
                }
            }

            json.WriteEndObject();
            json.WriteStartObject("manifests");
            foreach (var pair in facts)
            {
                if (pair.Value is ManifestFacts manifest)
                {
                    json.WritePropertyName(pair.Key);
                    Write(json, manifest);
                }
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        return stream.ToArray();
    }

    private static void Write(Utf8JsonWriter json, ManifestFacts manifest)
    {
        json.WriteStartObject();
        json.WriteBoolean("image", manifest.IsImage);
        json.WritePropertyName("config");
        Write(json, manifest.Config);
        WriteText(json, "created", manifest.Created?.ToString("o", CultureInfo.InvariantCulture));
        WriteText(json, "author", manifest.Author);
        Write(json, manifest.Platform);
        if (manifest.Labels.Count > 0)
        {
            json.WriteStartObject("labels");
            foreach (var label in manifest.Labels)
            {
                json.WriteString(label.Key, label.Value);
            }

            json.WriteEndObject();
        }

        json.WriteStartArray("layers");
        foreach (var layer in manifest.Layers)
        {
            json.WriteStartObject();
            WriteText(json, "digest", layer.Digest);
            json.WriteNumber("size", layer.Size!.Value);
            WriteText(json, "type", layer.MediaType);
            WriteText(json, "diffId", layer.DiffId);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, Descriptor descriptor)
    {
        json.WriteStartObject();
        json.WriteString("type", descriptor.MediaType);
        json.WriteString("digest", descriptor.Digest.ToString());
        json.WriteNumber("size", descriptor.Size);
        WriteText(json, "artifactType", descriptor.ArtifactType);
        Write(json, descriptor.Platform);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, Platform? platform)
    {
        if (platform is null)
        {
            return;
        }

        json.WriteStartObject("platform");
        json.WriteString("os", platform.OS);
        json.WriteString("architecture", platform.Architecture);
        WriteText(json, "variant", platform.Variant);
        WriteText(json, "osVersion", platform.OSVersion);
        if (platform.OSFeatures.Count > 0)
        {
            json.WriteStartArray("osFeatures");
            foreach (var feature in platform.OSFeatures)
            {
                json.WriteStringValue(feature);
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static void WriteText(Utf8JsonWriter json, string name, string? text)
    {
        if (text is not null)
        {
            json.WriteString(name, text);
        }
    }

    private static ManifestFacts ReadManifest(JsonElement json)
    {
        var layers = json.GetProperty("layers");
        return new ManifestFacts
        {
            IsImage = json.GetProperty("image").GetBoolean(),
            IsComplete = true,
            Config = ReadDescriptor(json.GetProperty("config")),
            Created = ReadText(json, "created") is { } created
                ? DateTimeOffset.Parse(created, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind)
                : null,
            Author = ReadText(json, "author"),
            Platform = ReadPlatform(json),
            Labels = ReadLabels(json),
            Layers = layers.GetArrayLength() <= Manifest.MaxLayers
                ? layers.EnumerateArray().Select(ReadLayer).ToArray()
                : throw new FormatException("more layers than an image has"),
        };
    }

    private static ImageLayer ReadLayer(JsonElement json) => new()
    {
        Digest = RequiredText(json, "digest"),
        Size = ReadSize(json),
        MediaType = RequiredText(json, "type"),
        DiffId = ReadText(json, "diffId"),
    };

    private static IReadOnlyDictionary<string, string> ReadLabels(JsonElement json)
    {
        if (!json.TryGetProperty("labels", out var members))
        {
            return Descriptor.Empty;
        }

        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var label in members.EnumerateObject())
        {
            labels[label.Name] = Text(label.Value);
        }

        return labels;
    }

    private static Descriptor ReadDescriptor(JsonElement json) =>
        new(RequiredText(json, "type"), Digest.Parse(RequiredText(json, "digest")), ReadSize(json))
        {
            ArtifactType = ReadText(json, "artifactType"),
            Platform = ReadPlatform(json),
        };

    private static Platform? ReadPlatform(JsonElement json) => json.TryGetProperty("platform", out var platform)
        ? new Platform(
            RequiredText(platform, "os"),
            RequiredText(platform, "architecture"),
            ReadText(platform, "variant"),
            ReadText(platform, "osVersion"),
            platform.TryGetProperty("osFeatures", out var features) ? features.EnumerateArray().Select(Text).ToArray() : null)
        : null;

    // As in the documents that it comes from, so that sums of sizes stay numbers.
    private static long ReadSize(JsonElement json) => json.GetProperty("size").GetInt64() is >= 0 and <= StrictObject.MaxInteger and var size
        ? size
        : throw new FormatException("a size is out of range");

    private static string? ReadText(JsonElement json, string name) => json.TryGetProperty(name, out var text) ? text.GetString() : null;

    private static string RequiredText(JsonElement json, string name) => Text(json.GetProperty(name));

    private static string Text(JsonElement json) => json.GetString() ?? throw new FormatException("a text is null");
}
