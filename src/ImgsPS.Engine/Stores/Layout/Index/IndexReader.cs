using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.Json;
using ImgsPS.Content;

namespace ImgsPS.Stores.Layout;

/// <summary>
/// Takes index.json apart: its entries, and the bytes before and after them, which are written back as they are. One pass over the bytes,
/// of which the entries are parts. One instance per reading.
/// </summary>
internal sealed class IndexReader
{
    private const long LargestSize = 1L << 53;

    // Of the document, of an entry, and of its annotations.
    private readonly MemberNames _members = new();
    private readonly MemberNames _entryMembers = new();
    private readonly MemberNames _annotationNames = new();
    private readonly SharedTexts _texts = new();
    private readonly byte[] _document;

    public IndexReader(byte[] document) => _document = document;

    /// <summary>The document up to its first entry.</summary>
    public ReadOnlyMemory<byte> Before { get; private set; }

    /// <summary>The document from behind its last entry.</summary>
    public ReadOnlyMemory<byte> After { get; private set; }

    /// <summary>Reads the entries, in the document's order.</summary>
    /// <exception cref="JsonException">It is not JSON.</exception>
    /// <exception cref="FormatException">
    /// It is not an index: no object, another schemaVersion, entries that are no list, a member twice (RN23).
    /// </exception>
    public List<IndexEntry> Read()
    {
        var reader = new Utf8JsonReader(_document);
        var entries = new List<IndexEntry>();
        var isIndex = false;
        var found = false;
        reader.Read();
        if (reader.TokenType == JsonTokenType.StartObject)
        {
            while (NextMember(ref reader, _members))
            {
                if (reader.ValueTextEquals("schemaVersion"u8))
                {
                    reader.Read();
                    isIndex = reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var version) && version == 2;
                    reader.Skip();
                }
                else if (reader.ValueTextEquals("manifests"u8))
                {
                    found = true;
                    reader.Read();
                    ReadEntries(ref reader, entries);
                }
                else
                {
                    reader.Skip();
                }
            }
        }

        if (!isIndex)
        {
            throw new FormatException("It is not an object with schemaVersion 2.");
        }

        if (!found)
        {
            Before = Concat(_document.AsSpan(0, (int)reader.TokenStartIndex), ",\"manifests\":["u8);
            After = "]}"u8.ToArray();
        }

