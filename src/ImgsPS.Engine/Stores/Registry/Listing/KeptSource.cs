using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;

namespace ImgsPS.Stores.Registry;

/// <summary>A reference's documents in its registry, those from what is kept that were fetched before.</summary>
internal sealed class KeptSource : IManifestSource
{
    private readonly RegistrySource _source;
    private readonly RegistryDocuments? _documents;
    private readonly Descriptor? _root;

    /// <param name="client">The registry.</param>
    /// <param name="reference">The reference.</param>
    /// <param name="documents">Keeps what was fetched; null to fetch everything.</param>
    /// <param name="resolved">What the tag is known to name; null to ask.</param>
    public KeptSource(RegistryClient client, ImageReference reference, RegistryDocuments? documents, Digest? resolved = null)
    {
        _source = new RegistrySource(client, reference);
        _documents = documents;
        _root = (reference.Digest ?? resolved) is { } digest ? new Descriptor("", digest, 0) : null;
    }

    /// <inheritdoc/>
    public string Name => _source.Name;

    /// <inheritdoc/>
    public string Lack(string what, Descriptor content) => _source.Lack(what, content);

    /// <inheritdoc/>
    public string LackAdvice(Descriptor content, bool hasOthers) => _source.LackAdvice(content, hasOthers);

    /// <inheritdoc/>
    public async Task<ManifestDocument> GetManifestAsync(
        Descriptor? expected, IOperationObserver observer, CancellationToken cancellationToken)
    {
        if (_documents is null || (expected ?? _root) is not { } wanted)
        {
            var document = await _source.GetManifestAsync(expected ?? _root, observer, cancellationToken).ConfigureAwait(false);
            _documents?.Add(document.Digest, document.Bytes, observer);
            return document;
        }

        var bytes = await _documents.GetAsync(
            wanted.Digest,
            async () => (await _source.GetManifestAsync(wanted, observer, cancellationToken).ConfigureAwait(false)).Bytes,
            observer,
            cancellationToken).ConfigureAwait(false);
        return expected is null
            ? ManifestDocument.ParseByDigest(bytes, null, wanted.Digest)
            : ManifestDocument.Parse(bytes, null, expected);
    }

    /// <inheritdoc/>
    public async Task<byte[]> GetConfigAsync(Descriptor config, IOperationObserver observer, CancellationToken cancellationToken)
    {
        if (_documents is not null)
        {
            var bytes = await _documents.GetAsync(
                config.Digest, () => _source.GetConfigAsync(config, observer, cancellationToken), observer, cancellationToken)
                .ConfigureAwait(false);
            if (bytes.Length == config.Size)
            {
                return bytes;
            }
        }

        return await _source.GetConfigAsync(config, observer, cancellationToken).ConfigureAwait(false);
    }
}
