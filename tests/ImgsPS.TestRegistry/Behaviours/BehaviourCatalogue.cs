using System;
using System.Collections.Generic;
using System.Linq;

namespace ImgsPS.Testing;

/// <summary>All behaviours: what tests/data/behaviours.json has an expected end for.</summary>
public static class BehaviourCatalogue
{
    private static readonly Dictionary<string, Behaviour> ByName = new[]
    {
        RedirectBehaviours.All, TokenBehaviours.All, TlsBehaviours.All, SizeBehaviours.All, TimeBehaviours.All, TransferBehaviours.All,
        DocumentBehaviours.All, NumberBehaviours.All, ListBehaviours.All, TextBehaviours.All,
        FieldBehaviours.All,
    }.SelectMany(b => b()).ToDictionary(b => b.Name, StringComparer.Ordinal);

    /// <summary>All of them, by name.</summary>
    public static IEnumerable<Behaviour> All => ByName.Values.OrderBy(b => b.Name, StringComparer.Ordinal);

    /// <summary>One of them.</summary>
    public static Behaviour Find(string name) =>
        ByName.TryGetValue(name, out var behaviour) ? behaviour
            : throw new ArgumentException($"there is no behaviour '{name}'", nameof(name));
}
