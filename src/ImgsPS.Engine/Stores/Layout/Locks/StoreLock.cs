using System;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Disk;
using ImgsPS.Naming;

namespace ImgsPS.Stores.Layout;

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

    /// <summary>Largest owner file that is read, in bytes.</summary>
    private const int MaxOwner = 4096;

    private static readonly Regex OwnerForm = new(@"^process ([0-9]{1,10}) \((.*)\) on (\S+)", RegexOptions.CultureInvariant);

    private readonly IDisposable _gate;
    private readonly FileLock _file;

    private StoreLock(IDisposable gate, FileLock file)
    {
        _gate = gate;
        _file = file;
    }

    /// <summary>Takes the lock. The folder of locks must be there.</summary>
    /// <exception cref="ImageException">
    /// StoreLocked: one holder had it for longer than <paramref name="limit"/>. StoreUnavailable.
    /// </exception>
    public static async Task<StoreLock> TakeAsync(
        StorePaths paths, StoreFiles files, TimeSpan limit, CancellationToken cancellationToken) =>
        await TryTakeAsync(paths, files, limit, cancellationToken).ConfigureAwait(false) ?? throw new ImageException(
            ImageErrorKind.StoreLocked,
            $"The store '{paths.Root}' is locked by {ReadOwner(paths, files)}.",
            "Wait until that process is done, or end it; the lock goes with it.");

    /// <summary>
    /// Takes the lock; null when one holder has it for longer than <paramref name="limit"/>. As long as it goes from hand to hand it is
    /// waited for: many processes on a slow disk may come before this one.
    /// </summary>
    /// <exception cref="ImageException">StoreUnavailable; also where nobody is kept out by a lock (RS9).</exception>
    public static async Task<StoreLock?> TryTakeAsync(
        StorePaths paths, StoreFiles files, TimeSpan limit, CancellationToken cancellationToken)
    {
        while (true)
        {
            var taken = OwnerWritten(paths, files);
            if (await TryTakeOnceAsync(paths, files, limit, cancellationToken).ConfigureAwait(false) is { } held)
            {
                return held;
            }

            if (limit == TimeSpan.Zero || OwnerWritten(paths, files) == taken)
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
    private static DateTime OwnerWritten(StorePaths paths, StoreFiles files)
    {
        try
        {
            return files.Stat(paths.StoreLockOwner)?.Time ?? default;
        }
        catch (ImageException e) when (!StoreFailure.IsUnsafe(e))
        {
            // Not to be seen: then the limit is for all holders together.
            return default;
        }
    }

    private static async Task<StoreLock?> TryTakeOnceAsync(
        StorePaths paths, StoreFiles files, TimeSpan limit, CancellationToken cancellationToken)
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
            file = await FileLock.TakeAsync(files, paths.StoreLock, left > TimeSpan.Zero ? left : TimeSpan.Zero, cancellationToken)
                .ConfigureAwait(false);
            if (file is not null && !Proven.ContainsKey(paths.StoreLock))
            {
                EnsureExcludes(paths, files, file);
                Proven.TryAdd(paths.StoreLock, true);
            }

            if (file is not null)
            {
                WriteOwner(paths, files);
                taken = true;
            }
        }
        finally
        {
            if (!taken)
            {
                file?.Dispose();
                gate.Dispose();
            }
        }

        return file is null ? null : new StoreLock(gate, file);
    }

    /// <summary>
    /// RS9: on a share without locks, and opening succeeds for everybody, and two writers would lose each
    /// other's names.
    /// </summary>
    private static void EnsureExcludes(StorePaths paths, StoreFiles files, FileLock held)
    {
        using var second = FileLock.TryTake(files, paths.StoreLock);
        if (second is null)
        {
            return;
        }

        held.Dispose();
        throw new ImageException(
            ImageErrorKind.StoreUnavailable,
            $"'{paths.StoreLock}' keeps nobody out: files are not locked there, and a store without locks would lose images.",
            "Use a store on a local disk or on a share with locks, with -Store.");
    }

    /// <summary>Who holds the lock; "another process" when its process is gone, or on another machine, or unknown (SF6).</summary>
    private static string ReadOwner(StorePaths paths, StoreFiles files)
    {
        const string Another = "another process";
        try
        {
            if (files.TryRead(paths.StoreLockOwner, MaxOwner) is not { } bytes)
            {
                return Another;
            }

            var text = PrintableText.Of(Encoding.UTF8.GetString(bytes));
            var found = OwnerForm.Match(text);
            if (!found.Success || !int.TryParse(found.Groups[1].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var id))
            {
                return Another;
            }

            if (found.Groups[3].Value != Environment.MachineName)
            {
                return $"another process, on '{found.Groups[3].Value}'";
            }

            using var process = Process.GetProcessById(id);
            return process.ProcessName == found.Groups[2].Value ? found.Value : Another;
        }
        catch (Exception e) when (e is ImageException or ArgumentException or InvalidOperationException)
        {
            // Not to be read, or its process is gone.
            return Another;
        }
    }

    private static void WriteOwner(StorePaths paths, StoreFiles files)
    {
        try
        {
            files.Door.Overwrite(paths.StoreLockOwner, Owner.Value);
        }
        catch (UnsafeFileException e)
        {
            throw StoreFailure.OfReading(e, e.Path);
        }
        catch (Exception e) when (StoreFailure.IsMachine(e))
        {
            // Only a message is poorer without it.
        }
    }
}
