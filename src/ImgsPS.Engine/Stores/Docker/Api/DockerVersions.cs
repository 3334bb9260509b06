using System;
using System.Text.RegularExpressions;

namespace ImgsPS.Stores.Docker;

/// <summary>The versions of Docker's API that we know, and what a Docker Engine says about others.</summary>
internal static class DockerVersions
{
    /// <summary>The oldest version that we speak; also docker's assumption about a Docker Engine that does not say its own.</summary>
    public static readonly Version Oldest = new(1, 24);

    /// <summary>The newest version that we know.</summary>
    public static readonly Version Newest = new(1, 52);

    // moby, api/server/middleware/version.go, now and before 1.13.
    private static readonly Regex Mismatch = new(
        @"^client (?:version \S+ is too (?:new|old)\. (?:Maximum|Minimum) supported API version is"
        + @"|is (?:newer|older) than server \(client API version: [0-9.]+, server API version:) (?<version>[0-9]+\.[0-9]+)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);

    /// <summary>Reads <c>1.41</c>; docker takes a leading <c>v</c> too.</summary>
    public static Version? Parse(string? text)
    {
        text = text?.Trim();
        return text is not null && Regex.IsMatch(text, @"\Av?[0-9]{1,4}\.[0-9]{1,4}\z") ? Version.Parse(text.TrimStart('v')) : null;
    }

    /// <summary>Reads the words with which a Docker Engine refuses a version.</summary>
    /// <param name="message">The error's message.</param>
    /// <param name="supported">The version that Docker offers instead.</param>
    public static bool TryReadMismatch(string message, out Version supported)
    {
        var match = Mismatch.Match(message);
        supported = match.Success && Parse(match.Groups["version"].Value) is { } version ? version : Oldest;
        return match.Success;
    }

    public static bool IsKnown(Version version) => version >= Oldest && version <= Newest;
}
