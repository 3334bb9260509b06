using System;
using System.Collections;
using System.Collections.Generic;
using System.Linq;

namespace ImgsPS.Completion;

/// <summary>Completes names to give to an image: the repositories of the stores that <c>-Store</c> names, and their tags.</summary>
public sealed class TagCompleter : LocalCompleter
{
    private protected override IEnumerable<Suggestion> Suggest(string word, IDictionary bound)
    {
        var named = StoreImages.Of(bound).Where(image => image.Reference is not null && image.Tag is not null).ToList();
        var repositories = named
            .Select(image => image.Repository + ":")
            .Distinct(StringComparer.Ordinal)
            .Select(repository => new Suggestion(repository, "A new tag of " + repository.TrimEnd(':')));
        var references = named.Select(image => new Suggestion(image.Reference!, "Takes the name from " + ImageCompleter.ToolTip(image)));
        return repositories.Concat(references)
            .Where(suggestion => Fits(suggestion.Text, word))
            .GroupBy(suggestion => suggestion.Text, StringComparer.Ordinal)
            .Select(group => group.First());
    }
}
