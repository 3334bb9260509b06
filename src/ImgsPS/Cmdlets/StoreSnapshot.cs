using System;
using System.Collections.Generic;
using System.Linq;
using ImgsPS.Store;

namespace ImgsPS.Cmdlets;

/// <summary>A store's list as a command read it, with what the command has changed since. For the pipeline thread.</summary>
internal sealed class StoreSnapshot
{
    private readonly HashSet<string> _untagged = new(StringComparer.Ordinal);

    public StoreSnapshot(IReadOnlyList<Image> images) => Images = images;

    /// <summary>The images.</summary>
    public IReadOnlyList<Image> Images { get; private set; }

    /// <summary>A later list with the untagged parents, null until it is read; a change makes it null again.</summary>
    public IReadOnlyList<Image>? Everything { get; set; }

    /// <summary>True when the command took this reference away before.</summary>
    public bool HasUntagged(string reference) => _untagged.Contains(reference);

    /// <summary>Takes away what a removal took away.</summary>
    public void Apply(ImageMatch match, ImageRemoval removal)
    {
        _untagged.UnionWith(removal.Untagged);
        Everything = null;
        var ids = new HashSet<string>(match.Images.Select(image => image.Id), StringComparer.Ordinal);
        var left = Images.Where(image => !IsGone(image, match, removal)).ToList();

        // D8: an image that a container runs stays without a name.
        var nameless = Images.Where(image => ids.Contains(image.Id) && !removal.Deleted.Contains(image.Id)).ToList();
        if (removal.Deleted.Count == 0 && nameless.Count > 0 && !left.Any(image => ids.Contains(image.Id)))
        {
            left.Add(Untagged(nameless[0]));
        }

        Images = left;
    }

    /// <summary>Puts a new name into the list, in the place of the image that had it before.</summary>
    public void Apply(Image tagged)
    {
        Everything = null;
        var before = Images.FirstOrDefault(image => image.Reference == tagged.Reference);
        var images = Images.Where(image => image.Reference != tagged.Reference && !(image.Reference is null && IsSame(image, tagged))).ToList();
        images.Add(tagged);
        if (before is not null && !images.Any(image => IsSame(image, before)))
        {
            images.Add(Untagged(before));
        }

        Images = images;
        if (tagged.Reference is not null)
        {
            _untagged.Remove(tagged.Reference);
        }
    }

    private static bool IsGone(Image image, ImageMatch match, ImageRemoval removal) =>
        image.Reference is not null
            ? removal.Untagged.Contains(image.Reference)
            : removal.Deleted.Contains(image.Id) || (removal.Deleted.Count > 0 && match.Images.Contains(image));

    private static bool IsSame(Image one, Image other) => one.Id == other.Id && one.Digest == other.Digest;

    private static Image Untagged(Image image) => new()
    {
        Id = image.Id,
        Digest = image.Digest,
        MediaType = image.MediaType,
        Created = image.Created,
        Size = image.Size,
        Platform = image.Platform,
        Labels = image.Labels,
        Dangling = true,
        InUse = image.InUse,
        UsedBy = image.UsedBy,
        Store = image.Store,
    };
}
