using System;
using System.Collections.Generic;
using System.Linq;
using ImgsPS.Content;

namespace ImgsPS.Stores.Layout;

/// <summary>
/// What removals take away from a layout: names first, then content that nothing needs (D1-D4, D11-D14). A removal goes by it, and so does
/// what -WhatIf says. Not thread-safe.
/// </summary>
internal sealed class LayoutPlanner : IRemovalPlanner
{
    private readonly LayoutTable _table;
    private readonly LayoutRows _rows;
    private readonly string _store;
    private readonly Lazy<ContentCounts>? _needs;
    private readonly Dictionary<Digest, Entries> _entries;

    // The ids of images that went; an index that lists one may still be there.
    private readonly HashSet<string> _gone = new(StringComparer.Ordinal);

    // The digests of which some entry hides something.
    private readonly HashSet<Digest> _hiding;

    // What was accepted to be hidden, on top of what the entries hide.
    private readonly Dictionary<IndexEntry, IReadOnlyCollection<Digest>> _hidden = new();
    private readonly Dictionary<Digest, IReadOnlyList<ManifestFacts>> _images = new();
    private readonly Lazy<HashSet<Digest>?> _claimed;
    private readonly LayoutReferrerRows _referrers;

    /// <param name="index">The index; it may change afterwards.</param>
    /// <param name="rows">Its list.</param>
    /// <param name="source">What made that.</param>
    /// <param name="store">The store's name.</param>
    /// <param name="needs">What content the index needs; null when nothing is asked but names.</param>
    public LayoutPlanner(
        LayoutIndex index, IReadOnlyList<LayoutRow> rows, LayoutRows source, string store,
        Func<IReadOnlyList<IndexEntry>, ContentCounts>? needs)
    {
        var entries = index.Entries;
        _table = new LayoutTable(rows);
        _rows = source;
        _store = store;
        _claimed = new(() => Claims(NullObserver.Instance));
        _needs = needs is null ? null : new Lazy<ContentCounts>(() => needs(entries));
        _entries = new(entries.Count);
        _hiding = new(entries.Where(e => e.Hidden.Count > 0 && e.Descriptor is not null).Select(e => e.Descriptor!.Digest));
        _referrers = new LayoutReferrerRows(rows);
        foreach (var entry in entries.Where(e => e.Descriptor is not null))
        {
            if (!_entries.TryGetValue(entry.Descriptor!.Digest, out var same))
            {
                _entries.Add(entry.Descriptor.Digest, same = new Entries());
            }

            same.Add(entry);
        }
    }

    /// <summary>Why no removal would be done at all; null when removals can be done.</summary>
    public ImageException? Refusal { get; init; }

    /// <summary>Says what running pulls claim; null, with a warning, when that cannot be read. Asked when it is first needed.</summary>
    public Func<IOperationObserver, HashSet<Digest>?> Claims { get; init; } = _ => [];

    /// <summary>Bytes of content; null when it is not there.</summary>
    public Func<Digest, long?> SizeOf { get; init; } = _ => null;

    /// <inheritdoc/>
    public bool Decides => true;

    /// <inheritdoc/>
    public IImageRows Images => _table.Images;

    /// <inheritdoc/>
    public PlannedRemoval Plan(RemovalRequest request)
    {
        if (Refusal is not null)
        {
            throw Refusal;
        }

        var planned = Find(request);
        if (planned.Loss is null)
        {
            return planned;
        }

        var free = _claimed.Value is { } claimed ? planned.Loss.Freed.Where(d => !claimed.Contains(d)) : [];
        return planned with
        {
            Removal = planned.ToRemoval(
                free.Select(d => (Digest: d, Size: SizeOf(d))).Where(f => f.Size is not null)
                    .ToDictionary(f => f.Digest, f => f.Size!.Value),
                planned: true),
            IsMeasured = true,
        };
    }

    /// <summary>As <see cref="Plan"/>, but it is not said yet what content goes, and how many bytes that frees.</summary>
    /// <exception cref="ImageException">NotFound, Ambiguous, Conflict.</exception>
    public LayoutRemoving Find(RemovalRequest request)
    {
        var (kind, found) = _table.Find(request.Image);
        var plan = RemovalPlan.Of(_table.Related(kind, found.Select(f => f.Row).ToArray()), kind, found, request.Force);
        var going = Going(plan.Rows);
        var parts = found.Where(f => !f.IsWhole).ToList();
        var hiding = Hiding(parts);
        var loss = _needs?.Value.Without(going, NotShown(going, hiding));
        var rows = plan.Rows;
        while (loss is not null && _referrers.Of(loss.Unneeded).Except(rows).ToList() is { Count: > 0 } orphaned)
        {
            // What is about something that goes goes with it, and so on.
            rows = [.. rows, .. orphaned];
            going = Going(rows);
            loss = _needs!.Value.Without(going, NotShown(going, hiding));
        }

        var images = found.SelectMany(f => f.Images).Select(i => i.Image).ToArray();
        return new LayoutRemoving(images, new ImageRemoval
        {
            Image = request.Image.Text,
            Platform = parts.Count > 0 ? parts[0].Best.Image.Platform : null,
            Untagged = [.. plan.Untagged, .. rows.Skip(plan.Rows.Count).Select(r => r.Name?.Shown).OfType<string>()],
            Planned = true,
            Store = _store,
        })
        {
            Note = plan.Note,
            Rows = rows,
            Entries = going,
            Parts = parts,
            Hiding = hiding,
            Loss = loss,
            Gone = loss is null ? [] : GoneImages(rows, parts, loss),
        };
    }

