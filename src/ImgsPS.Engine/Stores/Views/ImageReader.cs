using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores.Registry;

namespace ImgsPS.Stores;

/// <summary>
/// Config, history and layers of what a reference names in its registry, without pulling layers: manifest and config are read. All members
/// are safe for any number of threads and throw <see cref="ImageException"/>: NotFound (no such manifest, U13; none for the platform, U5),
/// NotSupported (an artifact, U11; schema 1, U12), InvalidData, Integrity, TooLarge (what the registry sent), Unauthorized, Denied,
/// RateLimited, Unavailable, Timeout (the registry).
/// </summary>
internal static class ImageReader
{
    /// <summary>The config; <paramref name="platform"/> null for this machine's best.</summary>
    public static async Task<ImageConfig> GetConfigAsync(
        ImageReference reference, Platform? platform, RegistryOptions registry, IOperationObserver observer,
        CancellationToken cancellationToken) =>
        ImageConfigView.Of(await ReadAsync(reference, platform, registry, observer, cancellationToken).ConfigureAwait(false));

    /// <summary>
    /// The exact text of a config of a store. A Docker Engine does not give it: then it is read where the image came from, as its manifest
    /// is.
    /// </summary>
    /// <exception cref="ImageException">
    /// As <see cref="IImageStore.GetConfigAsync"/> and <see cref="IImageStore.GetManifestAsync"/>. Integrity: the registry has another config.
    /// </exception>
    public static async Task<string> GetConfigTextAsync(
        IImageStore store, ImageIdentity image, Platform? platform, RegistryOptions registry, IOperationObserver observer,
        CancellationToken cancellationToken)
    {
        var config = await store.GetConfigAsync(image, platform, observer, cancellationToken).ConfigureAwait(false);
        if (config.Raw is not null)
        {
            return config.Raw;
        }

        var answer = await store.GetManifestAsync(image, platform ?? config.Platform, registry, observer, cancellationToken)
            .ConfigureAwait(false);
        var manifest = answer.Manifests[0];
        var reference = ImageReference.Parse(manifest.Reference).WithDigest(Digest.Parse(manifest.Digest));
        var read = await GetConfigAsync(reference, null, registry, observer, cancellationToken).ConfigureAwait(false);
        return read.Id == config.Id
            ? read.Raw!
            : throw new ImageException(
                ImageErrorKind.Integrity,
                $"{reference.Familiar} has the config {read.Id}, and the image in '{store.Name}' has {config.Id}",
                "The Docker Engine made the image's config itself; Get-ImageConfig without -Raw shows what it says.");
    }

    /// <summary>The history, last step first; <paramref name="platform"/> null for this machine's best.</summary>
    public static async Task<IReadOnlyList<ImageHistoryEntry>> GetHistoryAsync(
        ImageReference reference, Platform? platform, RegistryOptions registry, IOperationObserver observer,
        CancellationToken cancellationToken) =>
        ImageHistoryView.Of(await ReadAsync(reference, platform, registry, observer, cancellationToken).ConfigureAwait(false), observer);

    /// <summary>The layers, bottom first; <paramref name="platform"/> null for this machine's best.</summary>
    public static async Task<IReadOnlyList<ImageLayer>> GetLayersAsync(
        ImageReference reference, Platform? platform, RegistryOptions registry, IOperationObserver observer,
        CancellationToken cancellationToken) =>
        ImageLayerView.Of(await ReadAsync(reference, platform, registry, observer, cancellationToken).ConfigureAwait(false), observer);

    private static Task<ImageDocuments> ReadAsync(
        ImageReference reference, Platform? platform, RegistryOptions registry, IOperationObserver observer,
        CancellationToken cancellationToken)
    {
        reference = reference.WithDefaultTag();
        var client = RegistryClient.For(reference.Registry, registry);
        return client.GuardAsync(reference, observer, guarded => ImageDocuments.ReadAsync(
            new RegistrySource(client, reference), null, platform, reference.Familiar, null, guarded, cancellationToken));
    }
}
