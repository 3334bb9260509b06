using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores.Layout.Maintenance;

/// <summary>
/// Puts right what a look at the store found (RS7). The files that every store has come first, then the index, then content; a last look
/// says what is right now. One per repair.
/// </summary>
internal sealed class StoreRepair
{
    private readonly LayoutParts _parts;
    private readonly StoreRepairRequest _request;
    private readonly TimeSpan _lockWait;
    private readonly IOperationObserver _observer;
    private readonly CancellationToken _cancellation;
    private readonly Dictionary<string, string> _doneToFiles = new(StringComparer.Ordinal);
    private readonly Dictionary<Digest, string> _doneToContent = new();
    private readonly HashSet<Digest> _moved = new();

    public StoreRepair(
        LayoutParts parts, StoreRepairRequest request, TimeSpan lockWait, IOperationObserver observer, CancellationToken cancellation)
    {
        _parts = parts;
        _request = request;
        _lockWait = lockWait;
        _observer = observer;
        _cancellation = cancellation;
    }

    /// <summary>Looks, repairs, looks again.</summary>
    /// <returns>Each thing that was found, with what was done.</returns>
    /// <exception cref="ImageException">
    /// InvalidArgument: the folder holds something else. StoreUnavailable, StoreLocked: the store cannot be written.
    /// </exception>
    public async Task<IReadOnlyList<ImageStoreFinding>> RunAsync()
    {
        if (await LookAsync(_request.Full).ConfigureAwait(false) is not { } report)
        {
            return Array.Empty<ImageStoreFinding>();
        }

        if (report.Layout.IsClosed || !report.Flaws.Any(f => f.IsDamage))
        {
            return report.Flaws.Select(f => f.ToFinding(_parts.Name)).ToList();
        }

        var found = report.Flaws.Where(f => f.IsDamage).ToList();
        await RepairLayoutAsync(found).ConfigureAwait(false);
        if (await RepairIndexAsync(found).ConfigureAwait(false))
        {
            // What the index names now is looked at as well.
            var again = (await LookAsync(_request.Full).ConfigureAwait(false))!;
            found.AddRange(again.Flaws.Where(f => f.IsDamage && !found.Exists(o => IsSame(o, f))));
        }

        await PutAsideAsync(found).ConfigureAwait(false);
        if (_request.Refetch)
        {
            await RefetchAsync(found).ConfigureAwait(false);
        }

        var last = (await LookAsync(full: false).ConfigureAwait(false))!;
        var left = last.Flaws.Where(f => f.IsDamage).ToList();
        return found.Select(f => Report(f, left))
            .Concat(left.Where(f => !found.Exists(o => IsSame(o, f))).Select(f => Report(f, left)))
            .Concat(last.Flaws.Where(f => !f.IsDamage).Select(f => f.ToFinding(_parts.Name)))
            .ToList();
    }

    private Task<StoreReport?> LookAsync(bool full) => StoreCheck.RunAsync(_parts, full, _observer, _cancellation);

    private static bool IsSame(StoreFlaw one, StoreFlaw other) => one.Digest is not null || other.Digest is not null
        ? one.Digest == other.Digest
        : one.Kind == other.Kind && one.Path == other.Path;

    private ImageStoreFinding Report(StoreFlaw flaw, List<StoreFlaw> left)
    {
        string? done;
        if (flaw.Digest is null || flaw.Kind == ImageStoreFindingKind.Index)
        {
            _doneToFiles.TryGetValue(flaw.Path, out done);
            if (done is null && flaw.Kind == ImageStoreFindingKind.Index)
            {
                _doneToFiles.TryGetValue(_parts.Paths.Index, out done);
            }
        }
        else
        {
            _doneToContent.TryGetValue(flaw.Digest, out done);
        }

        // A quick look does not see all that a full one does: such content is right only when it was exchanged.
        var repaired = !left.Exists(f => IsSame(f, flaw)) && flaw.Kind switch
        {
            ImageStoreFindingKind.InvalidDocument => false,
            ImageStoreFindingKind.WrongContent or ImageStoreFindingKind.WrongSize or ImageStoreFindingKind.UnreadableBlob =>
                _moved.Contains(flaw.Digest!),
            _ => true,
        };
        return flaw.ToFinding(_parts.Name, done ?? (repaired ? RightNow(flaw) : null), repaired);
    }

    private string RightNow(StoreFlaw flaw) =>
        flaw.Digest is not null && _parts.Blobs.SizeOf(flaw.Digest) is null ? "No image needs it any more." : "It is right now.";

