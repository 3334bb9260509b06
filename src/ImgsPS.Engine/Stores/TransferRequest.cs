using ImgsPS.Stores.Registry;
using ImgsPS.Transfer;

namespace ImgsPS.Stores;

/// <summary>What to push or copy, and how. Immutable.</summary>
/// <param name="Image">The image, where it is.</param>
/// <param name="Destination">What it is called where it goes; without a tag it means <c>latest</c>.</param>
internal sealed record TransferRequest(ImageIdentity Image, ImageReference Destination)
{
    /// <summary>One platform of an index, under the name that the index had; null for the whole (CP4).</summary>
    public Platform? Platform { get; init; }

    /// <summary>Refuses to take one platform of an index where a store keeps no index: in a Docker Engine.</summary>
    public bool AllPlatforms { get; init; }

    /// <summary>A new index of what the source has, instead of an error when that is not all (PU16).</summary>
    public bool PresentPlatforms { get; init; }

    /// <summary>Layers too that may not be given on by their media type (PU17).</summary>
    public bool IncludeForeignLayers { get; init; }

    /// <summary>Refuses to move a name that means another image (CP5).</summary>
    public bool NoClobber { get; init; }

    /// <summary>Takes along what refers to the image (CP3).</summary>
    public bool IncludeReferrers { get; init; }

    /// <summary>True for a push: an Engine does it itself, under a name that the image has there.</summary>
    public bool IsPush { get; init; }

    /// <summary>How to talk to registries.</summary>
    public RegistryOptions Registry { get; init; } = RegistryOptions.Default;

    /// <summary>The refusal of <see cref="NoClobber"/>.</summary>
    /// <param name="reference">The name.</param>
    /// <param name="other">The digest or id of the image that has it.</param>
    public static ImageException Clobbers(ImageReference reference, string other) => new(
        ImageErrorKind.Conflict,
        $"{reference.Familiar} is another image already, {other}, and -NoClobber was given",
        "Leave out -NoClobber to move the name.");

    /// <summary>As the one copy has it.</summary>
    public CopyRequest ToCopy() => new(Destination)
    {
        Platform = Platform,
        Extent = Platform is not null ? CopyExtent.OneManifest : PresentPlatforms ? CopyExtent.Present : CopyExtent.Whole,
        SkipForeign = !IncludeForeignLayers,
        IncludeReferrers = IncludeReferrers,
        Words = CopyWords.Push,
    };
}
