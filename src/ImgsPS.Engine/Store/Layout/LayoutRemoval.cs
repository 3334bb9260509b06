using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using ImgsPS.Content;

namespace ImgsPS.Store.Layout;

/// <summary>
/// Removes an image: names first, then content that nothing needs (D1-D4, D11-D14; reliability.md, step 7). One per removal.
/// </summary>
internal sealed class LayoutRemoval
{
    private readonly StoreFiles _files;
    private readonly IndexFile _indexFile;
    private readonly ContentCollector _collector;
    private readonly LayoutRows _rows;
    private readonly IOperationObserver _observer;
    private readonly HashSet<Digest> _moved = new();

    public LayoutRemoval(StoreFiles files, IndexFile indexFile, ContentCollector collector, LayoutRows rows, IOperationObserver observer)
    {
        _files = files;
        _indexFile = indexFile;
        _collector = collector;
        _rows = rows;
        _observer = observer;
    }

    /// <summary>
    /// Changes the index and moves content to the trash, under the store's lock. Emptying the trash is the caller's, without the lock.
    /// </summary>
    /// <exception cref="ImageException">NotFound, Ambiguous, Conflict, StoreUnavailable; nothing is changed then.</exception>
    public async Task<ImageRemoval> RunAsync(ImageIdentity image, bool force, string store)
    {
        var index = _indexFile.ReadForChange(_observer, out var current);
        var list = _rows.Of(index);
        var (kind, found) = LayoutLookup.Find(list, image);
        var plan = RemovalPlan.Of(list, kind, found, force);
        if (plan.Note is not null)
        {
            _observer.Verbose(plan.Note);
        }

        long freed = 0;
        var deleted = new List<string>();
        if (plan.Rows.Count > 0)
        {
            var going = EntriesOf(plan.Rows, index);
            var images = plan.Rows.Select(r => (Row: r, Manifests: _rows.ImagesOf(r.Root).ToList())).ToList();
            index.Remove(going);
            await _indexFile.WriteAsync(index, current).ConfigureAwait(false);
            _files.At(StorePoint.RemoveAfterIndex);
            var unneeded = _collector.Find(index.Entries, going, tidy: true, _observer);
            _files.At(StorePoint.CollectAfterMark);
            freed = await TrashAsync(unneeded.Digests).ConfigureAwait(false);
            _files.At(StorePoint.CollectAfterTrash);
            foreach (var (row, manifests) in images)
            {
                AddDeleted(row, manifests, unneeded.Needed, deleted);
            }
        }

        return new ImageRemoval { Image = image.Text, Untagged = plan.Untagged, Deleted = deleted, BytesFreed = freed, Store = store };
    }

    /// <summary>The rows' entries, and those without a name for digests that nothing names then: the list never showed them.</summary>
    private static List<IndexEntry> EntriesOf(IReadOnlyList<LayoutRow> gone, LayoutIndex index)
    {
        var going = gone.SelectMany(r => r.Entries).ToList();
        var digests = new HashSet<Digest>(gone.Select(r => r.Root.Digest));
        var others = index.Entries.Where(e => e.Descriptor is not null && !going.Contains(e)).ToList();
        digests.ExceptWith(others.Where(e => e.Name is not null).Select(e => e.Descriptor!.Digest));
        going.AddRange(others.Where(e => e.Name is null && digests.Contains(e.Descriptor!.Digest)));
        return going;
    }

    private async Task<long> TrashAsync(IReadOnlyList<Digest> digests)
    {
        try
        {
            return await _collector.TrashAsync(digests, _moved).ConfigureAwait(false);
        }
        catch (ImageException e)
        {
            // The names are gone, and that is what was asked for; a part of the content stays as an orphan.
            _observer.Warning($"The image is removed, but some of its content could not be deleted: {e.Message}");
            return 0;
        }
    }

    /// <summary>
    /// D3: the ids of images that nothing names any more, the shown one first, each with the chain ids of the layers that went, top first.
    /// </summary>
    private void AddDeleted(LayoutRow row, List<ManifestFacts> manifests, ISet<Digest> needed, List<string> deleted)
    {
        if (manifests.Count == 0 && !needed.Contains(row.Root.Digest))
        {
            AddOnce(deleted, row.Image.Id);
        }

        foreach (var manifest in manifests.OrderBy(m => m.Config.Digest.ToString() == row.Image.Id ? 0 : 1))
        {
            if (needed.Contains(manifest.Config.Digest))
            {
                continue;
            }

            AddOnce(deleted, manifest.Config.Digest.ToString());
            var diffIds = manifest.Layers
                .Select(l => Digest.TryParse(l.DiffId, out var diffId) ? diffId : null)
                .TakeWhile(d => d is not null)
                .ToArray();
            var chainIds = ConfigDocument.ChainIds(diffIds!);
            for (var i = chainIds.Count - 1; i >= 0; i--)
            {
                if (Digest.TryParse(manifest.Layers[i].Digest, out var layer) && _moved.Contains(layer))
                {
                    AddOnce(deleted, chainIds[i].ToString());
                }
            }
        }
    }

    private static void AddOnce(List<string> deleted, string id)
    {
        if (!deleted.Contains(id))
        {
            deleted.Add(id);
        }
    }
}
