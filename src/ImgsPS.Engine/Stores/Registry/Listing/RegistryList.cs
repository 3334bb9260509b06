using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Platforms;
using ImgsPS.Stores.Filtering;

namespace ImgsPS.Stores.Registry;

/// <summary>
/// Lists a registry's images: its repositories, a list of tags for each, a HEAD for each tag, and of each digest that was not seen before
/// manifest and config. What nobody wants is not asked for. At most eight requests are under way. For one operation.
/// </summary>
internal sealed class RegistryList
{
    private readonly RegistryAddress _address;
    private readonly RegistryClient _client;
    private readonly RegistryDocuments _documents;
    private readonly ListRequest _request;
    private readonly IOperationObserver _observer;
    private readonly PlatformMatcher _host = PlatformMatcher.ForHost();
    private readonly ConcurrentQueue<Image> _rows = new();
    private readonly ConcurrentQueue<Child> _children = new();
    private readonly ConcurrentQueue<string> _ofOtherPlatforms = new();
    private readonly RegistryEnd _end;
    private int _read;

    /// <param name="address">The store.</param>
    /// <param name="client">Its registry.</param>
    /// <param name="documents">What is known of digests.</param>
    /// <param name="request">What to list.</param>
    /// <param name="observer">Who is told.</param>
    public RegistryList(
        RegistryAddress address, RegistryClient client, RegistryDocuments documents, ListRequest request, IOperationObserver observer)
    {
        _address = address;
        _client = client;
        _end = new RegistryEnd(client);
        _documents = documents;
        _request = request;
        _observer = observer;
    }

    /// <summary>The images, newest first; those that only have names by their names.</summary>
    /// <exception cref="ImageException">
    /// NotSupported: the registry does not list its repositories, and everything is wanted. RateLimited, Unavailable, Timeout,
    /// Unauthorized: of the registry, so that going on is of no use. What before= and since= name, as <see cref="ImageFilter.Apply"/>.
    /// </exception>
    public async Task<IReadOnlyList<Image>> RunAsync(IReadOnlyList<RegistryWanted> wanted, CancellationToken cancellationToken)
    {
        using var kept = _documents.Keep();
        try
        {
            var moments = await MomentsAsync(cancellationToken).ConfigureAwait(false);
            if (_request.Filter.IsForDangling)
            {
                // RD5: a registry tells only of what has a name.
                return [];
            }

            var repositories = await RegistryRepository.FindAsync(
                _address,
                _client,
                wanted,
                $"Name the repositories: Get-Image -Store {_address.Store} -Image app, app:1 or app:v*",
                Tell,
                _observer,
                cancellationToken).ConfigureAwait(false);
            var tags = await TagsAsync(repositories, cancellationToken).ConfigureAwait(false);
            if (IsOfNames)
            {
                tags.ForEach(tag => Add(tag, null, null, null, null));
            }
            else
            {
                await SideBySide.EachAsync(
                    tags,
                    RegistryEnd.AtATime,
                    (tag, stop) => GuardAsync(tag, () => ReadAsync(tag, stop), tags.Count, stop),
                    cancellationToken).ConfigureAwait(false);
                var children = _children.ToArray();
                await SideBySide.EachAsync(
                    children,
                    RegistryEnd.AtATime,
                    (child, stop) => GuardAsync(child.Tag, () => ReadAsync(child, 1, stop), null, stop),
                    cancellationToken).ConfigureAwait(false);
            }

            TellOtherPlatforms();
            foreach (var name in wanted.Where(name => name.MustBeThere && !name.IsAnswered))
            {
                Tell(name, ImageLookup.NotFound(name.Name!.Familiar));
            }

            IReadOnlyList<Image> rows = _rows.ToArray();
            rows = _request.Detailed ? SharedSizes.Of(rows) : rows;
            return ImageOrder.Sort(_request.Filter.WithoutMoments().Apply(rows, DateTimeOffset.Now).Where(moments));
        }
        finally
        {
            _observer.Progress(new TransferProgress(_address.Store, null, "", 0, null, true));
        }
    }

