using System;
using System.IO;
using System.Linq;
using System.Threading;

namespace ImgsPS.Store.Layout;

/// <summary>Reads files of a store without keeping others from moving or deleting them. Safe for any number of threads.</summary>
internal static class StoreReader
{
    /// <summary>What a user can do about a store that does not let itself be read.</summary>
    public const string ReadAdvice = "Check the rights on the store's folder and that its disk is there, or name another one with -Store.";

    /// <summary>As <see cref="StoreFiles.TryRead"/>, opened by <paramref name="open"/>.</summary>
    /// <exception cref="ImageException">As there.</exception>
    public static byte[]? TryRead(string path, int limit, Func<string, FileStream> open)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                using var file = open(path);
                if (file.Length > limit)
                {
                    throw new ImageException(ImageErrorKind.TooLarge, $"'{path}' has {file.Length} bytes, more than the limit of {limit}.");
                }

                var bytes = new byte[file.Length];
                var got = 0;
                int read;
                while (got < bytes.Length && (read = file.Read(bytes, got, bytes.Length - got)) > 0)
                {
                    got += read;
                }

                Array.Resize(ref bytes, got);
                return bytes;
            }
            catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
            {
                return null;
            }
            catch (Exception e) when (StoreFailure.IsMachine(e))
            {
                if (attempt == 10 || !StoreFailure.IsHeldByAnother(e))
                {
                    throw new ImageException(
                        ImageErrorKind.StoreUnavailable,
                        e is UnauthorizedAccessException ? $"No permission to read '{path}'." : $"'{path}' cannot be read: {e.Message}",
                        ReadAdvice,
                        e);
                }

                // RS8; on Windows also the moment in which another process replaces the file.
                Thread.Sleep(10 * attempt);
            }
        }
    }

    /// <summary>Opens a file for reading; others may write, move and delete it meanwhile.</summary>
    public static FileStream Open(string path) =>
        new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1, FileOptions.SequentialScan);

    /// <summary>The files of a folder and those below it.</summary>
    /// <exception cref="ImageException">StoreUnavailable: a folder cannot be read.</exception>
    public static FileInfo[] FilesUnder(string folder) => List(folder, f => f.GetFiles("*", SearchOption.AllDirectories));

    /// <summary>True when there is a file in a folder or below it.</summary>
    /// <exception cref="ImageException">StoreUnavailable: a folder cannot be read.</exception>
    public static bool HasFilesUnder(string folder) =>
        List(folder, f => f.EnumerateFiles("*", SearchOption.AllDirectories).Take(1).ToArray()).Length > 0;

    /// <summary>The files of a folder; none when it is not there.</summary>
    /// <exception cref="ImageException">StoreUnavailable.</exception>
    public static FileInfo[] FilesIn(string folder, string pattern = "*") => List(folder, f => f.GetFiles(pattern));

    /// <summary>The folders in a folder; none when it is not there.</summary>
    /// <exception cref="ImageException">StoreUnavailable.</exception>
    public static DirectoryInfo[] FoldersIn(string folder) => List(folder, f => f.GetDirectories());

    /// <summary>A file's size, and when it was last written, UTC; null when it went since it was listed.</summary>
    public static (long Size, DateTime Time)? TryStat(FileInfo file)
    {
        try
        {
            return (file.Length, file.LastWriteTimeUtc);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    /// <summary>A file's size in bytes; null when it is not there.</summary>
    public static long? Length(string path)
    {
        var file = new FileInfo(path);
        return file.Exists ? file.Length : null;
    }

    private static T[] List<T>(string folder, Func<DirectoryInfo, T[]> list)
    {
        try
        {
            return list(new DirectoryInfo(folder));
        }
        catch (DirectoryNotFoundException)
        {
            return Array.Empty<T>();
        }
        catch (Exception e) when (StoreFailure.IsMachine(e))
        {
            throw new ImageException(ImageErrorKind.StoreUnavailable, $"'{folder}' cannot be read: {e.Message}", ReadAdvice, e);
        }
    }
}
