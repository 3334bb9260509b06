using System.Collections;
using System.Collections.Generic;
using System.Linq;

namespace ImgsPS.Completion;

/// <summary>
/// As <see cref="ImageCompleter"/>, for parameters that name an image of a registry: after <c>host/repository:</c> the tags that the
/// registry has (<see cref="RegistryTags"/>).
/// </summary>
public class RegistryImageCompleter : ImageCompleter
{
    private protected override IEnumerable<Suggestion> Suggest(string word, IDictionary bound)
    {
        var here = base.Suggest(word, bound).ToList();
        return MayAsk(bound)
            ? here.Concat(RegistryTags.Of(word)
                .Where(name => Fits(name, word) && here.TrueForAll(known => known.Text != name))
                .Select(name => new Suggestion(name, "A tag of the registry")))
            : here;
    }

    /// <summary>True when the command line asks a registry as it stands.</summary>
    private protected virtual bool MayAsk(IDictionary bound) => true;
}
