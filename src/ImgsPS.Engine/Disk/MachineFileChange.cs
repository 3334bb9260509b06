using System;
using System.Diagnostics;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;

namespace ImgsPS.Disk;

/// <summary>
/// Changes a small file of this machine that has secrets, and that other programs read and write too: under a lock, into a new file of this
/// user alone (0600), flushed, and moved over the old one. A reader sees the old file or the new one, and so does who comes after a kill.
/// Links are followed, as other programs do; but an elevated user follows none that somebody else can turn, and writes into no folder that
/// somebody else can write (SF3). Safe for any number of threads and processes.
/// </summary>
internal static class MachineFileChange
{
    private const int OwnerOnly = 0x180;
    private const int OwnerMayWrite = 0x80;
    private const int MostLinks = 40;
    private const string LockSuffix = ".imgsps-lock";
    private const string TempSuffix = ".imgsps-new";

    private static readonly SemaphoreSlim Gate = new(1, 1);

    private static NativeFiles Native => NativeFiles.Current;

    /// <summary>Changes the file.</summary>
    /// <param name="path">The file; it need not be there, nor its folder, which is then made for this user alone.</param>
    /// <param name="patience">How long to wait for another process that changes it.</param>
    /// <param name="limit">The most bytes that the file may have.</param>
    /// <param name="change">
    /// Gives the new content for the old one, which is null when there is no file; null to leave all as it is. Runs under the lock.
    /// </param>
    /// <param name="cancellationToken">Ends the wait for the lock; a change that has begun is finished.</param>
    /// <exception cref="ImageException">
    /// StoreUnavailable: it cannot be written, or a link leads nowhere. StoreLocked: another process holds the lock for too long. The file
    /// is as it was. And what <paramref name="change"/> throws.
    /// </exception>
    public static async Task RunAsync(
        string path, TimeSpan patience, int limit, Func<byte[]?, byte[]?> change, CancellationToken cancellationToken)
    {
        if (!await Gate.WaitAsync(patience, cancellationToken).ConfigureAwait(false))
        {
            throw Locked(path);
        }

        try
        {
            var file = Path.GetFullPath(path);
            using var folder = Follow(ref file);
            using var held = await LockAsync(folder, file, patience, cancellationToken).ConfigureAwait(false);
            try
            {
                Tidy(folder, file);
                if (change(ReadOrNull(folder, file, limit)) is { } content)
                {
                    Replace(folder, file, content);
                }
            }
            finally
            {
                // Who waits with the file open finds that it is not in its place any more, and makes another one.
                if (!NativeFiles.IsWindows)
                {
                    TryDelete(folder, Path.GetFileName(file) + LockSuffix, file);
                }
            }
        }
        catch (Exception e) when (StoreFailure.IsMachine(e))
        {
            throw Unwritable(path, e);
        }
        finally
        {
            Gate.Release();
        }
    }

    /// <summary>The folder of the file, and (by <paramref name="file"/>) the file itself where links lead to it.</summary>
    private static FileHandle Follow(ref string file)
    {
        for (var links = 0; ; links++)
        {
            var folder = OpenOrMake(Path.GetDirectoryName(file)!, mayMake: links == 0);
            try
            {
                var above = Path.GetDirectoryName(file)!;
                EnsureOwn(Native.IsElevated ? Native.OtherHand(folder, Native.Status(folder, above), above) : null, above);
                var name = Path.GetFileName(file);
                if (Native.TryStatus(folder, name, file) is not { Kind: FileKind.Link } link)
                {
                    return folder;
                }

                EnsureOwn(Native.IsElevated ? Native.OwnerOfLink(link) : null, file);
                if (links == MostLinks || Native.LinkText(folder, name, file) is not { } target)
                {
                    throw new IOException($"'{file}' is a link that cannot be followed");
                }

                file = Path.GetFullPath(Path.Combine(above, target));
            }
            catch
            {
                folder.Dispose();
                throw;
            }

            folder.Dispose();
        }
    }

    private static FileHandle OpenOrMake(string folder, bool mayMake)
    {
        try
        {
            return Native.OpenRoot(folder);
        }
        catch (DirectoryNotFoundException) when (mayMake && !File.Exists(folder))
        {
            if (Path.GetDirectoryName(folder) is { Length: > 0 } above)
            {
                Directory.CreateDirectory(above);
            }

            Native.MakeRoot(folder);
            return Native.OpenRoot(folder);
        }
    }

