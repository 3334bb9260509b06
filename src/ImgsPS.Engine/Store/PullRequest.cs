using ImgsPS.Registry;

namespace ImgsPS.Store;

/// <summary>What to pull.</summary>
internal sealed class PullRequest
{
    public PullRequest(ImageReference reference) => Reference = reference;

    /// <summary>The reference as parsed; no tag and no digest means <c>latest</c> (N7).</summary>
    public ImageReference Reference { get; }

    /// <summary>The platform to take from an index; null for this machine's (U6, U7).</summary>
    public Platform? Platform { get; init; }

    /// <summary>Every platform of an index.</summary>
    public bool AllPlatforms { get; init; }

    /// <summary>Every tag of the repository.</summary>
    public bool AllTags { get; init; }

    /// <summary>How to talk to the registry.</summary>
    public RegistryOptions Registry { get; init; } = RegistryOptions.Default;
}