    /// <inheritdoc/>
    public void Accept(PlannedRemoval planned)
    {
        var removing = (LayoutRemoving)planned;
        _table.Remove(removing.Rows);
        _referrers.Remove(removing.Rows);
        removing.Parts.ForEach(_table.Remove);
        foreach (var entry in removing.Entries)
        {
            _entries[entry.Descriptor!.Digest].Remove(entry);
            _hidden.Remove(entry);
        }

        _gone.UnionWith(removing.Gone.Select(g => g.Id));
        foreach (var hiding in removing.Hiding)
        {
            _hidden[hiding.Key] = HiddenAfter(hiding.Key, removing.Hiding);
        }

        if (removing.Loss is not null)
        {
            _needs!.Value.Accept(removing.Loss);
        }
    }

    /// <inheritdoc/>
    public void TellWhatKeepsContent(IOperationObserver observer)
    {
        _needs?.Value.TellObstacles(observer);
        if (_claimed is { IsValueCreated: true, Value: null })
        {
            Claims(observer);
        }
    }

    /// <summary>The rows' entries, and those without a name for digests that nothing names then: the list never showed them.</summary>
    private List<IndexEntry> Going(IReadOnlyList<LayoutRow> gone)
    {
        var going = gone.SelectMany(r => r.Entries).ToList();
        foreach (var digest in going.GroupBy(e => e.Descriptor!.Digest).ToList())
        {
            going.AddRange(_entries[digest.Key].NamelessWithout(digest));
        }

        return going;
    }

    /// <summary>The images that the entries of some rows are to hide.</summary>
    private static Dictionary<IndexEntry, IReadOnlyCollection<Digest>> Hiding(IEnumerable<FoundRow> parts) => parts
        .SelectMany(p => p.Row.Entries.Select(e => (Entry: e, Images: p.Images)))
        .ToDictionary(
            pair => pair.Entry,
            pair => (IReadOnlyCollection<Digest>)pair.Images.Select(i => i.Manifest!.Digest).ToArray());

    /// <summary>The images that no entry of an index shows when some entries go, or hide more, and the index stays.</summary>
    private IEnumerable<(Digest Index, Digest Child)> NotShown(
        IReadOnlyCollection<IndexEntry> going, Dictionary<IndexEntry, IReadOnlyCollection<Digest>> hiding)
    {
        // Nearly no digest has an entry that hides something, and one may have tens of thousands of names (SF8).
        foreach (var entry in hiding.Keys)
        {
            _hiding.Add(entry.Descriptor!.Digest);
        }

        var gone = new HashSet<IndexEntry>(going);
        foreach (var digest in going.Concat(hiding.Keys).Select(e => e.Descriptor!.Digest).Distinct().Where(_hiding.Contains))
        {
            var left = _entries[digest].All.Where(e => !gone.Contains(e));
            foreach (var child in HiddenImages.Of(left, e => HiddenAfter(e, hiding)))
            {
                yield return (digest, child);
            }
        }
    }

    private IReadOnlyCollection<Digest> HiddenAfter(IndexEntry entry, IReadOnlyDictionary<IndexEntry, IReadOnlyCollection<Digest>> hiding)
    {
        var before = _hidden.TryGetValue(entry, out var accepted) ? accepted : entry.Hidden;
        return hiding.TryGetValue(entry, out var more) ? before.Concat(more).ToArray() : before;
    }

    /// <summary>
    /// D3: the images that nothing needs any more, the shown one first, with their layers. Of several names of one image the first one
    /// tells all.
    /// </summary>
    private List<GoneImage> GoneImages(IReadOnlyList<LayoutRow> rows, IReadOnlyList<FoundRow> parts, ContentCounts.Loss loss)
    {
        var gone = new List<GoneImage>();
        var told = new HashSet<Digest>();
        foreach (var row in rows.Where(r => told.Add(r.Root.Digest)))
        {
            var images = ImagesOf(row.Root);
            if (images.Count == 0 && !_needs!.Value.IsNeededAfter(loss, row.Root.Digest))
            {
                gone.Add(new GoneImage(row.Image.Id, []));
            }

            gone.AddRange(images
                .Where(m => !_needs!.Value.IsNeededAfter(loss, m.Config.Digest) && !_gone.Contains(m.Config.Digest.ToString()))
                .OrderBy(m => m.Config.Digest.ToString() == row.Image.Id ? 0 : 1)
                .Select(m => new GoneImage(m.Config.Digest.ToString(), m.Layers)));
        }

        gone.AddRange(parts.SelectMany(p => p.Images)
            .Where(i => Digest.TryParse(i.Image.Id, out var id) && !_needs!.Value.IsNeededAfter(loss, id))
            .Select(i => new GoneImage(i.Image.Id, i.Image.Layers)));
        return gone;
    }

