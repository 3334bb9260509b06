using System.Collections.Generic;
using System.Linq;

namespace ImgsPS.Stores.Layout;

/// <summary>Finds rows of a layout as <see cref="ImageLookup"/> finds images.</summary>
internal static class LayoutLookup
{
    /// <summary>
    /// The one image that an identity means, with its row: of a name with several platforms this machine's best.
    /// </summary>
    /// <param name="rows">The whole list.</param>
    /// <param name="identity">The image.</param>
    /// <param name="anyName">A listed image is meant under whatever name it has by now (<see cref="ImageLookup.FindContent"/>).</param>
    /// <exception cref="ImageException">As <see cref="ImageLookup.Find"/>.</exception>
    public static FoundRow Find(IReadOnlyList<LayoutRow> rows, ImageIdentity identity, bool anyName = false)
    {
        var images = rows.SelectMany(r => r.Images).Select(i => i.Image).ToArray();
        var match = anyName ? ImageLookup.FindContent(images, identity) : ImageLookup.Find(images, identity);
        var row = rows.First(r => r.Images.Any(i => i.Image == match.Images[0]));
        var meant = new HashSet<Image>(match.Images);
        return new FoundRow(row, row.Images.Where(i => meant.Contains(i.Image)).ToArray(), row.Images.All(i => meant.Contains(i.Image)));
    }
}

/// <summary>What an identity means of a row.</summary>
/// <param name="Row">The row.</param>
/// <param name="Images">The images of it that are meant, in the row's order; never empty.</param>
/// <param name="IsWhole">True when it is all that the row shows.</param>
internal sealed record FoundRow(LayoutRow Row, IReadOnlyList<LayoutImage> Images, bool IsWhole)
{
    /// <summary>The image that is meant where one is wanted.</summary>
    public LayoutImage Best => Images[0];
}
