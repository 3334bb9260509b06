using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Platforms;

namespace ImgsPS.Stores.Layout;

/// <summary>
/// Makes the list of an index: one row per name, and one per digest that has none (L1), each with its images (FF2). Not thread-safe; one per
/// operation.
/// </summary>
internal sealed class LayoutRows
{
    /// <summary>Rows from which on several files are looked at at a time.</summary>
    private const int Many = 20_000;

    private readonly BlobFolder _blobs;
    private readonly Catalog _catalog;
    private readonly string _store;
    private readonly bool _few;
    private readonly IOperationObserver _observer;
    private readonly PlatformMatcher _host = PlatformMatcher.ForHost();

    // Of each index that several names share, what was found in it (SF8).
    private readonly Dictionary<IndexFacts, List<Leaf>> _leaves = new();

    /// <param name="blobs">The store's content.</param>
    /// <param name="catalog">What is known of it.</param>
    /// <param name="store">The store's name.</param>
    /// <param name="observer">Who is told.</param>
    /// <param name="few">True for one image, for which reading the whole catalog is too much.</param>
    public LayoutRows(BlobFolder blobs, Catalog catalog, string store, IOperationObserver observer, bool few = false)
    {
        _few = few;
        _blobs = blobs;
        _catalog = catalog;
        _store = store;
        _observer = observer;
    }

    /// <summary>The rows, in the index's order, those of artifacts among them (<see cref="LayoutRow.IsArtifact"/>).</summary>
    public IReadOnlyList<LayoutRow> Of(LayoutIndex index)
    {
        var named = new HashSet<Digest>();
        foreach (var entry in index.Entries)
        {
            if (entry.Name is not null && entry.Descriptor is not null)
            {
                named.Add(entry.Descriptor.Digest);
            }
        }

        var groups = new Dictionary<RowKey, List<IndexEntry>>(index.Entries.Count);
        var grouped = new List<List<IndexEntry>>(index.Entries.Count);
        foreach (var entry in index.Entries)
        {
            if (entry.Descriptor is null || (entry.Name is null && named.Contains(entry.Descriptor.Digest)))
            {
                continue;
            }

            var key = new RowKey(entry.Name?.Key, entry.Descriptor.Digest);
            if (groups.TryGetValue(key, out var group))
            {
                // Another tool wrote it twice.
                group.Add(entry);
            }
            else
            {
                group = new List<IndexEntry>(1) { entry };
                groups.Add(key, group);
                grouped.Add(group);
            }
        }

        var files = new BlobStat?[grouped.Count];
        if (grouped.Count < Many)
        {
            for (var i = 0; i < files.Length; i++)
            {
                files[i] = _blobs.Stat(grouped[i][0].Descriptor!.Digest);
            }
        }
        else
        {
            // Looking at the files is the greater part of a long list.
            Parallel.For(0, files.Length, i => files[i] = _blobs.Stat(grouped[i][0].Descriptor!.Digest));
        }

        var tagged = TaggedNamesOf(index);
        var rows = new List<LayoutRow>(grouped.Count);
        for (var i = 0; i < files.Length; i++)
        {
            rows.Add(Of(grouped[i], files[i], tagged));
        }

        return rows;
    }

    /// <summary>One row for entries with one name and one digest.</summary>
    /// <param name="entries">The entries.</param>
    /// <param name="index">The index that they stand in; null when their name is no digest, for which others count (FF4).</param>
    public LayoutRow Of(IReadOnlyList<IndexEntry> entries, LayoutIndex? index) =>
        Of(entries, _blobs.Stat(entries[0].Descriptor!.Digest), index is null ? null : TaggedNamesOf(index));

    /// <summary>The tags of the index; null when no name is a digest.</summary>
    private static TaggedNames? TaggedNamesOf(LayoutIndex index)
    {
        if (!index.Entries.Any(e => e.Name?.Reference?.Digest is not null))
        {
            return null;
        }

        var names = new TaggedNames();
        foreach (var entry in index.Entries)
        {
            if (entry.Descriptor is not null && entry.Name?.Reference is { Tag: not null } reference)
            {
                names.Add(reference, entry.Descriptor.Digest.ToString());
            }
        }

        return names;
    }

