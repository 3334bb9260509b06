using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using ImgsPS.Content;
using ImgsPS.Naming;

namespace ImgsPS.Store.Layout;

/// <summary>
/// The document index.json: read, asked, changed, written. Members, annotations and entries that are not ours stay as they are. Not
/// thread-safe.
/// </summary>
internal sealed class LayoutIndex
{
    /// <summary>The annotation with the time of the pull, RFC 3339 in UTC.</summary>
    public const string PulledAnnotation = "io.imgsps.pulled";

    /// <summary>
    /// The annotation with the time at which a name was given that was not pulled, RFC 3339 in UTC. It stands instead of the other, or beside it
    /// when the name's repository had the digest from a pull (L3).
    /// </summary>
    public const string TaggedAnnotation = "io.imgsps.tagged";

    private const long LargestSize = 1L << 53;

    private static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly JsonObject _root;
    private readonly JsonArray _manifests;
    private List<IndexEntry> _entries;

    private LayoutIndex(JsonObject root, JsonArray manifests)
    {
        _root = root;
        _manifests = manifests;
        _entries = ReadEntries(manifests);
    }

    /// <summary>The entries, in the document's order.</summary>
    public IReadOnlyList<IndexEntry> Entries => _entries;

    /// <summary>An index without entries.</summary>
    public static LayoutIndex Empty()
    {
        var manifests = new JsonArray();
        return new LayoutIndex(
            new JsonObject { ["schemaVersion"] = 2, ["mediaType"] = "application/vnd.oci.image.index.v1+json", ["manifests"] = manifests },
            manifests);
    }

    /// <summary>Reads the document.</summary>
    /// <exception cref="ImageException">InvalidData.</exception>
    public static LayoutIndex Parse(byte[] bytes)
    {
        StrictJson.CheckTexts(bytes, "index.json");
        try
        {
            if (JsonNode.Parse(bytes) is not JsonObject root || root["schemaVersion"]?.GetValue<int>() != 2)
            {
                throw new ImageException(ImageErrorKind.InvalidData, "It is not an object with schemaVersion 2.");
            }

            // Go writes an empty list as null.
            if (root["manifests"] is null)
            {
                root["manifests"] = new JsonArray();
            }

            return new LayoutIndex(root, (JsonArray)root["manifests"]!);
        }
        catch (Exception e) when (e is JsonException or ArgumentException or InvalidOperationException or FormatException or InvalidCastException)
        {
            // ArgumentException: a member stands twice (RN23).
            throw new ImageException(ImageErrorKind.InvalidData, PrintableText.OfServer(e.Message), null, e);
        }
    }

