using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Registry;

namespace ImgsPS.Store;

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
            new RegistryManifestSource(client, reference), null, platform, reference.Familiar, null, guarded, cancellationToken));
    }
}
