using System.Collections.Generic;
using System.Linq;

namespace ImgsPS.Store.Layout;

/// <summary>Finds rows of a layout as <see cref="ImageLookup"/> finds images, and by names that are no references too.</summary>
internal static class LayoutLookup
{
    /// <summary>The rows that an identity means, and how they were found.</summary>
    /// <exception cref="ImageException">As <see cref="ImageLookup.Find"/>.</exception>
    public static (ImageMatchKind Kind, IReadOnlyList<LayoutRow> Rows) Find(IReadOnlyList<LayoutRow> rows, ImageIdentity identity)
    {
        // What another tool called "1.0" is meant by "1.0", though as a reference that would be a repository.
        var bare = rows.Where(r => !identity.IsListed && r.Name is { Reference: null } && r.Name.Key == identity.Text).ToList();
        if (bare.Count > 0)
        {
            return (ImageMatchKind.Tag, bare);
        }

        var match = ImageLookup.Find(rows.Select(r => r.Image).ToArray(), identity);
        return (match.Kind, rows.Where(r => match.Images.Contains(r.Image)).ToList());
    }
}
