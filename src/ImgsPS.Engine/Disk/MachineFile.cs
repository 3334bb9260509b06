using System;
using System.IO;
using System.Text;

namespace ImgsPS.Disk;

/// <summary>
/// Files of this machine that are not a store's: configurations, certificates. Links are followed; what is no file is told and never waited
/// for (SF5). Safe for any number of threads.
/// </summary>
internal static class MachineFile
{
    /// <summary>Reads a whole file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="limit">Most bytes that it may have.</param>
    /// <exception cref="FileNotFoundException">It is not there.</exception>
    /// <exception cref="DirectoryNotFoundException">Its folder is not there.</exception>
    /// <exception cref="UnauthorizedAccessException">There is no right to read it.</exception>
    /// <exception cref="MachineFileException">It is a folder, a pipe, a device; it has more bytes.</exception>
    /// <exception cref="IOException">The disk fails.</exception>
    public static byte[] Read(string path, int limit)
    {
        var handle = NativeFiles.Current.OpenAnywhere(path);
        var status = handle.Disposing(h => NativeFiles.Current.Status(h, path));
        if (status.Kind != FileKind.File)
        {
            handle.Dispose();
            throw new MachineFileException(path, $"is {status.Words}, not a file", isTooLarge: false);
        }

        NativeFiles.Current.SetBlocking(handle);
        using var file = new StoreFile(handle, path, FileAccess.Read);
        var bytes = new byte[Math.Min(Math.Max(status.Size, 0), limit) + 1];
        var got = 0;
        int read;
        while ((read = file.Read(bytes, got, bytes.Length - got)) > 0)
        {
            got += read;
            if (got > limit)
            {
                throw new MachineFileException(path, "is larger than " + Size(limit), isTooLarge: true);
            }

            if (got == bytes.Length)
            {
                // It grew, or is one of those whose size the system does not say.
                Array.Resize(ref bytes, (int)Math.Min((long)bytes.Length * 2, (long)limit + 1));
            }
        }

        Array.Resize(ref bytes, got);
        return bytes;
    }

    /// <summary>Reads a whole file as text: UTF-8, unless a byte order mark says otherwise. Else as <see cref="Read"/>.</summary>
    public static string ReadText(string path, int limit)
    {
        using var reader = new StreamReader(new MemoryStream(Read(path, limit)), Encoding.UTF8, detectEncodingFromByteOrderMarks: true);
        return reader.ReadToEnd();
    }

    private static string Size(int bytes) => bytes % (1 << 20) == 0 ? $"{bytes >> 20} MiB" : $"{bytes} bytes";
}
