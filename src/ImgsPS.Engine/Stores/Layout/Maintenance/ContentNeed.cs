using System;
using System.Collections.Generic;
using ImgsPS.Content;

namespace ImgsPS.Stores.Layout.Maintenance;

/// <summary>Content that some image of the index needs. Filled by <see cref="ContentNeeds"/>.</summary>
internal sealed class ContentNeed
{
    public ContentNeed(Descriptor descriptor) => Descriptor = descriptor;

    /// <summary>The first descriptor that names it.</summary>
    public Descriptor Descriptor { get; }

    public Digest Digest => Descriptor.Digest;

    /// <summary>The sizes that it must have: one, or documents disagree.</summary>
    public SortedSet<long> Sizes { get; } = new();

    /// <summary>The images that need it, as the list shows them.</summary>
    public SortedSet<string> Images { get; } = new(StringComparer.Ordinal);

    /// <summary>The entries of index.json that lead to it.</summary>
    public HashSet<IndexEntry> Entries { get; } = new();

    /// <summary>True for a manifest or an index: <see cref="State"/> and <see cref="Fault"/> are known then, by its bytes.</summary>
    public bool IsDocument { get; set; }

    public bool IsConfig { get; set; }

    /// <summary>True when every descriptor of it says where else it is (RN2): such layers need not be in a store.</summary>
    public bool IsForeign { get; set; } = true;

    /// <summary>A document's state, by its bytes.</summary>
    public BlobState State { get; set; }

    /// <summary>Why a document with the right digest cannot be used; null when it can.</summary>
    public ImageException? Fault { get; set; }

    /// <summary>What an entry of index.json should say of a document that it describes wrongly; null when it is right.</summary>
    public Descriptor? Actual { get; set; }
}
