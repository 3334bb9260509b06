using System.Collections.Generic;
using System.Linq;
using ImgsPS.Content;

namespace ImgsPS.Stores.Layout;

/// <summary>
/// A name of the layout, or a digest that has none, with the images that it shows: one, or of an index one for each platform that is there
/// (FF2). Immutable; equal to itself alone.
/// </summary>
/// <param name="name">The name; null when untagged.</param>
/// <param name="root">What the name means: a manifest or an index.</param>
/// <param name="entries">The entries of index.json that say so; more than one when another tool wrote them twice.</param>
/// <param name="images">The images, the one that the name alone leads to first; never empty.</param>
internal sealed class LayoutRow(EntryName? name, Descriptor root, IReadOnlyList<IndexEntry> entries, IReadOnlyList<LayoutImage> images)
{
    /// <summary>The images, the one that the name alone leads to first: this machine's best. What is there of none is one too.</summary>
    public IReadOnlyList<LayoutImage> Images { get; } = images;

    /// <summary>What the user sees of the first image.</summary>
    public Image Image => Images[0].Image;

    /// <summary>The name; null when untagged.</summary>
    public EntryName? Name { get; } = name;

    /// <summary>What the name means: a manifest or an index.</summary>
    public Descriptor Root { get; } = root;

    /// <summary>The entries of index.json that say so; more than one when another tool wrote them twice.</summary>
    public IReadOnlyList<IndexEntry> Entries { get; } = entries;

    /// <summary>True for a chart, a signature, a bill of materials: no image (U11, FF23).</summary>
    public bool IsArtifact => Image.ArtifactType is not null;

    /// <summary>What the manifest or index is about, as a signature's image; null for most.</summary>
    public Digest? Subject { get; init; }

    /// <summary>True for a referrer without a name whose subject is in the store: it belongs to that, and is no image by itself.</summary>
    public bool IsReferrer { get; init; }

    /// <summary>True for a name by digest, which a pull by digest makes.</summary>
    public bool IsPinned => Name?.Reference?.Digest is not null;

    /// <summary>
    /// True when the name's repository has the digest, as docker's <c>repo@digest</c>: by a pull, or by another tool. A name that was given
    /// here in another repository has none (L3).
    /// </summary>
    public bool HasRepositoryDigest =>
        Name?.Reference is not null && (IsPinned || Entries.Any(e => e.TaggedAt is null || e.PulledAt is not null));

    /// <summary>True when both rows show one image: the same manifest or index, or the same id.</summary>
    public bool IsSameImage(LayoutRow other) =>
        Root.Digest == other.Root.Digest || Images.Any(i => other.Images.Any(o => o.Image.Id == i.Image.Id));

    /// <summary>What all its entries hide of the index.</summary>
    public IReadOnlyCollection<Digest> Hidden => HiddenImages.Of(Entries, e => e.Hidden);
}

/// <summary>An image of a row. Immutable; equal to itself alone, since two manifests of an index may have one config.</summary>
/// <param name="image">What the user sees.</param>
/// <param name="manifest">Its manifest: the row's root, or one of an index; null when none of it is in the store.</param>
internal sealed class LayoutImage(Image image, Descriptor? manifest)
{
    /// <summary>What the user sees.</summary>
    public Image Image { get; } = image;

    /// <summary>Its manifest: the row's root, or one of an index; null when none of it is in the store.</summary>
    public Descriptor? Manifest { get; } = manifest;
}