    private LayoutRow Of(IReadOnlyList<IndexEntry> entries, BlobStat? file, TaggedNames? tagged)
    {
        var name = entries[0].Name;
        var root = entries[0].Descriptor!;
        var isThere = file?.Size == root.Size;
        DocumentFacts? facts;
        if (isThere)
        {
            facts = _catalog.Find(root, _few, _observer);
        }
        else
        {
            _observer.Warning(
                $"The manifest {root.Digest} of '{name?.Shown ?? "<none>"}' is not in the store, or damaged; " +
                    "pull the image again, or remove it.");
            facts = _catalog.Recall(root.Digest, _observer);
        }

        var shown = facts is IndexFacts index
            ? Shown(index, HiddenImages.Of(entries, e => e.Hidden))
            : [new Choice(facts as ManifestFacts, isThere ? root : null, null, (facts as ManifestFacts)?.ArtifactType)];
        if (facts is IndexFacts && shown[0] is { Manifest: null, ArtifactType: null })
        {
            _observer.Warning(
                $"None of the images of '{name?.Shown ?? "<none>"}', the index {root.Digest}, is in the store; " +
                    "pull it again, or remove it.");
        }

        // A referrer without a name belongs to what it is about, as long as that is there.
        var isReferrer = name is null && facts?.Subject is { } subject && _blobs.Stat(subject) is not null;
        return new LayoutRow(name, root, entries, shown.ConvertAll(image => new LayoutImage(
            ImageOf(entries[0], image, file, tagged, isReferrer), image.Descriptor)))
        {
            Subject = facts?.Subject,
            IsReferrer = isReferrer,
        };
    }

    private Image ImageOf(IndexEntry entry, Choice shown, BlobStat? file, TaggedNames? tagged, bool isReferrer)
    {
        var name = entry.Name;
        var root = entry.Descriptor!;
        var isArtifact = shown.ArtifactType is not null;
        var isByDigest = name?.Reference?.Digest is not null && !isArtifact;
        var isLeftOver = isByDigest && tagged?.IsLeftOver(name!.Reference!, root.Digest.ToString()) == true;
        var manifest = isArtifact ? null : shown.Manifest;
        var reference = name?.ReferenceText;
        return new Image
        {
            Reference = reference,
            RawName = reference is null ? name?.Shown : null,
            Registry = name?.Registry,
            Repository = name?.Repository,
            Tag = name?.Tag,

            // Many artifacts share one empty config.
            Id = (manifest?.Config.Digest ?? root.Digest).ToString(),
            Digest = root.Digest.ToString(),
            ManifestDigest = (shown.Descriptor ?? (shown.Manifest is null ? null : root))?.Digest.ToString(),
            MediaType = root.MediaType.Length > 0 ? root.MediaType : null,
            ArtifactType = shown.ArtifactType,
            Created = manifest?.Created,
            Size = shown.Manifest?.ContentSize ?? 0,
            Platform = manifest?.Platform ?? shown.Platform,
            Labels = manifest?.Labels ?? Descriptor.Empty,
            Author = manifest?.Author,
            Layers = manifest?.Layers ?? Array.Empty<ImageLayer>(),
            Dangling = (name is null && !isArtifact && !isReferrer) || isLeftOver,
            Pinned = isByDigest && !isLeftOver,
            PulledAt = entry.TaggedAt is null ? entry.PulledAt ?? file?.Time : null,
            Store = _store,
        };
    }

