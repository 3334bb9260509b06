using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;

namespace ImgsPS.Stores.Registry;

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
    public string Name => _reference.Familiar;

    /// <inheritdoc/>
    public string Lack(string what, Descriptor content) => LackIn(_client.Registry, what);

    /// <inheritdoc/>
    public string LackAdvice(Descriptor content, bool hasOthers) => AdviceFor(_reference, content, hasOthers);

    /// <summary>As <see cref="Lack"/>, for all who ask a registry.</summary>
    public static string LackIn(string registry, string what) => $"that {what} is not in the registry {registry}";

    /// <summary>As <see cref="LackAdvice"/>, for all who ask a registry.</summary>
    public static string AdviceFor(ImageReference reference, Descriptor content, bool hasOthers) =>
        (content.Platform is not null && hasOthers ? "Choose another platform with -Platform, or ask" : "Ask")
        + $" whoever pushed {reference.Familiar} to push it again: trying again does not help.";

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
