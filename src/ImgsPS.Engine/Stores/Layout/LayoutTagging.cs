using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;

namespace ImgsPS.Stores.Layout;

/// <summary>
/// Gives an image of the store one more name (docs/store-design.md, "Tagging, in order"). Like a publish, but of content that is there
/// already: no lease is needed, since nothing can be removed while the store is locked. One per tag.
/// </summary>
internal sealed class LayoutTagging
{
    private readonly BlobFolder _blobs;
    private readonly IndexFile _indexFile;
    private readonly LayoutRows _rows;
    private readonly IOperationObserver _observer;

    public LayoutTagging(BlobFolder blobs, IndexFile indexFile, LayoutRows rows, IOperationObserver observer)
    {
        _blobs = blobs;
        _indexFile = indexFile;
        _rows = rows;
        _observer = observer;
    }

    /// <summary>
    /// Changes the index, under the store's lock; returns the images under their new name. A listed image of an index takes the index with
    /// it, so that the digest stays, and the name shows that image alone; another one of the same index is added to it (FF2).
    /// </summary>
    /// <exception cref="ImageException">
    /// NotFound: no such image. Incomplete: a part of it is not in the store. Ambiguous, Conflict: as <see cref="ImageLookup.Find"/>.
    /// StoreUnavailable. Nothing is changed then.
    /// </exception>
    public async Task<IReadOnlyList<Image>> RunAsync(TagRequest request, EntryName name, CancellationToken cancellationToken)
    {
        var index = _indexFile.ReadForChange(_observer, out var current);
        var list = _rows.Of(index);
        var found = LayoutLookup.Find(list, request.Image, request.Force);
        var row = found.Row;
        var holders = index.Entries.Where(e => e.Name?.Key == name.Key).ToList();
        var isNew = holders.Count == 0 || holders.Exists(h => h.Descriptor?.Digest != row.Root.Digest);
        var hidden = Hidden(found, isNew ? null : holders, index);
        if (isNew || holders.Exists(h => !hidden.SetEquals(h.Hidden)))
        {
            var content = await ContentAsync(found, cancellationToken).ConfigureAwait(false);
            TellMove(name, row, list, holders);
            cancellationToken.ThrowIfCancellationRequested();
            _blobs.Sync(content.Select(c => c.Digest.Algorithm).Distinct(StringComparer.Ordinal));
            var now = DateTimeOffset.UtcNow;
            var pulled = list.FirstOrDefault(r => r.HasRepositoryDigest && r.Root.Digest == row.Root.Digest
                && r.Name!.IsSameRepository(name));
            index.SetTag(name, row.Root, now, pulled is null ? null : pulled.Entries[0].PulledAt ?? pulled.Image.PulledAt ?? now, hidden);
            await _indexFile.WriteAsync(index, current).ConfigureAwait(false);
        }

        var tagged = _rows.Of(index.Entries.Where(e => e.Name?.Key == name.Key).ToList(), index).Images;
        var meant = tagged.Where(t => found.Images.Any(i => i.Manifest?.Digest == t.Manifest?.Digest)).ToArray();
        return (meant.Length > 0 ? meant : tagged).Select(t => t.Image).ToArray();
    }

    /// <summary>
    /// What the name is not to show of the index. It goes on to show what it shows already, and what an entry without a name shows, which
    /// gets the name: no image is left without a row.
    /// </summary>
    private HashSet<Digest> Hidden(FoundRow found, List<IndexEntry>? same, LayoutIndex index)
    {
        var hidden = new HashSet<Digest>(found.Row.Hidden);
        if (!found.IsWhole)
        {
            hidden.UnionWith(_rows.PlatformsOf(found.Row.Root));
            hidden.ExceptWith(found.Images.Select(i => i.Manifest!.Digest));
        }

        foreach (var before in index.Entries
            .Where(e => e.Descriptor?.Digest == found.Row.Root.Digest && (e.Name is null || same?.Contains(e) == true)))
        {
            hidden.IntersectWith(before.Hidden);
        }

        return hidden;
    }

    private void TellMove(EntryName name, LayoutRow row, IReadOnlyList<LayoutRow> list, List<IndexEntry> holders)
    {
        var former = list.Where(r => r.Name?.Key == name.Key).SelectMany(r => r.Entries.Select(e => (Entry: e, r.Image.Id)))
            .ToDictionary(pair => pair.Entry, pair => pair.Id);
        foreach (var old in holders.Where(h => h.Descriptor is not null && h.Descriptor.Digest != row.Root.Digest))
        {
            var image = former.TryGetValue(old, out var id) ? id : null;
            _observer.Verbose($"{name.Shown} named {Digest.Shorten(image ?? old.Descriptor!.Digest.ToString())} until now");
        }
    }

    /// <summary>The content of the images, all of it there; a name must not be given to what is not whole.</summary>
    private async Task<List<Descriptor>> ContentAsync(FoundRow found, CancellationToken cancellationToken)
    {
        var source = new LayoutSource(_blobs, found.Row);
        var content = new List<Descriptor> { found.Row.Root };
        foreach (var image in found.Images)
        {
            if (image.Manifest is null)
            {
                throw source.NoneOf();
            }

            var manifest = (Manifest)await source.GetManifestAsync(image.Manifest, _observer, cancellationToken).ConfigureAwait(false);
            var parts = new List<Descriptor>(manifest.Layers) { manifest.Config };
            if (parts.Find(p => !_blobs.Contains(p)) is { } missing)
            {
                throw source.Incomplete(manifest, missing == manifest.Config ? "config" : "layer", missing);
            }

            content.AddRange(parts.Append(image.Manifest));
        }

        return content;
    }
}
