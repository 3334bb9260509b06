using System.Collections.Generic;
using System.Linq;
using ImgsPS.Disk;

namespace ImgsPS.Stores.Layout;

/// <summary>
/// The plan that the last removal of this process went by, so that the next one need not look at all images and count all content again. It
/// holds while index.json is the very file that the removal wrote and no file came into <c>blobs/</c> or left it since; what documents name
/// never changes, and leases are read each time. Only those of the last few stores are kept, and none of a very large one. Safe for any
/// number of threads.
/// </summary>
internal static class RemovalMemory
{
    /// <summary>Rows of which the plans are kept, of all stores together: some tens of megabytes at most.</summary>
    private const int MaxRows = 20_000;

    /// <summary>Stores of which the plans are kept.</summary>
    private const int MaxStores = 8;

    private static readonly object s_sync = new();
    private static readonly List<Known> s_known = new();

    /// <summary>Takes the plan out; null when it is another store's, or the store has changed. Under the store's lock.</summary>
    /// <param name="paths">The store.</param>
    /// <param name="files">Its disk.</param>
    /// <param name="index">The index as it was just read.</param>
    /// <param name="name">What the store is called, which the rows say.</param>
    public static LayoutPlanner? Take(StorePaths paths, StoreFiles files, LayoutIndex index, string name)
    {
        Known? known;
        lock (s_sync)
        {
            known = s_known.Find(k => k.Root == paths.Root && k.Name == name);
            s_known.RemoveAll(k => k.Root == paths.Root);
        }

        return known is not null && known.Index.IsCopyOf(index) && known.Files.SequenceEqual(Look(paths, files))
            ? known.Planner
            : null;
    }

    /// <summary>Keeps the plan of a removal that is done. Under the store's lock.</summary>
    /// <param name="paths">The store.</param>
    /// <param name="files">Its disk.</param>
    /// <param name="index">The index as it was written.</param>
    /// <param name="planner">The plan, in which all that was done is accepted.</param>
    /// <param name="name">What the store is called.</param>
    public static void Keep(StorePaths paths, StoreFiles files, LayoutIndex index, LayoutPlanner planner, string name)
    {
        var known = new Known(paths.Root, name, index.Copy(), Look(paths, files), planner);
        lock (s_sync)
        {
            s_known.RemoveAll(k => k.Root == paths.Root);
            s_known.Add(known);
            while (s_known.Count > MaxStores || s_known.Sum(k => k.Index.Entries.Count) > MaxRows)
            {
                s_known.RemoveAt(0);
            }
        }
    }

    /// <summary>What another process, or another work of this one, cannot change the store without changing.</summary>
    private static FileStatus?[] Look(StorePaths paths, StoreFiles files) =>
        [files.Stat(paths.Index), files.StatFolder(paths.BlobFolder("sha256")), files.StatFolder(paths.BlobFolder("sha512"))];

    private sealed record Known(string Root, string Name, LayoutIndex Index, IReadOnlyList<FileStatus?> Files, LayoutPlanner Planner);
}
