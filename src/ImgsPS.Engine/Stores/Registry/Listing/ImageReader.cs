using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores.Registry;

/// <summary>The exact text of an image's config.</summary>
internal static class ImageReader
{
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
        using var origin = new RegistryStore(RegistryAddress.Of(reference), registry);
        var read = await origin.GetConfigAsync(ImageIdentity.Of(reference.Canonical), null, observer, cancellationToken)
            .ConfigureAwait(false);
        return read.Id == config.Id
            ? read.Raw!
            : throw new ImageException(
                ImageErrorKind.Integrity,
                $"{reference.Familiar} has the config {read.Id}, and the image in '{store.Name}' has {config.Id}",
                "The Docker Engine made the image's config itself; Get-ImageConfig without -Raw shows what it says.");
    }
}
