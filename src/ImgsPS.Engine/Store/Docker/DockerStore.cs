using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Registry;

namespace ImgsPS.Store.Docker;

/// <summary>The images of a Docker Engine, over its API. Safe for any number of threads.</summary>
internal sealed class DockerStore : IImageStore
{
    private readonly EngineClient _engine;
    private readonly EngineList _list;
    private readonly EngineLookup _lookup;
    private readonly EngineInspect _inspect;
    private readonly ICredentialStore _credentials;

    /// <param name="engine">The Engine; the store disposes it.</param>
    /// <param name="credentials">Credentials of registries; null for the user's Docker config.</param>
    public DockerStore(EngineClient engine, ICredentialStore? credentials = null)
    {
        _engine = engine;
        _credentials = credentials ?? DockerCredentialStore.Default;
        _list = new EngineList(engine);
        _lookup = new EngineLookup(engine, _list);
        _inspect = new EngineInspect(engine, _lookup, _list);
    }

    /// <inheritdoc/>
    public string Name => _engine.Endpoint.Store;

    /// <inheritdoc/>
    public Task<IReadOnlyList<Image>> ListAsync(ListRequest request, IOperationObserver observer, CancellationToken cancellationToken) =>
        _list.ListAsync(request, observer, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<Image> PullAsync(PullRequest request, IOperationObserver observer, CancellationToken cancellationToken) =>
        new EnginePull(_engine, _list, new EngineCredentials(_engine, _credentials)).RunAsync(request, observer, cancellationToken);

    /// <inheritdoc/>
    public async Task<ImageRemovals> RemoveAsync(
        IReadOnlyList<RemovalRequest> requests, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var removal = new EngineRemoval(_engine, _lookup);
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
    public Task<Image> TagAsync(TagRequest request, IOperationObserver observer, CancellationToken cancellationToken) =>
        new EngineTag(_engine, _lookup, _list).RunAsync(request, observer, cancellationToken);

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
        ImageIdentity image, Platform? platform, RegistryOptions registry, IOperationObserver observer, CancellationToken cancellationToken) =>
        new EngineManifests(_engine, _lookup).GetAsync(image, platform, registry, observer, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ImageSearchResult>> SearchAsync(
        SearchRequest request, IOperationObserver observer, CancellationToken cancellationToken) =>
        new EngineSearch(_engine, new EngineCredentials(_engine, _credentials)).FindAsync(request, observer, cancellationToken);

    /// <inheritdoc/>
    public Task<ImageStoreInfo> GetInfoAsync(IOperationObserver observer, CancellationToken cancellationToken) =>
        new EngineInfo(_engine, _list).AskAsync(observer, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<ImageStoreFinding> TestAsync(
        StoreTestRequest request, IOperationObserver observer, CancellationToken cancellationToken) =>
        throw EngineMaintenance.CannotRepair(Name);

    /// <inheritdoc/>
    public IAsyncEnumerable<ImageStoreFinding> RepairAsync(
        StoreRepairRequest request, IOperationObserver observer, CancellationToken cancellationToken) =>
        throw EngineMaintenance.CannotRepair(Name);

    /// <inheritdoc/>
    public Task<ImageStoreOptimization> OptimizeAsync(
        StoreOptimizeRequest request, IOperationObserver observer, CancellationToken cancellationToken) =>
        throw EngineMaintenance.CannotOptimize(Name);

    public void Dispose() => _engine.Dispose();
}
