using System;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.IO;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Naming;

namespace ImgsPS.Store.Layout;

/// <summary>The store's exclusive lock, across threads and processes. Held for milliseconds; disposing lets go of it.</summary>
internal sealed class StoreLock : IDisposable
{
    /// <summary>How long one waits for one holder of it.</summary>
    public static readonly TimeSpan WaitLimit = TimeSpan.FromSeconds(30);

    /// <summary>The lock files of this process that were seen to keep a second handle out.</summary>
    private static readonly ConcurrentDictionary<string, bool> Proven = new(StringComparer.Ordinal);

    /// <summary>Who this process is, for others' messages.</summary>
    private static readonly Lazy<byte[]> Owner = new(() =>
    {
        using var process = Process.GetCurrentProcess();
        return Encoding.UTF8.GetBytes($"process {process.Id} ({process.ProcessName}) on {Environment.MachineName}\n");
    });

    private readonly IDisposable _gate;
    private readonly FileLock _file;
    private readonly string _ownerPath;

    private StoreLock(IDisposable gate, FileLock file, string ownerPath)
    {
        _gate = gate;
        _file = file;
        _ownerPath = ownerPath;
        WriteOwner();
    }

    /// <summary>Takes the lock. The folder of locks must be there.</summary>
    /// <exception cref="ImageException">
    /// StoreLocked: one holder had it for longer than <paramref name="limit"/>. StoreUnavailable.
    /// </exception>
    public static async Task<StoreLock> TakeAsync(StorePaths paths, TimeSpan limit, CancellationToken cancellationToken) =>
        await TryTakeAsync(paths, limit, cancellationToken).ConfigureAwait(false) ?? throw new ImageException(
            ImageErrorKind.StoreLocked,
            $"The store '{paths.Root}' is locked by {ReadOwner(paths.StoreLockOwner)}.",
            "Wait until that process is done, or end it; the lock goes with it.");

    /// <summary>
    /// Takes the lock; null when one holder has it for longer than <paramref name="limit"/>. As long as it goes from hand to hand it is
    /// waited for: many processes on a slow disk may come before this one.
    /// </summary>
    /// <exception cref="ImageException">StoreUnavailable; also where nobody is kept out by a lock (RS9).</exception>
    public static async Task<StoreLock?> TryTakeAsync(StorePaths paths, TimeSpan limit, CancellationToken cancellationToken)
    {
        while (true)
        {
            var taken = OwnerWritten(paths);
            if (await TryTakeOnceAsync(paths, limit, cancellationToken).ConfigureAwait(false) is { } held)
            {
                return held;
            }

            if (limit == TimeSpan.Zero || OwnerWritten(paths) == taken)
            {
                return null;
            }
        }
    }

    public void Dispose()
    {
        _file.Dispose();
        _gate.Dispose();
    }

    /// <summary>When somebody last took the lock; each holder writes that file anew.</summary>
    private static DateTime OwnerWritten(StorePaths paths)
    {
        try
        {
            return File.GetLastWriteTimeUtc(paths.StoreLockOwner);
        }
        catch (Exception e) when (StoreFailure.IsMachine(e))
        {
            // Not to be seen: then the limit is for all holders together.
            return default;
        }
    }

    private static async Task<StoreLock?> TryTakeOnceAsync(StorePaths paths, TimeSpan limit, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        var gate = await ProcessGate.EnterAsync(paths.StoreLock, limit, cancellationToken).ConfigureAwait(false);
        if (gate is null)
        {
            return null;
        }

        FileLock? file = null;
        var taken = false;
        try
        {
            var left = limit - clock.Elapsed;
            file = await FileLock.TakeAsync(paths.StoreLock, left > TimeSpan.Zero ? left : TimeSpan.Zero, null, cancellationToken)
                .ConfigureAwait(false);
            if (file is not null && !Proven.ContainsKey(paths.StoreLock))
            {
                EnsureExcludes(paths, file);
                Proven.TryAdd(paths.StoreLock, true);
            }

            taken = file is not null;
        }
        finally
        {
            if (!taken)
            {
                gate.Dispose();
            }
        }

        return file is null ? null : new StoreLock(gate, file, paths.StoreLockOwner);
    }

    /// <summary>
    /// RS9: on a share without locks, and where .NET's are switched off, opening succeeds for everybody, and two writers would lose each
    /// other's names.
    /// </summary>
    private static void EnsureExcludes(StorePaths paths, FileLock held)
    {
        using var second = FileLock.TryTake(paths.StoreLock);
        if (second is null)
        {
            return;
        }

        held.Dispose();
        throw new ImageException(
            ImageErrorKind.StoreUnavailable,
            $"'{paths.StoreLock}' keeps nobody out: files are not locked there, and a store without locks would lose images.",
            "Use a store on a local disk or on a share with locks, with -Store, and unset DOTNET_SYSTEM_IO_DISABLEFILELOCKING.");
    }

    private static string ReadOwner(string path)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var reader = new StreamReader(stream, Encoding.UTF8);
            var buffer = new char[200];
            var text = PrintableText.Of(new string(buffer, 0, reader.ReadBlock(buffer, 0, buffer.Length)));
            return text.Length == 0 ? "another process" : text;
        }
        catch (Exception e) when (StoreFailure.IsMachine(e))
        {
            return "another process";
        }
    }

    private void WriteOwner()
    {
        try
        {
            using var stream = new FileStream(_ownerPath, FileMode.Create, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, 1);
            stream.Write(Owner.Value, 0, Owner.Value.Length);
        }
        catch (Exception e) when (StoreFailure.IsMachine(e) || e is InvalidOperationException)
        {
            // Only a message is poorer without it.
        }
    }
}
