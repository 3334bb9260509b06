using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Naming;
using ImgsPS.Transfer;

namespace ImgsPS.Stores.Registry;

/// <summary>What a reference names in its registry. The tag is asked for once; all else goes by digest (RN21).</summary>
internal sealed class RegistrySource : IReferrerSource
{
    private readonly RegistryClient _client;
    private readonly ImageReference _reference;

    public RegistrySource(RegistryClient client, ImageReference reference)
    {
        _client = client;
        _reference = reference.WithDefaultTag();
    }

    /// <inheritdoc/>
    public string Name => _reference.Familiar;

    /// <inheritdoc/>
    public string Lack(string what, Descriptor content) => IsForeign(content)
        ? $"that is a foreign layer, and the registry does not hold it; its descriptor points to {PrintableText.OfServer(content.Urls[0])}"
        : $"that {what} is not in the registry {_client.Registry}";

    /// <inheritdoc/>
    public string LackAdvice(Descriptor content, bool hasOthers) => IsForeign(content)
        ? "Foreign urls are not fetched. Push the layer to the registry, or pull from one that holds it."
        : (content.Platform is not null && hasOthers ? "Choose another platform with -Platform, or ask" : "Ask")
            + $" whoever pushed {Name} to push it again: trying again does not help.";

    /// <inheritdoc/>
    /// <exception cref="ImageException">As <see cref="RegistryClient.HeadManifestAsync"/>.</exception>
    public Task<Descriptor?> ResolveAsync(IOperationObserver observer, CancellationToken cancellationToken) =>
        _reference.Digest is { } digest
        ? Task.FromResult<Descriptor?>(new Descriptor("", digest, 0))
        : _client.HeadManifestAsync(_reference, observer, cancellationToken);

    /// <inheritdoc/>
    public Task<ManifestDocument> GetManifestAsync(Descriptor? expected, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var reference = expected is null ? _reference : _reference.WithDigest(expected.Digest);
        var known = expected?.MediaType.Length > 0 ? expected : null;
        return _client.GetManifestAsync(reference, known, observer, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<byte[]> GetConfigAsync(Descriptor config, IOperationObserver observer, CancellationToken cancellationToken) =>
        _client.GetBlobAsync(_reference, config, ConfigDocument.MaxSize, observer, cancellationToken);

    /// <inheritdoc/>
    public BlobStream OpenBlob(Descriptor blob, long offset, IOperationObserver observer, CancellationToken cancellationToken) =>
        _client.OpenBlob(_reference, blob, offset, observer, cancellationToken);

    /// <inheritdoc/>
    public bool Lacks(Descriptor content) => false;

    /// <inheritdoc/>
    public IEnumerable<string> RepositoriesAt(string registry, Descriptor blob) =>
        registry == _client.Registry ? [_reference.Repository] : [];

    /// <inheritdoc/>
    public Task<T> GuardAsync<T>(IOperationObserver observer, Func<IOperationObserver, Task<T>> work) =>
        _client.GuardAsync(_reference, observer, work);

    /// <inheritdoc/>
    public Task<IReadOnlyList<Referrer>> ReferrersAsync(
        Digest subject, string? artifactType, IOperationObserver observer, CancellationToken cancellationToken) =>
        new RegistryReferrers(_client, _reference).ListAsync(subject, artifactType, observer, cancellationToken);

    private static bool IsForeign(Descriptor content) =>
        content.Urls.Count > 0 && MediaTypes.Classify(content.MediaType).Kind is not (MediaTypeKind.Manifest or MediaTypeKind.Index);
}
