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

namespace ImgsPS.Stores.Layout;

/// <summary>
/// The document index.json: read, asked, changed, written. Members, annotations and entries that are not ours stay as they are, byte for
/// byte. Not thread-safe while it is changed.
/// </summary>
internal sealed class LayoutIndex
{
    /// <summary>The annotation with the time of the pull, RFC 3339 in UTC.</summary>
    public const string PulledAnnotation = "io.imgsps.pulled";

    /// <summary>
    /// The annotation with the time at which a name was given that was not pulled, RFC 3339 in UTC. It stands instead of the other, or
    /// beside it when the name's repository had the digest from a pull (L3).
    /// </summary>
    public const string TaggedAnnotation = "io.imgsps.tagged";

    /// <summary>
    /// The annotation with the digests of an index's manifests that the entry does not show any more, with blanks between them (FF2).
    /// </summary>
    public const string HiddenAnnotation = "io.imgsps.hidden";

    private static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly ReadOnlyMemory<byte> _before;
    private readonly ReadOnlyMemory<byte> _after;

    // Never changed, only replaced: copies share it.
    private List<IndexEntry> _entries;

    private LayoutIndex(ReadOnlyMemory<byte> before, List<IndexEntry> entries, ReadOnlyMemory<byte> after)
    {
        _before = before;
        _entries = entries;
        _after = after;
    }

    /// <summary>The entries, in the document's order.</summary>
    public IReadOnlyList<IndexEntry> Entries => _entries;

    /// <summary>An index without entries.</summary>
    public static LayoutIndex Empty() => Of(Array.Empty<IndexEntry>());

    /// <summary>An index of entries that were read elsewhere.</summary>
    public static LayoutIndex Of(IEnumerable<IndexEntry> entries) => new(
        "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\",\"manifests\":["u8.ToArray(),
        entries.ToList(),
        "]}"u8.ToArray());

    /// <summary>Reads the document.</summary>
    /// <param name="bytes">The document; entries are parts of it, so it must not change any more.</param>
    /// <exception cref="ImageException">InvalidData.</exception>
    public static LayoutIndex Parse(byte[] bytes)
    {
        bytes = Utf8Text.Of(bytes);
        StrictJson.CheckTexts(bytes, "index.json");
        try
        {
            var reader = new IndexReader(bytes);
            var entries = reader.Read();
            return new LayoutIndex(reader.Before, entries, reader.After);
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
            // InvalidOperationException: a text that is not Unicode.
            throw new ImageException(ImageErrorKind.InvalidData, PrintableText.OfServer(e.Message), null, e);
        }
    }

    /// <summary>The same index, which can be changed without a change of this one.</summary>
    public LayoutIndex Copy() => new(_before, _entries, _after);

    /// <summary>True when the one was copied from the other and neither was changed since: their entries are the same objects.</summary>
    public bool IsCopyOf(LayoutIndex other) => ReferenceEquals(_entries, other._entries);

    /// <summary>True when both are the same document, but for white space between entries.</summary>
    public bool IsSame(LayoutIndex other) =>
        (IsCopyOf(other) && _before.Equals(other._before) && _after.Equals(other._after))
        || Serialize().AsSpan().SequenceEqual(other.Serialize());

    /// <summary>The document's bytes.</summary>
    public byte[] Serialize()
    {
        var bytes = new byte[_before.Length + _after.Length + Math.Max(0, _entries.Count - 1) + _entries.Sum(e => e.Json.Length)];
        _before.CopyTo(bytes);
        var at = _before.Length;
        foreach (var entry in _entries)
        {
            if (at > _before.Length)
            {
                bytes[at++] = (byte)',';
            }

            entry.Json.CopyTo(bytes.AsMemory(at));
            at += entry.Json.Length;
        }

        _after.CopyTo(bytes.AsMemory(at));
        return bytes;
    }

    /// <summary>The entry with this name, or null.</summary>
    public IndexEntry? Find(EntryName name) => _entries.Find(e => e.Descriptor is not null && e.Name?.Key == name.Key);

    /// <summary>
    /// Makes a name mean <paramref name="target"/>. What it meant before stays as an entry without a name, unless another entry has that
    /// digest; an entry without a name for the same digest gets the name.
    /// </summary>
    /// <param name="name">The name.</param>
    /// <param name="target">What it means.</param>
    /// <param name="pulledAt">Now.</param>
    /// <param name="shown">What was pulled: the name shows it again if it had been hidden.</param>
    public void SetName(EntryName name, Descriptor target, DateTimeOffset pulledAt, IEnumerable<Digest> shown) =>
        SetNames([new NameChange(name, target, shown) { IsPull = true }], pulledAt);

    /// <summary>As <see cref="SetName"/> for any number of names, and for images without one, in their order.</summary>
    /// <param name="changes">The names.</param>
    /// <param name="now">Now.</param>
    /// <returns>What became of each.</returns>
    public IReadOnlyList<NameChanged> SetNames(IEnumerable<NameChange> changes, DateTimeOffset now)
    {
        var edit = new IndexEdit(_entries);
        var changed = changes.Select(change => Change(edit, change, now)).ToList();
        if (changed.Exists(c => c.IsNew))
        {
            _entries = edit.ToList();
        }

        return changed;
    }

