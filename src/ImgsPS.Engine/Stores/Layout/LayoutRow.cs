using System.Collections.Generic;
using System.Linq;
using ImgsPS.Content;

namespace ImgsPS.Stores.Layout;

/// <summary>A row of the list and what is behind it. Immutable; equal to itself alone.</summary>
/// <param name="image">What the user sees.</param>
/// <param name="name">The name; null when untagged.</param>
/// <param name="root">What the name means: a manifest or an index.</param>
/// <param name="entries">The entries of index.json that say so; more than one when another tool wrote them twice.</param>
internal sealed class LayoutRow(Image image, EntryName? name, Descriptor root, IReadOnlyList<IndexEntry> entries)
{
    /// <summary>What the user sees.</summary>
    public Image Image { get; } = image;

    /// <summary>The name; null when untagged.</summary>
    public EntryName? Name { get; } = name;

    /// <summary>What the name means: a manifest or an index.</summary>
    public Descriptor Root { get; } = root;

    /// <summary>The entries of index.json that say so; more than one when another tool wrote them twice.</summary>
    public IReadOnlyList<IndexEntry> Entries { get; } = entries;

    /// <summary>The manifest that the row shows: the root, or one of an index; null when none of it is in the store.</summary>
    public Descriptor? Shown { get; init; }

    /// <summary>True for a chart, a signature, a bill of materials: no image (U11, FF23).</summary>
    public bool IsArtifact => Image.ArtifactType is not null;

    /// <summary>True for a name by digest, which a pull by digest makes.</summary>
    public bool IsPinned => Name?.Reference?.Digest is not null;

    /// <summary>
    /// True when the name's repository has the digest, as docker's <c>repo@digest</c>: by a pull, or by another tool. A name that was given
    /// here in another repository has none (L3).
    /// </summary>
    public bool HasRepositoryDigest =>
        Name?.Reference is not null && (IsPinned || Entries.Any(e => e.TaggedAt is null || e.PulledAt is not null));

    /// <summary>True when both rows show one image: the same manifest or index, or the same id.</summary>
    public bool IsSameImage(LayoutRow other) => Root.Digest == other.Root.Digest || Image.Id == other.Image.Id;
}
