using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Registry;

namespace ImgsPS.Store;

/// <summary>Config, history and layers of what a reference names in its registry, without pulling layers: manifest and config are read.</summary>
internal static class ImageReader
{
    /// <summary>The config; <paramref name="platform"/> null for this machine's best.</summary>
    public static Task<ImageConfig> GetConfigAsync(
        ImageReference reference, Platform? platform, RegistryOptions registry, IOperationObserver observer, CancellationToken cancellationToken) => throw Later();

    /// <summary>The history, last step first; <paramref name="platform"/> null for this machine's best.</summary>
    public static Task<IReadOnlyList<ImageHistoryEntry>> GetHistoryAsync(
        ImageReference reference, Platform? platform, RegistryOptions registry, IOperationObserver observer, CancellationToken cancellationToken) => throw Later();

    /// <summary>The layers, bottom first; <paramref name="platform"/> null for this machine's best.</summary>
    public static Task<IReadOnlyList<ImageLayer>> GetLayersAsync(
        ImageReference reference, Platform? platform, RegistryOptions registry, IOperationObserver observer, CancellationToken cancellationToken) => throw Later();

    private static ImageException Later() => new(ImageErrorKind.NotSupported, "A registry's images cannot be inspected yet.");
}
