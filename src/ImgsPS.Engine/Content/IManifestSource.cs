using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Content;

/// <summary>
/// One reference's documents, in a registry or in a store. All that it gives is checked against the descriptor that names it.
/// </summary>
internal interface IManifestSource
{
    /// <summary>
    /// The manifest or index that an index lists as <paramref name="expected"/>; with null, what the reference itself names.
    /// </summary>
    /// <exception cref="ImageException">
    /// NotFound: it is not there. Integrity, InvalidData, NotSupported, TooLarge: as <see cref="ManifestDocument"/>.
    /// </exception>
    Task<ManifestDocument> GetManifestAsync(Descriptor? expected, IOperationObserver observer, CancellationToken cancellationToken);

    /// <summary>A config's bytes, at most <see cref="ConfigDocument.MaxSize"/>.</summary>
    /// <exception cref="ImageException">NotFound: it is not there. Integrity: digest or size is another.</exception>
    Task<byte[]> GetConfigAsync(Descriptor config, IOperationObserver observer, CancellationToken cancellationToken);
}

/// <summary>What all sources of manifests share.</summary>
internal static class ManifestSources
{
    /// <summary>An image's config, checked against its manifest's layers (U9).</summary>
    /// <exception cref="ImageException">
    /// TooLarge (RN9). InvalidData: not a config, or not this manifest's. Others as <see cref="IManifestSource"/>.
    /// </exception>
    public static async Task<ConfigDocument> ReadConfigAsync(
        this IManifestSource source, Manifest manifest, IOperationObserver observer, CancellationToken cancellationToken)
    {
        if (manifest.Config.Size > ConfigDocument.MaxSize)
        {
            throw new ImageException(
                ImageErrorKind.TooLarge, $"the image's config has {manifest.Config.Size} bytes; at most {ConfigDocument.MaxSize} are read");
        }

        var config = ConfigDocument.Parse(await source.GetConfigAsync(manifest.Config, observer, cancellationToken).ConfigureAwait(false));
        config.CheckLayers(manifest);
        return config;
    }
}
