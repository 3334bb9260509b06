using System.Collections.Generic;
using System.Threading.Tasks;
using ImgsPS.Disk;

namespace ImgsPS.Stores.Layout;

/// <summary>
/// Says what content is needed, and takes away what is not. A removal, its plan and the number of reclaimable bytes go by the same code.
/// </summary>
internal sealed class ContentCollector
{
    private readonly StorePaths _paths;
    private readonly StoreFiles _files;
    private readonly BlobFolder _blobs;
    private readonly ContentGraph _graph;

    public ContentCollector(StorePaths paths, StoreFiles files, BlobFolder blobs, ContentGraph graph)
    {
        _paths = paths;
        _files = files;
        _blobs = blobs;
        _graph = graph;
    }

    /// <summary>What content the entries need, counted.</summary>
    public ContentCounts NeedsOf(IReadOnlyList<IndexEntry> entries) => new(_graph, entries);

    /// <summary>What live leases claim; null, with a warning, when that cannot be known, and so nothing is deleted.</summary>
    /// <param name="tidy">Delete dead leases; under the store's lock only.</param>
    /// <param name="observer">Who is told.</param>
    public HashSet<Digest>? Claimed(bool tidy, IOperationObserver observer)
    {
        var claimed = Lease.Claimed(_paths, _files, tidy);
        if (claimed is null)
        {
            observer.Warning($"A lease in '{_paths.Leases}' cannot be read, so nothing is deleted while it is held.");
        }

        return claimed;
    }

    /// <summary>Moves content to the trash, under the store's lock.</summary>
    /// <param name="digests">The content.</param>
    /// <param name="moved">Gets the bytes of each that was there, as soon as it is moved.</param>
    /// <exception cref="ImageException">StoreUnavailable.</exception>
    public async Task TrashAsync(IReadOnlyList<Digest> digests, IDictionary<Digest, long> moved)
    {
        if (digests.Count == 0)
        {
            return;
        }

        _files.CreateFolder(_paths.Trash);
        foreach (var digest in digests)
        {
            if (await _blobs.MoveToTrashAsync(digest).ConfigureAwait(false) is { } size)
            {
                moved[digest] = size;
            }
        }
    }
}
