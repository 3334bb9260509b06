using System;
using System.Collections.Generic;
using System.Linq;

namespace ImgsPS.Stores;

/// <summary>
/// The order of a list (L4): created last first, those without a time at the end; then by name, those without one at the end; then by
/// digest and id. Texts are compared ordinally. A list is in the same order each time, unlike docker's.
/// </summary>
internal sealed class ImageOrder : IComparer<Image>
{
    /// <summary>The order.</summary>
    public static readonly ImageOrder Newest = new();

    private ImageOrder()
    {
    }

    /// <summary>The images in order.</summary>
    public static IReadOnlyList<Image> Sort(IEnumerable<Image> images)
    {
        var sorted = images.ToArray();
        Array.Sort(sorted, Newest);
        return sorted;
    }

    /// <inheritdoc/>
    public int Compare(Image? x, Image? y)
    {
        if (x is null || y is null)
        {
            return (x is null ? 1 : 0) - (y is null ? 1 : 0);
        }

        var result = Nullable.Compare(y.Created, x.Created);
        result = result != 0 ? result : Compare(x.Name, y.Name);
        result = result != 0 ? result : Compare(x.Digest, y.Digest);
        return result != 0 ? result : string.CompareOrdinal(x.Id, y.Id);
    }

    private static int Compare(string? x, string? y) =>
        x is null || y is null ? (x is null ? 1 : 0) - (y is null ? 1 : 0) : string.CompareOrdinal(x, y);
}
