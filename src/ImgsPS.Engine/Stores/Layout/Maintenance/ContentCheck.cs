using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;

namespace ImgsPS.Stores.Layout.Maintenance;

/// <summary>
/// Looks at the content: that what the index names is there and whole, and that nothing else is. Takes no lock: what seems damaged is
/// looked at again under the index as it is then, so that a pull or a removal beside it is no damage. One per test.
/// </summary>
internal sealed class ContentCheck
{
    /// <summary>How often what seems damaged is looked at again because the index changed meanwhile.</summary>
    private const int MaxLooks = 5;

    private readonly LayoutParts _parts;
    private readonly bool _full;
    private readonly IOperationObserver _observer;
    private readonly CancellationToken _cancellation;
    private readonly ISet<Digest> _quarantined;

    public ContentCheck(LayoutParts parts, bool full, IOperationObserver observer, CancellationToken cancellation)
    {
        _parts = parts;
        _full = full;
        _observer = observer;
        _cancellation = cancellation;
        _quarantined = Leftovers.QuarantinedDigests(parts.Paths, parts.Files);
    }

    /// <summary>Damage first, then what is left over under <c>blobs/</c>.</summary>
    /// <param name="index">The index; null when it is broken, and so nothing is known to be needed or not.</param>
    /// <exception cref="ImageException">StoreUnavailable: a folder cannot be listed.</exception>
    public async Task<IReadOnlyList<StoreFlaw>> RunAsync(LayoutIndex? index)
    {
        var files = _parts.Blobs.Files().ToList();
        var needs = Needs(index);
        var suspects = await SurveyAsync(needs, files).ConfigureAwait(false);
        for (var look = 1; suspects.Count > 0 && look <= MaxLooks; look++)
        {
            var now = ReadIndex();
            needs = Needs(now);
            suspects = await LookAgainAsync(needs, suspects).ConfigureAwait(false);
            if (IsSame(now, ReadIndex()))
            {
                break;
            }
        }

        var damaged = new HashSet<Digest>(suspects.Select(s => s.Digest!));
        return suspects.Concat(Strangers(files)).Concat(Orphans(files, damaged)).ToList();
    }

    private IReadOnlyDictionary<Digest, ContentNeed> Needs(LayoutIndex? index) =>
        index is null ? new Dictionary<Digest, ContentNeed>() : ContentNeeds.Of(index, _parts.Blobs, _quarantined);

    private LayoutIndex? ReadIndex() => _parts.IndexFile.ReadCurrent().Index ?? _parts.IndexFile.ReadPrevious().Index;

    private static bool IsSame(LayoutIndex? one, LayoutIndex? other) =>
        one is null ? other is null : other is not null && one.IsSame(other);

    private async Task<List<StoreFlaw>> SurveyAsync(IReadOnlyDictionary<Digest, ContentNeed> needs, List<BlobFile> files)
    {
        var flaws = new List<StoreFlaw>();
        var total = files.Sum(f => f.Size);
        long done = 0;
        foreach (var need in needs.Values)
        {
            _cancellation.ThrowIfCancellationRequested();
            if (await JudgeAsync(need.Digest, need, null).ConfigureAwait(false) is { } flaw)
            {
                flaws.Add(flaw);
            }

            done += _full ? _parts.Blobs.SizeOf(need.Digest) ?? 0 : 0;
            Tell(done);
        }

        foreach (var file in _full ? files.Where(f => f.Digest is not null && !needs.ContainsKey(f.Digest)) : Array.Empty<BlobFile>())
        {
            if (await JudgeAsync(file.Digest!, null, null).ConfigureAwait(false) is { } flaw)
            {
                flaws.Add(flaw);
            }

            done += file.Size;
            Tell(done);
        }

        if (_full)
        {
            _observer.Progress(new TransferProgress(_parts.Name, null, "", done, total, true));
        }

        return flaws;

        void Tell(long position)
        {
            if (_full)
            {
                _observer.Progress(new TransferProgress(_parts.Name, null, "Verifying", position, total, false));
            }
        }
    }

    private async Task<List<StoreFlaw>> LookAgainAsync(IReadOnlyDictionary<Digest, ContentNeed> needs, List<StoreFlaw> suspects)
    {
        var flaws = new List<StoreFlaw>();
        foreach (var suspect in suspects)
        {
            needs.TryGetValue(suspect.Digest!, out var need);
            if (await JudgeAsync(suspect.Digest!, need, suspect.Kind).ConfigureAwait(false) is { } flaw)
            {
                flaws.Add(flaw);
            }
        }

        return flaws;
    }

