using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;

namespace ImgsPS.Registry;

/// <summary>A reference's documents in its registry. The tag is asked for once; all else goes by digest (RN21).</summary>
internal sealed class RegistryManifestSource : IManifestSource
{
    private readonly RegistryClient _client;
    private readonly ImageReference _reference;

    public RegistryManifestSource(RegistryClient client, ImageReference reference)
    {
        _client = client;
        _reference = reference.WithDefaultTag();
    }

    /// <inheritdoc/>
    public Task<ManifestDocument> GetManifestAsync(Descriptor? expected, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var reference = expected is null ? _reference : _reference.WithDigest(expected.Digest);
        return _client.GetManifestAsync(reference, expected, observer, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<byte[]> GetConfigAsync(Descriptor config, IOperationObserver observer, CancellationToken cancellationToken) =>
        _client.GetBlobAsync(_reference, config, ConfigDocument.MaxSize, observer, cancellationToken);
}
