using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using ImgsPS.Content;

namespace ImgsPS.Store.Layout;

/// <summary>
/// Removes images: names first, then content that nothing needs (D1-D4, D11-D14). Of several each finds the list as the ones before it
/// left it, and all are one change of the index; content is told with the last of them that needed it. One instance per call.
/// </summary>
internal sealed class LayoutRemoval
{
    private readonly StoreFiles _files;
    private readonly IndexFile _indexFile;
    private readonly ContentCollector _collector;
    private readonly LayoutRows _rows;
    private readonly string _store;
    private readonly IOperationObserver _observer;
    private readonly Dictionary<Digest, long> _moved = new();

    public LayoutRemoval(
        StoreFiles files, IndexFile indexFile, ContentCollector collector, LayoutRows rows, string store, IOperationObserver observer)
    {
        _files = files;
        _indexFile = indexFile;
        _collector = collector;
        _rows = rows;
        _store = store;
        _observer = observer;
    }

    /// <summary>
    /// Changes the index and moves content to the trash, under the store's lock. Emptying the trash is the caller's, without the lock.
    /// </summary>
    /// <returns>What was done, up to the first image that cannot be removed: NotFound, Ambiguous, Conflict.</returns>
    /// <exception cref="ImageException">StoreUnavailable, InvalidData; nothing is changed then.</exception>
    public async Task<ImageRemovals> RunAsync(IReadOnlyList<RemovalRequest> requests)
    {
        var index = _indexFile.ReadForChange(_observer, out var current);
        var items = Plan(requests, index, out var failure);
        if (items.Exists(i => i.Entries.Count > 0))
        {
            index.Remove(items.SelectMany(i => i.Entries));
            await _indexFile.WriteAsync(index, current).ConfigureAwait(false);
            _files.At(StorePoint.RemoveAfterIndex);
            var unneeded = _collector.Find(index.Entries, items.ConvertAll(i => i.Entries), tidy: true, _observer);
            _files.At(StorePoint.CollectAfterMark);
            await TrashAsync(unneeded.Digests).ConfigureAwait(false);
            _files.At(StorePoint.CollectAfterTrash);
            Tell(items, unneeded);
        }

        return new ImageRemovals(items.ConvertAll(i => i.ToRemoval(_store)), failure);
    }

    /// <summary>What each request takes away; those from the first failure on are left out.</summary>
    private List<Item> Plan(IReadOnlyList<RemovalRequest> requests, LayoutIndex index, out ImageException? failure)
    {
        failure = null;
        var table = new LayoutTable(_rows.Of(index));
        var entries = index.Entries.Where(e => e.Descriptor is not null).GroupBy(e => e.Descriptor!.Digest)
            .ToDictionary(group => group.Key, group => new Entries(group));
        var images = new Dictionary<Digest, IReadOnlyList<ManifestFacts>>();
        var items = new List<Item>(requests.Count);
        foreach (var request in requests)
        {
            try
            {
                var (kind, found) = table.Find(request.Image);
                var plan = RemovalPlan.Of(table.Related(kind, found), kind, found, request.Force);
                if (plan.Note is not null)
                {
                    _observer.Verbose(plan.Note);
                }

                items.Add(new Item(
                    request.Image.Text,
                    plan.Untagged,
                    plan.Rows.Select(r => (r, ImagesOf(r.Root))).ToList(),
                    Take(plan.Rows, entries)));
                table.Remove(plan.Rows);
            }
            catch (ImageException e)
            {
                failure = e;
                break;
            }
        }

        return items;

        IReadOnlyList<ManifestFacts> ImagesOf(Descriptor root)
        {
            if (!images.TryGetValue(root.Digest, out var found))
            {
                found = _rows.ImagesOf(root).ToList();
                images.Add(root.Digest, found);
            }

            return found;
        }
    }

    /// <summary>The rows' entries, and those without a name for digests that nothing names then: the list never showed them.</summary>
    private static List<IndexEntry> Take(IReadOnlyList<LayoutRow> gone, Dictionary<Digest, Entries> entries)
    {
        var going = gone.SelectMany(r => r.Entries).ToList();
        foreach (var row in gone)
        {
            entries[row.Root.Digest].Remove(row.Entries);
        }

        foreach (var row in gone)
        {
            going.AddRange(entries[row.Root.Digest].TakeNameless());
        }

        return going;
    }

