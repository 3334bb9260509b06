using System;
using System.Text.Json.Nodes;
using ImgsPS.Content;

namespace ImgsPS.Store.Layout;

/// <summary>One entry of index.json as it was read. Immutable; <see cref="LayoutIndex"/> changes the JSON behind it.</summary>
internal sealed class IndexEntry
{
    public IndexEntry(JsonNode? node, Descriptor? descriptor, EntryName? name, DateTimeOffset? pulledAt)
    {
        Node = node;
        Descriptor = descriptor;
        Name = name;
        PulledAt = pulledAt;
    }

    /// <summary>The entry in the document; null for one that is not in a document.</summary>
    public JsonNode? Node { get; }

    /// <summary>What it names; null when the entry is no descriptor that we can read. Such an entry is kept as it is.</summary>
    public Descriptor? Descriptor { get; }

    /// <summary>Its name; null when it has none.</summary>
    public EntryName? Name { get; }

    /// <summary>
    /// When it was pulled; null when nobody wrote it down. Of a tag that was given here: when its repository got the digest by a pull, null when it
    /// did not.
    /// </summary>
    public DateTimeOffset? PulledAt { get; }

    /// <summary>When a tag that was given here, not pulled, was made; null for every other entry.</summary>
    public DateTimeOffset? TaggedAt { get; init; }
}
