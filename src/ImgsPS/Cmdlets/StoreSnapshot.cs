using System;
using System.Collections.Generic;
using System.Linq;
using ImgsPS.Store;

namespace ImgsPS.Cmdlets;

/// <summary>A store's list as a command read it, with what the command has changed since. For the pipeline thread.</summary>
internal sealed class StoreSnapshot
{
    /// <summary>So often a list is gone through before its rows are put in order.</summary>
    private const int Few = 4;

    private readonly HashSet<string> _untagged = new(StringComparer.Ordinal);
    private readonly List<Action<ImageTable>> _changes = new();
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
                if (_changes.Count == 0 && _asked++ < Few)
                {
                    return new PlainImageRows(_listed);
                }

                _table = new ImageTable(_listed);
                _changes.ForEach(change => change(_table));
                _changes.Clear();
            }

            return _table;
        }
    }

    /// <summary>A later list with the untagged parents, null until it is read; a change makes it null again.</summary>
    public IReadOnlyList<Image>? Everything { get; set; }

    /// <summary>True when the command took this reference away before.</summary>
    public bool HasUntagged(string reference) => _untagged.Contains(reference);

    /// <summary>True when a row has this reference.</summary>
    public bool Names(string reference) => Images.WithName(reference).Any(row => row.Reference == reference);

    /// <summary>True when the image that this reference names is pinned.</summary>
    public bool IsPinned(string reference) => Images.WithName(reference).Any(row => row.Pinned && row.Reference == reference);

    /// <summary>Takes away what a removal took away.</summary>
    public void Apply(ImageMatch match, ImageRemoval removal)
    {
        _untagged.UnionWith(removal.Untagged);
        Change(table => Remove(table, match, removal));
    }

    /// <summary>Puts a new name into the list, in the place of the image that had it before.</summary>
    public void Apply(Image tagged)
    {
        if (tagged.Reference is not null)
        {
            _untagged.Remove(tagged.Reference);
            Change(table => Tag(table, tagged, tagged.Reference));
        }
    }

    /// <summary>A list that is not asked again need not be changed.</summary>
    private void Change(Action<ImageTable> change)
    {
        Everything = null;
        if (_table is null)
        {
            _changes.Add(change);
        }
        else
        {
            change(_table);
        }
    }

    private static void Remove(ImageTable table, ImageMatch match, ImageRemoval removal)
    {
        var ids = match.Images.Select(image => image.Id).Distinct(StringComparer.Ordinal).ToList();
        var before = removal.Deleted.Count == 0 ? ids.SelectMany(table.WithId).FirstOrDefault() : null;

        // Another image may have the same name in what another tool wrote (FF1).
        var digests = new HashSet<string?>(match.Images.Select(image => image.Digest), StringComparer.Ordinal);
        var gone = removal.Untagged.SelectMany(table.WithName)
            .Where(image => image.Reference is not null && (ids.Contains(image.Id) || digests.Contains(image.Digest)))
            .Concat(match.Images.Where(image => image.RawName is not null)).ToList();
        if (removal.Deleted.Count > 0)
        {
            gone.AddRange(removal.Deleted.SelectMany(table.WithId).Concat(match.Images).Where(image => image.Reference is null));
        }

        gone.ForEach(image => table.Remove(image));

        // D8: an image that a container runs stays without a name.
        if (before is not null && !ids.SelectMany(table.WithId).Any())
        {
            table.Add(Untagged(before));
        }
    }

    private static void Tag(ImageTable table, Image tagged, string reference)
    {
        var before = table.WithName(reference).ToList();
        before.ForEach(image => table.Remove(image));
        Same(table, tagged).Where(image => image.Name is null).ToList().ForEach(image => table.Remove(image));
        table.Add(tagged);
        if (before.Count > 0 && !Same(table, before[0]).Any())
        {
            table.Add(Untagged(before[0]));
        }
    }

    private static IEnumerable<Image> Same(ImageTable table, Image image) =>
        table.WithId(image.Id).Where(other => other.Digest == image.Digest);

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
