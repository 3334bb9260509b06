using System.Collections.Generic;
using System.Linq;
using ImgsPS.Content;

namespace ImgsPS.Transfer;

/// <summary>What to copy of what a source has. Immutable.</summary>
/// <param name="Reference">What the image is called where it goes; without tag and digest it means <c>latest</c>.</param>
internal sealed record CopyRequest(ImageReference Reference)
{
    /// <summary>How much of an index.</summary>
    public CopyExtent Extent { get; init; } = CopyExtent.OnePlatform;

    /// <summary>
    /// The platform to take from an index; null for this machine's (U6, U7) with <see cref="CopyExtent.OnePlatform"/>. With
    /// <see cref="CopyExtent.OneManifest"/> it is needed.
    /// </summary>
    public Platform? Platform { get; init; }

    /// <summary>Leaves out layers that may not be given on by their media type (PU17); the manifest stays as it is.</summary>
    public bool SkipForeign { get; init; }

    /// <summary>Takes along what refers to the image, and to that (CP3).</summary>
    public bool IncludeReferrers { get; init; }

    /// <summary>What is told.</summary>
    public CopyWords Words { get; init; } = CopyWords.Pull;

    /// <summary>What of a manifest's config and layers is copied.</summary>
    public IEnumerable<Descriptor> ContentOf(Manifest manifest) => new[] { manifest.Config }.Concat(manifest.Layers)
        .Where(content => !SkipForeign || MediaTypes.Classify(content.MediaType).Distributable);
}

/// <summary>How much of an index a copy takes. An image that is no index is taken whole in every case.</summary>
internal enum CopyExtent
{
    /// <summary>The index as it is, and the content of one platform: docker's pull.</summary>
    OnePlatform,

    /// <summary>The index with every image of it, and what else it lists as far as it is there.</summary>
    AllImages,

    /// <summary>The index with all that it lists; what is missing is an error (PU16, CP4).</summary>
    Whole,

    /// <summary>The manifest of one platform, without the index (CP4).</summary>
    OneManifest,

    /// <summary>A new index of what the source has (PU16).</summary>
    Present,
}
