using System;
using System.IO;
using System.Threading;

namespace ImgsPS.Store.Layout;

/// <summary>Reads files of a store without keeping others from moving or deleting them. Safe for any number of threads.</summary>
internal static class StoreReader
{
    /// <summary>What a user can do about a store that does not let itself be read.</summary>
    public const string ReadAdvice = "Check the rights on the store's folder and that its disk is there, or name another one with -Store.";

    /// <summary>Reads a whole file; null when it is not there.</summary>
    /// <exception cref="ImageException">
    /// TooLarge: more than <paramref name="limit"/> bytes. StoreUnavailable: it cannot be read.
    /// </exception>
    public static byte[]? TryRead(string path, int limit)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                using var file = Open(path);
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

    /// <summary>A file's size in bytes; null when it is not there.</summary>
    public static long? Length(string path)
    {
        var file = new FileInfo(path);
        return file.Exists ? file.Length : null;
    }
}
