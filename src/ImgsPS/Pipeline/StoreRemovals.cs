using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using ImgsPS.Parameters;
using ImgsPS.Stores;

namespace ImgsPS.Pipeline;

/// <summary>
/// The removals of a command in one store: what it plans by, what the user has agreed to and waits to be done in one call, in its order,
/// and what has been done. For the pipeline thread.
/// </summary>
internal sealed class StoreRemovals
{
    private const int Many = 1000;
    private const int MaxItems = 10_000;

    /// <summary>A pipeline that is slower than this sees each removal done before it gives much more.</summary>
    private static readonly TimeSpan Wait = TimeSpan.FromMilliseconds(100);

    private readonly Queue<(RemovalRequest Request, PlannedRemoval? Planned)> _waiting = new();
    private readonly List<(RemovalRequest Request, PlannedRemoval Planned)> _pretended = new();
    private readonly HashSet<string> _untagged = new(StringComparer.Ordinal);
    private readonly Stopwatch _sinceFirst = new();
    private readonly Stopwatch _call = new();
    private TimeSpan _lastCall;

    public StoreRemovals(StoreLink store) => Store = store;

    /// <summary>The store.</summary>
    public StoreLink Store { get; }

    /// <summary>What the command goes by; null when the store must be read first, since it is other than was planned.</summary>
    public IRemovalPlanner? Planner { get; private set; }

    /// <summary>True when the store was read after the command's last change of it.</summary>
    public bool IsFresh { get; private set; }

    /// <summary>The images pulled by digest that are kept.</summary>
    public PinnedImages Pinned { get; } = new();

    /// <summary>True when something waits.</summary>
    public bool IsWaiting => _waiting.Count > 0;

    /// <summary>
    /// True when what is given waits for all that the command is given: a registry's is one deed, whatever its order
    /// (docs/registry-removal.md).
    /// </summary>
    public bool WaitsForAll => Store.Store is ISelectingStore;

    /// <summary>
    /// True when many wait, or one has waited for long. A call costs what the store's list is long; so calls never take more than half of
    /// the time. Docker Engines remove one after the other anyway.
    /// </summary>
    public bool IsDue => IsWaiting && !WaitsForAll && (Store.IsDocker || _waiting.Count >= MaxItems
        || (_sinceFirst.Elapsed >= _lastCall && (_waiting.Count >= Many || _sinceFirst.Elapsed > Wait)));

    /// <summary>What -WhatIf said would be done.</summary>
    public IEnumerable<PlannedRemoval> Pretended => _pretended.Select(item => item.Planned);

    /// <summary>True when the command took this reference away before.</summary>
    public bool HasUntagged(string reference) => _untagged.Contains(reference);

    /// <summary>Goes by a new reading, in which what was only planned is taken as done.</summary>
    public void Read(IRemovalPlanner planner)
    {
        // The first reading may be older than the items that come.
        IsFresh = Planner is not null || _lastCall > TimeSpan.Zero;
        Planner = planner;
        foreach (var (request, _) in _pretended)
        {
            try
            {
                planner.Accept(planner.Plan(request));
            }
            catch (ImageException)
            {
                // Another process has done it, or made it impossible; it was said by what was there then.
            }
        }
    }

    /// <summary>Takes a removal as done, without doing it.</summary>
    public void Pretend(RemovalRequest request, PlannedRemoval planned)
    {
        Planner!.Accept(planned);
        _pretended.Add((request, planned));
        _untagged.UnionWith(planned.Removal.Untagged);
    }

    /// <summary>Puts a removal behind the others that wait.</summary>
    /// <param name="request">What to remove.</param>
    /// <param name="planned">What is expected of it; null when it is a surprise.</param>
    public void Add(RemovalRequest request, PlannedRemoval? planned)
    {
        if (!IsWaiting)
        {
            _sinceFirst.Restart();
        }

        if (planned is not null)
        {
            Planner!.Accept(planned);
        }

        _waiting.Enqueue((request, planned));
    }

    /// <summary>Begins a call; gives what waits, in its order.</summary>
    public IReadOnlyList<RemovalRequest> Begin()
    {
        IsFresh = false;
        _call.Restart();
        return _waiting.Select(item => item.Request).ToList();
    }

    /// <summary>A call has ended.</summary>
    public void End() => _lastCall = _call.Elapsed;

    /// <summary>What was done with the first one that waited. If it is not what was planned, the store is read again.</summary>
    public void Done(ImageRemoval removal)
    {
        var (_, planned) = _waiting.Dequeue();
        _untagged.UnionWith(removal.Untagged);
        if (planned is null || !planned.Removal.Untagged.OrderBy(n => n, StringComparer.Ordinal)
            .SequenceEqual(removal.Untagged.OrderBy(n => n, StringComparer.Ordinal)))
        {
            Planner = null;
        }
    }

    /// <summary>The first one that waited could not be done; the store is not what it was.</summary>
    public ImageIdentity Refused()
    {
        Planner = null;
        return _waiting.Dequeue().Request.Image;
    }

    /// <summary>Forgets what waits: the store cannot be reached.</summary>
    public void Clear() => _waiting.Clear();
}
