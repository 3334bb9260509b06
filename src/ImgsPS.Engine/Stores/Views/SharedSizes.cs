using System;
using System.Collections.Generic;
using System.Linq;

namespace ImgsPS.Stores;

/// <summary>What the images of a store share (DU1): a layer counts once for each image, and a config is its image's own.</summary>
internal static class SharedSizes
{
    /// <summary>The images with the bytes that another one of them uses too. Several names of one image share nothing with each other.</summary>
    /// <param name="images">All images of the store.</param>
    public static IReadOnlyList<Image> Of(IReadOnlyList<Image> images)
    {
        // The image that has a layer; null when several have it.
        var owners = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (var image in images)
        {
            foreach (var layer in image.Layers)
            {
                if (layer.Digest is { } digest)
                {
                    owners[digest] = !owners.TryGetValue(digest, out var owner) || owner == image.Id ? image.Id : null;
                }
            }
        }

        return images.Select(image => image.WithSharedSize(image.Layers
            .Where(l => l.Digest is not null && owners[l.Digest] is null)
            .GroupBy(l => l.Digest, StringComparer.Ordinal).Sum(same => same.First().Size ?? 0))).ToArray();
    }
}
