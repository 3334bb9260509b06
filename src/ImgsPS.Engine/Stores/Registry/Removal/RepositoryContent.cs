using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Platforms;
using ImgsPS.Transfer;

namespace ImgsPS.Stores.Registry;

/// <summary>
/// What a repository has, as far as a removal has to know it: what each tag names, and the documents that this leads to. Read once; what a
/// command sees or does afterwards is noted. Safe for any number of threads.
/// </summary>
internal sealed class RepositoryContent
{
    private readonly RegistryClient _client;
    private readonly RegistryDocuments _kept;
    private readonly ConcurrentDictionary<string, Descriptor> _tags = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Digest, ManifestDocument?> _documents = new();
    private readonly ConcurrentDictionary<Digest, Descriptor?> _there = new();
    private readonly ConcurrentDictionary<Digest, IReadOnlyList<Referrer>> _referrers = new();
    private readonly ConcurrentDictionary<Digest, string> _shown = new();
    private readonly ConcurrentDictionary<string, bool> _since = new(StringComparer.Ordinal);
    private readonly Stopwatch _age = Stopwatch.StartNew();
    private bool _isWhole;

    private RepositoryContent(ImageReference name, RegistryClient client, RegistryDocuments kept)
    {
        Name = name;
        _client = client;
        _kept = kept;
    }

    /// <summary>The repository, without tag and digest.</summary>
    public ImageReference Name { get; }

    /// <summary>The tags.</summary>
    public IReadOnlyDictionary<string, Descriptor> Tags => _tags;

    /// <summary>
    /// Why it is not known what each tag names; null when it is. Without that nobody knows what would go with a digest.
    /// </summary>
    public ImageException? Fault { get; private set; }

    /// <summary>
    /// Reads the list of tags, one HEAD for each, and the indexes that they name, which protect what they list (RD3, RD4). A repository
    /// that is not there has no tags.
    /// </summary>
    /// <param name="name">The repository.</param>
    /// <param name="client">Its registry.</param>
    /// <param name="kept">Documents that were fetched before.</param>
    /// <param name="whole">True to read all documents, so that <see cref="ContentOf"/> can be asked.</param>
    /// <param name="observer">Who is told.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="ImageException">The registry cannot be asked.</exception>
    public static async Task<RepositoryContent> ReadAsync(
        ImageReference name, RegistryClient client, RegistryDocuments kept, bool whole, IOperationObserver observer,
        CancellationToken cancellationToken)
    {
        var content = new RepositoryContent(new ImageReference(name.Registry, name.Repository, null, null), client, kept);
        await content.ReadTagsAsync(_ => true, observer, cancellationToken).ConfigureAwait(false);
        await content.ReadDocumentsAsync(whole, observer, cancellationToken).ConfigureAwait(false);
        return content;
    }

    /// <summary>Reads all documents that the tags lead to, if they have not been read.</summary>
    /// <exception cref="ImageException">The registry cannot be asked.</exception>
    public Task RequireWholeAsync(IOperationObserver observer, CancellationToken cancellationToken) =>
        _isWhole ? Task.CompletedTask : ReadDocumentsAsync(true, observer, cancellationToken);

    /// <summary>
    /// Looks at the tags once more before digests go: at those that were not there before, and at all that stay where the last look is old.
    /// </summary>
    /// <param name="going">The tags that go: each is looked at by itself.</param>
    /// <param name="fresh">How old the last look may be.</param>
    /// <param name="observer">Who is told.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="ImageException">The registry cannot be asked, or not about all.</exception>
    public async Task LookAgainAsync(
        ICollection<string> going, TimeSpan fresh, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var before = _tags.ToDictionary(tag => tag.Key, tag => tag.Value.Digest, StringComparer.Ordinal);
        await ReadTagsAsync(
            _age.Elapsed > fresh ? tag => !going.Contains(tag) : tag => !_tags.ContainsKey(tag), observer, cancellationToken)
            .ConfigureAwait(false);
        await ReadDocumentsAsync(false, observer, cancellationToken).ConfigureAwait(false);
        if (Fault is not null)
        {
            throw Fault;
        }

        foreach (var tag in _tags.Where(tag => !before.TryGetValue(tag.Key, out var digest) || digest != tag.Value.Digest))
        {
            _since[tag.Key] = true;
        }
    }

    /// <summary>
    /// A tag, none of those that go, that names a digest, or that came or moved since the first look and leads to an index which lists it;
    /// null when there is none.
    /// </summary>
    public string? TagSince(Digest digest, ICollection<string> going) => _tags
        .Where(tag => !going.Contains(tag.Key)
            && (tag.Value.Digest == digest || (_since.ContainsKey(tag.Key) && Lists(tag.Value.Digest, digest, 1))))
        .Select(tag => tag.Key).FirstOrDefault();

