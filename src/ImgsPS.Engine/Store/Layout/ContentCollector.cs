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
    /// <param name="going">The entries that go: one list for each of several removals, in their order.</param>
    /// <param name="tidy">Delete dead leases; under the store's lock only.</param>
    /// <param name="observer">Hears what keeps content from going.</param>
    public Unneeded Find(IEnumerable<IndexEntry> staying, IReadOnlyList<IReadOnlyList<IndexEntry>> going, bool tidy,
        IOperationObserver observer)
    {
        var needed = _graph.Walk(staying, observer);
        var last = new Dictionary<Digest, int>();
        for (var i = 0; i < going.Count; i++)
        {
            foreach (var digest in _graph.Walk(going[i], NullObserver.Instance).Content)
            {
                last[digest] = i;
            }
        }

        var claimed = Lease.Claimed(_paths, _files, tidy);
        if (claimed is null)
        {
            observer.Warning($"A lease in '{_paths.Leases}' cannot be read, so nothing is deleted while it is held.");
        }

        var digests = needed.Incomplete || claimed is null
            ? new List<Digest>()
            : last.Keys
                .Where(d => !needed.Content.Contains(d) && !claimed.Contains(d))
                .OrderBy(d => d.ToString(), StringComparer.Ordinal)
                .ToList();
        return new Unneeded(digests, needed.Content, last);
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

    /// <summary>What was found.</summary>
    /// <param name="Digests">Content that nothing needs, whether it is there or not.</param>
    /// <param name="Needed">Content that the staying entries need.</param>
    /// <param name="Last">Content that the going entries need, with the last of the removals whose entries do.</param>
    public sealed record Unneeded(IReadOnlyList<Digest> Digests, ISet<Digest> Needed, IReadOnlyDictionary<Digest, int> Last)
    {
        /// <summary>True when content is needed after a removal: by what stays, or by what a later one takes.</summary>
        public bool IsNeededAfter(int removal, Digest digest) =>
            Needed.Contains(digest) || (Last.TryGetValue(digest, out var last) && last > removal);
    }
}
