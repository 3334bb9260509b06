using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Transfer;

namespace ImgsPS.Stores.Registry;

/// <summary>
/// A name in a registry as one copy fills it (PU1-PU15): blobs, then manifests by their digests, then the root by its tag. The registry
/// refuses a manifest whose content it lacks, so what is named is whole. Safe for any number of threads.
/// </summary>
internal sealed class RegistryTarget : IReferrerTarget
{
    private readonly RegistryClient _client;
    private readonly RegistryUploads _uploads;
    private readonly ImageReference _reference;
    private readonly IOperationObserver _observer;

    // What the registry said that it lacks although it had said that it has it; once for each.
    private readonly ConcurrentDictionary<Digest, bool> _denied = new();

    private RegistryTarget(RegistryClient client, ImageReference reference, IOperationObserver observer)
    {
        _client = client;
        _reference = reference;
        _observer = observer;
        _uploads = new RegistryUploads(client, reference, Counts, observer);
    }

    /// <inheritdoc/>
    public Descriptor? Current { get; private set; }

    /// <inheritdoc/>
    public bool IsNamedWhole => true;

    /// <inheritdoc/>
    public TransferCounts Counts { get; } = new();

    /// <summary>Begins with one question: what the name means now.</summary>
    /// <exception cref="ImageException">RateLimited. Unauthorized: a credential is refused. Unavailable: nobody is there.</exception>
    public static async Task<RegistryTarget> BeginAsync(
        RegistryClient client, ImageReference reference, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var target = new RegistryTarget(client, reference.WithDefaultTag(), client.Masked(observer, reference));
        await client.GuardAsync(reference, observer, async _ =>
        {
            target.Current = await target._uploads.HeadManifestAsync(cancellationToken).ConfigureAwait(false);
            return true;
        }).ConfigureAwait(false);
        return target;
    }

    /// <inheritdoc/>
    public Task<T> GuardAsync<T>(IOperationObserver observer, Func<IOperationObserver, Task<T>> work) =>
        _client.GuardAsync(_reference, observer, work);

    /// <inheritdoc/>
    public void Protect(IEnumerable<Descriptor> content)
    {
        // A registry keeps what is uploaded until its own collection runs.
    }

    /// <inheritdoc/>
    public async Task<bool> HasAsync(Descriptor descriptor, CancellationToken cancellationToken)
    {
        if (_denied.ContainsKey(descriptor.Digest))
        {
            return _client.Contents.Has(_reference.Repository, descriptor.Digest);
        }

        return await _uploads.HasBlobAsync(descriptor, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<BlobArrival> BringAsync(BlobTransfer blob, CancellationToken cancellationToken)
    {
        var digest = blob.Descriptor.Digest;
        using var entered = await _client.Contents.EnterAsync(digest, cancellationToken).ConfigureAwait(false);
        if (_client.Contents.Has(_reference.Repository, digest))
        {
            return BlobArrival.WasThere;
        }

        var from = _denied.ContainsKey(digest) ? null
            : new[] { _client.Contents.Find(digest) }.Concat(blob.RepositoriesAt(_client.Registry))
                .FirstOrDefault(repository => repository is not null && repository != _reference.Repository);
        var isMounted = await _uploads.UploadAsync(blob, from, cancellationToken).ConfigureAwait(false);
        _client.Contents.Add(_reference.Repository, digest);
        if (!isMounted)
        {
            Counts.AddCopied(blob.Descriptor.Size);
            return BlobArrival.Copied;
        }

        Counts.AddMounted(blob.Descriptor.Size);
        blob.Tell($"Mounted from {from}");
        return BlobArrival.Mounted;
    }

    /// <summary>Nothing is at hand: what is in a registry costs a question.</summary>
    public byte[]? TryRead(Descriptor descriptor, int limit) => null;

    /// <inheritdoc/>
    public Task<bool> StoreAsync(ManifestDocument document, CancellationToken cancellationToken) =>
        IsThereAsync(document, _uploads.PutManifestAsync(document, document.Digest.ToString(), cancellationToken));

    /// <inheritdoc/>
    /// <exception cref="ImageException">InvalidReference: the name is another digest.</exception>
    public Task<bool> PublishAsync(ManifestDocument root, IReadOnlyList<Descriptor> required, CancellationToken cancellationToken)
    {
        if (_reference.Digest is { } digest && digest != root.Digest)
        {
            throw new ImageException(
                ImageErrorKind.InvalidReference,
                $"cannot push to {_reference.Familiar}: what is pushed has the digest {root.Digest}",
                "Name a tag; a digest is what the content makes it.");
        }

        return _reference.Digest is null
            ? IsThereAsync(root, _client.Tags.PutAsync(_uploads, _reference.Repository, root, _reference.Tag!, cancellationToken))
            : StoreAsync(root, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<bool> AttachAsync(
        IReadOnlyList<CopiedReferrer> referrers, IReadOnlyList<Descriptor> required, CancellationToken cancellationToken)
    {
        foreach (var referrer in referrers)
        {
            // One with a subject is found since it was put (PU20); cosign's older tags are tags like others.
            if (referrer.Found.Referrer is { Source: ImageReferrerSource.CosignTag, Tag: { } tag }
                && !await IsThereAsync(
                    referrer.Document, _uploads.PutManifestAsync(referrer.Document, tag, cancellationToken)).ConfigureAwait(false))
            {
                return false;
            }
        }

        return true;
    }

    public void Dispose()
    {
        // The client is the command's.
    }

    /// <summary>False when the registry lacks content that it said it has: that is to be copied again, once (PU13).</summary>
    private async Task<bool> IsThereAsync(ManifestDocument document, Task<IReadOnlyCollection<Digest>> put)
    {
        var missing = await put.ConfigureAwait(false);
        if (missing.Count == 0)
        {
            return true;
        }

        if (document is Manifest image
            && image.Layers.Any(l => missing.Contains(l.Digest) && !MediaTypes.Classify(l.MediaType).Distributable))
        {
            throw new ImageException(
                ImageErrorKind.NotSupported,
                $"{_client.Registry} does not accept layers that are elsewhere: {_reference.Familiar} has some that may not be given on",
                "-IncludeForeignLayer uploads them, if you may.");
        }

        if (missing.FirstOrDefault(d => _denied.ContainsKey(d)) is { } again)
        {
            throw new ImageException(
                ImageErrorKind.Unavailable,
                $"{_client.Registry} took the blob {again} twice and still says that it does not have it (MANIFEST_BLOB_UNKNOWN)",
                "The registry loses content; ask who runs it.");
        }

        foreach (var digest in missing)
        {
            _observer.Verbose($"{digest.ShortHex}: the registry lost it; copying it again");
            _denied.TryAdd(digest, true);
            _client.Contents.Forget(_reference.Repository, digest);
        }

        return false;
    }
}
