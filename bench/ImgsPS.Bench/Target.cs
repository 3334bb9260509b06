using System;

namespace ImgsPS.Bench;

/// <summary>A line of the targets' table.</summary>
/// <param name="What">The operation.</param>
/// <param name="Against">The peer.</param>
/// <param name="Wanted">The target, in words.</param>
/// <param name="Figure">What was measured; null when nothing was.</param>
/// <param name="Met">Whether that meets the target; null when it cannot be said.</param>
/// <param name="Note">What is missing or stands in the way.</param>
internal sealed record Target(string What, string Against, string Wanted, string? Figure, bool? Met, string Note = "");
