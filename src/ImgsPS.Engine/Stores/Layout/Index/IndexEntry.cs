using System;
using System.Collections.Generic;
using System.Text;
using ImgsPS.Content;

namespace ImgsPS.Stores.Layout;

/// <summary>One entry of index.json as it was read, or as it will be written. Immutable.</summary>
internal sealed class IndexEntry
{
    public IndexEntry(ReadOnlyMemory<byte> json, Descriptor? descriptor, EntryName? name, DateTimeOffset? pulledAt)
    {
        Json = json;
        Descriptor = descriptor;
        Name = name;
        PulledAt = pulledAt;
    }

    /// <summary>The entry as it stands in the document, UTF-8; empty for one that is in no document.</summary>
    public ReadOnlyMemory<byte> Json { get; }

    /// <summary>What it names; null when the entry is no descriptor that we can read. Such an entry is kept as it is.</summary>
    public Descriptor? Descriptor { get; }

    /// <summary>Its name; null when it has none.</summary>
    public EntryName? Name { get; }

    /// <summary>
    /// When it was pulled; null when nobody wrote it down. Of a tag that was given here: when its repository got the digest by a pull, null
    /// when it did not.
    /// </summary>
    public DateTimeOffset? PulledAt { get; }

    /// <summary>When a tag that was given here, not pulled, was made; null for every other entry.</summary>
    public DateTimeOffset? TaggedAt { get; init; }

    /// <summary>
    /// The manifests of the index that the entry does not show any more, since their images were removed from it one by one (FF2); mostly
    /// none.
    /// </summary>
    public IReadOnlyCollection<Digest> Hidden { get; init; } = Array.Empty<Digest>();

    /// <summary>The entry's JSON.</summary>
    public override string ToString() => Encoding.UTF8.GetString(Json.ToArray());
}
