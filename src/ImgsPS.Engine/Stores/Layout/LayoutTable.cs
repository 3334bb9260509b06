using System;
using System.Collections.Generic;
using System.Linq;

namespace ImgsPS.Stores.Layout;

/// <summary>
/// The rows of a list, found without a walk over all of them, and from which rows, and single images of them, can go. Not thread-safe.
/// </summary>
internal sealed class LayoutTable
{
    private readonly Dictionary<Image, (LayoutRow Row, LayoutImage Image)> _rows = new();
    private readonly Dictionary<LayoutRow, int> _places = new();
    private readonly ImageTable _images;

    // The rows of each repository's image, under the image's id and under its digest.
    private readonly Dictionary<(string Repository, string Image), Family> _families = new();

    public LayoutTable(IReadOnlyList<LayoutRow> rows)
    {
        foreach (var row in rows)
        {
            Add(row, _places.Count);
        }

        _images = new ImageTable(rows.SelectMany(r => r.Images).Select(i => i.Image));
    }

    /// <summary>What the user sees of the rows.</summary>
    public IImageRows Images => _images;

    /// <summary>What an identity means, and how it was found.</summary>
    /// <exception cref="ImageException">As <see cref="ImageLookup.Find"/>.</exception>
    public (ImageMatchKind Kind, IReadOnlyList<FoundRow> Rows) Find(ImageIdentity identity)
    {
        var match = ImageLookup.FindIn(_images, identity);
        return (match.Kind, match.Images.Select(i => _rows[i]).GroupBy(found => found.Row)
            .Select(of => new FoundRow(of.Key, of.Select(found => found.Image).ToArray(), of.Count() == of.Key.Images.Count)).ToArray());
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

    /// <summary>Takes single images of a row away; a row with the others takes its place.</summary>
    public void Remove(FoundRow part)
    {
        var place = _places[part.Row];
        Forget(part.Row);
        foreach (var image in part.Images)
        {
            _images.Remove(image.Image);
        }

        var others = part.Row.Images.Where(i => !part.Images.Contains(i)).ToArray();
        var left = new LayoutRow(part.Row.Name, part.Row.Root, part.Row.Entries, others)
        {
            Subject = part.Row.Subject,
            IsReferrer = part.Row.IsReferrer,
        };
        Add(left, place);
    }

    /// <summary>Takes rows away.</summary>
    public void Remove(IReadOnlyList<LayoutRow> rows)
    {
        foreach (var row in rows)
        {
            Forget(row);
            foreach (var image in row.Images)
            {
                _images.Remove(image.Image);
            }
        }
    }

    private void Add(LayoutRow row, int place)
    {
        _places.Add(row, place);
        foreach (var image in row.Images)
        {
            _rows[image.Image] = (row, image);
        }

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

    private void Forget(LayoutRow row)
    {
        _places.Remove(row);
        foreach (var key in Keys(row))
        {
            _families[key].Of(row).Remove(row);
        }
    }

    /// <summary>None for a row that has no repository.</summary>
    private static IEnumerable<(string Repository, string Image)> Keys(LayoutRow row) => row.Name?.Reference is { } reference
        ? row.Images.Select(i => i.Image.Id).Append(row.Root.Digest.ToString()).Distinct(StringComparer.Ordinal)
            .Select(id => (reference.Name, id))
        : [];

    /// <summary>The names that one repository has for one image.</summary>
    private sealed class Family
    {
        public HashSet<LayoutRow> Tagged { get; } = new();

        public HashSet<LayoutRow> Pinned { get; } = new();

        public HashSet<LayoutRow> Of(LayoutRow row) => row.IsPinned ? Pinned : Tagged;
    }
}
