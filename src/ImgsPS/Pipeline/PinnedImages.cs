using System;
using System.Collections.Generic;
using System.Linq;

namespace ImgsPS.Pipeline;

/// <summary>The images pulled by digest that were piped to a removal and are kept (P2). One for each store.</summary>
internal sealed class PinnedImages
{
    private const int Few = 5;

    private readonly HashSet<string> _known = new(StringComparer.Ordinal);
    private readonly List<string> _kept = new();

    /// <summary>Remembers one that is kept.</summary>
    public void Keep(string reference)
    {
        if (_known.Add(reference))
        {
            _kept.Add(reference);
        }
    }

    /// <summary>Says which are kept and are still there; null when none is.</summary>
    public string? Tell(StoreRemovals removals)
    {
        var kept = _kept.Where(reference => !removals.HasUntagged(reference)).ToList();
        var store = removals.Store.Name;
        return kept.Count switch
        {
            0 => null,
            1 => $"{kept[0]} is kept in the store '{store}': it was pulled by digest. -IncludePinned removes such an image when it is "
                + "piped, and its name removes it too.",
            _ => $"{kept.Count} images are kept in the store '{store}', because they were pulled by digest: "
                + $"{string.Join(", ", kept.Take(Few))}{(kept.Count > Few ? ", …" : "")}. -IncludePinned removes such images when they are "
                + "piped, and their names remove them too.",
        };
    }
}
