using System.Collections;
using System.Collections.Generic;
using System.Linq;
using ImgsPS.Cmdlets;

namespace ImgsPS.Completion;

/// <summary>Completes the names of stores. A word that fits none is left to PowerShell, which completes folders.</summary>
public sealed class StoreCompleter : LocalCompleter
{
    private static readonly Suggestion[] s_stores =
    {
        new(StoreNames.Local, "The local store: $env:IMGSPS_STORE, else the user's own"),
    };

    private protected override IEnumerable<Suggestion> Suggest(string word, IDictionary bound) =>
        s_stores.Where(store => Fits(store.Text, word));
}
