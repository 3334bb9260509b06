using System.Collections.Generic;
using System.Linq;
using ImgsPS.Content;

namespace ImgsPS.Stores.Layout;

/// <summary>
/// How often each piece of content is needed: by entries of an index, and by documents that are needed themselves. So it is known what goes
/// with each of many entries, in a time that depends on what goes alone. Not thread-safe.
/// </summary>
internal sealed class ContentCounts
{
    private readonly Dictionary<Digest, int> _needs;
    private readonly Dictionary<Digest, int> _entries;

    // The documents that are needed, with what they name.
    private readonly Dictionary<Digest, ContentGraph.Edges> _documents;

    // Documents that cannot be read: what they need is not known.
    private readonly HashSet<Digest> _hidden = new();

    // What nothing needs any more, and cannot go as long as something is hidden.
    private readonly HashSet<Digest> _waiting = new();

    // Documents of an index that name content no more, as it were: no entry of the index shows it (FF2).
    private readonly HashSet<(Digest Index, Digest Child)> _cut = new();
    private readonly bool _hasUnreadable;

    /// <summary>Counts what the entries need.</summary>
    public ContentCounts(ContentGraph graph, IReadOnlyList<IndexEntry> entries)
    {
        // A manifest, a config and a layer or two: a single removal of many images is as long as this takes.
        _needs = new(entries.Count * 4);
        _entries = new(entries.Count);
        _documents = new(entries.Count);

        // In the order of their depth: a document is read where it stands highest.
        var queue = new Queue<(Descriptor Document, int Depth)>(entries.Count);
        foreach (var entry in entries)
        {
            if (entry.Descriptor is not { } document)
            {
                _hasUnreadable = true;
                continue;
            }

            Add(_needs, document.Digest);
            Add(_entries, document.Digest);
            queue.Enqueue((document, 0));
        }

        foreach (var hiding in HiddenImages.Of(entries))
        {
            _cut.UnionWith(hiding.Value.Select(child => (hiding.Key, child)));
        }

        Count(graph, queue);
        if (_cut.Count > 0)
        {
            // An index that another one lists is needed as a whole.
            foreach (var (index, child) in _cut.Where(c => IsListed(c.Index)).ToList())
            {
                _cut.Remove((index, child));
                if (_documents[index].Leaves.Contains(child))
                {
                    Add(_needs, child);
                    queue.Enqueue((_documents[index].Children.Find(c => c.Digest == child) ?? new Descriptor("", child, 0), 1));
                }
            }

            Count(graph, queue);
        }
    }

    /// <summary>True when not only entries name the document.</summary>
    private bool IsListed(Digest document) => _needs[document] > _entries[document];

    private void Count(ContentGraph graph, Queue<(Descriptor Document, int Depth)> queue)
    {
        while (queue.Count > 0)
        {
            var (document, depth) = queue.Dequeue();
            if (_documents.ContainsKey(document.Digest))
            {
                continue;
            }

            var edges = graph.EdgesOf(document, depth, NullObserver.Instance);
            _documents.Add(document.Digest, edges);
            if (edges.Hides(depth))
            {
                _hidden.Add(document.Digest);
            }

            foreach (var digest in edges.Leaves.Where(d => !IsCut(document.Digest, d)))
            {
                Add(_needs, digest);
            }

            foreach (var child in edges.Children.Where(c => !IsCut(document.Digest, c.Digest)))
            {
                queue.Enqueue((child, depth + 1));
            }
        }
    }

    private bool IsCut(Digest document, Digest child) => _cut.Count > 0 && _cut.Contains((document, child));

    /// <summary>Tells with warnings why nothing can go; nothing when it can.</summary>
    public void TellObstacles(IOperationObserver observer)
    {
        if (_hasUnreadable)
        {
            observer.Warning(ContentGraph.UnreadableEntry);
        }

        foreach (var document in _hidden)
        {
            observer.Warning(ContentGraph.Unknown(document));
        }
    }

