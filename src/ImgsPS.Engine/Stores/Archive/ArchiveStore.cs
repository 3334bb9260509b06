using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Naming;
using ImgsPS.Stores.Registry;
using ImgsPS.Transfer;

namespace ImgsPS.Stores.Archive;

/// <summary>
/// An archive as a store that is only read (AR8-AR12): of what tool it may be, it is read once, from front to back, into a layout in the
/// folder for temporary files, and that answers. So nothing of a damaged archive is shown or copied.
/// </summary>
internal sealed class ArchiveStore(string path) : IPreparedStore, ISourceStore, IReferrerStore
{
    private StagedLayout? _staged;

    /// <inheritdoc/>
    public string Name => path;

    /// <inheritdoc/>
    public string Kind => "archive";

    private ISourceStore Staged => _staged?.Store ?? throw new InvalidOperationException("The archive has not been read.");

    /// <inheritdoc/>
    public async Task PrepareAsync(IOperationObserver observer, CancellationToken cancellationToken)
    {
        try
        {
            _staged ??= await StagedLayout.ImportAsync(ImportInput.OfFile(path), observer, cancellationToken).ConfigureAwait(false);
        }
        catch (ImageException e) when (!e.Message.Contains(path))
        {
            throw new ImageException(e.Kind, $"The archive '{PrintableText.Of(path)}' cannot be read: {e.Message}", e.Advice, e);
        }
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<Image>> ListAsync(ListRequest request, IOperationObserver observer, CancellationToken cancellationToken) =>
        Staged.ListAsync(request, observer, cancellationToken);

    /// <inheritdoc/>
    public Task<ImageConfig> GetConfigAsync(
        ImageIdentity image, Platform? platform, IOperationObserver observer, CancellationToken cancellationToken) =>
        Staged.GetConfigAsync(image, platform, observer, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ImageHistoryEntry>> GetHistoryAsync(
        ImageIdentity image, Platform? platform, IOperationObserver observer, CancellationToken cancellationToken) =>
        Staged.GetHistoryAsync(image, platform, observer, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ImageLayer>> GetLayersAsync(
        ImageIdentity image, Platform? platform, IOperationObserver observer, CancellationToken cancellationToken) =>
        Staged.GetLayersAsync(image, platform, observer, cancellationToken);

    /// <inheritdoc/>
    public Task<ManifestAnswer> GetManifestAsync(
        ImageIdentity image, Platform? platform, RegistryOptions registry, IOperationObserver observer, CancellationToken cancellationToken) =>
        Staged.GetManifestAsync(image, platform, registry, observer, cancellationToken);

    /// <inheritdoc/>
    public async Task<ImageStoreInfo> GetInfoAsync(IOperationObserver observer, CancellationToken cancellationToken)
    {
        var info = await Staged.GetInfoAsync(observer, cancellationToken).ConfigureAwait(false);
        return new ImageStoreInfo
        {
            Store = Name,
            Kind = Kind,
            Path = path,
            Images = info.Images,
            Dangling = info.Dangling,
            Pinned = info.Pinned,
            Blobs = info.Blobs,
            Bytes = info.Bytes,
        };
    }

    /// <inheritdoc/>
    public IReadOnlyList<IImageSource> OpenSources(IReadOnlyList<ImageIdentity> images, IOperationObserver observer) =>
        Staged.OpenSources(images, observer);

    /// <inheritdoc/>
    public ImageReference? NameOf(ImageIdentity image) => Staged.NameOf(image);

    /// <inheritdoc/>
    public IReferrerSource OpenReferrers(ImageIdentity image, IOperationObserver observer) =>
        Staged.ForReferrers().OpenReferrers(image, observer);

    public void Dispose() => _staged?.Dispose();
}
