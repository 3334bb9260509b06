using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text.Json;
using ImgsPS.Content;

namespace ImgsPS.Stores.Layout;

/// <summary>
/// Reads what <see cref="CatalogWriter"/> wrote, in one pass. Texts that many images have, and whole layers and platforms, are kept once.
/// One instance per document.
/// </summary>
internal sealed class CatalogReader
{
    private readonly byte[] _document;
    private readonly List<ImageLayer> _layers = new();
    private readonly SharedTexts _texts = new();
    private readonly Dictionary<string, Platform> _platforms = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Digest> _subjects = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DocumentFacts> _facts = new(StringComparer.Ordinal);

    public CatalogReader(byte[] document) => _document = document;

    /// <summary>The facts; null when the document is of another version.</summary>
    /// <exception cref="JsonException">It is not JSON.</exception>
    /// <exception cref="FormatException">It is not what we write.</exception>
    /// <exception cref="InvalidOperationException">A text in it is not Unicode.</exception>
    public IReadOnlyDictionary<string, DocumentFacts>? Read()
    {
        var reader = new Utf8JsonReader(_document);
        reader.Read();
        var version = 0;
        Require(reader.TokenType == JsonTokenType.StartObject, "it is no object");
        while (NextMember(ref reader))
        {
            if (reader.ValueTextEquals("version"u8))
            {
                reader.Read();
                version = reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var number) ? number : 0;
                if (version != CatalogFile.Version)
                {
                    return null;
                }
            }
            else if (version == 0)
            {
                // The checksum stands before it; all else after it.
                reader.Skip();
            }
            else if (reader.ValueTextEquals("layers"u8))
            {
                ReadLayers(ref reader);
            }
            else if (reader.ValueTextEquals("subjects"u8))
            {
                ReadSubjects(ref reader);
            }
            else if (reader.ValueTextEquals("indexes"u8))
            {
                ReadIndexes(ref reader);
            }
            else if (reader.ValueTextEquals("manifests"u8))
            {
                ReadManifests(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        Require(version != 0, "it has no version");
        reader.Read();
        return _facts;
    }

    private void ReadLayers(ref Utf8JsonReader reader)
    {
        Enter(ref reader, JsonTokenType.StartArray);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            Require(reader.TokenType == JsonTokenType.StartObject, "a layer is no object");
            string? digest = null, type = null, diffId = null;
            long? size = null;
            while (NextMember(ref reader))
            {
                if (reader.ValueTextEquals("digest"u8))
                {
                    digest = ReadText(ref reader);
                }
                else if (reader.ValueTextEquals("size"u8))
                {
                    size = ReadSize(ref reader);
                }
                else if (reader.ValueTextEquals("type"u8))
                {
                    type = _texts.Share(ReadText(ref reader));
                }
                else if (reader.ValueTextEquals("diffId"u8))
                {
                    diffId = ReadText(ref reader);
                }
                else
                {
                    reader.Skip();
                }
            }

            Require(digest is not null && type is not null && size is not null, "a layer has no digest, size or type");
            _layers.Add(new ImageLayer { Digest = digest, Size = size, MediaType = type, DiffId = diffId });
        }
    }

    private void ReadSubjects(ref Utf8JsonReader reader)
    {
        Enter(ref reader, JsonTokenType.StartObject);
        while (NextMember(ref reader))
        {
            var document = reader.GetString()!;
            Require(Digest.TryParse(ReadText(ref reader), out var subject), "a subject is no digest");
            _subjects[document] = subject!;
        }
    }

    private Digest? SubjectOf(string document) => _subjects.TryGetValue(document, out var subject) ? subject : null;

    private void ReadIndexes(ref Utf8JsonReader reader)
    {
        Enter(ref reader, JsonTokenType.StartObject);
        while (NextMember(ref reader))
        {
            var digest = reader.GetString()!;
            var children = new List<Descriptor>();
            Enter(ref reader, JsonTokenType.StartArray);
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                children.Add(ReadDescriptor(ref reader));
            }

            _facts[digest] = new IndexFacts(children.ToArray()) { Subject = SubjectOf(digest) };
        }
    }

    private void ReadManifests(ref Utf8JsonReader reader)
    {
        Enter(ref reader, JsonTokenType.StartObject);
        while (NextMember(ref reader))
        {
            var digest = reader.GetString()!;
            Enter(ref reader, JsonTokenType.StartObject);
            _facts[digest] = ReadManifest(ref reader, SubjectOf(digest));
        }
    }