    /// <summary>Looks at one blob; null when nothing is wrong with it.</summary>
    private async Task<StoreFlaw?> JudgeAsync(Digest digest, ContentNeed? need, ImageStoreFindingKind? suspected)
    {
        var size = _parts.Blobs.SizeOf(digest);
        var state = need is { IsDocument: true } ? need.State
            : size is null ? BlobState.Absent
            : need is not null && need.Sizes.Any(s => s != size) ? BlobState.WrongSize
            : BlobState.Whole;
        var fault = need?.Fault;
        var isHashed = need is { IsDocument: true } && state is BlobState.WrongContent or BlobState.Unreadable;
        var known = isHashed || (need is { IsDocument: true } && state == BlobState.Whole);
        if (!known && size is not null && (_full || suspected == ImageStoreFindingKind.WrongContent))
        {
            var hashed = await Task.Run(() => _parts.Blobs.Hash(digest, null, _cancellation), _cancellation).ConfigureAwait(false);
            if (hashed != BlobState.Whole)
            {
                // A short file has other bytes too; its size says more.
                state = state == BlobState.WrongSize && hashed == BlobState.WrongContent ? state : hashed;
            }
            else if (state == BlobState.WrongSize)
            {
                state = BlobState.Whole;
                fault ??= new ImageException(
                    ImageErrorKind.InvalidData, $"a document says it has {string.Join(" or ", need!.Sizes)} bytes, and it has {size}");
            }
        }

        if (_full && state == BlobState.Whole && fault is null && need is { IsConfig: true })
        {
            fault = ConfigFault(need.Descriptor);
        }

        return Describe(digest, need, state, size ?? 0, fault);
    }

    private ImageException? ConfigFault(Descriptor config)
    {
        try
        {
            if (_parts.Blobs.Look(config, ConfigDocument.MaxSize, out var bytes) == BlobState.Whole)
            {
                ConfigDocument.Parse(bytes!);
            }

            return null;
        }
        catch (ImageException e)
        {
            return e;
        }
    }

    private StoreFlaw? Describe(Digest digest, ContentNeed? need, BlobState state, long size, ImageException? fault)
    {
        var images = need?.Images.ToArray() ?? Array.Empty<string>();
        var whose = images.Length == 0 ? "which no image needs" : "of " + string.Join(", ", images);
        StoreFlaw Flaw(ImageStoreFindingKind kind, string message, string remedy) =>
            new(kind, need is null ? ImageStoreFindingSeverity.Warning
                : ImageStoreFindingSeverity.Error, _parts.Paths.Blob(digest), message, remedy)
            {
                Digest = digest,
                Images = images,
                Size = size,
            };

        const string Fetch = "Pull the image again, or Repair-ImageStore -Refetch.";
        const string Quarantine = "Repair-ImageStore moves it to the quarantine; then pull the image again, or use -Refetch.";
        return state switch
        {
            BlobState.Absent when need is null or { IsForeign: true } => null,
            BlobState.Absent => Flaw(ImageStoreFindingKind.MissingBlob, $"The content {digest}, {whose}, is not in the store.", Fetch),
            BlobState.WrongSize when !(need!.IsDocument && fault is not null) => Flaw(
                ImageStoreFindingKind.WrongSize, $"The blob {digest}, {whose}, has {size} bytes, not {string.Join(" or ", need.Sizes)}.",
                Quarantine),
            BlobState.WrongContent => Flaw(
                ImageStoreFindingKind.WrongContent, $"The blob {digest}, {whose}, is damaged: its bytes do not have that digest.",
                Quarantine),
            BlobState.Unreadable => Flaw(
                ImageStoreFindingKind.UnreadableBlob,
                $"The blob {digest}, {whose}, cannot be read{(fault is null ? "." : ": " + fault.Message)}",
                "Check the rights on it and the disk; Repair-ImageStore -Refetch puts it aside and fetches it again."),
            _ when need?.Actual is { } actual => Flaw(
                ImageStoreFindingKind.Index,
                $"The index describes {digest}, {whose}, wrongly: {fault?.Message}",
                $"Repair-ImageStore corrects the entry: {actual.Size} bytes of {actual.MediaType}."),
            _ when fault is not null => Flaw(
                ImageStoreFindingKind.InvalidDocument,
                $"The document {digest}, {whose}, cannot be used: {fault.Message}",
                "It is as its author made it: ask the author to build the image anew, or remove it."),
            _ => null,
        };
    }

    private static IEnumerable<StoreFlaw> Strangers(IEnumerable<BlobFile> files) =>
        files.Where(f => f.Digest is null).Select(f => new StoreFlaw(
        ImageStoreFindingKind.UnknownFile,
        ImageStoreFindingSeverity.Information,
        f.Path,
        $"'{f.Path}' is no blob: its name is no digest.",
        "It is left alone; delete it when no other tool needs it.")
        { Size = f.Size });

    /// <summary>What no image needs and no pull has claimed, by the index as it is now.</summary>
    private IEnumerable<StoreFlaw> Orphans(List<BlobFile> files, HashSet<Digest> damaged)
    {
        // The leases first: a pull publishes before it lets go of its lease, so content that is no longer claimed is named by now.
        var claimed = Lease.Claimed(_parts.Paths, _parts.Files, tidy: false);
        var index = _parts.IndexFile.ReadCurrent().Index;
        if (index is null || claimed is null)
        {
            return Array.Empty<StoreFlaw>();
        }

        var reach = new ContentGraph(_parts.Blobs).Walk(index.Entries, NullObserver.Instance);
        return reach.Incomplete
            ? Array.Empty<StoreFlaw>()
            : files.Where(f => f.Digest is not null && !damaged.Contains(f.Digest) && !reach.Content.Contains(f.Digest)
                && !claimed.Contains(f.Digest))
                .Where(f => _parts.Blobs.SizeOf(f.Digest!) is not null)
                .Select(f => new StoreFlaw(
                    ImageStoreFindingKind.Orphan,
                    ImageStoreFindingSeverity.Information,
                    f.Path,
                    $"No image needs the blob {f.Digest}.",
                    "Optimize-ImageStore deletes it.")
                { Digest = f.Digest, Size = f.Size });
    }
}
