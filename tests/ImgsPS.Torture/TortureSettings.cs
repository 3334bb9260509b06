using System;
using System.Globalization;

[assembly: Xunit.CollectionBehavior(MaxParallelThreads = 4)]

namespace ImgsPS.Torture;

/// <summary>
/// How much is done. <c>IMGSPS_TORTURE=long</c> is the long run of <c>build.ps1 -Task Torture</c>; single numbers can be given on their
/// own.
/// </summary>
internal static class TortureSettings
{
    /// <summary>True for the long run.</summary>
    public static bool Long { get; } = Environment.GetEnvironmentVariable("IMGSPS_TORTURE") == "long";

    /// <summary>Rounds of kills: <c>IMGSPS_TORTURE_ROUNDS</c>.</summary>
    public static int Rounds { get; } = Number("IMGSPS_TORTURE_ROUNDS") ?? (Long ? 1000 : 200);

    /// <summary>
    /// Rounds of kills over imports, exports, pushes and copies: <c>IMGSPS_TORTURE_TRANSFERS</c>. Each is two processes and all checks.
    /// </summary>
    public static int Transfers { get; } = Number("IMGSPS_TORTURE_TRANSFERS") ?? (Long ? 200 : 14);

    /// <summary>Of the steps that a disk can fail, every so manieth is failed: <c>IMGSPS_TORTURE_STRIDE</c>.</summary>
    public static int Stride { get; } = Number("IMGSPS_TORTURE_STRIDE") ?? (Long ? 1 : 7);

    /// <summary>Seconds of what goes on beside something else: <c>IMGSPS_TORTURE_SECONDS</c>.</summary>
    public static TimeSpan Duration { get; } = TimeSpan.FromSeconds(Number("IMGSPS_TORTURE_SECONDS") ?? (Long ? 60 : 15));

    /// <summary>What the random choices begin with: <c>IMGSPS_TORTURE_SEED</c>. A run that fails prints it.</summary>
    public static int Seed { get; } = Number("IMGSPS_TORTURE_SEED") ?? Environment.TickCount & 0xFFFFFF;

    private static int? Number(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text
        ? int.Parse(text, CultureInfo.InvariantCulture)
        : null;
}
