using System.Collections.Generic;
using ImgsPS.Content;
using ImgsPS.Transfer;

namespace ImgsPS.Stores.Archive;

/// <summary>What of a choice of images an archive is made of. Immutable.</summary>
internal sealed record ExportRequest
{
    /// <summary>
    /// The platform whose image manifest.json names of an index (AR4); null for this machine's, else the first that is there.
    /// </summary>
    public Platform? Platform { get; init; }

    /// <summary>True to take layers along that are not distributed with their image (AR20).</summary>
    public bool IncludeForeignLayers { get; init; }

    /// <summary>True to take along what refers to the images (AR19).</summary>
    public bool IncludeReferrers { get; init; }

    /// <summary>Images that the archive's reader has: their layers are left out (AR13).</summary>
    public IReadOnlyList<HadImage> Except { get; init; } = [];
}

/// <summary>An image that the archive's reader has.</summary>
/// <param name="Name">Its canonical reference, else its id.</param>
/// <param name="DiffIds">Its layers' diff ids, bottom first.</param>
internal sealed record HadImage(string Name, IReadOnlyList<Digest> DiffIds);

/// <summary>An image for an archive, under one name.</summary>
/// <param name="Source">Where it is.</param>
/// <param name="Reference">The name; null when it has none there.</param>
/// <param name="RawName">A name that is no reference, as another tool gave it; null for any other.</param>
/// <param name="Manifests">Of an index the images to take; null for all that are there.</param>
internal sealed record ArchiveImage(
    IImageSource Source, ImageReference? Reference, string? RawName, IReadOnlyCollection<Digest>? Manifests)
{
    /// <summary>The full name, as annotations have it; null when there is none.</summary>
    public string? FullName => Reference?.ToString() ?? RawName;
}
