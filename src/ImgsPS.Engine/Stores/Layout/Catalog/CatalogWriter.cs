using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text.Encodings.Web;
using System.Text.Json;
using ImgsPS.Content;

namespace ImgsPS.Stores.Layout;

/// <summary>
/// Writes facts as the catalog's JSON: <c>version</c>, <c>layers</c> (each once, since images share them), <c>subjects</c> of documents
/// that are about another one, <c>indexes</c> by digest, <c>manifests</c> by digest with their layers by number. One instance per document.
/// </summary>
internal sealed class CatalogWriter
{
    private static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Dictionary<LayerKey, int> _numbers = new();
    private readonly Utf8JsonWriter _json;

    private CatalogWriter(Utf8JsonWriter json) => _json = json;

    /// <summary>The document.</summary>
    public static byte[] Serialize(int version, IReadOnlyDictionary<string, DocumentFacts> facts)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, WriterOptions))
        {
            new CatalogWriter(json).Write(version, facts);
        }

        return stream.ToArray();
    }

    private void Write(int version, IReadOnlyDictionary<string, DocumentFacts> facts)
    {
        _json.WriteStartObject();
        _json.WriteNumber("version", version);
        _json.WriteStartArray("layers");
        foreach (var known in facts.Values)
        {
            if (known is ManifestFacts manifest)
            {
                WriteNew(manifest.Layers);
            }
        }

        _json.WriteEndArray();
        _json.WriteStartObject("subjects");
        foreach (var pair in facts)
        {
            WriteText(pair.Key, pair.Value.Subject?.ToString());
        }

        _json.WriteEndObject();
        _json.WriteStartObject("indexes");
        foreach (var pair in facts)
        {
            if (pair.Value is IndexFacts index)
            {
                _json.WriteStartArray(pair.Key);
                foreach (var child in index.Children)
                {
                    Write(child);
                }

                _json.WriteEndArray();
            }
        }

        _json.WriteEndObject();
        _json.WriteStartObject("manifests");
        foreach (var pair in facts)
        {
            if (pair.Value is ManifestFacts manifest)
            {
                _json.WritePropertyName(pair.Key);
                Write(manifest);
            }
        }

        _json.WriteEndObject();
        _json.WriteEndObject();
    }

    private static LayerKey Key(ImageLayer layer) => new(layer.Digest, layer.Size, layer.MediaType, layer.DiffId);

    private void WriteNew(IReadOnlyList<ImageLayer> layers)
    {
        foreach (var layer in layers)
        {
            if (_numbers.ContainsKey(Key(layer)))
            {
                continue;
            }

            _numbers.Add(Key(layer), _numbers.Count);
            _json.WriteStartObject();
            WriteText("digest", layer.Digest);
            _json.WriteNumber("size", layer.Size!.Value);
            WriteText("type", layer.MediaType);
            WriteText("diffId", layer.DiffId);
            _json.WriteEndObject();
        }
    }

    private void Write(ManifestFacts manifest)
    {
        _json.WriteStartObject();
        _json.WriteBoolean("image", manifest.IsImage);
        WriteText("artifactType", manifest.ArtifactType);
        _json.WritePropertyName("config");
        Write(manifest.Config);
        WriteText("created", manifest.Created?.ToString("o", CultureInfo.InvariantCulture));
        WriteText("author", manifest.Author);
        Write(manifest.Platform);
        if (manifest.Labels.Count > 0)
        {
            _json.WriteStartObject("labels");
            foreach (var label in manifest.Labels)
            {
                _json.WriteString(label.Key, label.Value);
            }

            _json.WriteEndObject();
        }

        _json.WriteStartArray("layers");
        foreach (var layer in manifest.Layers)
        {
            _json.WriteNumberValue(_numbers[Key(layer)]);
        }

        _json.WriteEndArray();
        _json.WriteEndObject();
    }

    private void Write(Descriptor descriptor)
    {
        _json.WriteStartObject();
        _json.WriteString("type", descriptor.MediaType);
        _json.WriteString("digest", descriptor.Digest.ToString());
        _json.WriteNumber("size", descriptor.Size);
        WriteText("artifactType", descriptor.ArtifactType);
        Write(descriptor.Platform);
        _json.WriteEndObject();
    }

    private void Write(Platform? platform)
    {
        if (platform is null)
        {
            return;
        }

        _json.WriteStartObject("platform");
        _json.WriteString("os", platform.OS);
        _json.WriteString("architecture", platform.Architecture);
        WriteText("variant", platform.Variant);
        WriteText("osVersion", platform.OSVersion);
        if (platform.OSFeatures.Count > 0)
        {
            _json.WriteStartArray("osFeatures");
            foreach (var feature in platform.OSFeatures)
            {
                _json.WriteStringValue(feature);
            }

            _json.WriteEndArray();
        }

        _json.WriteEndObject();
    }

    private void WriteText(string name, string? text)
    {
        if (text is not null)
        {
            _json.WriteString(name, text);
        }
    }

    private sealed record LayerKey(string? Digest, long? Size, string? MediaType, string? DiffId);
}
