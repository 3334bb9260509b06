using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using ImgsPS.Disk;
using ImgsPS.Stores.Layout.Maintenance;

namespace ImgsPS.Stores.Layout;

/// <summary>
/// Removes images as <see cref="LayoutPlanner"/> plans it: of several each finds the list as the ones before it left it, and all are one
/// change of the index. One instance per call.
/// </summary>
internal sealed class LayoutRemoval
{
    private readonly StorePaths _paths;
    private readonly StoreFiles _files;
    private readonly IndexFile _indexFile;
    private readonly ContentCollector _collector;
    private readonly Func<IOperationObserver, LayoutRows> _rows;
    private readonly string _store;
    private readonly IOperationObserver _observer;
    private readonly Dictionary<Digest, long> _moved = new();

    /// <param name="parts">The store's paths and files.</param>
    /// <param name="collector">Its content.</param>
    /// <param name="rows">Makes its list.</param>
    /// <param name="observer">Who is told.</param>
    public LayoutRemoval(
        LayoutParts parts, ContentCollector collector, Func<IOperationObserver, LayoutRows> rows, IOperationObserver observer)
    {
        _paths = parts.Paths;
        _files = parts.Files;
        _indexFile = parts.IndexFile;
        _collector = collector;
        _rows = rows;
        _store = parts.Name;
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
        var planner = RemovalMemory.Take(_paths, _files, index, _store);
        var isKnown = planner is not null;
        if (planner is null)
        {
            var held = new HeldWarnings(_observer);
            planner = new LayoutPlanner(index, _rows(held).Of(index), _rows(NullObserver.Instance), _store, _collector.NeedsOf);
            isKnown = !held.Any;
            held.Release();
        }

        var items = Plan(planner, requests, out var failure);
        if (items.Exists(i => i.Entries.Count > 0 || i.IsPart))
        {
            var gone = new HashSet<IndexEntry>(items.SelectMany(i => i.Entries));
            index.Remove(gone);
            index.Hide(items.SelectMany(i => i.Hiding).Where(h => !gone.Contains(h.Key)).GroupBy(h => h.Key)
                .ToDictionary(h => h.Key, h => (IReadOnlyCollection<Digest>)h.SelectMany(pair => pair.Value).ToArray()));
            await _indexFile.WriteAsync(index, current).ConfigureAwait(false);
            _files.At(StorePoint.RemoveAfterIndex);
            planner.TellWhatKeepsContent(_observer);
            var claimed = _collector.Claimed(tidy: true, _observer);
            _files.At(StorePoint.CollectAfterMark);
            var isTrashed = claimed is not null
                && await TrashAsync(items.SelectMany(i => i.Loss!.Freed).Where(d => !claimed.Contains(d))).ConfigureAwait(false);

            _files.At(StorePoint.CollectAfterTrash);

            // An entry that hides more is another one in the index.
            isKnown &= isTrashed && items.TrueForAll(i => !i.IsPart);
        }

        if (isKnown)
        {
            RemovalMemory.Keep(_paths, _files, index, planner, _store);
        }

        return new ImageRemovals(items.ConvertAll(Tell), failure);
    }

    /// <summary>What each request takes away; those from the first failure on are left out.</summary>
    private List<LayoutRemoving> Plan(LayoutPlanner planner, IReadOnlyList<RemovalRequest> requests, out ImageException? failure)
    {
        failure = null;
        var items = new List<LayoutRemoving>(requests.Count);
        foreach (var request in requests)
        {
            try
            {
                var item = planner.Find(request);
                planner.Accept(item);
                items.Add(item);
                if (item.Note is not null)
                {
                    _observer.Verbose(item.Note);
                }
            }
            catch (ImageException e)
            {
                failure = e;
                break;
            }
        }

        return items;
    }

    /// <summary>False, with a warning, when some of it could not be moved.</summary>
    private async Task<bool> TrashAsync(IEnumerable<Digest> digests)
    {
        try
        {
            var ordered = digests.OrderBy(d => d.ToString(), StringComparer.Ordinal).ToList();
            await _collector.TrashAsync(ordered, _moved).ConfigureAwait(false);
            return true;
        }
        catch (ImageException e)
        {
            // The names are gone, and that is what was asked for; a part of the content stays as an orphan.
            _observer.Warning($"The image is removed, but some of its content could not be deleted: {e.Message}");
            return false;
        }
    }

    /// <summary>What was done, by what was really moved.</summary>
    private ImageRemoval Tell(LayoutRemoving item) =>
        item.ToRemoval(item.Loss!.Freed.Where(_moved.ContainsKey).ToDictionary(d => d, d => _moved[d]));
}
