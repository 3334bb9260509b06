using System;
using System.Collections;
using System.Collections.Generic;
using System.Linq;
using ImgsPS.Parameters;
using ImgsPS.Stores.Registry;

namespace ImgsPS.Completion;

/// <summary>
/// Completes the names of registries that are known here: Docker's config has something for them, the session has asked them, or images of
/// the local store come from them. Nobody is asked, no helper either.
/// </summary>
public sealed class RegistryCompleter : LocalCompleter
{
    private protected override IEnumerable<Suggestion> Suggest(string word, IDictionary bound) => DockerLogins.Default.Registries()
        .Select(registry => new Suggestion(registry, "Docker's config.json has an entry for it"))
        .Concat(UsedNames.Registries.All().Select(registry => new Suggestion(registry, "This session has used it")))
        .Concat(StoreImages.Of(null).Select(image => image.Registry).OfType<string>().OrderBy(name => name, StringComparer.Ordinal)
            .Select(registry => new Suggestion(registry, "Images of the local store come from it")))
        .Where(suggestion => Fits(suggestion.Text, word))
        .GroupBy(suggestion => suggestion.Text, StringComparer.Ordinal).Select(same => same.First());
}