    private bool Lists(Digest index, Digest digest, int depth) => DocumentOf(index) is ImageIndex document
        && document.Manifests.Any(entry =>
            entry.Digest == digest || (depth < ImageIndex.MaxDepth && Lists(entry.Digest, digest, depth + 1)));

    private async Task ReadTagsAsync(Func<string, bool> wanted, IOperationObserver observer, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> tags;
        try
        {
            tags = await _client.ListTagsAsync(Name, observer, cancellationToken).ConfigureAwait(false);
        }
        catch (ImageException e) when (e.Kind == ImageErrorKind.NotFound)
        {
            // G1: it lost its last tag, or was never there; what is asked for then says which.
            observer.Verbose($"{Name.FamiliarName} has no tags: {e.Message}");
            return;
        }

        var end = new RegistryEnd(_client);
        await SideBySide.EachAsync(
            tags.Where(wanted).ToList(),
            RegistryEnd.AtATime,
            (tag, stop) => GuardAsync(
                end, async () => Note(tag, await AskAsync(Name.WithTag(tag), observer, stop).ConfigureAwait(false)), stop),
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What a tag or digest names at this moment; null when there is none.</summary>
    /// <exception cref="ImageException">The registry does not say.</exception>
    public Task<Descriptor?> AskAsync(ImageReference named, IOperationObserver observer, CancellationToken cancellationToken) =>
        _client.TryResolveAsync(named, observer, cancellationToken);

    /// <summary>Makes sure that the document of a digest is known, if the repository has it.</summary>
    /// <exception cref="ImageException">It cannot be read.</exception>
    public async Task RequireAsync(Digest digest, bool whole, IOperationObserver observer, CancellationToken cancellationToken)
    {
        if (!_there.TryGetValue(digest, out var named))
        {
            named = _tags.Select(tag => tag.Value).FirstOrDefault(tag => tag.Digest == digest)
                ?? await AskAsync(Name.WithDigest(digest), observer, cancellationToken).ConfigureAwait(false);
            _there[digest] = named;
        }

        if (named is not null)
        {
            await ReadDocumentsAsync(named, whole, 1, observer, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Makes sure that it is known which image of an index a list shows.</summary>
    /// <exception cref="ImageException">It cannot be read.</exception>
    public async Task RequireShownAsync(Digest digest, IOperationObserver observer, CancellationToken cancellationToken)
    {
        if (_shown.ContainsKey(digest) || DocumentOf(digest) is not ImageIndex index || index.MayBeImages().Count < 2)
        {
            return;
        }

        try
        {
            var source = new KeptSource(_client, Name.WithDigest(digest), _kept);
            var found = await new PlatformSearch(source, PlatformMatcher.ForHost(), observer, cancellationToken).FindAsync(index)
                .ConfigureAwait(false);
            _shown[digest] = found.Manifest.Digest.ToString();
        }
        catch (ImageException e) when (e.Kind == ImageErrorKind.NotFound)
        {
            _shown[digest] = "";
        }
    }

    /// <summary>
    /// The manifest that a list shows of an index with several images; null when it is no such index, or nobody asked.
    /// </summary>
    public string? ShownOf(Digest digest) => _shown.TryGetValue(digest, out var manifest) ? manifest : null;

    /// <summary>Makes sure that it is known what refers to a digest (RD4), and to that in turn.</summary>
    /// <exception cref="ImageException">The registry does not say.</exception>
    public async Task RequireReferrersAsync(Digest digest, bool whole, IOperationObserver observer, CancellationToken cancellationToken)
    {
        if (_referrers.ContainsKey(digest))
        {
            return;
        }

        var found = await new RegistryReferrers(_client, Name) { HasTag = _tags.ContainsKey }
            .ListAsync(digest, null, observer, cancellationToken).ConfigureAwait(false);
        var living = new List<Referrer>();
        foreach (var referrer in found)
        {
            // A fallback tag may list what is gone.
            await RequireAsync(referrer.Descriptor.Digest, whole, observer, cancellationToken).ConfigureAwait(false);
            if (Has(referrer.Descriptor.Digest))
            {
                living.Add(referrer);
            }
        }

        _referrers[digest] = living;
        foreach (var referrer in living)
        {
            await RequireReferrersAsync(referrer.Descriptor.Digest, whole, observer, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>True when the repository has the digest; asked of one that was required.</summary>
    public bool Has(Digest digest) => _there.TryGetValue(digest, out var there) && there is not null;

    /// <summary>The document of a digest; null when it was not read, or is not there.</summary>
    public ManifestDocument? DocumentOf(Digest digest) => _documents.TryGetValue(digest, out var document) ? document : null;

    /// <summary>What refers to a digest; none when nobody asked.</summary>
    public IReadOnlyList<Referrer> ReferrersOf(Digest digest) => _referrers.TryGetValue(digest, out var found) ? found : [];

    /// <summary>All that a manifest or index needs, itself included, with its bytes: as far as its documents were read.</summary>
    public IReadOnlyDictionary<Digest, long> ContentOf(Digest digest)
    {
        var content = new Dictionary<Digest, long>();
        Add(digest);
        return content;

        void Add(Digest one)
        {
            if (content.ContainsKey(one) || DocumentOf(one) is not { } document)
            {
                return;
            }

            content.Add(one, document.Bytes.Length);
            if (document is ImageIndex index)
            {
                index.Manifests.ToList().ForEach(entry => Add(entry.Digest));
                return;
            }

            var manifest = (Manifest)document;
            foreach (var blob in manifest.Layers.Append(manifest.Config))
            {
                content[blob.Digest] = blob.Size;
            }
        }
    }

    /// <summary>Notes that a tag is gone, or names something else now.</summary>
    public void Note(string tag, Descriptor? named)
    {
        if (named is null)
        {
            _tags.TryRemove(tag, out _);
        }
        else
        {
            _tags[tag] = named;
        }
    }

    /// <summary>Notes that a digest was deleted.</summary>
    public void NoteGone(Digest digest)
    {
        _there[digest] = null;
        _documents.TryRemove(digest, out _);
    }

    private async Task ReadDocumentsAsync(bool whole, IOperationObserver observer, CancellationToken cancellationToken)
    {
        using var open = _kept.Keep();
        var end = new RegistryEnd(_client);
        var roots = _tags.Values.GroupBy(tag => tag.Digest).Select(same => same.First())
            .Where(tag => whole || MediaTypes.Classify(tag.MediaType).Kind != MediaTypeKind.Manifest).ToList();
        await SideBySide.EachAsync(
            roots,
            RegistryEnd.AtATime,
            (root, stop) => GuardAsync(end, () => ReadDocumentsAsync(root, whole, 1, observer, stop), stop),
            cancellationToken).ConfigureAwait(false);
        _isWhole |= whole;
    }

    /// <summary>
    /// Reads a document and, when all are wanted or it is an index that may hold one, those that it lists. What an index lists and the
    /// repository does not have counts for nothing.
    /// </summary>
    private async Task ReadDocumentsAsync(
        Descriptor named, bool whole, int depth, IOperationObserver observer, CancellationToken cancellationToken)
    {
        if (!_documents.TryGetValue(named.Digest, out var document))
        {
            try
            {
                document = await new KeptSource(_client, Name.WithDigest(named.Digest), _kept)
                    .GetManifestAsync(null, observer, cancellationToken).ConfigureAwait(false);
            }
            catch (ImageException e) when (e.Kind == ImageErrorKind.NotFound
                || (MediaTypes.Classify(named.MediaType).Kind != MediaTypeKind.Index
                    && e.Kind is ImageErrorKind.NotSupported or ImageErrorKind.InvalidData or ImageErrorKind.TooLarge))
            {
                // An old or broken manifest protects nothing; a broken index might.
                observer.Verbose($"What {Name.FamiliarName}@{named.Digest} needs is not known: {e.Message}");
            }

            _documents[named.Digest] = document;
        }

        if (document is not ImageIndex index)
        {
            return;
        }

        // RN26
        ImageIndex.EnsureFollowed(index.Entries.Count, depth);
        foreach (var entry in index.Manifests.Where(entry => MediaTypes.Classify(entry.MediaType).Kind switch
        {
            MediaTypeKind.Index => true,
            MediaTypeKind.Manifest => whole,
            _ => false,
        }))
        {
            await ReadDocumentsAsync(entry, whole, depth + 1, observer, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Does one question: its failure is the repository's fault, unless the registry is at its end.</summary>
    private async Task GuardAsync(RegistryEnd end, Func<Task> question, CancellationToken stop)
    {
        try
        {
            await question().ConfigureAwait(false);
            end.Answered();
        }
        catch (ImageException e) when (!stop.IsCancellationRequested && !end.Is(e))
        {
            Fault = new ImageException(
                e.Kind, $"it is not known what all tags of {Name.FamiliarName} name, so nothing is removed there: {e.Message}", e.Advice,
                e);
        }
    }
}