    private async Task TrashAsync(IReadOnlyList<Digest> digests)
    {
        try
        {
            await _collector.TrashAsync(digests, _moved).ConfigureAwait(false);
        }
        catch (ImageException e)
        {
            // The names are gone, and that is what was asked for; a part of the content stays as an orphan.
            _observer.Warning($"The image is removed, but some of its content could not be deleted: {e.Message}");
        }
    }

    private void Tell(List<Item> items, ContentCollector.Unneeded unneeded)
    {
        foreach (var moved in _moved)
        {
            items[unneeded.Last[moved.Key]].BytesFreed += moved.Value;
        }

        for (var i = 0; i < items.Count; i++)
        {
            // Of several names of one image the first one tells all.
            var told = new HashSet<Digest>();
            foreach (var (row, manifests) in items[i].Images.Where(image => told.Add(image.Row.Root.Digest)))
            {
                AddDeleted(row, manifests, i, unneeded, items[i].Deleted);
            }
        }
    }

    /// <summary>
    /// D3: the ids of images that nothing names any more, the shown one first, each with the chain ids of the layers that went, top first.
    /// </summary>
    private void AddDeleted(
        LayoutRow row, IReadOnlyList<ManifestFacts> manifests, int removal, ContentCollector.Unneeded unneeded, Deletions deleted)
    {
        if (manifests.Count == 0 && !unneeded.IsNeededAfter(removal, row.Root.Digest))
        {
            deleted.Add(row.Image.Id);
        }

        foreach (var manifest in manifests.OrderBy(m => m.Config.Digest.ToString() == row.Image.Id ? 0 : 1))
        {
            if (unneeded.IsNeededAfter(removal, manifest.Config.Digest))
            {
                continue;
            }

            deleted.Add(manifest.Config.Digest.ToString());
            var diffIds = manifest.Layers
                .Select(l => Digest.TryParse(l.DiffId, out var diffId) ? diffId : null)
                .TakeWhile(d => d is not null)
                .ToArray();
            var chainIds = ConfigDocument.ChainIds(diffIds!);
            for (var i = chainIds.Count - 1; i >= 0; i--)
            {
                if (Digest.TryParse(manifest.Layers[i].Digest, out var layer) && _moved.ContainsKey(layer)
                    && unneeded.Last[layer] == removal)
                {
                    deleted.Add(chainIds[i].ToString());
                }
            }
        }
    }

    /// <summary>The ids that went, each once, in their order.</summary>
    private sealed class Deletions
    {
        private readonly HashSet<string> _known = new(StringComparer.Ordinal);

        public List<string> Ids { get; } = new();

        public void Add(string id)
        {
            if (_known.Add(id))
            {
                Ids.Add(id);
            }
        }
    }

    /// <summary>The entries of index.json for one digest that no removal has taken yet.</summary>
    private sealed class Entries(IEnumerable<IndexEntry> entries)
    {
        private readonly HashSet<IndexEntry> _named = new(entries.Where(e => e.Name is not null));
        private readonly HashSet<IndexEntry> _nameless = new(entries.Where(e => e.Name is null));

        public void Remove(IReadOnlyList<IndexEntry> gone)
        {
            _named.ExceptWith(gone);
            _nameless.ExceptWith(gone);
        }

        /// <summary>The entries without a name, when no other is left; none while one is.</summary>
        public List<IndexEntry> TakeNameless()
        {
            if (_named.Count > 0 || _nameless.Count == 0)
            {
                return [];
            }

            var taken = _nameless.ToList();
            _nameless.Clear();
            return taken;
        }
    }

    /// <summary>One removal of several.</summary>
    /// <param name="image">The image as the caller named it.</param>
    /// <param name="untagged">The references that go.</param>
    /// <param name="images">The rows that go, each with the images that it leads to.</param>
    /// <param name="entries">The entries that go.</param>
    private sealed class Item(
        string image, IReadOnlyList<string> untagged, IReadOnlyList<(LayoutRow Row, IReadOnlyList<ManifestFacts> Manifests)> images,
        IReadOnlyList<IndexEntry> entries)
    {
        public IReadOnlyList<(LayoutRow Row, IReadOnlyList<ManifestFacts> Manifests)> Images { get; } = images;

        public IReadOnlyList<IndexEntry> Entries { get; } = entries;

        public Deletions Deleted { get; } = new();

        public long BytesFreed { get; set; }

        public ImageRemoval ToRemoval(string store) =>
            new() { Image = image, Untagged = untagged, Deleted = Deleted.Ids, BytesFreed = BytesFreed, Store = store };
    }
}
