using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Transfer;

namespace ImgsPS.Stores.Registry;

/// <summary>
/// The images of a registry, to be read, to be removed and as ends of copies. Names are read relative to it, <c>app:1</c> of <c>registry://host/team</c> is
/// <c>host/team/app:1</c>, and in full. Safe for any number of threads.
/// </summary>
internal sealed class RegistryStore : ISelectingStore, ITaggedStore, ISearchingStore, ISourceStore, ITargetStore, IReferrerStore,
    IRemovingStore
{
    private readonly RegistryAddress _address;
    private readonly RegistryOptions _options;
    private readonly RegistryDocuments _documents;
    private readonly RegistryClients? _own;
    private readonly ConcurrentDictionary<RemovalRequest, (ImageRemoval? Removal, ImageException? Failure)> _removed = new();
    private RepositoryContents? _contents;

    /// <param name="address">The registry, and which of its repositories.</param>
    /// <param name="options">How to talk to it. Without a command's clients the store has its own and ends them.</param>
    /// <param name="documents">What is kept of digests; null to keep it for this store's life alone.</param>
    public RegistryStore(RegistryAddress address, RegistryOptions options, RegistryDocuments? documents = null)
    {
        _address = address;
        _documents = documents ?? new RegistryDocuments(null);
        _own = options.Clients is null ? new RegistryClients() : null;
        _options = _own is null ? options : options with { Clients = _own };
    }

    /// <inheritdoc/>
    public string Name => _address.Store;

    /// <inheritdoc/>
    public string Kind => "registry";

    /// <summary>As <see cref="RepositoryContents.Fresh"/>.</summary>
    public TimeSpan Fresh { get; init; } = TimeSpan.FromSeconds(10);

    private RegistryClient Client => RegistryClient.For(_address.Registry, _options);

    /// <inheritdoc/>
    public Task<IReadOnlyList<Image>> ListAsync(ListRequest request, IOperationObserver observer, CancellationToken cancellationToken) =>
        ListAsync([RegistryWanted.Everything(_address)], request, observer, cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Image>> SelectAsync(
        IReadOnlyList<ImageSelection> wanted, ListRequest request, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var names = new List<RegistryWanted>();
        foreach (var selection in wanted)
        {
            try
            {
                names.Add(RegistryWanted.Of(_address, selection));
            }
            catch (ImageException e)
            {
                observer.Error(e, selection.Image.Text);
            }
        }

        var listed = await ListAsync(names, request, observer, cancellationToken).ConfigureAwait(false);
        var rows = new PlainImageRows(listed);
        foreach (var name in names.Where(name => name.Selection!.Image.IsListed && name.IsAnswered))
        {
            try
            {
                ImageLookup.FindIn(rows, name.Selection!.Image);
            }
            catch (ImageException e) when (e.Kind == ImageErrorKind.Conflict)
            {
                observer.Error(e, name.Selection!.Image.Text);
                listed = listed.Where(row => row.Reference != name.Selection!.Image.Reference).ToArray();
            }
        }

        return listed;
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<RepositoryTags>> ListTagsAsync(
        TagListRequest request, IOperationObserver observer, CancellationToken cancellationToken) =>
        Client.GuardAsync(_address.Registry, observer, guarded =>
            new RegistryTagList(_address, Client, request, guarded).RunAsync(cancellationToken));

    /// <inheritdoc/>
    public async Task<ImageConfig> GetConfigAsync(
        ImageIdentity image, Platform? platform, IOperationObserver observer, CancellationToken cancellationToken) =>
        ImageConfigView.Of(await ReadAsync(image, platform, observer, cancellationToken).ConfigureAwait(false));

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ImageHistoryEntry>> GetHistoryAsync(
        ImageIdentity image, Platform? platform, IOperationObserver observer, CancellationToken cancellationToken) =>
        ImageHistoryView.Of(await ReadAsync(image, platform, observer, cancellationToken).ConfigureAwait(false), observer);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ImageLayer>> GetLayersAsync(
        ImageIdentity image, Platform? platform, IOperationObserver observer, CancellationToken cancellationToken) =>
        ImageLayerView.Of(await ReadAsync(image, platform, observer, cancellationToken).ConfigureAwait(false), observer);

    /// <inheritdoc/>
    public Task<ManifestAnswer> GetManifestAsync(
        ImageIdentity image, Platform? platform, RegistryOptions registry, IOperationObserver observer,
        CancellationToken cancellationToken)
    {
        var (name, reference) = Locate(image, null);
        return Client.GuardAsync(reference, observer, async guarded =>
        {
            var source = Source(image, reference);
            var only = platform is null ? await OwnAsync(image, source, guarded, cancellationToken).ConfigureAwait(false) : null;
            return await ManifestReader.DescribeNamedAsync(name, source, platform, only, guarded, cancellationToken).ConfigureAwait(false);
        });
    }

    /// <inheritdoc/>
    public Task<ImageStoreInfo> GetInfoAsync(IOperationObserver observer, CancellationToken cancellationToken) =>
        Client.GuardAsync(_address.Registry, observer, async guarded =>
        {
            var repositories = await CountAsync(guarded, cancellationToken).ConfigureAwait(false);
            var limit = await Client.GetRateLimitAsync(guarded, cancellationToken).ConfigureAwait(false);
            return new ImageStoreInfo
            {
                Store = Name,
                Kind = Kind,
                Address = Client.BaseUri.GetLeftPart(UriPartial.Authority),
                Repositories = repositories,
                RateLimit = limit?.Limit,
                RateLimitRemaining = limit?.Remaining,
                RateLimitWindow = limit?.Window,
                RateLimitReset = limit?.ResetsAt?.ToUniversalTime(),
                RateLimitSource = limit?.Source,
            };
        });

    /// <inheritdoc/>
    public Task<IRemovalPlanner> PlanRemovalsAsync(bool measure, IOperationObserver observer, CancellationToken cancellationToken)
    {
        _contents = NewContents();
        return Task.FromResult<IRemovalPlanner>(new RegistryPlanner(_address, _contents, measure));
    }

    /// <inheritdoc/>
    public async Task<ImageRemovals> RemoveAsync(
        IReadOnlyList<RemovalRequest> requests, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var contents = _contents ??= NewContents();
        var fresh = requests.Where(request => !_removed.ContainsKey(request)).ToList();
        if (fresh.Count > 0)
        {
            var done = await Client.GuardAsync(_address.Registry, observer, guarded =>
                new RegistryRemoval(contents, guarded, cancellationToken).RunAsync(fresh)).ConfigureAwait(false);
            for (var i = 0; i < fresh.Count; i++)
            {
                _removed[fresh[i]] = done[i];
            }
        }

        var removals = new List<ImageRemoval>();
        foreach (var (removal, failure) in requests.Select(request => _removed[request]))
        {
            if (failure is not null)
            {
                return new ImageRemovals(removals, failure);
            }

            removals.Add(removal!);
        }

        return new ImageRemovals(removals, null);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ImageSearchResult>> SearchAsync(
        SearchRequest request, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var found = await ImageSearch.FindAsync(
            request with { Registry = _address.Registry, Within = _address, Options = _options }, observer, cancellationToken)
            .ConfigureAwait(false);
        return found.Where(result => ImageReference.TryParse(result.Name, out var name) && _address.Holds(name.Repository)).ToArray();
    }

    /// <inheritdoc/>
    public IReadOnlyList<IImageSource> OpenSources(IReadOnlyList<ImageIdentity> images, IOperationObserver observer) =>
        images.Select(image => new RegistrySource(Client, Locate(image, null).Reference)).ToArray();

    /// <inheritdoc/>
    public IReferrerSource OpenReferrers(ImageIdentity image, IOperationObserver observer) =>
        new RegistrySource(Client, Locate(image, null).Reference);

    /// <inheritdoc/>
    public ImageReference? NameOf(ImageIdentity image) => _address.Read(image);

    /// <inheritdoc/>
    public async Task<IImageTarget> BeginPullAsync(
        ImageReference reference, IOperationObserver observer, CancellationToken cancellationToken) =>
        await RegistryTarget.BeginAsync(Client, reference, observer, cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Descriptor>> LackingAsync(
        ImageReference reference, IReadOnlyList<Descriptor> content, IOperationObserver observer, CancellationToken cancellationToken)
    {
        using var target = await RegistryTarget.BeginAsync(Client, reference, observer, cancellationToken).ConfigureAwait(false);
        var there = await Task.WhenAll(content.Select(c => target.HasAsync(c, cancellationToken))).ConfigureAwait(false);

        // What another repository is known to have is taken over from there.
        return content.Where((c, i) => !there[i] && Client.Contents.Find(c.Digest) is null).ToArray();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _documents.Tidy(NullObserver.Instance);
        _own?.Dispose();
    }

    private RepositoryContents NewContents() => new(_address, Client, _documents) { Fresh = Fresh };

    private Task<IReadOnlyList<Image>> ListAsync(
        IReadOnlyList<RegistryWanted> wanted, ListRequest request, IOperationObserver observer, CancellationToken cancellationToken) =>
        Client.GuardAsync(_address.Registry, observer, guarded =>
            new RegistryList(_address, Client, _documents, request, guarded).RunAsync(wanted, cancellationToken));

    private Task<ImageDocuments> ReadAsync(
        ImageIdentity image, Platform? platform, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var (name, reference) = Locate(image, platform is null ? image.ManifestDigest : null);
        return Client.GuardAsync(reference, observer, guarded => platform is null && IsById(image)
            ? ReadByIdAsync(image, name, Source(image, reference), guarded, cancellationToken)
            : ImageDocuments.ReadAsync(Source(image, reference), null, platform, name, Name, guarded, cancellationToken));
    }

    /// <summary>True for a listed image of which only the id tells which one of an index's it is: a row without its other properties.</summary>
    private static bool IsById(ImageIdentity image) =>
        image.IsListed && image.ManifestDigest is null && image.Id is not null && image.Id != image.Digest;

    /// <summary>Looks for the image with the listed id in what its name leads to (FF2).</summary>
    /// <exception cref="ImageException">Conflict: it is not there.</exception>
    private async Task<ImageDocuments> ReadByIdAsync(
        ImageIdentity image, string name, KeptSource source, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var root = await source.GetManifestAsync(null, observer, cancellationToken).ConfigureAwait(false);
        var index = root as ImageIndex;
        foreach (var entry in index?.MayBeImages() ?? [])
        {
            var child = await source.GetChildAsync(index!, entry.Follow(), observer, cancellationToken).ConfigureAwait(false);
            if (child is Manifest own && own.Config.Digest.ToString() == image.Id)
            {
                root = own;
                break;
            }
        }

        return root is Manifest { IsImage: true } manifest && manifest.Config.Digest.ToString() == image.Id
            ? new ImageDocuments(
                manifest, await source.ReadConfigAsync(manifest, observer, cancellationToken).ConfigureAwait(false), name, Name)
            : throw ImageLookup.Moved(name);
    }

    /// <summary>The documents of an image: of a listed one as the list has read them, of a name as they are in the registry now.</summary>
    private KeptSource Source(ImageIdentity image, ImageReference reference) =>
        new(Client, reference, image.IsListed ? _documents : null);

    /// <summary>The entry of a listed image in the index that its name leads to; null for a name, and where there is none.</summary>
    private static async Task<Descriptor?> OwnAsync(
        ImageIdentity image, KeptSource source, IOperationObserver observer, CancellationToken cancellationToken) =>
        image.IsListed && image.ManifestDigest is not null && image.ManifestDigest != image.Digest
            && await source.GetManifestAsync(null, observer, cancellationToken).ConfigureAwait(false) is ImageIndex index
            ? index.Manifests.FirstOrDefault(entry => entry.Digest.ToString() == image.ManifestDigest)
            : null;

    /// <summary>What an image is called, and what to ask for: of a listed one its own digest, so that it is that one alone.</summary>
    private (string Name, ImageReference Reference) Locate(ImageIdentity image, string? digest)
    {
        var reference = _address.Read(image).WithDefaultTag();
        var listed = Digest.TryParse(digest ?? image.Digest, out var own) ? reference.WithDigest(own) : reference;
        return (reference.Familiar, listed);
    }

    /// <summary>How many repositories there are; null when the registry does not say.</summary>
    private async Task<int?> CountAsync(IOperationObserver observer, CancellationToken cancellationToken)
    {
        try
        {
            var count = 0;
            await foreach (var path in Client.ListRepositoriesAsync(observer, cancellationToken).ConfigureAwait(false))
            {
                count += _address.Holds(path) ? 1 : 0;
            }

            return count;
        }
        catch (ImageException e) when (e.Kind == ImageErrorKind.RateLimited && Client.Transport.Memory.RateLimit is not null)
        {
            observer.Warning($"{_address.Registry} did not list its repositories: {e.Message}");
            return null;
        }
        catch (ImageException e) when (Client.IsWithoutList(e))
        {
            observer.Verbose($"{_address.Registry} does not list its repositories: {e.Message}");
            return null;
        }
    }
}
