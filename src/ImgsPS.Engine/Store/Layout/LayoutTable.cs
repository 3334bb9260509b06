using System;
using System.Collections.Generic;
using System.Linq;

namespace ImgsPS.Store.Layout;

/// <summary>
/// A list whose rows are found by name, id and digest without a walk over all of them, and from which rows can go. Finds what
/// <see cref="LayoutLookup"/> finds. Not thread-safe.
/// </summary>
internal sealed class LayoutTable
{
    private readonly IReadOnlyList<LayoutRow> _all;
    private readonly HashSet<LayoutRow> _gone = new();
    private readonly Dictionary<string, List<LayoutRow>> _byReference = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<LayoutRow>> _byId = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<LayoutRow>> _byDigest = new(StringComparer.Ordinal);
    private readonly bool _hasBareNames;

    public LayoutTable(IReadOnlyList<LayoutRow> rows)
    {
        _all = rows;
        foreach (var row in rows)
        {
            _hasBareNames |= row.Name is { Reference: null };
            foreach (var list in Lists(row, make: true))
            {
                list.Add(row);
            }
        }
    }

    /// <summary>The rows that an identity means, and how they were found.</summary>
    /// <exception cref="ImageException">As <see cref="ImageLookup.Find"/>.</exception>
    public (ImageMatchKind Kind, IReadOnlyList<LayoutRow> Rows) Find(ImageIdentity identity)
    {
        var few = Candidates(identity);
        return LayoutLookup.Find(few.Count > 0 ? few : _all.Where(r => !_gone.Contains(r)).ToList(), identity);
    }

    /// <summary>The rows that show the same images as these, these included.</summary>
    public IReadOnlyList<LayoutRow> Related(IReadOnlyList<LayoutRow> rows) => Union(rows.SelectMany(r => new[] { Of(_byId, r.Image.Id), Of(_byDigest, r.Image.Digest) }));

    /// <summary>Takes rows away.</summary>
    public void Remove(IReadOnlyList<LayoutRow> rows)
    {
        foreach (var row in rows)
        {
            _gone.Add(row);
            foreach (var list in Lists(row, make: false))
            {
                list.Remove(row);
            }
        }
    }

    /// <summary>
    /// Rows among which are all that an identity means, if there are any: none says nothing, and the whole list has to be asked.
    /// </summary>
    private IReadOnlyList<LayoutRow> Candidates(ImageIdentity identity)
    {
        if (ImageLookup.IsRow(identity))
        {
            return identity.Reference is not null
                ? Of(_byReference, identity.Reference)
                : Union(new[] { Of(_byId, identity.Id), Of(_byDigest, identity.Digest) });
        }

        if (_hasBareNames)
        {
            return Array.Empty<LayoutRow>();
        }

        if (Digest.TryParseIdentifier(identity.Text, out var digest))
        {
            return Union(new[] { Of(_byId, digest.ToString()), Of(_byDigest, digest.ToString()) });
        }

        return ImageReference.TryParse(identity.Text, out var reference) && reference.Digest is null
            ? Of(_byReference, reference.WithDefaultTag().Familiar)
            : Array.Empty<LayoutRow>();
    }

    private IEnumerable<List<LayoutRow>> Lists(LayoutRow row, bool make)
    {
        foreach (var (lists, key) in new[] { (_byReference, row.Image.Reference), (_byId, row.Image.Id), (_byDigest, row.Image.Digest) })
        {
            if (key is null)
            {
                continue;
            }

            if (!lists.TryGetValue(key, out var list) && make)
            {
                list = new List<LayoutRow>(1);
                lists.Add(key, list);
            }

            if (list is not null)
            {
                yield return list;
            }
        }
    }

    private static IReadOnlyList<LayoutRow> Of(Dictionary<string, List<LayoutRow>> lists, string? key) =>
        key is not null && lists.TryGetValue(key, out var list) ? list : Array.Empty<LayoutRow>();

    /// <summary>The rows of several lists, each once.</summary>
    private static List<LayoutRow> Union(IEnumerable<IReadOnlyList<LayoutRow>> lists) => lists.SelectMany(l => l).Distinct().ToList();
}
