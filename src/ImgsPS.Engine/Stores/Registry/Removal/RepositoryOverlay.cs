using System;
using System.Collections.Generic;
using System.Linq;
using ImgsPS.Content;
using ImgsPS.Transfer;

namespace ImgsPS.Stores.Registry;

/// <summary>A repository as it is when the removals that were accepted are done. Not thread-safe.</summary>
/// <param name="content">The repository.</param>
internal sealed class RepositoryOverlay(RepositoryContent content)
{
    private readonly HashSet<string> _goneTags = new(StringComparer.Ordinal);
    private readonly HashSet<Digest> _goneDigests = new();

    // Untagged by this command, and kept because an index lists them: they go with the last such index.
    private readonly HashSet<Digest> _untagged = new();
    private readonly Lazy<Dictionary<Digest, List<string>>> _tagsOf = new(() => content.Tags.GroupBy(tag => tag.Value.Digest)
        .ToDictionary(same => same.Key, same => same.Select(tag => tag.Key).OrderBy(tag => tag, StringComparer.Ordinal).ToList()));

    private Dictionary<Digest, List<Digest>>? _indexesOf;
    private Dictionary<Digest, int>? _uses;

    /// <summary>The repository.</summary>
    public RepositoryContent Content => content;

    /// <summary>What a tag names; null when there is no such tag.</summary>
    public Descriptor? Names(string tag) => !_goneTags.Contains(tag) && content.Tags.TryGetValue(tag, out var named) ? named : null;

    /// <summary>True when this command has removed the digest, or will.</summary>
    public bool HasRemoved(Digest digest) => _goneDigests.Contains(digest);

    /// <summary>The tags of a digest, in ordinal order.</summary>
    public IReadOnlyList<string> TagsOf(Digest digest) =>
        _tagsOf.Value.TryGetValue(digest, out var tags) ? tags.FindAll(tag => !_goneTags.Contains(tag)) : [];

    /// <summary>
    /// The tag of an index that lists a digest, itself or through an index in it; null when none does (RD4). A list of referrers is none:
    /// it goes by what it lists.
    /// </summary>
    /// <param name="digest">The digest.</param>
    /// <param name="besides">Digests that go.</param>
    public string? IndexOf(Digest digest, IReadOnlyCollection<Digest> besides)
    {
        _indexesOf ??= ReadIndexes();
        return _indexesOf.TryGetValue(digest, out var indexes)
            ? indexes.Where(index => !_goneDigests.Contains(index) && !besides.Contains(index)).SelectMany(TagsOf)
                .FirstOrDefault(tag => !ReferrerNames.IsReferrerTag(tag))
            : null;
    }

    /// <summary>What refers to a digest and is not gone.</summary>
    public IReadOnlyList<Referrer> ReferrersOf(Digest digest) =>
        content.ReferrersOf(digest).Where(referrer => !_goneDigests.Contains(referrer.Descriptor.Digest)).ToArray();

    /// <summary>What this command untagged before, and no index lists any more when some digests go.</summary>
    public IReadOnlyList<Digest> LeftBehind(IReadOnlyCollection<Digest> going) =>
        _untagged.Where(digest => !going.Contains(digest) && TagsOf(digest).Count == 0 && IndexOf(digest, going) is null)
            .OrderBy(digest => digest.ToString(), StringComparer.Ordinal).ToArray();

    /// <summary>Bytes that nothing else seen here needs when some digests go (RD8).</summary>
    public long BytesWithout(IReadOnlyCollection<Digest> going)
    {
        var taken = new Dictionary<Digest, int>();
        var sizes = new Dictionary<Digest, long>();
        foreach (var root in going.Where(root => !_goneDigests.Contains(root)))
        {
            // Content of what is not a root of its own counts when nobody uses it: a manifest without a tag.
            var isRoot = _tagsOf.Value.ContainsKey(root);
            foreach (var blob in content.ContentOf(root))
            {
                taken[blob.Key] = (taken.TryGetValue(blob.Key, out var times) ? times : 0) + (isRoot ? 1 : 0);
                sizes[blob.Key] = blob.Value;
            }
        }

        return taken.Where(blob => !Uses.TryGetValue(blob.Key, out var uses) || uses <= blob.Value).Sum(blob => sizes[blob.Key]);
    }

    /// <summary>Takes a planned removal as done.</summary>
    public void Accept(RegistryRemoving removing)
    {
        if (_uses is not null)
        {
            foreach (var root in removing.Deletes.Where(root => !_goneDigests.Contains(root) && _tagsOf.Value.ContainsKey(root)))
            {
                foreach (var blob in content.ContentOf(root).Keys)
                {
                    _uses[blob]--;
                }
            }
        }

        _goneTags.UnionWith(removing.Tags);
        _goneDigests.UnionWith(removing.Deletes);
        if (removing.Untags is { } untagged && TagsOf(untagged).Count == 0)
        {
            _untagged.Add(untagged);
        }
    }

    /// <summary>How many of what has a tag need each content.</summary>
    private Dictionary<Digest, int> Uses
    {
        get
        {
            if (_uses is null)
            {
                _uses = new Dictionary<Digest, int>();
                foreach (var root in _tagsOf.Value.Keys.Where(root => !_goneDigests.Contains(root)))
                {
                    foreach (var blob in content.ContentOf(root).Keys)
                    {
                        _uses[blob] = (_uses.TryGetValue(blob, out var uses) ? uses : 0) + 1;
                    }
                }
            }

            return _uses;
        }
    }

    /// <summary>The indexes with a tag that list each digest, themselves or through an index in them.</summary>
    private Dictionary<Digest, List<Digest>> ReadIndexes()
    {
        var indexes = new Dictionary<Digest, List<Digest>>();
        foreach (var root in _tagsOf.Value.Keys)
        {
            var seen = new HashSet<Digest>();
            Add(root);
            void Add(Digest digest)
            {
                foreach (var entry in (content.DocumentOf(digest) as ImageIndex)?.Manifests ?? [])
                {
                    if (seen.Add(entry.Digest))
                    {
                        if (!indexes.TryGetValue(entry.Digest, out var own))
                        {
                            indexes.Add(entry.Digest, own = new List<Digest>());
                        }

                        own.Add(root);
                        Add(entry.Digest);
                    }
                }
            }
        }

        return indexes;
    }
}
