using System;
using System.Collections.Generic;
using System.Linq;

namespace ImgsPS.Stores.Registry;

/// <summary>Which tags of a repository are newer versions of one of them (UP4).</summary>
internal static class NewerTags
{
    /// <summary>
    /// The tags of newer versions, the newest first: of the same variant, with as many numbers, without <paramref name="allowMajor"/> with
    /// the same first one, and no pre-release unless the tag is one itself. None for a tag that is no version.
    /// </summary>
    public static IEnumerable<string> Of(string tag, IEnumerable<string> all, bool allowMajor)
    {
        if (!TagVersion.TryParse(tag, out var current))
        {
            return [];
        }

        return all
            .Select(name => (Name: name, Version: TagVersion.TryParse(name, out var version) ? version : null))
            .Where(other => other.Version is { } version && Fits(version) && version.ComparePrecedence(current) > 0)
            .OrderByDescending(other => other.Version)
            .ThenByDescending(other => char.IsDigit(other.Name[0]) == char.IsDigit(tag[0]))
            .ThenBy(other => other.Name, StringComparer.Ordinal)
            .Select(other => other.Name);

        bool Fits(TagVersion other) => other.Variant == current.Variant
            && other.Numbers.Count == current.Numbers.Count
            && (allowMajor || other.Numbers[0] == current.Numbers[0])
            && (other.Prerelease is null || current.Prerelease is not null);
    }
}
