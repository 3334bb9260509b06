using System;
using System.Collections.Generic;
using System.IO;
using System.Runtime.InteropServices;
using ImgsPS.Disk;

namespace ImgsPS.Stores.Layout;

/// <summary>
/// Ingest folders that are done with, still locked, for the next blobs of the sessions that run in this process side by side: a folder and
/// its lock file that are moved cost the disk much less than those that are deleted and made again. They are deleted with the last session
/// of a store. A kill leaves an empty, unlocked folder that an optimization deletes. Safe for any number of threads.
/// </summary>
internal static class IngestSpares
{
    /// <summary>Spares of one store: as many as blobs that are fetched at a time.</summary>
    private const int Most = 32;

    // Windows does not move a folder in which a file is open.
    private static readonly bool IsSupported = !RuntimeInformation.IsOSPlatform(OSPlatform.Windows);
    private static readonly Dictionary<string, Stock> Stocks = new(StringComparer.Ordinal);

    /// <summary>A session of a store begins.</summary>
    public static void Enter(string ingest)
    {
        lock (Stocks)
        {
            if (!Stocks.TryGetValue(ingest, out var stock))
            {
                Stocks.Add(ingest, stock = new Stock());
            }

            stock.Sessions++;
        }
    }

    /// <summary>A session of a store ends; with the last one its spares go.</summary>
    public static void Leave(string ingest, StoreFiles files)
    {
        Stock? last = null;
        lock (Stocks)
        {
            if (--Stocks[ingest].Sessions == 0)
            {
                last = Stocks[ingest];
                Stocks.Remove(ingest);
            }
        }

        while (last?.Spares.Count > 0)
        {
            var (folder, held) = last.Spares.Pop();
            held.DisposeAndDelete(IngestFolder.LockOf(folder));
            files.TryDelete(folder);
        }
    }

    /// <summary>Moves a spare to <paramref name="folder"/>; its lock, or null when there is none or something has the name.</summary>
    public static FileLock? TryTake(StoreFiles files, string folder)
    {
        string spare;
        FileLock held;
        lock (Stocks)
        {
            if (!Stocks.TryGetValue(Path.GetDirectoryName(folder)!, out var stock) || stock.Spares.Count == 0)
            {
                return null;
            }

            (spare, held) = stock.Spares.Pop();
        }

        if (files.TryMoveFolder(spare, folder))
        {
            return held;
        }

        if (!TryKeep(spare, held))
        {
            held.DisposeAndDelete(IngestFolder.LockOf(spare));
            files.TryDelete(spare);
        }

        return null;
    }

    /// <summary>Makes a spare of a folder in which there is only its lock; false when it is not wanted or cannot be moved.</summary>
    public static bool TryAdd(StoreFiles files, string folder, FileLock held)
    {
        var ingest = Path.GetDirectoryName(folder)!;
        lock (Stocks)
        {
            // One session alone leaves nothing for others to wonder about.
            if (!IsSupported || !Stocks.TryGetValue(ingest, out var stock) || stock.Sessions < 2 || stock.Spares.Count >= Most)
            {
                return false;
            }
        }

        // Under its own name somebody may look for the blob's writer.
        var spare = Path.Combine(ingest, Guid.NewGuid().ToString("N"));
        if (!files.TryMoveFolder(folder, spare))
        {
            return false;
        }

        if (!TryKeep(spare, held))
        {
            held.DisposeAndDelete(IngestFolder.LockOf(spare));
            files.TryDelete(spare);
        }

        return true;
    }

    private static bool TryKeep(string spare, FileLock held)
    {
        lock (Stocks)
        {
            if (!Stocks.TryGetValue(Path.GetDirectoryName(spare)!, out var stock))
            {
                return false;
            }

            stock.Spares.Push((spare, held));
            return true;
        }
    }

    private sealed class Stock
    {
        public int Sessions { get; set; }

        public Stack<(string Folder, FileLock Held)> Spares { get; } = new();
    }
}
