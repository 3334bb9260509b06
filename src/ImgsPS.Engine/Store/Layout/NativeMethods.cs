using System;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;

namespace ImgsPS.Store.Layout;

#if NET472
/// <summary>The one call of Windows that .NET Framework has no method for.</summary>
internal static class NativeMethods
{
    public const int ReplaceExisting = 1;

    public const int WriteThrough = 8;

    [DllImport("kernel32.dll", CharSet = CharSet.Unicode, SetLastError = true, EntryPoint = "MoveFileExW", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    public static extern bool MoveFileEx(string from, string to, int flags);
}
#else
/// <summary>fsync of a folder on Unix, which .NET does not offer: it refuses to open folders.</summary>
internal static class NativeMethods
{
    private const int InvalidArgument = 22;

    /// <summary>Brings the folder's entries to the disk.</summary>
    /// <exception cref="IOException">The folder cannot be opened, or the disk fails.</exception>
    public static void SyncFolder(string path)
    {
        var descriptor = open(Encoding.UTF8.GetBytes(path + "\0"), 0);
        if (descriptor < 0)
        {
            throw Failure(path);
        }

        try
        {
            // EINVAL: the file system has no fsync for folders (some network and FUSE ones). There is nothing more that one can do there.
            if (fsync(descriptor) != 0 && Marshal.GetLastWin32Error() != InvalidArgument)
            {
                throw Failure(path);
            }
        }
        finally
        {
            _ = close(descriptor);
        }
    }

    private static IOException Failure(string path)
    {
        var error = Marshal.GetLastWin32Error();
        return new IOException($"The folder '{path}' cannot be flushed to the disk (errno {error}).", error);
    }

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int open(byte[] path, int flags);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int fsync(int descriptor);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int close(int descriptor);
}
#endif
