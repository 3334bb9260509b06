using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace ImgsPS.Completion;

/// <summary>Completes references, and the ids of untagged images, from the stores that <c>-Store</c> names.</summary>
public sealed class ImageCompleter : LocalCompleter
{
    private protected override IEnumerable<Suggestion> Suggest(string word, IDictionary bound) => StoreImages.Of(bound)
        .Select(image => new Suggestion(image.Reference ?? Digest.Shorten(image.Id), ToolTip(image)))
        .Where(suggestion => Fits(suggestion.Text, word))
        .GroupBy(suggestion => suggestion.Text, StringComparer.Ordinal)
        .Select(group => group.First());

    internal static string ToolTip(Image image) => string.Format(
        CultureInfo.InvariantCulture,
        "{0}, {1:0.0} MB, created {2}",
        Digest.Shorten(image.Id),
        image.Size / 1e6,
        image.Created?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) ?? "N/A");
}
