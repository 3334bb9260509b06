using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Management.Automation;
using ImgsPS.Cmdlets;

namespace ImgsPS.Completion;

/// <summary>
/// Completes references, and the ids of untagged images, from the stores that <c>-Store</c> names. A word with wildcards is completed to
/// what it takes, as the commands read it.
/// </summary>
public sealed class ImageCompleter : LocalCompleter
{
    private protected override IEnumerable<Suggestion> Suggest(string word, IDictionary bound)
    {
        var wildcard = WildcardPattern.ContainsWildcardCharacters(word) ? new ImageWildcard(word + "*") : null;
        return StoreImages.Of(bound)
            .Select(image => (Image: image, Text: image.Reference ?? Digest.Shorten(image.Id)))
            .Where(found => wildcard?.Matches(found.Image) ?? Fits(found.Text, word))
            .GroupBy(found => found.Text, StringComparer.Ordinal)
            .Select(group => new Suggestion(group.Key, ToolTip(group.First().Image)));
    }

    internal static string ToolTip(Image image) => string.Format(
        CultureInfo.InvariantCulture,
        "{0}, {1:0.0} MB, created {2}",
        Digest.Shorten(image.Id),
        image.Size / 1e6,
        image.Created?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) ?? "N/A");
}
