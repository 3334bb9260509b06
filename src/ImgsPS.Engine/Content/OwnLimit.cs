namespace ImgsPS.Content;

/// <summary>
/// The failure of what is beyond a limit that ImgsPS sets itself. It says so: neither author nor registry is at fault (FF25).
/// </summary>
internal static class OwnLimit
{
    /// <summary>Makes the failure.</summary>
    /// <param name="what">What there is: <c>the manifest has 513 layers</c>.</param>
    /// <param name="limit">What ImgsPS does: <c>pulls at most 512</c>.</param>
    /// <param name="way">The way round it, a sentence; null when there is none.</param>
    public static ImageException Exceeded(string what, string limit, string? way = null) => new(
        ImageErrorKind.TooLarge,
        $"{what}; ImgsPS {limit}",
        "That limit is ImgsPS's own, so that nothing it reads can keep it busy without end or fill its memory"
        + (way is null ? "." : ". " + way));

    /// <summary>A number of bytes as a limit is told: <c>4 MiB</c>.</summary>
    public static string Size(long bytes) =>
        bytes % (1 << 20) == 0 ? $"{bytes >> 20} MiB" : bytes % 1024 == 0 ? $"{bytes >> 10} KiB" : $"{bytes} bytes";
}
