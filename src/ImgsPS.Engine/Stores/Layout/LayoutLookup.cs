using System.Collections.Generic;
using System.Linq;

namespace ImgsPS.Stores.Layout;

/// <summary>Finds rows of a layout as <see cref="ImageLookup"/> finds images.</summary>
internal static class LayoutLookup
{
    /// <summary>The rows that an identity means, and how they were found.</summary>
    /// <param name="rows">The whole list.</param>
    /// <param name="identity">The image.</param>
    /// <param name="anyName">A listed image is meant under whatever name it has by now (<see cref="ImageLookup.FindContent"/>).</param>
    /// <exception cref="ImageException">As <see cref="ImageLookup.Find"/>.</exception>
    public static (ImageMatchKind Kind, IReadOnlyList<LayoutRow> Rows) Find(
        IReadOnlyList<LayoutRow> rows, ImageIdentity identity, bool anyName = false)
    {
        var images = rows.Select(r => r.Image).ToArray();
        var match = anyName ? ImageLookup.FindContent(images, identity) : ImageLookup.Find(images, identity);
        var meant = new HashSet<Image>(match.Images);
        var found = rows.Where(r => meant.Contains(r.Image)).ToDictionary(r => r.Image);
        return (match.Kind, match.Images.Select(i => found[i]).ToList());
    }
}
