namespace ImgsPS.Stores;

/// <summary>What to remove.</summary>
/// <param name="Image">The image, by a text or as it was listed.</param>
internal sealed record RemovalRequest(ImageIdentity Image)
{
    /// <summary>Overrides docker's conflicts that can be forced (D4-D8).</summary>
    public bool Force { get; init; }

    /// <summary>Keeps untagged parents (D10). Stores without parents have none to keep.</summary>
    public bool NoPrune { get; init; }

    /// <summary>
    /// True when an image that was pulled by digest stays (P2): it was not named, but came with others. A plan says so
    /// (<see cref="RemovalPlanners.PlanOrKeep"/>); the removal itself does what it is told.
    /// </summary>
    public bool KeepsPinned { get; init; }

    /// <summary>False when <see cref="ImageRemoval.BytesFreed"/> is not needed and a store may save the questions that it costs.</summary>
    public bool Measure { get; init; } = true;
}
