using System.Linq;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Content;

/// <summary>
/// One reference's documents, in a registry or in a store. All that it gives is checked against the descriptor that names it.
/// </summary>
internal interface IManifestSource
{
    /// <summary>What messages call the image.</summary>
    string Name { get; }

    /// <summary>Says that content is not there, and where: <c>that config is not in the registry localhost:5000</c>.</summary>
    /// <param name="what">The kind of content: <c>manifest</c>.</param>
    /// <param name="content">The content.</param>
    string Lack(string what, Descriptor content);

    /// <summary>What to do about content that is not there.</summary>
    /// <param name="content">The content; an entry of an index has its platform.</param>
    /// <param name="hasOthers">True when the index lists other platforms too.</param>
    string LackAdvice(Descriptor content, bool hasOthers);

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
    /// TooLarge (RN9). InvalidData: not a config, or not this manifest's. Incomplete: it is not there. Others as
    /// <see cref="IManifestSource"/>.
    /// </exception>
    public static async Task<ConfigDocument> ReadConfigAsync(
        this IManifestSource source, Manifest manifest, IOperationObserver observer, CancellationToken cancellationToken)
    {
        if (manifest.Config.Size > ConfigDocument.MaxSize)
        {
            throw ConfigDocument.TooLarge(manifest.Config.Size);
        }

        byte[] bytes;
        try
        {
            bytes = await source.GetConfigAsync(manifest.Config, observer, cancellationToken).ConfigureAwait(false);
        }
        catch (ImageException e) when (e.Kind == ImageErrorKind.NotFound)
        {
            throw source.Incomplete(manifest, "config", manifest.Config, e);
        }

        var config = ConfigDocument.Parse(bytes);
        config.CheckLayers(manifest);
        return config;
    }

    /// <summary>The manifest or index that an index lists as <paramref name="entry"/>.</summary>
    /// <exception cref="ImageException">
    /// Incomplete: it is not there, although the index says so (FF25). Others as <see cref="IManifestSource"/>.
    /// </exception>
    public static async Task<ManifestDocument> GetChildAsync(
        this IManifestSource source, ImageIndex index, Descriptor entry, IOperationObserver observer, CancellationToken cancellationToken)
    {
        try
        {
            return await source.GetManifestAsync(entry, observer, cancellationToken).ConfigureAwait(false);
        }
        catch (ImageException e) when (e.Kind == ImageErrorKind.NotFound)
        {
            var what = entry.Platform?.ToString() ?? "an entry without platform";
            var hasOthers = index.Entries
                .Any(other => other.Platform is { OS: not "unknown" } platform && !platform.Equals(entry.Platform));
            throw source.Incomplete($"the index {index.Digest} of {source.Name} lists {what} as", "manifest", entry, hasOthers, e);
        }
    }

    /// <summary>The failure of an image whose manifest names a config or layer that is not there (FF25).</summary>
    public static ImageException Incomplete(
        this IManifestSource source, Manifest manifest, string what, Descriptor content, ImageException? cause = null) =>
        source.Incomplete($"the manifest {manifest.Digest} of {source.Name} names the {what}", what, content, false, cause);

    /// <summary>The failure of an image of which a part is not there (FF25).</summary>
    /// <param name="source">Where the image is.</param>
    /// <param name="namer">What names the part: <c>the manifest … of app:1 names the layer</c>.</param>
    /// <param name="what">The kind of part.</param>
    /// <param name="content">The part.</param>
    /// <param name="hasOthers">True when there are other platforms.</param>
    /// <param name="cause">What said so.</param>
    public static ImageException Incomplete(
        this IManifestSource source, string namer, string what, Descriptor content, bool hasOthers, ImageException? cause) => new(
        ImageErrorKind.Incomplete,
        $"{namer} {content.Digest}, but {source.Lack(what, content)}",
        source.LackAdvice(content, hasOthers),
        cause);
}