    private IReadOnlyList<ManifestFacts> ImagesOf(Descriptor root)
    {
        if (!_images.TryGetValue(root.Digest, out var found))
        {
            found = _rows.ImagesOf(root).ToList();
            _images.Add(root.Digest, found);
        }

        return found;
    }

    /// <summary>The entries of index.json for one digest that no removal has taken yet.</summary>
    private sealed class Entries
    {
        // Nearly all digests have one name.
        private IndexEntry? _only;
        private HashSet<IndexEntry>? _named;
        private HashSet<IndexEntry>? _nameless;

        public IEnumerable<IndexEntry> All =>
            (_named ?? (_only is null ? Enumerable.Empty<IndexEntry>() : [_only])).Concat(_nameless ?? []);

        private int NamedCount => _named?.Count ?? (_only is null ? 0 : 1);

        public void Add(IndexEntry entry)
        {
            if (entry.Name is null)
            {
                (_nameless ??= new()).Add(entry);
            }
            else if (NamedCount == 0)
            {
                _only = entry;
            }
            else
            {
                (_named ??= [_only!]).Add(entry);
            }
        }

        /// <summary>The entries without a name that go when those go: all when no name is left, none while one is.</summary>
        public IEnumerable<IndexEntry> NamelessWithout(IEnumerable<IndexEntry> going)
        {
            var gone = new HashSet<IndexEntry>(going);
            return _nameless is null || gone.Count(e => e.Name is not null) < NamedCount ? [] : _nameless.Where(e => !gone.Contains(e));
        }

        public void Remove(IndexEntry entry)
        {
            if (_nameless?.Remove(entry) == true)
            {
                return;
            }

            _named?.Remove(entry);
            _only = _named is null ? null : _only;
        }
    }
}

/// <summary>One removal from a layout.</summary>
/// <param name="Images">As in the base.</param>
/// <param name="Removal">As in the base.</param>
internal sealed record LayoutRemoving(IReadOnlyList<Image> Images, ImageRemoval Removal) : PlannedRemoval(Images, Removal)
{
    /// <summary>The rows that go; none when only an implied reference was named.</summary>
    public IReadOnlyList<LayoutRow> Rows { get; init; } = [];

    /// <summary>The entries of index.json that go.</summary>
    public IReadOnlyList<IndexEntry> Entries { get; init; } = [];

    /// <summary>The images that go by themselves, while their names go on to show others.</summary>
    public List<FoundRow> Parts { get; init; } = [];

    /// <summary>What entries that stay are to hide.</summary>
    public IReadOnlyDictionary<IndexEntry, IReadOnlyCollection<Digest>> Hiding { get; init; } =
        new Dictionary<IndexEntry, IReadOnlyCollection<Digest>>();

    /// <inheritdoc/>
    public override bool IsPart => Parts.Count > 0;

    /// <summary>The content that nothing needs then; null when it was not asked for.</summary>
    public ContentCounts.Loss? Loss { get; init; }

    /// <summary>The images that nothing needs then.</summary>
    public IReadOnlyList<GoneImage> Gone { get; init; } = [];

    /// <summary>What is told of it: the ids of the images, each with the chain ids of the layers that went, top first (D3).</summary>
    /// <param name="freed">Bytes of the content that goes.</param>
    /// <param name="planned">True when it is not done.</param>
    public ImageRemoval ToRemoval(IReadOnlyDictionary<Digest, long> freed, bool planned = false)
    {
        var known = new HashSet<string>(StringComparer.Ordinal);
        return new ImageRemoval
        {
            Image = Removal.Image,
            Platform = Removal.Platform,
            Untagged = Removal.Untagged,
            Deleted = Gone.SelectMany(g => g.ChainIds(freed).Prepend(g.Id)).Where(known.Add).ToList(),
            BytesFreed = freed.Values.Sum(),
            Planned = planned,
            Store = Removal.Store,
        };
    }
}

/// <summary>An image that nothing needs any more.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Layers">Its layers, bottom first.</param>
internal sealed record GoneImage(string Id, IReadOnlyList<ImageLayer> Layers)
{
    /// <summary>The chain ids of those of its layers that go, top first.</summary>
    public IEnumerable<string> ChainIds(IReadOnlyDictionary<Digest, long> freed)
    {
        var diffIds = Layers.Select(l => Digest.TryParse(l.DiffId, out var diffId) ? diffId : null).TakeWhile(d => d is not null).ToArray();
        var chainIds = ConfigDocument.ChainIds(diffIds!);
        for (var i = chainIds.Count - 1; i >= 0; i--)
        {
            if (Digest.TryParse(Layers[i].Digest, out var layer) && freed.ContainsKey(layer))
            {
                yield return chainIds[i].ToString();
            }
        }
    }
}