    private static void EnsureOwn(string? otherHand, string path)
    {
        if (otherHand is not null)
        {
            throw new ImageException(
                ImageErrorKind.StoreUnavailable,
                $"'{path}' is not changed by an elevated user: {otherHand}.",
                "Work as the user who owns it, or set DOCKER_CONFIG to a folder that is yours alone.");
        }
    }

    private static async Task<FileHandle> LockAsync(FileHandle folder, string file, TimeSpan patience, CancellationToken cancellationToken)
    {
        var (name, path) = (Path.GetFileName(file) + LockSuffix, file + LockSuffix);
        var clock = Stopwatch.StartNew();
        while (true)
        {
            if (TryLock(folder, name, path) is { } held)
            {
                return held;
            }

            if (clock.Elapsed >= patience)
            {
                throw Locked(file);
            }

            await Task.Delay(20, cancellationToken).ConfigureAwait(false);
        }
    }

    private static FileHandle? TryLock(FileHandle folder, string name, string path)
    {
        FileHandle? handle = null;
        try
        {
            handle = Native.OpenFile(folder, name, path, FileUse.Lock, OwnerOnly);
            if (Native.TryLock(handle, path)
                && (NativeFiles.IsWindows
                    || (Native.TryStatus(folder, name, path) is { } there && there.IsSame(Native.Status(handle, path)))))
            {
                var held = handle;
                handle = null;
                return held;
            }

            return null;
        }
        catch (Exception e) when (StoreFailure.IsMachine(e) && StoreFailure.IsLocked(e))
        {
            return null;
        }
        finally
        {
            handle?.Dispose();
        }
    }

    private static byte[]? ReadOrNull(FileHandle folder, string file, int limit)
    {
        if (Native.TryStatus(folder, Path.GetFileName(file), file) is not { } status)
        {
            return null;
        }

        if (status.Kind == FileKind.File && !NativeFiles.IsWindows && (status.Rights & OwnerMayWrite) == 0)
        {
            throw new UnauthorizedAccessException($"'{file}' is read-only.");
        }

        return MachineFile.Read(file, limit);
    }

    private static void Replace(FileHandle folder, string file, byte[] content)
    {
        var name = Path.GetFileName(file);
        var temp = $"{name}.{Guid.NewGuid():N}{TempSuffix}";
        var path = Path.Combine(Path.GetDirectoryName(file)!, temp);
        try
        {
            var handle = Native.OpenFile(folder, temp, path, FileUse.Create, OwnerOnly);
            handle.Disposing(h => { Native.SetBlocking(h); return true; });
            using (var stream = new StoreFile(handle, path, FileAccess.Write))
            {
                stream.Write(content, 0, content.Length);
                stream.Flush(flushToDisk: true);
            }

            MoveOver(folder, temp, name, file);
        }
        catch
        {
            TryDelete(folder, temp, path);
            throw;
        }

        Native.Flush(folder, file);
    }

    // On Windows a reader keeps the file from being replaced for a moment (RS8).
    private static void MoveOver(FileHandle folder, string temp, string name, string file)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                Native.MoveOver(folder, temp, folder, name, file);
                return;
            }
            catch (Exception e) when (StoreFailure.IsMachine(e) && StoreFailure.IsHeldByAnother(e) && attempt < 10)
            {
                Thread.Sleep(10 * attempt);
            }
        }
    }

    /// <summary>Deletes what killed processes left; under the lock nobody works on it.</summary>
    private static void Tidy(FileHandle folder, string file)
    {
        var above = Path.GetDirectoryName(file)!;
        var name = Path.GetFileName(file);
        foreach (var entry in Native.Names(folder, above))
        {
            if (entry.StartsWith(name + ".", StringComparison.Ordinal) && entry.EndsWith(TempSuffix, StringComparison.Ordinal))
            {
                TryDelete(folder, entry, Path.Combine(above, entry));
            }
        }
    }

    private static void TryDelete(FileHandle folder, string name, string path)
    {
        try
        {
            Native.Delete(folder, name, path, isFolder: false);
        }
        catch (Exception e) when (StoreFailure.IsMachine(e))
        {
            // It is only tidying: the next one does it.
        }
    }

    private static ImageException Locked(string path) => new(
        ImageErrorKind.StoreLocked, $"another process changes '{path}' and does not end", "Try again; see what else signs in or out.");

    private static ImageException Unwritable(string path, Exception e) => new(
        ImageErrorKind.StoreUnavailable,
        $"'{path}' cannot be changed: {(e is MachineFileException file ? "it " + file.Words : e.Message.TrimEnd('.'))}",
        "Make the file and its folder writable for you, or set DOCKER_CONFIG to another folder. The file is as it was.",
        e);
}
