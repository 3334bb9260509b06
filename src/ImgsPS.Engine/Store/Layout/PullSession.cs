using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Transfer;

namespace ImgsPS.Store.Layout;

/// <summary>
/// One pull's view of a layout. Content it asks for is claimed by a lease first, so that no removal takes it away meanwhile.
/// </summary>
internal sealed class PullSession : IPullSession
{
    private readonly StorePaths _paths;
    private readonly StoreFiles _files;
    private readonly BlobFolder _blobs;
    private readonly IndexFile _indexFile;
    private readonly EntryName _name;
    private readonly TimeSpan _lockWait;
    private readonly IOperationObserver _observer;
    private readonly Lease _lease;

    /// <summary>Begins a session; the store is prepared for writing.</summary>
    /// <exception cref="ImageException">StoreUnavailable; InvalidData: the index is broken.</exception>
    public PullSession(
        StorePaths paths,
        StoreFiles files,
        BlobFolder blobs,
        IndexFile indexFile,
        ImageReference reference,
        TimeSpan lockWait,
        IOperationObserver observer)
    {
        _paths = paths;
        _files = files;
        _blobs = blobs;
        _indexFile = indexFile;
        _lockWait = lockWait;
        _observer = observer;
        _name = EntryName.Of(reference);
        Current = indexFile.Read(observer).Find(_name)?.Descriptor;
        _lease = Lease.Create(paths, files);
    }

    /// <inheritdoc/>
    public Descriptor? Current { get; }

    /// <inheritdoc/>
    public void Protect(IEnumerable<Descriptor> content) => _lease.Add(content.Select(c => c.Digest));

    /// <inheritdoc/>
    public bool Contains(Descriptor descriptor)
    {
        Protect(new[] { descriptor });
        return _blobs.Contains(descriptor);
    }

    /// <inheritdoc/>
    public async Task<IBlobWriter?> BeginAsync(Descriptor descriptor, IOperationObserver observer, CancellationToken cancellationToken)
    {
        Protect(new[] { descriptor });
        return await BlobWriter.BeginAsync(_paths, _files, _blobs, descriptor, observer, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public byte[]? TryRead(Descriptor descriptor, int limit)
    {
        Protect(new[] { descriptor });
        return _blobs.TryRead(descriptor, limit, _observer);
    }

    /// <inheritdoc/>
    public async Task<bool> PublishAsync(Descriptor root, IReadOnlyList<Descriptor> required, CancellationToken cancellationToken)
    {
        var content = required.Concat(new[] { root }).ToList();
        Protect(content);
        using var held = await StoreLock.TakeAsync(_paths, _lockWait, cancellationToken).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        if (content.Find(c => !_blobs.Contains(c)) is { } missing)
        {
            _observer.Verbose($"{missing.Digest} went while the image was fetched");
            return false;
        }

        _blobs.Sync(content.Select(c => c.Digest.Algorithm).Distinct(StringComparer.Ordinal));
        var index = _indexFile.ReadForChange(_observer, out var current);
        index.SetName(_name, root, DateTimeOffset.UtcNow);
        await _indexFile.WriteAsync(index, current).ConfigureAwait(false);
        return true;
    }

    public void Dispose() => _lease.Dispose();
}
