using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Disk;

namespace ImgsPS.Stores.Layout.Maintenance;

/// <summary>
/// Collects what nothing needs: marked and moved to the trash under the store's lock, deleted after it. One per optimization.
/// </summary>
internal sealed class StoreOptimization
{
    private readonly LayoutParts _parts;
    private readonly StoreOptimizeRequest _request;
    private readonly IOperationObserver _observer;
    private int _blobs;
    private int _downloads;
    private int _leftovers;
    private int _quarantined;
    private long _bytes;

    public StoreOptimization(LayoutParts parts, StoreOptimizeRequest request, IOperationObserver observer)
    {
        _parts = parts;
        _request = request;
        _observer = observer;
    }

    /// <summary>Says what would go, without a lock and without writing.</summary>
    /// <exception cref="ImageException">StoreUnavailable: it cannot be read. InvalidData: the index is broken.</exception>
    public ImageStoreOptimization Ask()
    {
        var clock = StoreClock.OfMachine();
        foreach (var blob in FindBlobs(clock))
        {
            Count(ref _blobs, blob.Size);
        }

        foreach (var leftover in FindLeftovers(clock))
        {
            Count(leftover);
        }

        return Result();
    }

    /// <summary>Takes it away. The store is prepared for writing.</summary>
    /// <exception cref="ImageException">
    /// StoreUnavailable, StoreLocked. InvalidData: the index is broken; nothing is taken away then.
    /// </exception>
    public async Task<ImageStoreOptimization> RunAsync(ContentCollector collector, TimeSpan lockWait, CancellationToken cancellationToken)
    {
        StoreClock clock;
        List<Leftover> leftovers;
        using (await StoreLock.TakeAsync(_parts.Paths, _parts.Files, lockWait, cancellationToken).ConfigureAwait(false))
        {
            clock = StoreClock.Of(_parts.Paths, _parts.Files);
            var unneeded = FindBlobs(clock);
            leftovers = FindLeftovers(clock);
            _parts.Files.At(StorePoint.CollectAfterMark);
            var moved = new Dictionary<Digest, long>();
            await collector.TrashAsync(unneeded.ConvertAll(f => f.Digest!), moved).ConfigureAwait(false);
            _blobs += moved.Count;
            _bytes += moved.Values.Sum();

            // Both are made under this lock only, so whoever made these is gone.
            foreach (var leftover in leftovers.Where(l => l.Kind is ImageStoreFindingKind.DeadLease or ImageStoreFindingKind.TemporaryFile))
            {
                if (leftover.Kind == ImageStoreFindingKind.DeadLease
                    ? Lease.TryDelete(_parts.Files, leftover.Path)
                    : _parts.Files.TryDelete(leftover.Path))
                {
                    Count(leftover);
                }
            }

            await _parts.Blobs.Verified.TidyAsync(digest => _parts.Blobs.SizeOf(digest) is not null).ConfigureAwait(false);
            _parts.Files.At(StorePoint.CollectAfterTrash);
        }

        await _parts.Blobs.EmptyTrashAsync(_observer).ConfigureAwait(false);
        foreach (var leftover in leftovers)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (leftover.Kind == ImageStoreFindingKind.Trash
                ? !_parts.Files.Exists(leftover.Path)
                : leftover.Kind == ImageStoreFindingKind.StaleIngest
                    ? await DeleteDownloadAsync(leftover).ConfigureAwait(false)
                    : leftover.Kind == ImageStoreFindingKind.Quarantine && _parts.Files.TryDelete(leftover.Path))
            {
                Count(leftover);
            }
        }

        return Result();
    }

    /// <summary>
    /// Blobs that no entry, no open lease and no young blob needs. None when something may be needed that cannot be known.
    /// </summary>
    private List<BlobFile> FindBlobs(StoreClock clock)
    {
        var files = _parts.Blobs.Files().Where(f => f.Digest is not null).ToList();
        if (files.Count == 0)
        {
            return files;
        }

        // The leases before the index: what a pull publishes it claims until after, so it is in one of the two.
        var claimed = Lease.Claimed(_parts.Paths, _parts.Files, tidy: false);
        if (claimed is null)
        {
            _observer.Warning($"A lease in '{_parts.Paths.Leases}' cannot be read, so no blob is deleted while it is held.");
            return new List<BlobFile>();
        }

        var current = _parts.IndexFile.ReadCurrent();
        if (current.Index is null)
        {
            throw new ImageException(
                ImageErrorKind.InvalidData,
                $"'{_parts.Paths.Index}' cannot be used, so what is needed is not known: {current.Fault?.Message ?? "It is gone."} " +
                    "Nothing was deleted.",
                $"Run {_parts.Paths.Repair} first.",
                current.Fault);
        }

        var young = files.Where(f => !clock.IsOlder(f.Time, _request.Grace)).Select(f => f.Digest!);
        var reach = new ContentGraph(_parts.Blobs).Walk(current.Index.Entries, _observer, claimed.Concat(young).ToList());
        return reach.Incomplete
            ? new List<BlobFile>()
            : files.Where(f => !reach.Content.Contains(f.Digest!)).OrderBy(f => f.Path, StringComparer.Ordinal).ToList();
    }

    private List<Leftover> FindLeftovers(StoreClock clock) => Leftovers.Of(_parts.Paths, _parts.Files, _observer.Warning)
        .Where(l => l.Kind switch
        {
            ImageStoreFindingKind.StaleIngest => clock.IsOlder(l.Time, _request.Grace),
            ImageStoreFindingKind.Quarantine => _request.IncludeQuarantine && clock.IsOlder(l.Time, _request.Grace),
            _ => true,
        })
        .ToList();

    /// <summary>Deletes a download under its own lock, unless someone goes on with it, or did since it was looked at.</summary>
    private async Task<bool> DeleteDownloadAsync(Leftover download)
    {
        try
        {
            if (!_parts.Files.FolderExists(download.Path))
            {
                return true;
            }

            using var ingest = await IngestFolder.TryLockAsync(_parts.Files, download.Path).ConfigureAwait(false);
            if (ingest is null || IngestFolder.Measure(_parts.Files, download.Path) is not { } now || now.Size != download.Size
                || (now.Size > 0 && now.Time != download.Time))
            {
                return false;
            }

            ingest.DisposeAndDelete();
        }
        catch (ImageException e)
        {
            // The rest can go all the same; what stays is found again by the next one.
            _observer.Warning(e.Message);
        }

        return !_parts.Files.Exists(download.Path);
    }

    private void Count(Leftover leftover)
    {
        switch (leftover.Kind)
        {
            case ImageStoreFindingKind.StaleIngest:
                Count(ref _downloads, leftover.Size);
                break;
            case ImageStoreFindingKind.Quarantine:
                Count(ref _quarantined, leftover.Size);
                break;
            default:
                Count(ref _leftovers, leftover.Size);
                break;
        }
    }

    private void Count(ref int number, long size)
    {
        number++;
        _bytes += size;
    }

    private ImageStoreOptimization Result() => new()
    {
        Blobs = _blobs,
        Downloads = _downloads,
        Leftovers = _leftovers,
        Quarantined = _quarantined,
        BytesFreed = _bytes,
        Store = _parts.Name,
    };
}
