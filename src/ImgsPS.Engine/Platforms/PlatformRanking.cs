using System;
using System.Collections.Generic;
using System.Linq;

namespace ImgsPS.Platforms;

/// <summary>
/// Where a candidate stands: smaller is better. Group first, then position, then the Windows version, then more features.
/// </summary>
internal readonly record struct PlatformRank(int Group, int Position, int Features, int OtherVersion, WindowsVersion Version)
    : IComparable<PlatformRank>
{
    /// <inheritdoc/>
    public int CompareTo(PlatformRank other)
    {
        var result = (Group, Position, OtherVersion).CompareTo((other.Group, other.Position, other.OtherVersion));
        result = result != 0 ? result : other.Version.CompareTo(Version);
        return result != 0 ? result : other.Features.CompareTo(Features);
    }
}

/// <summary>
/// Which platforms fit, and which of them fit better (containerd/platforms, compare.go). What does not fit is ranked too, without its
/// features, after all that does. Immutable.
/// </summary>
internal abstract class PlatformRanking
{
    private const int Fits = 0;
    private const int FitsWithoutFeatures = 1;
    private const int FitsNot = 2;

    private PlatformRanking()
    {
    }

    /// <summary>True when the candidate fits.</summary>
    public bool Matches(Platform candidate) => Rank(candidate).Group == Fits;

    /// <summary>Where the candidate stands.</summary>
    public abstract PlatformRank Rank(Platform candidate);

    /// <summary>Any of the platforms, in their order; of the same one, the candidate with more features.</summary>
    public static PlatformRanking Ordered(params Platform[] platforms) => new OrderedRanking(platforms);

    /// <summary>The platform and what it can run (containerd's Only).</summary>
    public static PlatformRanking Only(Platform platform) => new OrderedRanking(PlatformCompatibility.ListFor(platform));

    /// <summary>The platform, in whatever spelling (containerd's OnlyStrict).</summary>
    public static PlatformRanking OnlyStrict(Platform platform) => new OrderedRanking(new[] { platform });

    /// <summary>
    /// As <paramref name="inner"/>; what is equal there is ordered by os.version: the preferred one, then the newest, then none (U7).
    /// </summary>
    public static PlatformRanking NewestVersion(PlatformRanking inner, string? preferred) => new VersionRanking(inner, preferred);

    private static Platform WithoutFeatures(Platform platform) =>
        new(platform.OS, platform.Architecture, platform.Variant, platform.OSVersion);

    private static int IndexOf(PlatformRule[] rules, Platform candidate) => Array.FindIndex(rules, r => r.Matches(candidate));

    private sealed class OrderedRanking : PlatformRanking
    {
        private readonly PlatformRule[] _rules;

        public OrderedRanking(IEnumerable<Platform> platforms) => _rules = platforms.Select(p => new PlatformRule(p)).ToArray();

        public override PlatformRank Rank(Platform candidate)
        {
            var position = IndexOf(_rules, candidate);
            if (position >= 0)
            {
                return new PlatformRank(Fits, position, candidate.OSFeatures.Count, 0, default);
            }

            position = IndexOf(_rules, WithoutFeatures(candidate));
            return position >= 0
                ? new PlatformRank(FitsWithoutFeatures, position, 0, 0, default)
                : new PlatformRank(FitsNot, 0, 0, 0, default);
        }
    }

    private sealed class VersionRanking : PlatformRanking
    {
        private readonly PlatformRanking _inner;
        private readonly string? _preferred;

        public VersionRanking(PlatformRanking inner, string? preferred)
        {
            _inner = inner;
            _preferred = preferred;
        }

        public override PlatformRank Rank(Platform candidate)
        {
            _ = WindowsVersion.TryParse(candidate.OSVersion, out var version);
            var isPreferred = _preferred is not null && candidate.OSVersion == _preferred;
            return _inner.Rank(candidate) with { OtherVersion = isPreferred ? 0 : 1, Version = version };
        }
    }
}
