using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.ExceptionServices;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Disk;

namespace ImgsPS.Stores.Layout;

/// <summary>
/// Gives names to content that came, those of several pulls of this process in one change of the index: a change costs three flushes of the
/// disk, however many names it holds.
/// <para>
/// A publication waits in a list. Its caller waits for its turn among the callers, takes the store's lock, takes the whole list, publishes
/// it, and lets go; a caller whose publication is done when its turn comes has nothing left to do. A publication that was taken is done, or
/// failed, before the turn ends. Who is cancelled while it waits takes its publication back, unless another has it already: then the name
/// may be given all the same. What a kill leaves is what it leaves of a single publication: all names of the list, or none.
/// </para>
/// Safe for any number of threads.
/// </summary>
internal sealed class IndexPublisher
{
    private readonly StorePaths _paths;
    private readonly StoreFiles _files;
    private readonly BlobFolder _blobs;
    private readonly IndexFile _indexFile;
    private readonly object _sync = new();
    private List<Publication> _waiting = new();

    public IndexPublisher(StorePaths paths, StoreFiles files, BlobFolder blobs, IndexFile indexFile)
    {
        _paths = paths;
        _files = files;
        _blobs = blobs;
        _indexFile = indexFile;
    }

    /// <summary>Makes a name mean <paramref name="root"/>.</summary>
    /// <param name="name">The name.</param>
    /// <param name="root">What it will mean.</param>
    /// <param name="content">All that must be in the store for it, the root included.</param>
    /// <param name="lockWait">How long to wait for a holder of the store's lock.</param>
    /// <param name="observer">Who is told.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The entry; null when some of the content is not there: nothing was named.</returns>
    /// <exception cref="ImageException">StoreUnavailable, StoreLocked, InvalidData; nothing was named.</exception>
    public async Task<IndexEntry?> PublishAsync(
        EntryName name,
        Descriptor root,
        IReadOnlyList<Descriptor> content,
        TimeSpan lockWait,
        IOperationObserver observer,
        CancellationToken cancellationToken)
    {
        var change = new NameChange(name, root, content.Select(c => c.Digest)) { IsPull = true };
        return (await PublishAsync([change], content, lockWait, observer, cancellationToken).ConfigureAwait(false))?[0].Entry;
    }

    /// <summary>As the other form, for any number of names: all of them, or none.</summary>
    /// <returns>What became of each; null when some of the content is not there.</returns>
    public async Task<IReadOnlyList<NameChanged>?> PublishAsync(
        IReadOnlyList<NameChange> changes,
        IReadOnlyList<Descriptor> content,
        TimeSpan lockWait,
        IOperationObserver observer,
        CancellationToken cancellationToken)
    {
        var own = new Publication(changes, content, observer, cancellationToken);
        lock (_sync)
        {
            _waiting.Add(own);
        }

        try
        {
            using var turn = await ProcessGate.EnterAsync(_paths.Index, Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(false);
            if (!own.IsDone)
            {
                await PublishWaitingAsync(lockWait, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            lock (_sync)
            {
                _waiting.Remove(own);
            }
        }

        own.Failure?.Throw();
        cancellationToken.ThrowIfCancellationRequested();
        return own.Changed;
    }

    private List<Publication> TakeWaiting()
    {
        lock (_sync)
        {
            var all = _waiting;
            _waiting = new List<Publication>();
            return all;
        }
    }

    private async Task PublishWaitingAsync(TimeSpan lockWait, CancellationToken cancellationToken)
    {
        List<Publication>? all = null;
        try
        {
            using var held = await StoreLock.TakeAsync(_paths, _files, lockWait, cancellationToken).ConfigureAwait(false);
            all = TakeWaiting();
            await PublishAsync(all.FindAll(p => !p.Cancellation.IsCancellationRequested && HasContent(p))).ConfigureAwait(false);
        }
        catch (Exception e) when (all is not null || e is ImageException)
        {
            // Who waits would fail in the same way, and each after the whole time that one waits for a lock.
            all ??= TakeWaiting();
            all.ForEach(p => p.Failure = ExceptionDispatchInfo.Capture(e));
        }

        all.ForEach(p => p.IsDone = true);
    }

    private async Task PublishAsync(List<Publication> ready)
    {
        if (ready.Count == 0)
        {
            return;
        }

        _blobs.Sync(ready.SelectMany(p => p.Content).Select(c => c.Digest.Algorithm).Distinct(StringComparer.Ordinal));
        var index = _indexFile.ReadForChange(ready[0].Observer, out var current);
        var now = DateTimeOffset.UtcNow;
        var changed = ready.ConvertAll(p => index.SetNames(p.Changes, now));
        if (changed.Exists(c => c.Any(one => one.IsNew)))
        {
            await _indexFile.WriteAsync(index, current).ConfigureAwait(false);
        }

        for (var i = 0; i < ready.Count; i++)
        {
            ready[i].Changed = changed[i];
        }
    }

    private bool HasContent(Publication publication)
    {
        if (publication.Content.FirstOrDefault(c => !_blobs.Contains(c)) is not { } missing)
        {
            return true;
        }

        publication.Observer.Verbose($"{missing.Digest} went while the image was fetched");
        return false;
    }

    /// <summary>What one caller wants, and what became of it. Written in a turn only.</summary>
    private sealed class Publication(
        IReadOnlyList<NameChange> changes, IReadOnlyList<Descriptor> content, IOperationObserver observer, CancellationToken cancellation)
    {
        public IReadOnlyList<NameChange> Changes { get; } = changes;

        public IReadOnlyList<Descriptor> Content { get; } = content;

        public IOperationObserver Observer { get; } = observer;

        public CancellationToken Cancellation { get; } = cancellation;

        public bool IsDone { get; set; }

        public IReadOnlyList<NameChanged>? Changed { get; set; }

        public ExceptionDispatchInfo? Failure { get; set; }
    }
}
