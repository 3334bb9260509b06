using System.Collections.Generic;
using System.Linq;
using ImgsPS.Stores;

namespace ImgsPS.Pipeline;

/// <summary>A store's list as a command read it, with what the command has changed since. For the pipeline thread.</summary>
internal sealed class StoreSnapshot
{
    /// <summary>So often a list is gone through before its rows are put in order.</summary>
    private const int Few = 4;

    private readonly List<IReadOnlyList<Image>> _tagged = new();
    private readonly IReadOnlyList<Image> _listed;
    private ImageTable? _table;
    private int _asked;

    public StoreSnapshot(IReadOnlyList<Image> images) => _listed = images;

    /// <summary>The images.</summary>
    public IImageRows Images
    {
        get
        {
            if (_table is null)
            {
                if (_tagged.Count == 0 && _asked++ < Few)
                {
                    return new PlainImageRows(_listed);
                }

                _table = new ImageTable(_listed);
                _tagged.ForEach(tagged => Tag(_table, tagged));
            }

            return _table;
        }
    }

    /// <summary>A later list with the untagged parents, null until it is read; a change makes it null again.</summary>
    public IReadOnlyList<Image>? Everything { get; set; }

    /// <summary>
    /// Puts a new name into the list, in the place of the images that had it before. A list that is not asked again need not be changed.
    /// </summary>
    public void Apply(IReadOnlyList<Image> tagged)
    {
        if (tagged[0].Reference is null)
        {
            return;
        }

        Everything = null;
        if (_table is null)
        {
            _tagged.Add(tagged);
        }
        else
        {
            Tag(_table, tagged);
        }
    }

    private static void Tag(ImageTable table, IReadOnlyList<Image> tagged)
    {
        // Of the same index the name may show other images too.
        var before = table.WithName(tagged[0].Reference!)
            .Where(image => image.Digest != tagged[0].Digest || tagged.Any(other => IsSame(image, other))).ToList();
        before.ForEach(image => table.Remove(image));
        tagged.SelectMany(image => Same(table, image)).Where(image => image.Name is null).ToList().ForEach(image => table.Remove(image));
        foreach (var image in tagged)
        {
            table.Add(image);
        }

        foreach (var image in before.Where(image => Same(table, image).Count == 0))
        {
            table.Add(Untagged(image));
        }
    }

    private static List<Image> Same(ImageTable table, Image image) =>
        table.WithId(image.Id).Where(other => IsSame(image, other)).ToList();

    private static bool IsSame(Image one, Image other) =>
        one.Id == other.Id && one.Digest == other.Digest && one.ManifestDigest == other.ManifestDigest;

    private static Image Untagged(Image image) => new()
    {
        Id = image.Id,
        Digest = image.Digest,
        ManifestDigest = image.ManifestDigest,
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