    /// <summary>
    /// The images that a document leads to and that are in the store: itself, or those of an index's children that are there.
    /// </summary>
    public IEnumerable<ManifestFacts> ImagesOf(Descriptor root) => _catalog.Find(root, _few, _observer) switch
    {
        ManifestFacts { IsImage: true } manifest => new[] { manifest },
        IndexFacts index => Leaves(index).Select(l => l.Facts).Where(f => f.IsImage),
        _ => Array.Empty<ManifestFacts>(),
    };

    /// <summary>
    /// The manifests of an index for a platform, in the store or not, those in indexes in it included as far as they are there.
    /// </summary>
    public IEnumerable<Digest> PlatformsOf(Descriptor root) => _catalog.Find(root, _few, _observer) is not IndexFacts index ? []
        : index.Children.Concat(Leaves(index).Select(l => l.Descriptor)).Where(c => c.Platform is not { OS: "unknown" })
            .Select(c => c.Digest).Distinct();

    /// <summary>The images of an index that are in the store, each once, this machine's best first; or that there is none.</summary>
    private List<Choice> Shown(IndexFacts index, IReadOnlyCollection<Digest> hidden)
    {
        var leaves = Leaves(index);
        var known = new HashSet<Digest>(hidden);
        var images = leaves.FindAll(l => l.Facts.IsImage && l.Platform?.OS != "unknown" && known.Add(l.Descriptor.Digest));

        // A tool may write all manifests of an index and the content of some.
        var complete = images.FindAll(l => l.Facts.IsComplete);
        images = complete.Count > 0 ? complete : images;
        if (images.Count == 0)
        {
            var artifact = hidden.Count > 0 || leaves.Count == 0 ? null : leaves[0].Facts.ArtifactType ?? MediaTypes.InToto;
            return [new Choice(null, null, null, artifact)];
        }

        var chosen = images.Count == 1 ? [] : _host.Choose(images.Select(l => l.Platform).ToArray());
        var best = chosen.Count > 0 ? chosen[0] : 0;
        return images.Select((leaf, i) => (leaf, i)).OrderBy(pair => pair.i == best ? -1 : pair.i)
            .Select(pair => new Choice(pair.leaf.Facts, pair.leaf.Descriptor, pair.leaf.Platform, null)).ToList();
    }

    /// <summary>The manifests of an index that are in the store, those of indexes in it included. Looked for once.</summary>
    private List<Leaf> Leaves(IndexFacts index)
    {
        if (!_leaves.TryGetValue(index, out var leaves))
        {
            leaves = Leaves(index, 1).ToList();
            _leaves.Add(index, leaves);
        }

        return leaves;
    }

    private IEnumerable<Leaf> Leaves(IndexFacts index, int depth)
    {
        foreach (var child in index.Children)
        {
            if (!_blobs.Contains(child))
            {
                continue;
            }

            switch (_catalog.Find(child, _few, _observer))
            {
                case ManifestFacts manifest:
                    yield return new Leaf(child, manifest, child.Platform ?? manifest.Platform);
                    break;
                case IndexFacts nested when depth < ImageIndex.MaxDepth:
                    foreach (var leaf in Leaves(nested, depth + 1))
                    {
                        yield return leaf;
                    }

                    break;
            }
        }
    }

    // A class: a key that is a struct costs a first list the compilation of the dictionary's code for it.
    internal sealed class RowKey(string? name, Digest digest) : IEquatable<RowKey>
    {
        private readonly string? _name = name;
        private readonly Digest _digest = digest;

        public bool Equals(RowKey? other) => other is not null && _name == other._name && _digest == other._digest;

        public override bool Equals(object? obj) => Equals(obj as RowKey);

        // With the name: another tool's index may give one digest tens of thousands (SF8).
        public override int GetHashCode() => unchecked((_digest.GetHashCode() * 31) + (_name is null ? 0 : _name.GetHashCode()));
    }

    private readonly record struct Leaf(Descriptor Descriptor, ManifestFacts Facts, Platform? Platform);

    private readonly record struct Choice(ManifestFacts? Manifest, Descriptor? Descriptor, Platform? Platform, string? ArtifactType);
}