    private bool IsOfNames => _request.NamesOnly && !_request.Filter.NeedsContent;

    /// <summary>The tags that are wanted, and the digests that were named; one list of tags for each repository that needs one.</summary>
    private async Task<List<Tag>> TagsAsync(List<RegistryRepository> repositories, CancellationToken cancellationToken)
    {
        var found = new ConcurrentQueue<Tag>();
        await SideBySide.EachAsync(
            repositories,
            RegistryEnd.AtATime,
            async (repository, stop) =>
            {
                // A digest, or one tag, is asked for by itself; without its content only the list says that a tag is there.
                foreach (var group in repository.Wanted
                    .Where(name => name.Name?.Digest is not null || (IsSingle(name) && !IsOfNames))
                    .GroupBy(name => name.Name!.WithDefaultTag().Familiar, StringComparer.Ordinal))
                {
                    found.Enqueue(new Tag(group.First().Name!.WithDefaultTag(), group.ToArray()) { IsNamed = true });
                }

                var others = repository.Wanted.FindAll(name => name.Name?.Digest is null && (!IsSingle(name) || IsOfNames));
                if (others.Count > 0)
                {
                    foreach (var tag in await ListTagsAsync(repository.Name, others, stop).ConfigureAwait(false))
                    {
                        found.Enqueue(tag);
                    }
                }
            },
            cancellationToken).ConfigureAwait(false);
        return found.Where(tag => _request.Filter.MayPass(tag.Reference))
            .GroupBy(tag => tag.Reference.Familiar, StringComparer.Ordinal)
            .Select(same => new Tag(same.First().Reference, same.SelectMany(tag => tag.Wanted).ToArray())
            {
                IsNamed = same.Any(tag => tag.IsNamed),
            })
            .OrderBy(tag => tag.Reference.Familiar, StringComparer.Ordinal)
            .ToList();

        static bool IsSingle(RegistryWanted name) => name is { MustBeThere: true, Name: { Tag: not null } };
    }

    private async Task<IReadOnlyList<Tag>> ListTagsAsync(ImageReference repository, List<RegistryWanted> wanted, CancellationToken stop)
    {
        IReadOnlyList<string> tags;
        try
        {
            tags = await _client.ListTagsAsync(repository, _observer, stop).ConfigureAwait(false);
            _end.Answered();
        }
        catch (ImageException e) when (e.Kind == ImageErrorKind.NotFound)
        {
            // G1: it lost its last tag, or went since the list was read.
            _observer.Verbose($"{repository.FamiliarName} has no tags: {e.Message}");
            wanted.Where(name => name.MustBeThere).ToList().ForEach(name => Tell(name, e));
            return [];
        }
        catch (ImageException e) when (!_end.Is(e))
        {
            _observer.Error(e, repository.FamiliarName);
            wanted.ForEach(name => name.IsAnswered = true);
            return [];
        }

        return tags
            .Select(tag => new ImageReference(repository.Registry, repository.Repository, tag, null))
            .Select(tag => new Tag(tag, wanted.Where(name => name.Takes(tag)).ToArray())
            {
                IsNamed = wanted.Exists(name => name is { MustBeThere: true, Name.Tag: not null } && name.Takes(tag)),
            })
            .Where(tag => tag.Wanted.Count > 0 && (_request.All || tag.IsNamed || !ReferrerNames.IsReferrerTag(tag.Reference.Tag)))
            .ToArray();
    }

    /// <summary>
    /// Does the work for one tag: its failure is an error about it, and the others go on, unless the registry is at its end.
    /// </summary>
    private async Task GuardAsync(Tag tag, Func<Task> work, int? of, CancellationToken stop)
    {
        try
        {
            await work().ConfigureAwait(false);
            _end.Answered();
        }
        catch (ImageException e) when (!stop.IsCancellationRequested && !_end.Is(e))
        {
            Tell(tag, e);
        }

        if (of is { } all)
        {
            var done = Interlocked.Increment(ref _read);
            _observer.Progress(new TransferProgress(_address.Store, null, $"{done} of {all} tags", 0, null, false));
        }
    }