    private ManifestFacts ReadManifest(ref Utf8JsonReader reader, Digest? subject)
    {
        bool? isImage = null;
        string? artifactType = null;
        Descriptor? config = null;
        DateTimeOffset? created = null;
        string? author = null;
        Platform? platform = null;
        var labels = Descriptor.Empty;
        IReadOnlyList<ImageLayer>? layers = null;
        while (NextMember(ref reader))
        {
            if (reader.ValueTextEquals("image"u8))
            {
                reader.Read();
                isImage = reader.GetBoolean();
            }
            else if (reader.ValueTextEquals("artifactType"u8))
            {
                artifactType = _texts.Share(ReadText(ref reader));
            }
            else if (reader.ValueTextEquals("config"u8))
            {
                reader.Read();
                config = ReadDescriptor(ref reader);
            }
            else if (reader.ValueTextEquals("created"u8))
            {
                created = DateTimeOffset.ParseExact(ReadText(ref reader), "o", CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind);
            }
            else if (reader.ValueTextEquals("author"u8))
            {
                author = _texts.Share(ReadText(ref reader));
            }
            else if (reader.ValueTextEquals("platform"u8))
            {
                platform = ReadPlatform(ref reader);
            }
            else if (reader.ValueTextEquals("labels"u8))
            {
                labels = ReadLabels(ref reader);
            }
            else if (reader.ValueTextEquals("layers"u8))
            {
                layers = ReadNumbers(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        Require(isImage is not null && config is not null && layers is not null, "a manifest lacks a member");
        return new ManifestFacts(config!, layers!)
        {
            Subject = subject,
            IsImage = isImage!.Value,
            ArtifactType = artifactType,
            IsComplete = true,
            Created = created,
            Author = author,
            Platform = platform,
            Labels = labels,
        };
    }

    private ImageLayer[] ReadNumbers(ref Utf8JsonReader reader)
    {
        Enter(ref reader, JsonTokenType.StartArray);
        var layers = new List<ImageLayer>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            Require(
                reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var number) && number >= 0 && number < _layers.Count,
                "a layer's number is none");
            layers.Add(_layers[reader.GetInt32()]);
        }

        return layers.ToArray();
    }

    private Dictionary<string, string> ReadLabels(ref Utf8JsonReader reader)
    {
        Enter(ref reader, JsonTokenType.StartObject);
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        while (NextMember(ref reader))
        {
            var name = _texts.Share(reader.GetString()!);
            labels[name] = _texts.Share(ReadText(ref reader));
        }

        return labels;
    }

    /// <summary>Reads the object on whose start the reader stands.</summary>
    private Descriptor ReadDescriptor(ref Utf8JsonReader reader)
    {
        Require(reader.TokenType == JsonTokenType.StartObject, "a descriptor is no object");
        string? type = null, artifactType = null;
        Digest? digest = null;
        long? size = null;
        Platform? platform = null;
        while (NextMember(ref reader))
        {
            if (reader.ValueTextEquals("type"u8))
            {
                type = _texts.Share(ReadText(ref reader));
            }
            else if (reader.ValueTextEquals("digest"u8))
            {
                Require(Digest.TryParse(ReadText(ref reader), out digest), "a digest is none");
            }
            else if (reader.ValueTextEquals("size"u8))
            {
                size = ReadSize(ref reader);
            }
            else if (reader.ValueTextEquals("artifactType"u8))
            {
                artifactType = _texts.Share(ReadText(ref reader));
            }
            else if (reader.ValueTextEquals("platform"u8))
            {
                platform = ReadPlatform(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        Require(type is not null && digest is not null && size is not null, "a descriptor lacks a member");
        return new Descriptor(type!, digest!, size!.Value) { ArtifactType = artifactType, Platform = platform };
    }

    private Platform ReadPlatform(ref Utf8JsonReader reader)
    {
        Enter(ref reader, JsonTokenType.StartObject);
        string? os = null, architecture = null, variant = null, osVersion = null;
        List<string>? features = null;
        while (NextMember(ref reader))
        {
            if (reader.ValueTextEquals("os"u8))
            {
                os = ReadText(ref reader);
            }
            else if (reader.ValueTextEquals("architecture"u8))
            {
                architecture = ReadText(ref reader);
            }
            else if (reader.ValueTextEquals("variant"u8))
            {
                variant = ReadText(ref reader);
            }
            else if (reader.ValueTextEquals("osVersion"u8))
            {
                osVersion = ReadText(ref reader);
            }
            else if (reader.ValueTextEquals("osFeatures"u8))
            {
                Enter(ref reader, JsonTokenType.StartArray);
                features = new List<string>();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    Require(reader.TokenType == JsonTokenType.String, "a feature is no text");
                    features.Add(reader.GetString()!);
                }
            }
            else
            {
                reader.Skip();
            }
        }

        Require(os is not null && architecture is not null, "a platform has no os or architecture");
        if (features is not null)
        {
            return new Platform(os!, architecture!, variant, osVersion, features.ToArray());
        }

        var key = $"{os}\n{architecture}\n{(variant is null ? "" : "=" + variant)}\n{(osVersion is null ? "" : "=" + osVersion)}";
        if (!_platforms.TryGetValue(key, out var platform))
        {
            platform = new Platform(os!, architecture!, variant, osVersion, null);
            _platforms.Add(key, platform);
        }

        return platform;
    }

    /// <summary>Goes to the next member's name; false at the end of the object.</summary>
    private static bool NextMember(ref Utf8JsonReader reader) => reader.Read() && reader.TokenType == JsonTokenType.PropertyName;

    private static void Enter(ref Utf8JsonReader reader, JsonTokenType start)
    {
        reader.Read();
        Require(reader.TokenType == start, "a member is of another kind");
    }

    private static string ReadText(ref Utf8JsonReader reader)
    {
        reader.Read();
        Require(reader.TokenType == JsonTokenType.String, "a text is none");
        return reader.GetString()!;
    }

    // As in the documents that it comes from, so that sums of sizes stay numbers.
    private static long ReadSize(ref Utf8JsonReader reader)
    {
        reader.Read();
        Require(
            reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var size) && size is >= 0 and <= StrictObject.MaxInteger,
            "a size is out of range");
        return reader.GetInt64();
    }

    private static void Require(bool holds, string problem)
    {
        if (!holds)
        {
            throw new FormatException($"It is not a catalog: {problem}.");
        }
    }
}