    /// <summary>What would not be needed any more without some entries. Nothing is changed.</summary>
    /// <param name="going">The entries.</param>
    /// <param name="hiding">The images that no entry of an index shows then, of indexes that stay.</param>
    public Loss Without(IReadOnlyList<IndexEntry> going, IEnumerable<(Digest Index, Digest Child)> hiding)
    {
        var loss = new Loss();
        var queue = new Queue<Digest>();
        foreach (var entry in going)
        {
            Add(loss.Entries, entry.Descriptor!.Digest);
            Lose(entry.Descriptor.Digest);
        }

        foreach (var digest in loss.Entries.Where(e => _entries[e.Key] == e.Value).Select(e => e.Key))
        {
            // What an index alone names may be missing.
            if (_hidden.Contains(digest) && (loss.Unneeded.Contains(digest) || _documents[digest] == ContentGraph.Edges.Absent))
            {
                loss.Found.Add(digest);
            }
        }

        foreach (var cut in hiding.Where(c => !_cut.Contains(c) && !IsListed(c.Index) && _documents[c.Index].Leaves.Contains(c.Child)))
        {
            if (loss.Cut.Add(cut))
            {
                Lose(cut.Child);
            }
        }

        while (queue.Count > 0)
        {
            var digest = queue.Dequeue();
            if (_documents.TryGetValue(digest, out var edges))
            {
                if (_hidden.Contains(digest))
                {
                    loss.Found.Add(digest);
                }

                foreach (var named in edges.Leaves.Where(d => !IsCut(digest, d)))
                {
                    Lose(named);
                }
            }
        }

        if (!_hasUnreadable && _hidden.Count == loss.Found.Count)
        {
            loss.Freed.UnionWith(loss.Unneeded);
            loss.Freed.UnionWith(_waiting);
        }

        return loss;

        void Lose(Digest digest)
        {
            if (Add(loss.Needs, digest) == _needs[digest])
            {
                loss.Unneeded.Add(digest);
                queue.Enqueue(digest);
            }
        }
    }

    /// <summary>Takes the entries away of which a loss tells.</summary>
    public void Accept(Loss loss)
    {
        Subtract(_needs, loss.Needs);
        Subtract(_entries, loss.Entries);
        _hidden.ExceptWith(loss.Found);
        _cut.UnionWith(loss.Cut);
        foreach (var digest in loss.Unneeded)
        {
            _documents.Remove(digest);
        }

        _waiting.UnionWith(loss.Unneeded);
        _waiting.ExceptWith(loss.Freed);
    }

    /// <summary>True when content is needed after a loss.</summary>
    public bool IsNeededAfter(Loss loss, Digest digest) => _needs.ContainsKey(digest) && !loss.Unneeded.Contains(digest);

    private static int Add(Dictionary<Digest, int> counts, Digest digest)
    {
        counts.TryGetValue(digest, out var count);
        return counts[digest] = count + 1;
    }

    private static void Subtract(Dictionary<Digest, int> counts, Dictionary<Digest, int> gone)
    {
        foreach (var pair in gone)
        {
            var left = counts[pair.Key] - pair.Value;
            if (left == 0)
            {
                counts.Remove(pair.Key);
            }
            else
            {
                counts[pair.Key] = left;
            }
        }
    }

    /// <summary>What goes with some entries.</summary>
    public sealed class Loss
    {
        /// <summary>Content that nothing needs then, whether it is there or not.</summary>
        public HashSet<Digest> Unneeded { get; } = new();

        /// <summary>Of it, and of what was unneeded before, what can go.</summary>
        public HashSet<Digest> Freed { get; } = new();

        /// <summary>Needs that end, by content.</summary>
        internal Dictionary<Digest, int> Needs { get; } = new();

        /// <summary>Entries that go, by digest.</summary>
        internal Dictionary<Digest, int> Entries { get; } = new();

        /// <summary>Images that no entry of an index shows any more.</summary>
        internal HashSet<(Digest Index, Digest Child)> Cut { get; } = new();

        /// <summary>Documents that hide nothing any more.</summary>
        internal HashSet<Digest> Found { get; } = new();
    }
}