    /// <summary>What a tag names: one HEAD (TG10), and the documents of a digest that is not known.</summary>
    private async Task ReadAsync(Tag tag, CancellationToken stop)
    {
        ManifestDocument root;
        KeptSource source;
        try
        {
            var head = await _client.HeadManifestAsync(tag.Reference, _observer, stop).ConfigureAwait(false);
            source = new KeptSource(_client, tag.Reference, _documents, head?.Digest);
            try
            {
                root = await source.GetManifestAsync(null, _observer, stop).ConfigureAwait(false);
            }
            catch (ImageException e) when (e.Kind == ImageErrorKind.NotFound && head is not null && tag.Reference.Digest is null)
            {
                // It was moved or deleted since.
                source = new KeptSource(_client, tag.Reference, _documents);
                root = await source.GetManifestAsync(null, _observer, stop).ConfigureAwait(false);
            }
        }
        catch (ImageException e) when (e.Kind == ImageErrorKind.NotFound && !tag.IsNamed)
        {
            _observer.Verbose($"{tag.Reference.Familiar} is gone since it was listed");
            return;
        }

        if (root is ImageIndex index)
        {
            await ReadAsync(tag, index, source, stop).ConfigureAwait(false);
        }
        else
        {
            await ReadAsync(tag, root, (Manifest)root, null, source, stop).ConfigureAwait(false);
        }
    }

    private async Task ReadAsync(Tag tag, ImageIndex index, KeptSource source, CancellationToken stop)
    {
        if (index.Entries.Count == 0)
        {
            throw index.NoImage(tag.Reference.Familiar);
        }

        var images = index.MayBeImages();
        if (_request.AllPlatforms && images.Count > 0)
        {
            foreach (var entry in images)
            {
                _children.Enqueue(new Child(tag, index, index, entry, source));
            }

            return;
        }

        try
        {
            var found = await new PlatformSearch(source, _host, _observer, stop).FindAsync(index).ConfigureAwait(false);
            Add(tag, index, found.Manifest, found.Config, found.Entry?.Platform);
        }
        catch (ImageException e) when (e.Kind == ImageErrorKind.NotFound)
        {
            if (images.Any(entry => entry.Platform is not null))
            {
                _observer.Verbose($"{tag.Reference.Familiar}: {e.Message}");
                _ofOtherPlatforms.Enqueue(tag.Reference.Familiar);
                Add(tag, index, null, null, null);
            }
            else
            {
                // What it lists are no images: it is as good as an artifact.
                AddArtifact(tag, index, null);
            }
        }
    }

    private async Task ReadAsync(Child child, int depth, CancellationToken stop)
    {
        var document = await child.Source.GetChildAsync(child.Parent, child.Entry.Follow(), _observer, stop).ConfigureAwait(false);
        if (document is not ImageIndex index)
        {
            if (document is Manifest { IsImage: true } image)
            {
                await ReadAsync(child.Tag, child.Root, image, child.Entry.Platform, child.Source, stop).ConfigureAwait(false);
            }

            return;
        }

        ImageIndex.EnsureFollowed(index.Entries.Count, depth + 1);
        foreach (var entry in index.MayBeImages())
        {
            await ReadAsync(child with { Parent = index, Entry = entry }, depth + 1, stop).ConfigureAwait(false);
        }
    }

    private async Task ReadAsync(
        Tag tag, ManifestDocument root, Manifest manifest, Platform? platform, KeptSource source, CancellationToken stop)
    {
        if (!manifest.IsImage)
        {
            AddArtifact(tag, root, manifest);
            return;
        }

        var config = await source.ReadConfigAsync(manifest, _observer, stop).ConfigureAwait(false);
        Add(tag, root, manifest, config, platform);
    }

