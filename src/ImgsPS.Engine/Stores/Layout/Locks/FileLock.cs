using System;
using System.Diagnostics;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Disk;

namespace ImgsPS.Stores.Layout;

/// <summary>
/// A lock that the kernel holds for this process, on an open file. It goes with the process, however that ends,
/// and works on network shares (RS6). Not for waiting threads of one process: <see cref="ProcessGate"/> stands before it.
/// </summary>
internal sealed class FileLock : IDisposable
{
    private static readonly bool IsWindows = NativeFiles.IsWindows;

    private readonly StoreFiles _files;
    private readonly StoreFile _file;

    private FileLock(StoreFiles files, StoreFile file)
    {
        _files = files;
        _file = file;
    }

    /// <summary>Takes the lock when nobody has it, else null. The file is made when it is not there; its folder must be there.</summary>
    /// <exception cref="ImageException">StoreUnavailable: no permission, and the like. InvalidData: it is no file (SF1).</exception>
    public static FileLock? TryTake(StoreFiles files, string path) => files.TryLock(path) is { } file ? new FileLock(files, file) : null;

    /// <summary>
    /// Takes the lock, waiting for it in short, growing, jittered steps; null when <paramref name="limit"/> passes first.
    /// </summary>
    /// <param name="files">The store's files.</param>
    /// <param name="path">The lock file.</param>
    /// <param name="limit">How long to wait.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="ImageException">StoreUnavailable.</exception>
    public static async Task<FileLock?> TakeAsync(
        StoreFiles files, string path, TimeSpan limit, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        Random? random = null;
        for (var attempt = 0; ; attempt++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                if (TryTake(files, path) is { } taken)
                {
                    return taken;
                }
            }
            catch (ImageException e) when (IsWindows && e.InnerException is UnauthorizedAccessException
                && clock.Elapsed < TimeSpan.FromSeconds(5))
            {
                // Windows denies access to a file that another handle has deleted, until that handle is closed (RS8).
            }

            if (clock.Elapsed >= limit)
            {
                return null;
            }

            random ??= new Random(Guid.NewGuid().GetHashCode());
            await Task.Delay(random.Next(2, Math.Min(250, 6 << Math.Min(attempt, 6))), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// True when the path still leads to the file that is locked. On Unix a holder may delete its lock file, and who waited with an open
    /// handle then locks a file that is no longer there, while another makes and locks a new one.
    /// </summary>
    public bool IsInPlace(string path) => IsWindows || (_files.Stat(path) is { } found && found.IsSame(_file.Status));

    /// <summary>Lets go of the lock and deletes its file, in the order in which no one else's lock file can be hit.</summary>
    public void DisposeAndDelete(string path)
    {
        if (IsWindows)
        {
            // An open file cannot be deleted there; who opens it in between keeps it.
            Dispose();
            _files.TryDelete(path);
        }
        else
        {
            _files.TryDelete(path);
            Dispose();
        }
    }

    public void Dispose() => _file.Dispose();
}
