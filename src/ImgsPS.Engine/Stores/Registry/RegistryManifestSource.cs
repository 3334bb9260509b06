using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;

namespace ImgsPS.Stores.Registry;

/// <summary>A reference's documents in its registry. The tag is asked for once; all else goes by digest (RN21).</summary>
internal sealed class RegistryManifestSource : IManifestSource
{
    private readonly RegistryClient _client;
    private readonly ImageReference _reference;
    private readonly RegistryDocuments? _documents;
    private readonly Digest? _digest;

    /// <param name="client">The registry.</param>
    /// <param name="reference">The reference.</param>
    /// <param name="documents">Keeps what was fetched; null to fetch everything.</param>
    /// <param name="resolved">What the tag is known to name; null to ask.</param>
    public RegistryManifestSource(
        RegistryClient client, ImageReference reference, RegistryDocuments? documents = null, Digest? resolved = null)
    {
        _client = client;
        _reference = reference.WithDefaultTag();
        _documents = documents;
        _digest = _reference.Digest ?? resolved;
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
    public async Task<ManifestDocument> GetManifestAsync(
        Descriptor? expected, IOperationObserver observer, CancellationToken cancellationToken)
    {
        if (_documents is null || (expected?.Digest ?? _digest) is not { } digest)
        {
            var document = await FetchAsync(expected?.Digest ?? _digest, expected, observer, cancellationToken).ConfigureAwait(false);
            _documents?.Add(document.Digest, document.Bytes, observer);
            return document;
        }

        var bytes = await _documents.GetAsync(
            digest,
            async () => (await FetchAsync(digest, expected, observer, cancellationToken).ConfigureAwait(false)).Bytes,
            observer,
            cancellationToken).ConfigureAwait(false);
        return expected is null
            ? ManifestDocument.ParseByDigest(bytes, null, digest)
            : ManifestDocument.Parse(bytes, null, expected);
    }

    /// <inheritdoc/>
    public async Task<byte[]> GetConfigAsync(Descriptor config, IOperationObserver observer, CancellationToken cancellationToken)
    {
        if (_documents is not null)
        {
            var bytes = await _documents.GetAsync(
                config.Digest, () => FetchConfigAsync(config, observer, cancellationToken), observer, cancellationToken)
                .ConfigureAwait(false);
            if (bytes.Length == config.Size)
            {
                return bytes;
            }
        }

        return await FetchConfigAsync(config, observer, cancellationToken).ConfigureAwait(false);
    }

    private Task<ManifestDocument> FetchAsync(
        Digest? digest, Descriptor? expected, IOperationObserver observer, CancellationToken cancellationToken) =>
        _client.GetManifestAsync(digest is null ? _reference : _reference.WithDigest(digest), expected, observer, cancellationToken);

    private Task<byte[]> FetchConfigAsync(Descriptor config, IOperationObserver observer, CancellationToken cancellationToken) =>
        _client.GetBlobAsync(_reference, config, ConfigDocument.MaxSize, observer, cancellationToken);
}
