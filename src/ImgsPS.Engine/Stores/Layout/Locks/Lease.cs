using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using ImgsPS.Disk;

namespace ImgsPS.Stores.Layout;

/// <summary>
/// One session's claim on content, seen by every process: <c>leases/&lt;guid&gt;.lock</c>, held, and <c>leases/&lt;guid&gt;.list</c>, one
/// digest a line. A lease whose lock can be taken is dead. Safe for any number of threads; disposing ends the claim.
/// </summary>
internal sealed class Lease : IDisposable
{
    /// <summary>Some million digests.</summary>
    private const int MaxListSize = 128 * 1024 * 1024;

    private const string LockSuffix = ".lock";
    private const string ListSuffix = ".list";

    private readonly object _sync = new();
    private readonly HashSet<Digest> _claimed = new();
    private readonly StoreFiles _files;
    private readonly string _lockPath;
    private readonly string _listPath;
    private readonly string _ingest;
    private readonly FileLock _fileLock;
    private readonly StoreFile _list;
    private bool _disposed;

    private Lease(StoreFiles files, string path, FileLock fileLock, string ingest)
    {
        _files = files;
        _fileLock = fileLock;
        _lockPath = path + LockSuffix;
        _listPath = path + ListSuffix;
        _list = files.OpenAppend(_listPath);
        _ingest = ingest;
        IngestSpares.Enter(ingest);
    }

    /// <summary>Makes a lease that claims nothing yet.</summary>
    /// <exception cref="ImageException">StoreUnavailable.</exception>
    public static Lease Create(StorePaths paths, StoreFiles files)
    {
        files.CreateFolder(paths.Leases);
        while (true)
        {
            var path = Path.Combine(paths.Leases, Guid.NewGuid().ToString("N"));
            var fileLock = FileLock.TryTake(files, path + LockSuffix);

            // A removal that saw the file before it was locked took the lease for dead and may have deleted it; the name is new, so there
            // is no other.
            if (fileLock is not null && files.Exists(path + LockSuffix))
            {
                try
                {
                    return new Lease(files, path, fileLock, paths.Ingest);
                }
                catch
                {
                    fileLock.DisposeAndDelete(path + LockSuffix);
                    throw;
                }
            }

            fileLock?.Dispose();
        }
    }

    /// <summary>What live leases claim. Call under the store's lock with <paramref name="tidy"/> to delete the dead ones.</summary>
    /// <returns>The digests; null when a live lease cannot be read, and so everything may be claimed.</returns>
    public static HashSet<Digest>? Claimed(StorePaths paths, StoreFiles files, bool tidy)
    {
        var digests = new HashSet<Digest>();
        IReadOnlyList<string> locks;
        try
        {
            locks = files.FilesIn(paths.Leases, StorePaths.IsLease).Select(e => e.Path)
                .Where(p => p.EndsWith(LockSuffix, StringComparison.Ordinal)).ToList();
        }
        catch (ImageException e) when (!StoreFailure.IsUnsafe(e))
        {
            // Closed to this user (SF6).
            return null;
        }

        foreach (var lockPath in locks)
        {
            var listPath = lockPath.Substring(0, lockPath.Length - LockSuffix.Length) + ListSuffix;
            if (files.IsFree(lockPath))
            {
                if (tidy)
                {
                    DeleteDead(files, lockPath, listPath);
                }

                continue;
            }

            try
            {
                var text = Encoding.ASCII.GetString(files.TryRead(listPath, MaxListSize) ?? Array.Empty<byte>());
                foreach (var line in text.Split('\n'))
                {
                    // The last line may be in the middle of being written; who writes it does not rely on it yet.
                    if (Digest.TryParse(line, out var digest))
                    {
                        digests.Add(digest);
                    }
                }
            }
            catch (ImageException e) when (!StoreFailure.IsUnsafe(e))
            {
                return null;
            }
        }

        return digests;
    }

    /// <summary>The lock files of leases whose process is gone, and lists that lost their lock file, with the bytes of each.</summary>
    /// <exception cref="ImageException">StoreUnavailable.</exception>
    public static IReadOnlyList<(string Path, long Size)> Dead(StorePaths paths, StoreFiles files)
    {
        var dead = new List<(string, long)>();
        foreach (var file in files.FilesIn(paths.Leases, StorePaths.IsLease))
        {
            if (Path.GetExtension(file.Path) == LockSuffix ? files.IsFree(file.Path) : IsStray(files, file.Path))
            {
                dead.Add((file.Path, files.Length(Path.ChangeExtension(file.Path, ListSuffix)) ?? 0));
            }
        }

        return dead;
    }

    /// <summary>Deletes a dead lease, under the store's lock; false when it lives, or cannot be deleted.</summary>
    public static bool TryDelete(StoreFiles files, string path)
    {
        if (Path.GetExtension(path) == ListSuffix)
        {
            return IsStray(files, path) && files.TryDelete(path);
        }

        DeleteDead(files, path, Path.ChangeExtension(path, ListSuffix));
        return !files.Exists(path);
    }

    /// <summary>Claims content; when this returns, every removal that reads the leases from then on sees the claim.</summary>
    /// <exception cref="ImageException">StoreUnavailable.</exception>
    public void Add(IEnumerable<Digest> digests)
    {
        lock (_sync)
        {
            if (_disposed)
            {
                throw new ObjectDisposedException(nameof(Lease));
            }

            var lines = new StringBuilder();
            var added = new List<Digest>();
            foreach (var digest in digests)
            {
                if (_claimed.Add(digest))
                {
                    added.Add(digest);
                    lines.Append(digest).Append('\n');
                }
            }

            if (added.Count == 0)
            {
                return;
            }

            var written = false;
            try
            {
                var bytes = Encoding.ASCII.GetBytes(lines.ToString());
                _files.Write(_list, bytes, 0, bytes.Length, bytes.Length);

                // To the system, where other processes read it; a lease need not survive a power loss.
                _list.Flush();
                written = true;
            }
            finally
            {
                if (!written)
                {
                    _claimed.ExceptWith(added);
                }
            }
        }
    }

    public void Dispose()
    {
        lock (_sync)
        {
            if (!_disposed)
            {
                _disposed = true;
                IngestSpares.Leave(_ingest, _files);
                _list.Dispose();
                _files.TryDelete(_listPath);
                _fileLock.DisposeAndDelete(_lockPath);
            }
        }
    }

    /// <summary>A lease makes its lock file first and deletes it last.</summary>
    private static bool IsStray(StoreFiles files, string listPath) => !files.Exists(Path.ChangeExtension(listPath, LockSuffix));

    private static void DeleteDead(StoreFiles files, string lockPath, string listPath)
    {
        try
        {
            if (FileLock.TryTake(files, lockPath) is { } dead)
            {
                files.TryDelete(listPath);
                dead.DisposeAndDelete(lockPath);
            }
        }
        catch (ImageException e) when (!StoreFailure.IsUnsafe(e))
        {
            // Another user's; who owns it can delete it.
        }
    }
}
