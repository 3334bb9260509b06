using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores.Registry;

/// <summary>Describes the manifest or index that a reference names in its registry.</summary>
internal static class RegistryManifests
{
    /// <summary>Describes what a reference names in its registry; else as <see cref="ManifestReader.DescribeAsync"/>.</summary>
    /// <exception cref="ImageException">
    /// As <see cref="ManifestReader.DescribeAsync"/>; Unauthorized, Denied, Unavailable, Timeout: the registry.
    /// </exception>
    public static Task<ManifestAnswer> DescribeAsync(
        ImageReference reference,
        Platform? platform,
        RegistryOptions options,
        IOperationObserver observer,
        CancellationToken cancellationToken) =>
        DescribeAsync(RegistryClient.For(reference.Registry, options), reference, platform, observer, cancellationToken);

    /// <summary>As the other form, with a client.</summary>
    internal static Task<ManifestAnswer> DescribeAsync(
        RegistryClient client, ImageReference reference, Platform? platform, IOperationObserver observer,
        CancellationToken cancellationToken) =>
        client.GuardAsync(reference, observer, guarded => ManifestReader.DescribeAsync(
            reference, new RegistrySource(client, reference), platform, guarded, cancellationToken));
}
