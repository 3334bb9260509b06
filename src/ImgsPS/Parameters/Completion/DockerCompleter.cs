using System.Collections;
using System.Collections.Generic;
using System.Linq;
using ImgsPS.Parameters;

namespace ImgsPS.Completion;

/// <summary>Completes the names of Docker Engines alone.</summary>
public sealed class DockerCompleter : StoreCompleter
{
    private protected override IEnumerable<Suggestion> Suggest(string word, IDictionary bound) =>
        base.Suggest(word, bound).Where(store => StoreNames.IsDocker(store.Text));
}
