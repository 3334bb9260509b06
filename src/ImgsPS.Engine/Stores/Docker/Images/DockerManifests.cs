using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores.Registry;

namespace ImgsPS.Stores.Docker;

/// <summary>The manifests of a Docker Engine's images: its API does not give them, so they are read where the image came from.</summary>
internal sealed class DockerManifests(DockerClient client, DockerLookup lookup)
{
    /// <summary>As <see cref="IImageStore.GetManifestAsync"/>.</summary>
    /// <exception cref="ImageException">
    /// NotSupported: the image has no digest of a repository. Others as the lookup's and the registry's.
    /// </exception>
    public async Task<ManifestAnswer> GetAsync(
        ImageIdentity image, Platform? platform, RegistryOptions registry, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var found = await lookup.FindAsync(image, observer, cancellationToken).ConfigureAwait(false);
        var candidates = found.Image.Digests
            .Select(d => ImageReference.TryParse(d, out var reference) && reference.Digest is not null ? reference : null)
            .OfType<ImageReference>()
            .ToArray();
        var own = candidates.FirstOrDefault(c => c.FamiliarName == found.Row.Repository && c.Digest!.ToString() == found.Row.Digest)
            ?? candidates.FirstOrDefault();
        if (own is null)
        {
            throw new ImageException(
                ImageErrorKind.NotSupported,
                $"The store '{client.Endpoint.Store}' cannot show the manifest of {found.Row}: a Docker Engine does not give manifests, " +
                    "and this image "
                + "comes from no registry.",
                "Push it to a registry and ask for it there, or use Get-ImageConfig and Get-ImageLayer.");
        }

        var reference = own.WithDigest(own.Digest!);
        observer.Verbose($"A Docker Engine does not give manifests: reading {reference.Familiar} from {reference.Registry}");
        return await RegistryManifests.DescribeAsync(reference, platform, registry, observer, cancellationToken).ConfigureAwait(false);
    }
}
