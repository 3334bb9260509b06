using System;
using System.Diagnostics;
using System.IO;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Store.Layout;

/// <summary>
/// A lock that the kernel holds for this process: a file opened <see cref="FileShare.None"/>. It goes with the process, however that ends,
/// and works on network shares (RS6). Not for waiting threads of one process: <see cref="ProcessGate"/> stands before it.
/// </summary>
internal sealed class FileLock : IDisposable
{
    private static readonly bool IsWindows = RuntimeInformation.IsOSPlatform(OSPlatform.Windows);

    private readonly FileStream _file;

    private FileLock(FileStream file) => _file = file;

    /// <summary>Takes the lock when nobody has it, else null. The file is made when it is not there; its folder must be there.</summary>
    /// <exception cref="ImageException">StoreUnavailable: no permission, and the like.</exception>
    public static FileLock? TryTake(string path)
    {
        try
        {
            return new FileLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1));
        }
        catch (Exception e) when (StoreFailure.IsLocked(e))
        {
            return null;
        }
        catch (Exception e) when (StoreFailure.IsMachine(e))
        {
            throw StoreFailure.Of(e, path, 0);
        }
    }

    /// <summary>True when the lock file exists and nobody holds it. Takes it for a moment; needs no write access.</summary>
    public static bool IsFree(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.None, 1);
            return true;
        }
        catch (Exception e) when (StoreFailure.IsMachine(e))
        {
            // Held, or not ours to judge.
            return false;
        }
    }

    /// <summary>
    /// Takes the lock, waiting for it in short, growing, jittered steps; null when <paramref name="limit"/> passes first.
    /// </summary>
    /// <param name="path">The lock file.</param>
    /// <param name="limit">How long to wait; <see cref="Timeout.InfiniteTimeSpan"/> for ever.</param>
    /// <param name="waiting">Called once, when the lock was not free at once.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="ImageException">StoreUnavailable.</exception>
    public static async Task<FileLock?> TakeAsync(string path, TimeSpan limit, Action? waiting, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        Random? random = null;
        for (var attempt = 0; ; attempt++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                if (TryTake(path) is { } taken)
                {
                    return taken;
                }
            }
            catch (ImageException e) when (IsWindows && e.InnerException is UnauthorizedAccessException
                && clock.Elapsed < TimeSpan.FromSeconds(5))
            {
                // Windows denies access to a file that another handle has deleted, until that handle is closed (RS8).
            }

            if (limit != Timeout.InfiniteTimeSpan && clock.Elapsed >= limit)
            {
                return null;
            }

            if (attempt == 0)
            {
                waiting?.Invoke();
            }

            random ??= new Random(Guid.NewGuid().GetHashCode());
            await Task.Delay(random.Next(2, Math.Min(250, 6 << Math.Min(attempt, 6))), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// True when the path still leads to the file that is locked. On Unix a holder may delete its lock file, and who waited with an open
    /// handle then locks a file that is no longer there, while another makes and locks a new one. Told apart by a length that only we have
    /// set.
    /// </summary>
    public bool IsInPlace(string path)
    {
        if (IsWindows)
        {
            return true;
        }

        var mark = new Random(Guid.NewGuid().GetHashCode()).Next(1, 65536);
        _file.SetLength(mark);
        var found = new FileInfo(path);
        var inPlace = found.Exists && found.Length == mark;
        _file.SetLength(0);
        return inPlace;
    }

    /// <summary>Lets go of the lock and deletes its file, in the order in which no one else's lock file can be hit.</summary>
    public void DisposeAndDelete(StoreFiles files, string path)
    {
        if (IsWindows)
        {
            // An open file cannot be deleted there; who opens it in between keeps it.
            Dispose();
            files.TryDelete(path);
        }
        else
        {
            files.TryDelete(path);
            Dispose();
        }
    }

    public void Dispose() => _file.Dispose();
}