    /// <summary>As <see cref="SetName"/>, for a name that is given to an image of the store.</summary>
    /// <param name="name">The name.</param>
    /// <param name="target">What it means.</param>
    /// <param name="taggedAt">Now.</param>
    /// <param name="pulledAt">When the name's repository got the digest by a pull; null when it did not.</param>
    /// <param name="hidden">The manifests of the index that the name does not show.</param>
    public void SetTag(
        EntryName name, Descriptor target, DateTimeOffset taggedAt, DateTimeOffset? pulledAt, IReadOnlyCollection<Digest> hidden)
    {
        var edit = new IndexEdit(_entries);
        Name(edit, name, target, pulledAt, taggedAt, hidden);
        _entries = edit.ToList();
    }

    /// <summary>Adds an image without a name.</summary>
    public void AddNameless(Descriptor image) => _entries = new List<IndexEntry>(_entries) { Nameless(image) };

    /// <summary>Makes the entries for a digest say of it what it is.</summary>
    public void Correct(Descriptor actual) => _entries = _entries.ConvertAll(entry =>
    {
        if (entry.Descriptor?.Digest != actual.Digest)
        {
            return entry;
        }

        var node = Node(entry);
        node["mediaType"] = actual.MediaType;
        node["size"] = actual.Size;
        return Entry(node);
    });

    /// <summary>Takes entries away.</summary>
    public void Remove(IEnumerable<IndexEntry> gone)
    {
        var going = new HashSet<IndexEntry>(gone);
        _entries = _entries.FindAll(e => !going.Contains(e));
    }

    /// <summary>Hides manifests in entries of the index; the entries are those of <see cref="Entries"/>.</summary>
    public void Hide(IReadOnlyDictionary<IndexEntry, IReadOnlyCollection<Digest>> hidden)
    {
        if (hidden.Count > 0)
        {
            _entries = _entries.ConvertAll(entry =>
            {
                if (!hidden.TryGetValue(entry, out var more))
                {
                    return entry;
                }

                var node = Node(entry);
                SetHidden(Annotations(node), entry.Hidden.Concat(more));
                return Entry(node);
            });
        }
    }

    private static NameChanged Change(IndexEdit edit, NameChange change, DateTimeOffset now)
    {
        var target = change.Target;
        if (change.Name is not { } name)
        {
            var there = edit.Find(target.Digest, _ => true);
            var nameless = there ?? Nameless(target);
            if (there is null)
            {
                edit.Add(nameless);
            }

            return new NameChanged(nameless, there?.Descriptor, there is null);
        }

        var before = edit.Find(name);
        var isSame = before?.Descriptor!.Digest == target.Digest;
        var hidden = isSame ? before!.Hidden.Except(change.Shown).ToArray() : [];
        if (!change.IsPull && isSame && hidden.Length == before!.Hidden.Count)
        {
            return new NameChanged(before, before.Descriptor, IsNew: false);
        }

        var pulledAt = change.IsPull ? now
            : edit.Find(target.Digest, e => e.PulledAt is not null && e.Name?.IsSameRepository(name) == true)?.PulledAt;
        var entry = Name(edit, name, target, pulledAt, change.IsPull ? null : now, hidden);
        return new NameChanged(entry, before?.Descriptor, IsNew: true);
    }

    private static IndexEntry Name(
        IndexEdit edit, EntryName name, Descriptor target, DateTimeOffset? pulledAt, DateTimeOffset? taggedAt,
        IReadOnlyCollection<Digest> hidden)
    {
        return edit.SetName(name, target.Digest, Named, Forgotten);

        IndexEntry Named(IndexEntry? carrier)
        {
            var node = carrier is null ? new JsonObject() : Node(carrier);
            if (target.MediaType.Length > 0)
            {
                node["mediaType"] = target.MediaType;
            }

            node["digest"] = target.Digest.ToString();
            node["size"] = target.Size;
            var annotations = Annotations(node);
            annotations.Remove(EntryName.WholeAnnotation);
            annotations[EntryName.Annotation] = name.Key;
            SetTime(annotations, PulledAnnotation, pulledAt);
            SetTime(annotations, TaggedAnnotation, taggedAt);
            SetHidden(annotations, hidden);
            return Entry(node);
        }

        static IndexEntry Forgotten(IndexEntry entry)
        {
            var node = Node(entry);
            RemoveAnnotation(node, EntryName.Annotation);
            RemoveAnnotation(node, EntryName.WholeAnnotation);
            return Entry(node);
        }
    }

    private static IndexEntry Nameless(Descriptor image) => Entry(new JsonObject
    {
        ["mediaType"] = image.MediaType,
        ["digest"] = image.Digest.ToString(),
        ["size"] = image.Size,
    });

    /// <summary>An entry's JSON, to be changed.</summary>
    private static JsonObject Node(IndexEntry entry) => JsonNode.Parse(entry.Json.Span)!.AsObject();

    private static IndexEntry Entry(JsonObject node)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, WriterOptions))
        {
            node.WriteTo(writer);
        }

        return new IndexReader(stream.ToArray()).ReadEntry();
    }

    private static JsonObject Annotations(JsonObject entry)
    {
        if (entry["annotations"] is not JsonObject annotations)
        {
            entry["annotations"] = annotations = new JsonObject();
        }

        return annotations;
    }

    private static void SetHidden(JsonObject annotations, IEnumerable<Digest> hidden)
    {
        annotations.Remove(HiddenAnnotation);
        var digests = string.Join(" ", hidden.Distinct().Select(d => d.ToString()).OrderBy(d => d, StringComparer.Ordinal));
        if (digests.Length > 0)
        {
            annotations[HiddenAnnotation] = digests;
        }
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
}
