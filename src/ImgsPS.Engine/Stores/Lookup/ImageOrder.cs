using System;
using System.Collections.Generic;
using System.Linq;

namespace ImgsPS.Stores;

/// <summary>
/// The order of a list (L4): created last first, those without a time at the end; then by name, those without one at the end; then by
/// digest, platform and id. The images of one name stand together, at the place of the newest (FF2). Texts are compared ordinally. A
/// list is in the same order each time, unlike docker's.
/// </summary>
internal sealed class ImageOrder : IComparer<Image>
{
    // When the newest image was made of a name that has several.
    private readonly Dictionary<(string? Name, string? Digest), DateTimeOffset?> _newest = new();

    private ImageOrder(IReadOnlyList<Image> images)
    {
        var several = images.Where(i => i.ManifestDigest is not null && i.ManifestDigest != i.Digest)
            .GroupBy(i => (i.Name, i.Digest)).Where(same => same.Skip(1).Any());
        foreach (var same in several)
        {
            _newest.Add(same.Key, same.Max(i => i.Created));
        }
    }

    /// <summary>The images in order.</summary>
    public static IReadOnlyList<Image> Sort(IEnumerable<Image> images)
    {
        var sorted = images.ToArray();
        Array.Sort(sorted, new ImageOrder(sorted));
        return sorted;
    }

    /// <inheritdoc/>
    public int Compare(Image? x, Image? y)
    {
        if (x is null || y is null)
        {
            return (x is null ? 1 : 0) - (y is null ? 1 : 0);
        }

        var result = Nullable.Compare(Newest(y), Newest(x));
        result = result != 0 ? result : Compare(x.Name, y.Name);
        result = result != 0 ? result : Compare(x.Digest, y.Digest);
        result = result != 0 ? result : string.CompareOrdinal(x.Platform?.ToString(), y.Platform?.ToString());
        return result != 0 ? result : string.CompareOrdinal(x.Id, y.Id);
    }

    private DateTimeOffset? Newest(Image image) =>
        _newest.Count > 0 && _newest.TryGetValue((image.Name, image.Digest), out var newest) ? newest : image.Created;

    private static int Compare(string? x, string? y) =>
        x is null || y is null ? (x is null ? 1 : 0) - (y is null ? 1 : 0) : string.CompareOrdinal(x, y);
}
