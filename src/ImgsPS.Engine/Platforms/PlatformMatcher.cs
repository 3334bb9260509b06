using System;
using System.Collections.Generic;
using System.Linq;
using ImgsPS.Naming;

namespace ImgsPS.Platforms;

/// <summary>How a platform is chosen from an index (U5-U8). Immutable, safe for any number of threads.</summary>
internal sealed class PlatformMatcher
{
    private const int MaxListed = 40;

    private readonly PlatformRanking _ranking;

    private PlatformMatcher(Platform wanted, PlatformRanking ranking)
    {
        Wanted = wanted;
        _ranking = ranking;
    }

    /// <summary>What was wanted, for messages.</summary>
    public Platform Wanted { get; }

    /// <summary>The matcher of a pull without -Platform: this machine's platform and what it can run (U6, U7, U8).</summary>
    public static PlatformMatcher ForHost() => ForHost(Platform.Host);

    /// <summary>
    /// The matcher of a chosen platform: it and, as containerd's Only, what it can run; a chosen os.version overrides the host rules (U7).
    /// </summary>
    /// <exception cref="ImageException">Kind InvalidArgument: the os.version of Windows is no version.</exception>
    public static PlatformMatcher For(Platform wanted) => For(wanted, Platform.Host);

    /// <summary><see cref="ForHost()"/> on a machine of platform <paramref name="host"/>.</summary>
    public static PlatformMatcher ForHost(Platform host)
    {
        if (host.OS == PlatformNormalizer.Windows)
        {
            return new PlatformMatcher(host, PlatformRanking.NewestVersion(PlatformRanking.OnlyStrict(host), null));
        }

        if (host.OS == "linux")
        {
            return new PlatformMatcher(host, PlatformRanking.Only(host));
        }

        // macOS and the BSDs run images in a Linux machine, as Docker does there; images of their own come first.
        var linux = new Platform("linux", host.Architecture, host.Variant);
        return new PlatformMatcher(linux, PlatformRanking.Ordered(new[] { host }.Concat(PlatformCompatibility.ListFor(linux)).ToArray()));
    }

    /// <summary><see cref="For(Platform)"/> on a machine of platform <paramref name="host"/>.</summary>
    public static PlatformMatcher For(Platform wanted, Platform host)
    {
        if (PlatformNormalizer.NormalizeOS(wanted.OS) != PlatformNormalizer.Windows)
        {
            return new PlatformMatcher(wanted, PlatformRanking.Only(wanted));
        }

        if (string.IsNullOrEmpty(wanted.OSVersion) && host.OS == PlatformNormalizer.Windows)
        {
            wanted = new Platform(wanted.OS, wanted.Architecture, wanted.Variant, host.OSVersion, wanted.OSFeatures);
        }

        if (!string.IsNullOrEmpty(wanted.OSVersion) && !WindowsVersion.TryParse(wanted.OSVersion, out _))
        {
            throw new ImageException(
                ImageErrorKind.InvalidArgument,
                $"invalid platform '{PrintableText.Of(wanted.ToString())}': " +
                    $"'{PrintableText.Of(wanted.OSVersion)}' is not a version of Windows",
                "A version of Windows is major.minor.build[.revision], as in windows(10.0.20348)/amd64.");
        }

        return new PlatformMatcher(wanted, ByVersion(wanted));
    }

    /// <summary>
    /// Positions of the candidates that match, best first, ties in the order given. A null candidate (a descriptor without platform)
    /// matches last; unknown/unknown (attestations) never matches (U8).
    /// </summary>
    public IReadOnlyList<int> Choose(IReadOnlyList<Platform?> candidates)
    {
        var chosen = new List<(int Position, PlatformRank Rank)>();
        var nameless = new List<int>();
        for (var i = 0; i < candidates.Count; i++)
        {
            if (candidates[i] is not { } candidate)
            {
                nameless.Add(i);
            }
            else if (!IsUnknown(candidate) && _ranking.Matches(candidate))
            {
                chosen.Add((i, _ranking.Rank(candidate)));
            }
        }

        // OrderBy is stable.
        return chosen.OrderBy(c => c.Rank).Select(c => c.Position).Concat(nameless).ToArray();
    }

    /// <summary>True when an image for <paramref name="candidate"/> matches.</summary>
    public bool Matches(Platform candidate) => !IsUnknown(candidate) && _ranking.Matches(candidate);

    /// <summary>
    /// The builds of a chosen platform that there are beside it, when the user named none; empty when nothing was left out (FF20).
    /// </summary>
    public IReadOnlyList<string> OtherBuilds(Platform chosen, IEnumerable<Platform?> candidates) =>
        !string.IsNullOrEmpty(Wanted.OSVersion) || string.IsNullOrEmpty(chosen.OSVersion) ? []
        : candidates.OfType<Platform>().Where(p => Matches(p) && p.OSVersion != chosen.OSVersion && !string.IsNullOrEmpty(p.OSVersion))
            .Select(p => PrintableText.Of(p.OSVersion!, 40)).Distinct(StringComparer.Ordinal).Take(MaxListed).ToArray();

    /// <summary>
    /// The failure of an index that has nothing that matches (U5): Docker's words, and then the platforms that there are.
    /// </summary>
    public ImageException NoMatch(IEnumerable<Platform?> available)
    {
        var names = available.Where(p => p is not null && !IsUnknown(p)).Select(p => PrintableText.Of(p!.ToString(), 80)).Distinct()
            .ToList();
        var more = names.Count > MaxListed ? $" and {names.Count - MaxListed} more" : "";
        return new ImageException(
            ImageErrorKind.NotFound,
            $"no matching manifest for {PrintableText.Of(Wanted.ToString())} in the manifest list entries. "
            + (names.Count == 0 ? "The index names no platform." : $"Available: {string.Join(", ", names.Take(MaxListed))}{more}."),
            names.Count == 0 ? null : "Name one of these with -Platform.");
    }

    /// <summary>
    /// Why an image that is not part of an index does not run where this matcher looks for: a Windows build that the wanted one does not
    /// run (U7). Null when there is nothing against it; another operating system or architecture is the caller's question.
    /// </summary>
    public string? WindowsMismatch(Platform image) =>
        PlatformNormalizer.NormalizeOS(image.OS) == PlatformNormalizer.Windows
        && PlatformNormalizer.NormalizeOS(Wanted.OS) == PlatformNormalizer.Windows
        && WindowsVersion.TryParse(Wanted.OSVersion, out var host)
        && WindowsVersion.TryParse(image.OSVersion, out var container)
        && !host.Runs(container)
            ? $"a Windows version {container}-based image is incompatible with a {host} host"
            : null;

    // Attestations and the like say unknown/unknown.
    private static bool IsUnknown(Platform platform) => platform.OS == "unknown" || platform.Architecture == "unknown";

    // Without a version every build fits: the newest is what is wanted most (FF20).
    private static PlatformRanking ByVersion(Platform wanted) => PlatformRanking.NewestVersion(
        PlatformRanking.Only(wanted), string.IsNullOrEmpty(wanted.OSVersion) ? null : wanted.OSVersion);
}