        // Nothing may follow but white space.
        reader.Read();
        return entries;
    }

    /// <summary>Reads the entries of a list as far as it can be read, and says whether it came to its end; broken ones are passed over.</summary>
    /// <param name="list">The list, and whatever follows it.</param>
    public static (List<IndexEntry> Entries, bool IsWhole) Salvage(byte[] list)
    {
        var entries = new List<IndexEntry>();
        var reader = new Utf8JsonReader(
            list, new JsonReaderOptions { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip });
        try
        {
            reader.Read();
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                var entry = reader;
                reader.Skip();
                try
                {
                    entries.Add(new IndexReader(list).ReadEntry(ref entry));
                }
                catch (Exception e) when (e is FormatException or InvalidOperationException)
                {
                    // A member twice, or a text that is not Unicode: who reads it could read two things.
                }
            }
        }
        catch (JsonException)
        {
            return (entries, false);
        }

        return (entries, true);
    }

    /// <summary>Reads one entry that stands alone.</summary>
    public IndexEntry ReadEntry()
    {
        var reader = new Utf8JsonReader(_document);
        reader.Read();
        return ReadEntry(ref reader);
    }

    private void ReadEntries(ref Utf8JsonReader reader, List<IndexEntry> entries)
    {
        var start = (int)reader.TokenStartIndex;
        if (reader.TokenType == JsonTokenType.Null)
        {
            // Go writes an empty list as null.
            Before = Concat(_document.AsSpan(0, start), "["u8);
            After = Concat("]"u8, _document.AsSpan((int)reader.BytesConsumed));
            return;
        }

        if (reader.TokenType != JsonTokenType.StartArray)
        {
            throw new FormatException("Its manifests are no list.");
        }

        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            entries.Add(ReadEntry(ref reader));
        }

        Before = _document.AsMemory(0, start + 1);
        After = _document.AsMemory((int)reader.TokenStartIndex);
    }

    private IndexEntry ReadEntry(ref Utf8JsonReader reader)
    {
        var start = (int)reader.TokenStartIndex;
        string? text = null;
        string? mediaType = null;
        string? artifactType = null;
        long? size = null;
        var annotations = default(Annotations);
        if (reader.TokenType == JsonTokenType.StartObject)
        {
            _entryMembers.Clear();
            while (NextMember(ref reader, _entryMembers))
            {
                if (reader.ValueTextEquals("digest"u8))
                {
                    text = NextText(ref reader);
                }
                else if (reader.ValueTextEquals("mediaType"u8))
                {
                    mediaType = NextText(ref reader) is { } type ? _texts.Share(type) : null;
                }
                else if (reader.ValueTextEquals("size"u8))
                {
                    reader.Read();
                    size = reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var number) ? number : null;
                    reader.Skip();
                }
                else if (reader.ValueTextEquals("artifactType"u8))
                {
                    artifactType = NextText(ref reader) is { } kind ? _texts.Share(kind) : null;
                }
                else if (reader.ValueTextEquals("annotations"u8))
                {
                    reader.Read();
                    annotations = ReadAnnotations(ref reader);
                }
                else
                {
                    reader.Skip();
                }
            }
        }
        else
        {
            reader.Skip();
        }

        var descriptor = Digest.TryParse(text, out var digest) && size is >= 0 and <= LargestSize
            ? new Descriptor(mediaType ?? "", digest, size.Value) { ArtifactType = artifactType }
            : null;
        var json = _document.AsMemory(start, (int)reader.BytesConsumed - start);
        return new IndexEntry(json, descriptor, EntryName.Parse(annotations.Name, annotations.WholeName),
            annotations.PulledAt)
        { TaggedAt = annotations.TaggedAt, Hidden = Digests(annotations.Hidden) };
    }

    private Annotations ReadAnnotations(ref Utf8JsonReader reader)
    {
        var found = default(Annotations);
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return found;
        }

        _annotationNames.Clear();
        while (NextMember(ref reader, _annotationNames))
        {
            if (reader.ValueTextEquals(EntryName.Annotation))
            {
                found = found with { Name = NextText(ref reader) };
            }
            else if (reader.ValueTextEquals(EntryName.WholeAnnotation))
            {
                found = found with { WholeName = NextText(ref reader) };
            }
            else if (reader.ValueTextEquals(LayoutIndex.PulledAnnotation))
            {
                found = found with { PulledAt = Time(NextText(ref reader)) };
            }
            else if (reader.ValueTextEquals(LayoutIndex.TaggedAnnotation))
            {
                found = found with { TaggedAt = Time(NextText(ref reader)) };
            }
            else if (reader.ValueTextEquals(LayoutIndex.HiddenAnnotation))
            {
                found = found with { Hidden = NextText(ref reader) };
            }
            else
            {
                reader.Skip();
            }
        }

        return found;
    }

    /// <summary>Goes to the next member's name; false at the end of the object.</summary>
    private bool NextMember(ref Utf8JsonReader reader, MemberNames names)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.PropertyName)
        {
            return false;
        }

        return names.Add(_document, ref reader)
            ? true
            : throw new FormatException($"The member '{reader.GetString()}' stands in one object twice.");
    }

    /// <summary>The text that comes next; null, and read over, when it is something else.</summary>
    private static string? NextText(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.String)
        {
            return reader.GetString();
        }

        reader.Skip();
        return null;
    }

    private static DateTimeOffset? Time(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;

    private static IReadOnlyCollection<Digest> Digests(string? text) => text is null ? Array.Empty<Digest>()
        : new HashSet<Digest>(text.Split(' ').Select(part => Digest.TryParse(part, out var digest) ? digest : null).OfType<Digest>());

    private static byte[] Concat(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        var bytes = new byte[first.Length + second.Length];
        first.CopyTo(bytes);
        second.CopyTo(bytes.AsSpan(first.Length));
        return bytes;
    }

    private readonly record struct Annotations(
        string? Name, string? WholeName, DateTimeOffset? PulledAt, DateTimeOffset? TaggedAt, string? Hidden);
}
