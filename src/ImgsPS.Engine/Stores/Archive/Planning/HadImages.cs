using System.Collections.Generic;
using System.Linq;

namespace ImgsPS.Stores.Archive;

/// <summary>Finds out what layers images have that another place has (AR13).</summary>
internal static class HadImages
{
    /// <summary>What a listed image says of itself; null when it does not say all its layers.</summary>
    public static HadImage? Of(Image image)
    {
        var layers = new List<Digest>();
        foreach (var layer in image.Layers)
        {
            if (!Digest.TryParse(layer.DiffId, out var diffId))
            {
                return null;
            }

            layers.Add(diffId);
        }

        return layers.Count == 0 ? null : new HadImage(NameOf(image.Reference) ?? image.Id, layers);
    }

    /// <summary>
    /// What a store knows of an image that another one lists: found by its id, its manifest's digest, or a digest that is one image's here.
    /// A name alone says nothing: it may mean another image there.
    /// </summary>
    /// <param name="images">The store's list.</param>
    /// <param name="identity">The listed image.</param>
    /// <returns>Null when the store does not have it.</returns>
    public static HadImage? Find(IReadOnlyCollection<Image> images, ImageIdentity identity)
    {
        var found = Matches(images, identity.Id, i => i.Id) ?? Matches(images, identity.ManifestDigest, i => i.ManifestDigest)
            ?? Matches(images, identity.Digest, i => i.ManifestDigest) ?? Matches(images, identity.Id, i => i.ManifestDigest)
            ?? Matches(images, identity.Digest, i => i.Digest) ?? Matches(images, identity.Id, i => i.Digest);
        return found is not null && Of(found) is { } had ? had with { Name = NameOf(identity.Reference) ?? had.Name } : null;
    }

    /// <summary>The row with a digest; null when there is none, or rows of several images have it.</summary>
    private static Image? Matches(IEnumerable<Image> images, string? digest, System.Func<Image, string?> property)
    {
        var rows = digest is null ? [] : images.Where(i => property(i) == digest && i.ArtifactType is null).ToList();
        return rows.Select(i => i.Id).Distinct().Count() == 1 ? rows[0] : null;
    }

    private static string? NameOf(string? reference) => ImageReference.TryParse(reference, out var read) ? read.ToString() : null;
}
