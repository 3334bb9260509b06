using System.Collections.Generic;
using System.Linq;

namespace ImgsPS.Stores.Layout;

/// <summary>
/// The rows of a list, found without a walk over all of them, and from which rows can go. Finds what <see cref="LayoutLookup"/> finds. Not
/// thread-safe.
/// </summary>
internal sealed class LayoutTable
{
    private readonly Dictionary<Image, LayoutRow> _rows;
    private readonly Dictionary<LayoutRow, int> _places = new();
    private readonly ImageTable _images;

    // The rows of each repository's image, under the image's id and under its digest.
    private readonly Dictionary<(string Repository, string Image), Family> _families = new();

    public LayoutTable(IReadOnlyList<LayoutRow> rows)
    {
        _rows = rows.ToDictionary(r => r.Image);
        foreach (var row in rows)
        {
            _places.Add(row, _places.Count);
            foreach (var key in Keys(row))
            {
                if (!_families.TryGetValue(key, out var family))
                {
                    family = new Family();
                    _families.Add(key, family);
                }

                family.Of(row).Add(row);
            }
        }

        _images = new ImageTable(rows.Select(r => r.Image));
    }

    /// <summary>What the user sees of the rows.</summary>
    public IImageRows Images => _images;

    /// <summary>The rows that an identity means, and how they were found.</summary>
    /// <exception cref="ImageException">As <see cref="ImageLookup.Find"/>.</exception>
    public (ImageMatchKind Kind, IReadOnlyList<LayoutRow> Rows) Find(ImageIdentity identity)
    {
        var match = ImageLookup.FindIn(_images, identity);
        return (match.Kind, match.Images.Select(i => _rows[i]).ToList());
    }

    /// <summary>
    /// The rows of the same repositories that show the same images as these, in the list's order: what <see cref="RemovalPlan"/> goes by.
    /// Where a tag is removed another one is enough, since it keeps all others (D2): each of many names is asked for (SF8).
    /// </summary>
    public IReadOnlyList<LayoutRow> Related(ImageMatchKind kind, IReadOnlyList<LayoutRow> rows)
    {
        if (kind == ImageMatchKind.Id)
        {
            return [];
        }

        var own = new HashSet<LayoutRow>(rows);
        var families = rows.SelectMany(Keys).Distinct().Select(key => _families[key]).ToList();
        if (kind == ImageMatchKind.Tag
            && families.Select(f => f.Tagged.FirstOrDefault(r => !own.Contains(r))).FirstOrDefault(r => r is not null) is { } tagged)
        {
            return [tagged];
        }

        return families.SelectMany(f => f.Tagged.Concat(f.Pinned)).Distinct().OrderBy(r => _places[r]).ToList();
    }

    /// <summary>Takes rows away.</summary>
    public void Remove(IReadOnlyList<LayoutRow> rows)
    {
        foreach (var row in rows)
        {
            _images.Remove(row.Image);
            foreach (var key in Keys(row))
            {
                _families[key].Of(row).Remove(row);
            }
        }
    }

    /// <summary>None for a row that has no repository.</summary>
    private static IEnumerable<(string Repository, string Image)> Keys(LayoutRow row) => row.Name?.Reference is { } reference
        ? [(reference.Name, row.Image.Id), (reference.Name, row.Root.Digest.ToString())]
        : [];

    /// <summary>The names that one repository has for one image.</summary>
    private sealed class Family
    {
        public HashSet<LayoutRow> Tagged { get; } = new();

        public HashSet<LayoutRow> Pinned { get; } = new();

        public HashSet<LayoutRow> Of(LayoutRow row) => row.IsPinned ? Pinned : Tagged;
    }
}
