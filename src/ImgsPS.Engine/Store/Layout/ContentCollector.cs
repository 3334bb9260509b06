using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;

namespace ImgsPS.Store.Layout;

/// <summary>
/// Finds and takes away content that nothing needs any more. A removal and the number of reclaimable bytes go by the same code.
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

    /// <summary>What only <paramref name="going"/> need: not <paramref name="staying"/>, and no live lease.</summary>
    /// <param name="staying">The entries that stay.</param>
    /// <param name="going">The entries that go.</param>
    /// <param name="tidy">Delete dead leases; under the store's lock only.</param>
    /// <param name="observer">Hears what keeps content from going.</param>
    public Unneeded Find(IEnumerable<IndexEntry> staying, IEnumerable<IndexEntry> going, bool tidy, IOperationObserver observer)
    {
        var needed = _graph.Walk(staying, observer);
        var reached = _graph.Walk(going, NullObserver.Instance);
        var claimed = Lease.Claimed(_paths, _files, tidy);
        if (claimed is null)
        {
            observer.Warning($"A lease in '{_paths.Leases}' cannot be read, so nothing is deleted while it is held.");
        }

        var digests = needed.Incomplete || claimed is null
            ? new List<Digest>()
            : reached.Content
                .Where(d => !needed.Content.Contains(d) && !claimed.Contains(d))
                .OrderBy(d => d.ToString(), StringComparer.Ordinal)
                .ToList();
        return new Unneeded(digests, needed.Content);
    }

    /// <summary>Moves content to the trash, under the store's lock.</summary>
    /// <returns>The bytes moved, and the digests that were there.</returns>
    /// <exception cref="ImageException">StoreUnavailable.</exception>
    public async Task<long> TrashAsync(IEnumerable<Digest> digests, ISet<Digest> moved)
    {
        long bytes = 0;
        foreach (var digest in digests)
        {
            if (await _blobs.MoveToTrashAsync(digest).ConfigureAwait(false) is { } size)
            {
                bytes += size;
                moved.Add(digest);
            }
        }

        return bytes;
    }

    /// <summary>What was found.</summary>
    /// <param name="Digests">Content that nothing needs, whether it is there or not.</param>
    /// <param name="Needed">Content that the staying entries need.</param>
    public sealed record Unneeded(IReadOnlyList<Digest> Digests, ISet<Digest> Needed);
}
