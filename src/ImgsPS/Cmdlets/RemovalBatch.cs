using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using ImgsPS.Store;

namespace ImgsPS.Cmdlets;

/// <summary>
/// The removals that the user has agreed to and that wait to be done in one store with one call, in their order. For the pipeline thread.
/// </summary>
internal sealed class RemovalBatch
{
    private const int Many = 1000;
    private const int MaxItems = 10_000;

    /// <summary>A pipeline that is slower than this sees each removal done before it gives much more.</summary>
    private static readonly TimeSpan Wait = TimeSpan.FromMilliseconds(100);

    private readonly Queue<Item> _items = new();
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly Stopwatch _waiting = new();

    /// <summary>How many wait.</summary>
    public int Count => _items.Count;

    /// <summary>
    /// How long the last call took. A call costs what the store's list is long; so calls never take more than half of the time.
    /// </summary>
    public TimeSpan LastCall { get; set; }

    /// <summary>True when there are many, or one has waited for long.</summary>
    public bool IsDue => Count >= MaxItems || (Count > 0 && _waiting.Elapsed >= LastCall && (Count >= Many || _waiting.Elapsed > Wait));

    /// <summary>What waits, in the order.</summary>
    public IReadOnlyList<ImageIdentity> Images => _items.Select(item => item.Image).ToArray();

    /// <summary>True when one of those that wait names a row of these: what the name means then is seen only when that is done.</summary>
    public bool Takes(ImageMatch match) => match.Images.Any(image => image.Name is not null && _names.Contains(image.Name));

    /// <summary>Puts a removal behind the others.</summary>
    public void Add(ImageIdentity image, ImageMatch match)
    {
        if (_items.Count == 0)
        {
            _waiting.Restart();
        }

        _items.Enqueue(new Item(image, match));
        _names.UnionWith(match.Images.Where(row => row.Name is not null).Select(row => row.Name!));
    }

    /// <summary>Takes the first one out.</summary>
    public Item Take()
    {
        var item = _items.Dequeue();
        if (_items.Count == 0)
        {
            _names.Clear();
        }

        return item;
    }

    /// <summary>Forgets all: the store cannot be reached.</summary>
    public void Clear()
    {
        _items.Clear();
        _names.Clear();
    }

    /// <param name="Image">What to remove.</param>
    /// <param name="Match">The rows that it meant when the user agreed.</param>
    public sealed record Item(ImageIdentity Image, ImageMatch Match);
}
