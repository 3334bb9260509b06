using System;
using System.Collections.Generic;
using System.Linq;

namespace ImgsPS.Stores.Layout;

/// <summary>
/// Which images of an index no name shows any more. An image that was removed by itself is hidden in the entry that it was removed from;
/// other names of the same index may go on to show it, and so need its content (FF2).
/// </summary>
internal static class HiddenImages
{
    private static readonly IReadOnlyCollection<Digest> s_none = Array.Empty<Digest>();

    /// <summary>What all the entries of one digest hide. While one of them has a name, those without one show nothing.</summary>
    /// <param name="entries">The entries of one digest.</param>
    /// <param name="hiddenIn">What an entry hides.</param>
    public static IReadOnlyCollection<Digest> Of(
        IEnumerable<IndexEntry> entries, Func<IndexEntry, IReadOnlyCollection<Digest>> hiddenIn)
    {
        HashSet<Digest>? all = null;
        var named = entries.Any(e => e.Name is not null);
        foreach (var entry in entries.Where(e => !named || e.Name is not null))
        {
            var hidden = hiddenIn(entry);
            if (hidden.Count == 0)
            {
                return s_none;
            }

            if (all is null)
            {
                all = new HashSet<Digest>(hidden);
            }
            else
            {
                all.IntersectWith(hidden);
            }
        }

        return all ?? s_none;
    }

    /// <summary>What the entries of an index hide, by the digest that they name; none for most.</summary>
    public static Dictionary<Digest, IReadOnlyCollection<Digest>> Of(IEnumerable<IndexEntry> entries)
    {
        var hidden = new Dictionary<Digest, IReadOnlyCollection<Digest>>();
        var all = entries as IReadOnlyCollection<IndexEntry> ?? entries.ToList();
        var hiding = new HashSet<Digest>(all.Where(e => e.Hidden.Count > 0 && e.Descriptor is not null).Select(e => e.Descriptor!.Digest));
        if (hiding.Count > 0)
        {
            foreach (var same in all.Where(e => e.Descriptor is not null && hiding.Contains(e.Descriptor.Digest))
                .GroupBy(e => e.Descriptor!.Digest))
            {
                hidden.Add(same.Key, Of(same.ToList(), e => e.Hidden));
            }
        }

        return hidden;
    }
}
