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
internal sealed class LayoutTarget : IImageTarget
{
    private readonly LayoutTargetParts _parts;
    private readonly BlobFolder _blobs;
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
    public void Protect(IEnumerable<Descriptor> content) => _lease.Add(content.Select(c => c.Digest));

    /// <inheritdoc/>
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
    public async Task<IBlobWriter?> BeginAsync(Descriptor descriptor, IOperationObserver observer, CancellationToken cancellationToken)
    {
        Protect(new[] { descriptor });
        return await BlobWriter.BeginAsync(_parts.Paths, _parts.Files, _blobs, descriptor, observer, cancellationToken)
            .ConfigureAwait(false);
    }

    /// <inheritdoc/>
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

    public void Dispose()
    {
        // What was hashed for an image that did not change is noted too.
        _blobs.Verified.Save(_observer);
        _lease.Dispose();
    }
}