    /// <summary>'oci-layout', the version, the folders.</summary>
    private async Task RepairLayoutAsync(List<StoreFlaw> found)
    {
        var files = found.Where(f => f.Kind is ImageStoreFindingKind.Layout or ImageStoreFindingKind.Version).ToList();
        if (files.Count > 0)
        {
            _parts.Files.CreateFolder(_parts.Paths.Locks);
            using var held = await StoreLock.TakeAsync(_parts.Paths, _parts.Files, _lockWait, _cancellation).ConfigureAwait(false);
            foreach (var path in files.Select(f => f.Path).Where(_parts.Files.Exists))
            {
                _parts.IndexFile.KeepBroken(path);
            }

            await _parts.Folder.RewriteAsync(
                files.Exists(f => f.Path == _parts.Paths.OciLayout), files.Exists(f => f.Path == _parts.Paths.Version))
                    .ConfigureAwait(false);
            foreach (var flaw in files)
            {
                _doneToFiles[flaw.Path] = "It was written anew.";
            }
        }

        if (_parts.Files.FolderExists(_parts.Paths.Own))
        {
            // Not for a layout that is only another tool's: nothing of ours is made there unless something needs it.
            await _parts.Folder.PrepareAsync(_lockWait, _cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>The index, its previous copy, the catalog; true when the index is another now.</summary>
    private async Task<bool> RepairIndexAsync(List<StoreFlaw> found)
    {
        var kinds = new HashSet<ImageStoreFindingKind>(found.Select(f => f.Kind));
        if (!kinds.Contains(ImageStoreFindingKind.Index)
            && !kinds.Contains(ImageStoreFindingKind.PreviousIndex)
            && !kinds.Contains(ImageStoreFindingKind.Catalog))
        {
            return false;
        }

        await _parts.Folder.PrepareAsync(_lockWait, _cancellation).ConfigureAwait(false);
        using var held = await StoreLock.TakeAsync(_parts.Paths, _parts.Files, _lockWait, _cancellation).ConfigureAwait(false);
        foreach (var derived in found.Where(f => f.Kind == ImageStoreFindingKind.Catalog && _parts.Files.TryDelete(f.Path)))
        {
            _doneToFiles[derived.Path] = "It was deleted, and is made anew.";
        }

        if (_parts.IndexFile.ReadCurrent().Fault is { Kind: ImageErrorKind.StoreUnavailable } unreadable)
        {
            _doneToFiles[_parts.Paths.Index] = $"It may be good, and is as it was: {unreadable.Advice}";
            return false;
        }

        if (await new IndexRecovery(_parts).RunAsync().ConfigureAwait(false) is not { } done)
        {
            return false;
        }

        _doneToFiles[kinds.Contains(ImageStoreFindingKind.Index) ? _parts.Paths.Index : _parts.Paths.PreviousIndex] = done;
        return kinds.Contains(ImageStoreFindingKind.Index);
    }

    /// <summary>Damaged blobs go to the quarantine, and count as absent from then on.</summary>
    private async Task PutAsideAsync(List<StoreFlaw> found)
    {
        var damaged = found.Where(f => f.Kind is ImageStoreFindingKind.WrongSize or ImageStoreFindingKind.WrongContent
            || (f.Kind == ImageStoreFindingKind.UnreadableBlob && _request.Refetch)).ToList();
        if (damaged.Count == 0)
        {
            return;
        }

        await _parts.Folder.PrepareAsync(_lockWait, _cancellation).ConfigureAwait(false);
        using (await StoreLock.TakeAsync(_parts.Paths, _parts.Files, _lockWait, _cancellation).ConfigureAwait(false))
        {
            // A store that cannot be written is one clear error, and not one blob after the other that cannot be moved (RS4).
        }

        var blobs = new BlobFolder(_parts.Paths, _parts.Files);
        foreach (var flaw in damaged)
        {
            _cancellation.ThrowIfCancellationRequested();
            var moved = flaw.Kind == ImageStoreFindingKind.UnreadableBlob
                ? await blobs.PutAsideAsync(flaw.Digest!).ConfigureAwait(false)
                : blobs.Quarantine(flaw.Digest!, NullObserver.Instance) || _parts.Blobs.SizeOf(flaw.Digest!) is null;
            if (moved)
            {
                _moved.Add(flaw.Digest!);
                _doneToContent[flaw.Digest!] = flaw.Images.Count == 0
                    ? "It was moved to the quarantine."
                    : "It was moved to the quarantine; pull the image again, or repair with -Refetch.";
            }
            else
            {
                _doneToContent[flaw.Digest!] = "It could not be moved to the quarantine: it is being downloaded, or it is whole and a " +
                    "document lies about it.";
            }
        }
    }

    private async Task RefetchAsync(List<StoreFlaw> found)
    {
        if (!found.Exists(f => f.Digest is not null))
        {
            return;
        }

        await _parts.Folder.PrepareAsync(_lockWait, _cancellation).ConfigureAwait(false);
        var refetch = new ContentRefetch(_parts, _request.Registry, _lockWait, _observer, _cancellation);
        await refetch.RunAsync().ConfigureAwait(false);
        foreach (var fetched in refetch.Fetched)
        {
            _doneToContent[fetched.Key] = (_moved.Contains(fetched.Key) ? "It was moved to the quarantine and fetched" : "It was fetched")
                + $" again, as content of {fetched.Value}.";
        }

        foreach (var failure in refetch.Failures)
        {
            _doneToContent[failure.Key] = (_moved.Contains(failure.Key) ? "It was moved to the quarantine, and" : "It")
                + $" could not be fetched again: {failure.Value}";
        }

        foreach (var flaw in found.Where(f => f.Digest is not null && f.Images.Count > 0 && !_doneToContent.ContainsKey(f.Digest)))
        {
            _doneToContent[flaw.Digest!] = "No name tells a registry to fetch it from.";
        }
    }
}
