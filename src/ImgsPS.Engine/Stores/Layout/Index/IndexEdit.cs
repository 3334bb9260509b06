using System;
using System.Collections.Generic;
using System.Linq;
using ImgsPS.Content;

namespace ImgsPS.Stores.Layout;

/// <summary>
/// Changes of names in a list of entries, any number of them in one walk: what a change costs does not grow with the list, nor with how
/// often another tool wrote a name or a digest (SF8). Not thread-safe.
/// </summary>
internal sealed class IndexEdit
{
    // Places of the list; null for an entry that went. An entry keeps its place.
    private readonly List<IndexEntry?> _places;
    private readonly Dictionary<string, List<int>> _named = new(StringComparer.Ordinal);
    private readonly Dictionary<Digest, List<int>> _nameless = new();
    private readonly Dictionary<Digest, int> _counts = new();

    public IndexEdit(IEnumerable<IndexEntry> entries)
    {
        _places = new List<IndexEntry?>(entries);
        for (var place = 0; place < _places.Count; place++)
        {
            Know(place);
        }
    }

    /// <summary>The entries as they are now.</summary>
    public List<IndexEntry> ToList() => _places.OfType<IndexEntry>().ToList();

    /// <summary>The first entry for a digest with a name that the caller looks for; null when there is none.</summary>
    public IndexEntry? Find(Digest digest, Func<IndexEntry, bool> isWanted) => !_counts.ContainsKey(digest) ? null
        : _places.Find(e => e?.Descriptor?.Digest == digest && isWanted(e));

    /// <summary>The first entry with a name; null when there is none.</summary>
    public IndexEntry? Find(EntryName name) =>
        Places(_named, name.Key).Select(place => _places[place]!).FirstOrDefault(e => e.Descriptor is not null);

    /// <summary>
    /// Makes a name mean something. What it meant before stays as an entry without a name, unless another entry has that digest; an entry
    /// without a name for the same digest gets the name.
    /// </summary>
    /// <param name="name">The name.</param>
    /// <param name="target">What it means.</param>
    /// <param name="make">Makes the new entry of the one that is to carry the name, or of null.</param>
    /// <param name="forget">Makes an entry without a name of one that has one.</param>
    public IndexEntry SetName(
        EntryName name, Digest target, Func<IndexEntry?, IndexEntry> make, Func<IndexEntry, IndexEntry> forget)
    {
        var holders = Places(_named, name.Key);
        var nameless = Places(_nameless, target);
        var carrier = holders.Where(place => _places[place]!.Descriptor?.Digest == target).Concat(nameless).DefaultIfEmpty(-1).First();
        foreach (var place in holders.Concat(nameless).Where(place => place != carrier).ToList())
        {
            var entry = _places[place]!;
            _places[place] = null;
            if (entry.Descriptor?.Digest is not { } digest)
            {
                continue;
            }

            if (--_counts[digest] == 0 && entry.Name is not null && digest != target)
            {
                // The last entry of what the name meant before.
                _places[place] = forget(entry);
                Know(place);
            }
        }

        _named.Remove(name.Key);
        _nameless.Remove(target);
        var made = make(carrier < 0 ? null : _places[carrier]);
        if (carrier < 0)
        {
            carrier = _places.Count;
            _places.Add(null);
        }
        else
        {
            _counts[target]--;
        }

        _places[carrier] = made;
        Know(carrier);
        return made;
    }

    /// <summary>Adds an entry.</summary>
    public void Add(IndexEntry entry)
    {
        _places.Add(entry);
        Know(_places.Count - 1);
    }

    private static List<int> Places<TKey>(Dictionary<TKey, List<int>> known, TKey key)
        where TKey : notnull => known.TryGetValue(key, out var places) ? places : [];

    private static void Add<TKey>(Dictionary<TKey, List<int>> known, TKey key, int place)
        where TKey : notnull
    {
        if (!known.TryGetValue(key, out var places))
        {
            known.Add(key, places = new List<int>(1));
        }

        places.Add(place);
    }

    private void Know(int place)
    {
        var entry = _places[place]!;
        if (entry.Name is not null)
        {
            Add(_named, entry.Name.Key, place);
        }

        if (entry.Descriptor?.Digest is { } digest)
        {
            _counts[digest] = _counts.TryGetValue(digest, out var count) ? count + 1 : 1;
            if (entry.Name is null)
            {
                Add(_nameless, digest, place);
            }
        }
    }
}
