using System;
using System.Collections;
using System.Collections.Generic;
using System.Linq;

namespace ImgsPS.Completion;

/// <summary>Completes the repositories of the images in the stores that <c>-Store</c> names, else in the local one.</summary>
public sealed class RepositoryCompleter : LocalCompleter
{
    private protected override IEnumerable<Suggestion> Suggest(string word, IDictionary bound) => StoreImages.Of(bound)
        .Where(image => image.Reference is not null && image.Repository is not null && Fits(image.Repository, word))
        .GroupBy(image => image.Repository!, StringComparer.Ordinal)
        .OrderBy(same => same.Key, StringComparer.Ordinal)
        .Select(same => new Suggestion(
            same.Key,
            "Tags here: " + string.Join(
                ", ", same.Select(image => image.Tag).OfType<string>().Distinct().Take(5).DefaultIfEmpty("none"))));
}
