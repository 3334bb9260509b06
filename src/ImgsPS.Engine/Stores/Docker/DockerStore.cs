using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores.Registry;

namespace ImgsPS.Stores.Docker;

/// <summary>The images of a Docker Engine, over its API. Safe for any number of threads.</summary>
internal sealed class DockerStore : IPullingStore, IPushingStore, ISavingStore, ILoadingStore, IChangingStore, ISearchingStore,
    IUsingStore
{
    private readonly DockerClient _client;
    private readonly DockerList _list;
    private readonly DockerLookup _lookup;
    private readonly DockerInspect _inspect;
    private readonly ICredentialStore _credentials;

    /// <param name="client">Docker; the store disposes it.</param>
    /// <param name="credentials">Credentials of registries; null for the user's Docker config.</param>
    /// <param name="contents">Keeps what is known of images; null for this store's life alone.</param>
    public DockerStore(DockerClient client, ICredentialStore? credentials = null, DockerContentFile? contents = null)
    {
        _client = client;
        _credentials = credentials ?? DockerCredentialStore.Default;
        _list = new DockerList(client, contents);
        _lookup = new DockerLookup(client, _list);
        _inspect = new DockerInspect(client, _lookup, _list);
    }

    /// <inheritdoc/>
    public string Name => _client.Endpoint.Store;

    /// <inheritdoc/>
    public string Kind => "docker";

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Image>> ListAsync(
        ListRequest request, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var images = await _list.ListAsync(request, observer, cancellationToken).ConfigureAwait(false);
        return request.Detailed
            ? await new DockerInfo(_client, _list).WithSharedSizesAsync(images, observer, cancellationToken).ConfigureAwait(false)
            : images;
    }

    /// <inheritdoc/>
    public Task<ImageUses> GetUsesAsync(IOperationObserver observer, CancellationToken cancellationToken) =>
        _list.UsesAsync(observer, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<Image> PullAsync(PullRequest request, IOperationObserver observer, CancellationToken cancellationToken) =>
        new DockerPull(_client, _list, new DockerCredentials(_client, _credentials)).RunAsync(request, observer, cancellationToken);

    /// <inheritdoc/>
    public Task<ImageTransfer> PushAsync(TransferRequest request, IOperationObserver observer, CancellationToken cancellationToken) =>
        new DockerPush(_client, new DockerCredentials(_client, _credentials)).RunAsync(request, observer, cancellationToken);

    /// <inheritdoc/>
    public Task<Stream> SaveAsync(string image, IOperationObserver observer, CancellationToken cancellationToken) =>
        DockerSave.RunAsync(_client, image, observer, cancellationToken);

    /// <inheritdoc/>
    public Task LoadAsync(
        long length, Func<Stream, CancellationToken, Task> write, IOperationObserver observer, CancellationToken cancellationToken) =>
        new DockerLoad(_client).RunAsync(length, write, observer, cancellationToken);

    /// <inheritdoc/>
    public async Task<ImageRemovals> RemoveAsync(
        IReadOnlyList<RemovalRequest> requests, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var removal = new DockerRemoval(_client, _lookup);
        var done = new List<ImageRemoval>();
        try
        {
            foreach (var request in requests)
            {
                done.Add(await removal.RunAsync(request, observer, cancellationToken).ConfigureAwait(false));
            }
        }
        catch (ImageException failure)
        {
            return new ImageRemovals(done, failure);
        }

        return new ImageRemovals(done, null);
    }

    /// <inheritdoc/>
    public async Task<IRemovalPlanner> PlanRemovalsAsync(bool measure, IOperationObserver observer, CancellationToken cancellationToken) =>
        await _list.PlanAsync(observer, cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Image>> TagAsync(
        TagRequest request, IOperationObserver observer, CancellationToken cancellationToken) =>
        [await new DockerTag(_client, _lookup, _list).RunAsync(request, observer, cancellationToken).ConfigureAwait(false)];

    /// <inheritdoc/>
    public Task<ImageConfig> GetConfigAsync(
        ImageIdentity image, Platform? platform, IOperationObserver observer, CancellationToken cancellationToken) =>
        _inspect.GetConfigAsync(image, platform, observer, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ImageHistoryEntry>> GetHistoryAsync(
        ImageIdentity image, Platform? platform, IOperationObserver observer, CancellationToken cancellationToken) =>
        _inspect.GetHistoryAsync(image, platform, observer, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ImageLayer>> GetLayersAsync(
        ImageIdentity image, Platform? platform, IOperationObserver observer, CancellationToken cancellationToken) =>
        _inspect.GetLayersAsync(image, platform, observer, cancellationToken);

    /// <inheritdoc/>
    public Task<ManifestAnswer> GetManifestAsync(
        ImageIdentity image, Platform? platform, RegistryOptions registry, IOperationObserver observer,
        CancellationToken cancellationToken) =>
        new DockerManifests(_client, _lookup).GetAsync(image, platform, registry, observer, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ImageSearchResult>> SearchAsync(
        SearchRequest request, IOperationObserver observer, CancellationToken cancellationToken) =>
        new DockerSearch(_client, new DockerCredentials(_client, _credentials)).FindAsync(request, observer, cancellationToken);

    /// <inheritdoc/>
    public Task<ImageStoreInfo> GetInfoAsync(IOperationObserver observer, CancellationToken cancellationToken) =>
        new DockerInfo(_client, _list).AskAsync(observer, cancellationToken);

    public void Dispose() => _client.Dispose();
}