    // FF23
    private void AddArtifact(Tag tag, ManifestDocument root, Manifest? manifest)
    {
        if (_request.All || tag.IsNamed)
        {
            Add(tag, root, manifest, null, null, manifest?.Kind ?? root.ArtifactType ?? root.MediaType);
        }
    }

    private void Add(
        Tag tag, ManifestDocument? root, Manifest? manifest, ConfigDocument? config, Platform? platform, string? artifactType = null)
    {
        var image = artifactType is null ? manifest : null;
        var digest = root?.Digest ?? tag.Reference.Digest;
        _rows.Enqueue(new Image
        {
            Reference = tag.Reference.Familiar,
            Registry = tag.Reference.Registry,
            Repository = tag.Reference.FamiliarName,
            Tag = tag.Reference.Tag,

            // Many artifacts share one empty config.
            Id = (image?.Config.Digest ?? digest)?.ToString() ?? "",
            Digest = digest?.ToString(),
            ManifestDigest = manifest?.Digest.ToString(),
            IsPart = _request.AllPlatforms && root is ImageIndex index && index.MayBeImages().Count > 1,
            MediaType = root?.MediaType,
            ArtifactType = artifactType,
            Created = config?.Created,
            Size = manifest?.ContentSize ?? 0,
            Platform = config?.Platform ?? platform,
            Labels = config?.Labels ?? Descriptor.Empty,
            Author = config?.Author,
            Layers = image is null ? [] : ImageLayerView.Plain(image, config),
            Pinned = tag.Reference.Digest is not null,
            Store = _address.Store,
        });
        foreach (var name in tag.Wanted)
        {
            name.IsAnswered = true;
        }
    }

    private void TellOtherPlatforms()
    {
        var names = _ofOtherPlatforms.OrderBy(name => name, StringComparer.Ordinal).ToList();
        if (names.Count > 0)
        {
            _observer.Warning(
                (names.Count == 1 ? $"{names[0]} has no image for {_host.Wanted}: its row tells"
                    : $"{names.Count} tags have no image for {_host.Wanted}, {names[0]} among them: their rows tell")
                + " neither platform nor size. -AllPlatforms lists what there is.");
        }
    }

    private void Tell(Tag tag, ImageException failure)
    {
        _observer.Error(failure, tag.Reference.Familiar);
        foreach (var name in tag.Wanted)
        {
            name.IsAnswered = true;
        }
    }

    private void Tell(RegistryWanted name, ImageException failure)
    {
        _observer.Error(failure, name.Selection!.Image.Text);
        name.IsAnswered = true;
    }

    /// <summary>What before= and since= ask of an image (F3, F4): they name images of the registry, whatever is listed.</summary>
    private async Task<Func<Image, bool>> MomentsAsync(CancellationToken cancellationToken)
    {
        var tests = new List<Func<FilterTime, bool>>();
        foreach (var moment in _request.Filter.Moments)
        {
            var reference = _address.Read(ImageIdentity.Of(moment.Value));
            var named = await ImageDocuments.ReadAsync(
                new KeptSource(_client, reference, _documents), null, null, reference.Familiar, _address.Store, _observer,
                cancellationToken).ConfigureAwait(false);
            var time = FilterTime.From(ImageTime.Of(named.Config.Created) ?? throw ImageFilter.NoCreationTime(moment.Key, moment.Value));
            tests.Add(moment.Key == "before" ? created => created.CompareTo(time) < 0 : created => created.CompareTo(time) > 0);
        }

        return image => tests.Count == 0
            || (image.Created is { } created && tests.TrueForAll(test => test(FilterTime.From(created))));
    }

    /// <param name="Reference">A tag, or a digest that was named.</param>
    /// <param name="Wanted">Who wants it.</param>
    private sealed record Tag(ImageReference Reference, IReadOnlyList<RegistryWanted> Wanted)
    {
        /// <summary>True when the user named this one: then it is told when it is not there, and shown whatever it is.</summary>
        public bool IsNamed { get; init; }
    }

    private sealed record Child(Tag Tag, ImageIndex Root, ImageIndex Parent, ManifestEntry Entry, KeptSource Source);
}
