using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Platforms;

namespace ImgsPS.Stores;

/// <summary>What says all of one image: its manifest, and its config with a diff id for each layer (U9). Immutable.</summary>
/// <param name="Manifest">The manifest; not an artifact's.</param>
/// <param name="Config">The config.</param>
/// <param name="Reference">Familiar reference that was asked for; null for an untagged image.</param>
/// <param name="Store">The store, as <c>-Store</c> takes it.</param>
internal sealed record ImageDocuments(Manifest Manifest, ConfigDocument Config, string? Reference, string? Store)
{
    /// <summary>The image id: digest of the config.</summary>
    public string Id => Manifest.Config.Digest.ToString();

    /// <summary>What messages call it: the reference, or the id.</summary>
    public string Name => Reference ?? Id;

    /// <summary>
    /// Reads the documents of one image. An index's is the one for <paramref name="platform"/>, null meaning this machine's best as a pull
    /// chooses (U6); a manifest that is named directly is taken as it is when no platform is asked for. Layers are not read.
    /// </summary>
    /// <param name="source">Where the documents are.</param>
    /// <param name="named">The descriptor of the document to begin with; null for what the source's reference names.</param>
    /// <param name="platform">One platform, or null.</param>
    /// <param name="reference">Familiar reference that was asked for; null for an untagged image.</param>
    /// <param name="store">The store.</param>
    /// <param name="observer">Who is told.</param>
    /// <param name="cancellationToken">Stops the operation.</param>
    /// <exception cref="ImageException">
    /// NotFound: there is no such document, or none for the platform (U5). NotSupported: an artifact (U11). Others as
    /// <see cref="IManifestSource"/>.
    /// </exception>
    public static async Task<ImageDocuments> ReadAsync(
        IManifestSource source,
        Descriptor? named,
        Platform? platform,
        string? reference,
        string? store,
        IOperationObserver observer,
        CancellationToken cancellationToken)
    {
        var document = await source.GetManifestAsync(named, observer, cancellationToken).ConfigureAwait(false);
        if (document is Manifest direct)
        {
            direct.EnsureImage(reference ?? direct.Digest.ToString());
            if (platform is null)
            {
                var config = await source.ReadConfigAsync(direct, observer, cancellationToken).ConfigureAwait(false);
                return new ImageDocuments(direct, config, reference, store);
            }
        }

        var matcher = platform is null ? PlatformMatcher.ForHost() : PlatformMatcher.For(platform);
        var found = await new PlatformSearch(source, matcher, observer, cancellationToken).FindAsync(document).ConfigureAwait(false);
        return new ImageDocuments(found.Manifest, found.Config!, reference, store);
    }
}
