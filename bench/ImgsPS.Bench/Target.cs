namespace ImgsPS.Bench;

/// <summary>A line of the targets' table.</summary>
/// <param name="What">The operation.</param>
/// <param name="Against">The peer.</param>
/// <param name="Wanted">The target, in words.</param>
/// <param name="Figure">What was measured; null when nothing was.</param>
/// <param name="Met">Whether that meets the target; null when it cannot be said.</param>
/// <param name="Note">What else was measured, what is missing, or who judges.</param>
/// <param name="Measured">When, and at which load of the machine.</param>
internal sealed record Target(string What, string Against, string Wanted, string? Figure, bool? Met, string Note = "",
    string Measured = "");