    /// <summary>The document's bytes.</summary>
    public byte[] Serialize()
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, WriterOptions))
        {
            _root.WriteTo(writer);
        }

        return stream.ToArray();
    }

    /// <summary>The entry with this name, or null.</summary>
    public IndexEntry? Find(EntryName name) => _entries.Find(e => e.Descriptor is not null && e.Name?.Key == name.Key);

    /// <summary>
    /// Makes a name mean <paramref name="target"/>. What it meant before stays as an entry without a name, unless another entry has that
    /// digest; an entry without a name for the same digest gets the name.
    /// </summary>
    public void SetName(EntryName name, Descriptor target, DateTimeOffset pulledAt) =>
        Name(name, target, pulledAt, null);

    /// <summary>As <see cref="SetName"/>, for a name that is given to an image of the store.</summary>
    /// <param name="name">The name.</param>
    /// <param name="target">What it means.</param>
    /// <param name="taggedAt">Now.</param>
    /// <param name="pulledAt">When the name's repository got the digest by a pull; null when it did not.</param>
    public void SetTag(EntryName name, Descriptor target, DateTimeOffset taggedAt, DateTimeOffset? pulledAt) =>
        Name(name, target, pulledAt, taggedAt);

    /// <summary>Adds an image without a name.</summary>
    public void AddNameless(Descriptor image)
    {
        _manifests.Add(new JsonObject
        {
            ["mediaType"] = image.MediaType,
            ["digest"] = image.Digest.ToString(),
            ["size"] = image.Size,
        });
        _entries = ReadEntries(_manifests);
    }

    /// <summary>Makes the entries for a digest say of it what it is.</summary>
    public void Correct(Descriptor actual)
    {
        foreach (var entry in _entries.Where(e => e.Descriptor?.Digest == actual.Digest))
        {
            entry.Node!["mediaType"] = actual.MediaType;
            entry.Node!["size"] = actual.Size;
        }

        _entries = ReadEntries(_manifests);
    }

    /// <summary>Takes entries away.</summary>
    public void Remove(IEnumerable<IndexEntry> gone)
    {
        foreach (var entry in gone)
        {
            _manifests.Remove(entry.Node);
        }

        _entries = ReadEntries(_manifests);
    }

    private void Name(EntryName name, Descriptor target, DateTimeOffset? pulledAt, DateTimeOffset? taggedAt)
    {
        var holders = _entries.Where(e => e.Name?.Key == name.Key).ToList();
        var same = _entries.Where(e => e.Descriptor?.Digest == target.Digest).ToList();
        var carrier = same.Find(holders.Contains) ?? same.Find(e => e.Name is null);
        foreach (var holder in holders.Where(h => h != carrier))
        {
            var digest = holder.Descriptor?.Digest;
            if (digest is null || _entries.Exists(e => e != holder && e.Node?.Parent is not null && e.Descriptor?.Digest == digest))
            {
                _manifests.Remove(holder.Node);
            }
            else
            {
                RemoveAnnotation(holder.Node!.AsObject(), EntryName.Annotation);
            }
        }

        foreach (var nameless in same.Where(e => e.Name is null && e != carrier))
        {
            _manifests.Remove(nameless.Node);
        }

        var node = carrier?.Node?.AsObject();
        if (node is null)
        {
            node = new JsonObject();
            _manifests.Add(node);
        }

        if (target.MediaType.Length > 0)
        {
            node["mediaType"] = target.MediaType;
        }

        node["digest"] = target.Digest.ToString();
        node["size"] = target.Size;
        var annotations = node["annotations"] as JsonObject;
        if (annotations is null)
        {
            annotations = new JsonObject();
            node["annotations"] = annotations;
        }

        annotations[EntryName.Annotation] = name.Key;
        SetTime(annotations, PulledAnnotation, pulledAt);
        SetTime(annotations, TaggedAnnotation, taggedAt);
        _entries = ReadEntries(_manifests);
    }

    private static void SetTime(JsonObject annotations, string name, DateTimeOffset? time)
    {
        annotations.Remove(name);
        if (time is { } moment)
        {
            annotations[name] = moment.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        }
    }

    private static void RemoveAnnotation(JsonObject entry, string name)
    {
        if (entry["annotations"] is JsonObject annotations)
        {
            annotations.Remove(name);
            if (annotations.Count == 0)
            {
                entry.Remove("annotations");
            }
        }
    }

    private static List<IndexEntry> ReadEntries(JsonArray manifests) => manifests.Select(ReadEntry).ToList();

    private static IndexEntry ReadEntry(JsonNode? node)
    {
        if (node is not JsonObject entry)
        {
            return new IndexEntry(node, null, null, null);
        }

        var annotations = entry["annotations"] as JsonObject;
        var descriptor = Digest.TryParse(Text(entry["digest"]), out var digest)
            && entry["size"] is JsonValue number && number.TryGetValue<long>(out var size) && size is >= 0 and <= LargestSize
            ? new Descriptor(Text(entry["mediaType"]) ?? "", digest, size) { ArtifactType = Text(entry["artifactType"]) }
            : null;
        var name = EntryName.Parse(Text(annotations?[EntryName.Annotation]));
        return new IndexEntry(entry, descriptor, name, Time(annotations?[PulledAnnotation])) { TaggedAt = Time(annotations?[TaggedAnnotation]) };
    }

    private static DateTimeOffset? Time(JsonNode? node) =>
        DateTimeOffset.TryParse(Text(node), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
}
