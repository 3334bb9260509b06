using ImgsPS.Naming;
using ImgsPS.Platforms;

namespace ImgsPS.Transfer;

/// <summary>What to copy of what a source has. Immutable.</summary>
/// <param name="Reference">What the image is called where it goes; without tag and digest it means <c>latest</c>.</param>
internal sealed record CopyRequest(ImageReference Reference)
{
    /// <summary>The platform to take from an index; null for this machine's (U6, U7).</summary>
    public Platform? Platform { get; init; }

    /// <summary>Every image of an index.</summary>
    public bool AllPlatforms { get; init; }
}
