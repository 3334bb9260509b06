using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Registry;

namespace ImgsPS.Store.Docker;

/// <summary>The images of a Docker Engine, over its API. Safe for any number of threads.</summary>
internal sealed class DockerStore : IImageStore
{
    private readonly EngineClient _engine;

    /// <param name="engine">The Engine; the store disposes it.</param>
    public DockerStore(EngineClient engine) => _engine = engine;

    /// <inheritdoc/>
    public string Name => _engine.Endpoint.Store;

    /// <inheritdoc/>
    public Task<IReadOnlyList<Image>> ListAsync(ListRequest request, IOperationObserver observer, CancellationToken cancellationToken) => throw Later();

    /// <inheritdoc/>
    public IAsyncEnumerable<Image> PullAsync(PullRequest request, IOperationObserver observer, CancellationToken cancellationToken) => throw Later();

    /// <inheritdoc/>
    public Task<ImageRemoval> RemoveAsync(RemovalRequest request, IOperationObserver observer, CancellationToken cancellationToken) => throw Later();

    /// <inheritdoc/>
    public Task<Image> TagAsync(TagRequest request, IOperationObserver observer, CancellationToken cancellationToken) => throw Later();

    /// <inheritdoc/>
    public Task<ImageConfig> GetConfigAsync(
        ImageIdentity image, Platform? platform, IOperationObserver observer, CancellationToken cancellationToken) => throw Later();

    /// <inheritdoc/>
    public Task<IReadOnlyList<ImageHistoryEntry>> GetHistoryAsync(
        ImageIdentity image, Platform? platform, IOperationObserver observer, CancellationToken cancellationToken) => throw Later();

    /// <inheritdoc/>
    public Task<IReadOnlyList<ImageLayer>> GetLayersAsync(
        ImageIdentity image, Platform? platform, IOperationObserver observer, CancellationToken cancellationToken) => throw Later();

    /// <inheritdoc/>
    public Task<ManifestAnswer> GetManifestAsync(
        ImageIdentity image, Platform? platform, RegistryOptions registry, IOperationObserver observer, CancellationToken cancellationToken) => throw Later();

    /// <inheritdoc/>
    public Task<IReadOnlyList<ImageSearchResult>> SearchAsync(
        SearchRequest request, IOperationObserver observer, CancellationToken cancellationToken) => throw Later();

    /// <inheritdoc/>
    public Task<ImageStoreInfo> GetInfoAsync(IOperationObserver observer, CancellationToken cancellationToken) => throw Later();

    public void Dispose() => _engine.Dispose();

    private ImageException Later() => new(ImageErrorKind.NotSupported, $"The store '{Name}' cannot do this yet.");
}
