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

    /// <summary>Changes the index, under the store's lock; returns the image under its new name.</summary>
    /// <exception cref="ImageException">
    /// NotFound: no such image. Incomplete: a part of it is not in the store. Ambiguous, Conflict: as <see cref="ImageLookup.Find"/>.
    /// StoreUnavailable. Nothing is changed then.
    /// </exception>
    public async Task<Image> RunAsync(TagRequest request, EntryName name, CancellationToken cancellationToken)
    {
        var index = _indexFile.ReadForChange(_observer, out var current);
        var list = _rows.Of(index);
        var row = LayoutLookup.Find(list, request.Image, request.Force).Rows[0];
        var holders = index.Entries.Where(e => e.Name?.Key == name.Key).ToList();
        if (holders.Count == 0 || holders.Exists(h => h.Descriptor?.Digest != row.Root.Digest))
        {
            var content = await ContentAsync(row, cancellationToken).ConfigureAwait(false);
            var former = list.Where(r => r.Name?.Key == name.Key).SelectMany(r => r.Entries.Select(e => (Entry: e, r.Image.Id)))
                .ToDictionary(pair => pair.Entry, pair => pair.Id);
            foreach (var old in holders.Where(h => h.Descriptor is not null && h.Descriptor.Digest != row.Root.Digest))
            {
                var image = former.TryGetValue(old, out var id) ? id : null;
                _observer.Verbose($"{name.Shown} named {Digest.Shorten(image ?? old.Descriptor!.Digest.ToString())} until now");
            }

            cancellationToken.ThrowIfCancellationRequested();
            _blobs.Sync(content.Select(c => c.Digest.Algorithm).Distinct(StringComparer.Ordinal));
            var now = DateTimeOffset.UtcNow;
            var pulled = list.FirstOrDefault(r => r.HasRepositoryDigest && r.Root.Digest == row.Root.Digest
                && r.Name!.IsSameRepository(name));
            index.SetTag(name, row.Root, now, pulled is null ? null : pulled.Entries[0].PulledAt ?? pulled.Image.PulledAt ?? now);
            await _indexFile.WriteAsync(index, current).ConfigureAwait(false);
        }

        return _rows.Of(index.Entries.Where(e => e.Name?.Key == name.Key).ToList(), null, index).Image;
    }

    /// <summary>What the list shows of the image, all of it there; a name must not be given to what is not whole.</summary>
    private async Task<List<Descriptor>> ContentAsync(LayoutRow row, CancellationToken cancellationToken)
    {
        var source = new LayoutSource(_blobs, row);
        if (row.Shown is null)
        {
            throw source.NoneOf();
        }

        var manifest = (Manifest)await source.GetManifestAsync(row.Shown, _observer, cancellationToken).ConfigureAwait(false);
        var parts = new List<Descriptor>(manifest.Layers) { manifest.Config };
        var missing = parts.Find(p => !_blobs.Contains(p));
        return missing is null
            ? new List<Descriptor>(parts) { row.Root, row.Shown }
            : throw source.Incomplete(manifest, missing == manifest.Config ? "config" : "layer", missing);
    }
}
