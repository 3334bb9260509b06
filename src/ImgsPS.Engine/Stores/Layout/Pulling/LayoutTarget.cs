using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Transfer;

namespace ImgsPS.Stores.Layout;

/// <summary>
/// A layout as one copy fills it. Content it asks for is claimed by a lease first, so that no removal takes it away meanwhile.
/// </summary>
internal sealed class LayoutTarget : IReferrerTarget
{
    private readonly LayoutTargetParts _parts;
    private readonly BlobFolder _blobs;
    private readonly ImageReference _reference;
    private readonly EntryName _name;
    private readonly TimeSpan _lockWait;
    private readonly IOperationObserver _observer;
    private readonly Lease _lease;
    private readonly IReadOnlyCollection<Digest> _hidden;

    /// <summary>Begins; the store is prepared for writing.</summary>
    /// <exception cref="ImageException">StoreUnavailable; InvalidData: the index is broken.</exception>
    public LayoutTarget(LayoutTargetParts parts, ImageReference reference, TimeSpan lockWait, IOperationObserver observer)
    {
        _parts = parts;
        _blobs = parts.Blobs;
        _lockWait = lockWait;
        _observer = observer;
        _reference = reference;
        _name = EntryName.Of(reference);
        Entry = parts.IndexFile.Read(observer).Find(_name);
        Current = Entry?.Descriptor;
        _hidden = Entry?.Hidden ?? [];
        _lease = Lease.Create(parts.Paths, parts.Files);
    }

    /// <inheritdoc/>
    public Descriptor? Current { get; }

    /// <summary>The reference's entry as this copy found it, or made it; null when there is none.</summary>
    public IndexEntry? Entry { get; private set; }

    /// <inheritdoc/>
    public Task<T> GuardAsync<T>(IOperationObserver observer, Func<IOperationObserver, Task<T>> work) => work(observer);

    /// <inheritdoc/>
    public void Protect(IEnumerable<Descriptor> content) => _lease.Add(content.Select(c => c.Digest));

    /// <inheritdoc/>
    public bool IsNamedWhole => false;

    /// <inheritdoc/>
    public TransferCounts Counts { get; } = new();

    /// <summary>True when the content is there, whole by its size.</summary>
    public bool Contains(Descriptor descriptor)
    {
        Protect(new[] { descriptor });
        return _blobs.Contains(descriptor);
    }

    /// <inheritdoc/>
    public Task<bool> HasAsync(Descriptor descriptor, CancellationToken cancellationToken)
    {
        Protect(new[] { descriptor });
        return _blobs.HasAsync(descriptor, _observer, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<BlobArrival> BringAsync(BlobTransfer blob, CancellationToken cancellationToken)
    {
        using var writer = await BeginAsync(blob.Descriptor, blob.Observer, cancellationToken).ConfigureAwait(false);
        if (writer is null)
        {
            return BlobArrival.WasThere;
        }

        if (writer.Position > 0)
        {
            blob.Tell($"Resumed at {writer.Position} of {blob.Descriptor.Size} bytes");
        }

        Counts.AddCopied(blob.Descriptor.Size - writer.Position);
        using var stream = blob.Open(writer.Position, cancellationToken);
        await BlobCopy.RunAsync(stream, writer, blob.Progress, cancellationToken).ConfigureAwait(false);
        return BlobArrival.Copied;
    }

    /// <inheritdoc/>
    public async Task<bool> StoreAsync(ManifestDocument document, CancellationToken cancellationToken)
    {
        using var writer = await BeginAsync(document.ToDescriptor(), _observer, cancellationToken).ConfigureAwait(false);
        if (writer is not null)
        {
            writer.Reset();
            await writer.WriteAsync(document.Bytes, 0, document.Bytes.Length, cancellationToken).ConfigureAwait(false);
            await writer.CommitAsync(cancellationToken).ConfigureAwait(false);
        }

        return true;
    }

    /// <summary>
    /// A writer for content that is not there; null when it is there already, or came while this call waited for another writer of it (U4).
    /// </summary>
    public async Task<IBlobWriter?> BeginAsync(Descriptor descriptor, IOperationObserver observer, CancellationToken cancellationToken)
    {
        Protect(new[] { descriptor });
        return await BlobWriter.BeginAsync(_parts.Paths, _parts.Files, _blobs, descriptor, observer, cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>A writer for content that is made here, whose digest nobody knows before its end.</summary>
    /// <exception cref="ImageException">StoreUnavailable.</exception>
    public async Task<INewBlobWriter> BeginNewAsync(IOperationObserver observer, CancellationToken cancellationToken) =>
        await NewBlobWriter.BeginAsync(_parts.Paths, _parts.Files, _blobs, d => Protect(new[] { d }), observer, cancellationToken)
            .ConfigureAwait(false);

    /// <inheritdoc/>
    public byte[]? TryRead(Descriptor descriptor, int limit)
    {
        Protect(new[] { descriptor });

        // An image that was removed from the name is not there for it: the pull must name it again (FF2).
        return _hidden.Contains(descriptor.Digest) ? null : _blobs.TryRead(descriptor, limit, _observer);
    }

    /// <inheritdoc/>
    public async Task<bool> PublishAsync(ManifestDocument root, IReadOnlyList<Descriptor> required, CancellationToken cancellationToken)
    {
        await StoreAsync(root, cancellationToken).ConfigureAwait(false);
        if (await PublishAsync(root.ToDescriptor(), required, cancellationToken).ConfigureAwait(false))
        {
            return true;
        }

        _observer.Verbose("Content was taken out of the store while it was pulled; fetching it again");
        return false;
    }

    /// <summary>
    /// Makes the name mean <paramref name="root"/>, which is there; an image that it named before is dangling then. False when some of
    /// <paramref name="required"/> is not there: nothing was named.
    /// </summary>
    public async Task<bool> PublishAsync(Descriptor root, IReadOnlyList<Descriptor> required, CancellationToken cancellationToken)
    {
        var content = required.Concat(new[] { root }).ToList();
        Protect(content);
        _blobs.Verified.Save(_observer);
        if (await _parts.Publisher.PublishAsync(_name, root, content, _lockWait, _observer, cancellationToken)
            .ConfigureAwait(false) is not { } entry)
        {
            return false;
        }

        Entry = entry;
        return true;
    }

    /// <inheritdoc/>
    public async Task<bool> AttachAsync(
        IReadOnlyList<CopiedReferrer> referrers, IReadOnlyList<Descriptor> required, CancellationToken cancellationToken)
    {
        // An attestation is in the image's index, which is named by now.
        var changes = referrers.Where(r => r.Found.Referrer.Source != ImageReferrerSource.Attestation).Select(r => new NameChange(
            r.Found.Referrer is { Source: ImageReferrerSource.CosignTag, Tag: { } tag } ? EntryName.Of(_reference.WithTag(tag)) : null,
            r.Document.ToDescriptor(),
            [])).ToList();
        if (changes.Count == 0)
        {
            return true;
        }

        Protect(required);
        _blobs.Verified.Save(_observer);
        return await _parts.Publisher.PublishAsync(changes, required, _lockWait, _observer, cancellationToken).ConfigureAwait(false)
            is not null;
    }

    public void Dispose()
    {
        // What was hashed for an image that did not change is noted too.
        _blobs.Verified.Save(_observer);
        _lease.Dispose();
    }
}
