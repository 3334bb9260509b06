using System.Collections.Generic;
using System.Linq;

namespace ImgsPS.Store.Layout;

/// <summary>
/// The rows of a list, found without a walk over all of them, and from which rows can go. Finds what <see cref="LayoutLookup"/> finds. Not
/// thread-safe.
/// </summary>
internal sealed class LayoutTable
{
    private readonly Dictionary<Image, LayoutRow> _rows;
    private readonly Dictionary<LayoutRow, int> _places = new();
    private readonly ImageTable _images;

    public LayoutTable(IReadOnlyList<LayoutRow> rows)
    {
        _rows = rows.ToDictionary(r => r.Image);
        foreach (var row in rows)
        {
            _places.Add(row, _places.Count);
        }

        _images = new ImageTable(rows.Select(r => r.Image));
    }

    /// <summary>The rows that an identity means, and how they were found.</summary>
    /// <exception cref="ImageException">As <see cref="ImageLookup.Find"/>.</exception>
    public (ImageMatchKind Kind, IReadOnlyList<LayoutRow> Rows) Find(ImageIdentity identity)
    {
        var match = ImageLookup.FindIn(_images, identity);
        return (match.Kind, match.Images.Select(i => _rows[i]).ToList());
    }

    /// <summary>The rows that show the same images as these, these included, in the list's order.</summary>
    public IReadOnlyList<LayoutRow> Related(IReadOnlyList<LayoutRow> rows) => rows
        .SelectMany(r => _images.WithId(r.Image.Id).Concat(_images.WithDigest(r.Image.Digest!)))
        .Distinct()
        .Select(i => _rows[i])
        .OrderBy(r => _places[r])
        .ToList();

    /// <summary>Takes rows away.</summary>
    public void Remove(IReadOnlyList<LayoutRow> rows)
    {
        foreach (var row in rows)
        {
            _images.Remove(row.Image);
        }
    }
}
