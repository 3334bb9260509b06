using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores;
using ImgsPS.Stores.Layout;

namespace ImgsPS.Engine.Tests.Store.Layout;

/// <summary>Tests, repairs and optimizes a store, and damages its files.</summary>
internal static class MaintenanceStore
{
    public static readonly DateTime LongAgo = DateTime.UtcNow.AddDays(-2);

    public static async Task<IReadOnlyList<ImageStoreFinding>> TestAsync(this LayoutStore store, bool full = false)
    {
        var findings = new List<ImageStoreFinding>();
        await foreach (var finding in store.TestAsync(new StoreTestRequest { Full = full }, NullObserver.Instance, CancellationToken.None))
        {
            findings.Add(finding);
        }

        return findings;
    }

    public static async Task<IReadOnlyList<ImageStoreFinding>> RepairAsync(this LayoutStore store, bool full = false, bool refetch = false)
    {
        var findings = new List<ImageStoreFinding>();
        var request = new StoreRepairRequest { Full = full, Refetch = refetch };
        await foreach (var finding in store.RepairAsync(request, NullObserver.Instance, CancellationToken.None))
        {
            findings.Add(finding);
        }

        return findings;
    }

    public static Task<ImageStoreOptimization> OptimizeAsync(
        this LayoutStore store, TimeSpan? grace = null, bool dryRun = false, bool quarantine = false) => store.OptimizeAsync(
            new StoreOptimizeRequest
            {
                Grace = grace
                ?? StoreOptimizeRequest.DefaultGrace,
                DryRun = dryRun,
                IncludeQuarantine = quarantine
            },
            NullObserver.Instance,
            CancellationToken.None);

    /// <summary>Those that say that something is broken.</summary>
    public static IReadOnlyList<ImageStoreFinding> Damage(this IEnumerable<ImageStoreFinding> findings) =>
        findings.Where(f => f.Severity != ImageStoreFindingSeverity.Information).ToArray();

    /// <summary>Changes a file as a bad disk does: its times stay.</summary>
    public static void Damage(string path, Func<byte[], byte[]> change)
    {
        var time = File.GetLastWriteTimeUtc(path);
        File.WriteAllBytes(path, change(File.ReadAllBytes(path)));
        File.SetLastWriteTimeUtc(path, time);
    }

    /// <summary>One bit of the byte in the middle is another.</summary>
    public static byte[] Flip(byte[] bytes)
    {
        if (bytes.Length > 0)
        {
            bytes[bytes.Length / 2] ^= 1;
        }

        return bytes;
    }

    public static byte[] Halve(byte[] bytes) => bytes.Take(bytes.Length / 2).ToArray();

    /// <summary>Makes all blobs, downloads and evidence as old as a forgotten thing is.</summary>
    public static void Age(this TempStore store)
    {
        foreach (var file in Directory.GetFiles(store.Root, "*", SearchOption.AllDirectories))
        {
            File.SetLastWriteTimeUtc(file, LongAgo);
        }

        foreach (var folder in Directory.GetDirectories(store.Paths.Own, "*", SearchOption.AllDirectories))
        {
            Directory.SetLastWriteTimeUtc(folder, LongAgo);
        }
    }

    /// <summary>All files of the store: bytes, hash, time.</summary>
    public static IReadOnlyDictionary<string, (long Length, string Hash, DateTime Time)> Snapshot(this TempStore store) =>
        Snapshot(store.Root);

    /// <summary>As the other form.</summary>
    public static IReadOnlyDictionary<string, (long Length, string Hash, DateTime Time)> Snapshot(string root) => Directory.Exists(root)
        ? Directory.GetFiles(root, "*", SearchOption.AllDirectories).ToDictionary(f => f, Read, StringComparer.Ordinal)
        : new Dictionary<string, (long, string, DateTime)>();

    private static (long Length, string Hash, DateTime Time) Read(string file)
    {
        var bytes = File.ReadAllBytes(file);
        return (bytes.Length, ImgsPS.Digest.Of(bytes).Hex, File.GetLastWriteTimeUtc(file));
    }
}
