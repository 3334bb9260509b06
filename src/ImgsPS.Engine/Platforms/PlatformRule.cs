using System;
using System.Collections.Generic;
using System.Linq;

namespace ImgsPS.Platforms;

/// <summary>
/// Matches one platform (containerd/platforms, NewMatcher): operating system, architecture and variant in their one spelling; on Windows
/// the version too; and the candidate may ask for no features beyond those that are there. Immutable.
/// </summary>
internal sealed class PlatformRule
{
    private readonly Platform _platform;

    public PlatformRule(Platform platform) => _platform = PlatformNormalizer.Normalize(platform);

    /// <summary>True when an image for <paramref name="candidate"/> fits.</summary>
    public bool Matches(Platform candidate)
    {
        var normal = PlatformNormalizer.Normalize(WithoutWin32k(candidate));
        return _platform.OS == normal.OS
            && _platform.Architecture == normal.Architecture
            && _platform.Variant == normal.Variant
            && VersionFits(_platform, normal.OSVersion)
            && FeaturesFit(_platform, normal.OSFeatures);
    }

    private static bool VersionFits(Platform wanted, string? version) =>
        wanted.OS != PlatformNormalizer.Windows
        || string.IsNullOrEmpty(version)
        || !WindowsVersion.TryParse(wanted.OSVersion, out var host)
        || (WindowsVersion.TryParse(version, out var container) && host.Runs(container));

    private static bool FeaturesFit(Platform wanted, IReadOnlyList<string> features) =>
        features.All(f => wanted.OSFeatures.Contains(f, StringComparer.Ordinal));

    // Every Windows host has win32k; images say so and users do not.
    private Platform WithoutWin32k(Platform candidate) =>
        _platform.OS == PlatformNormalizer.Windows && candidate.OSFeatures.Contains("win32k", StringComparer.Ordinal)
            ? new Platform(
                candidate.OS,
                candidate.Architecture,
                candidate.Variant,
                candidate.OSVersion,
                candidate.OSFeatures.Where(f => f != "win32k").ToArray())
            : candidate;
}
