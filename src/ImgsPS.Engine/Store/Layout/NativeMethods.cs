using System;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;

namespace ImgsPS.Store.Layout;

/// <summary>
/// What Unix has and .NET does not offer: fsync of a folder, which it refuses to open, and writes past the system's cache.
/// </summary>
internal static class NativeMethods
{
    /// <summary>EINVAL.</summary>
    public const int InvalidArgument = 22;

    private const int GetFlags = 3;

    private const int SetFlags = 4;

    /// <summary>
    /// O_DIRECT of Linux, which differs between architectures; 0 where it is not known, and on .NET Framework, which has no memory that
    /// begins at a block's bounds.
    /// </summary>
    private static readonly int Direct = !RuntimeInformation.IsOSPlatform(OSPlatform.Linux) || Environment.Version.Major < 5 ? 0
        : RuntimeInformation.ProcessArchitecture switch
        {
            Architecture.X64 => 0x4000,
            Architecture.Arm64 => 0x10000,
            _ => 0,
        };

    /// <summary>
    /// Lets the writes of a file go past the system's cache, or through it again. False where the file system does not do that.
    /// </summary>
    public static bool TrySetDirect(SafeHandle file, bool on)
    {
        if (Direct == 0)
        {
            return !on;
        }

        var flags = fcntl(file, GetFlags, 0);
        return flags >= 0 && fcntl(file, SetFlags, on ? flags | Direct : flags & ~Direct) == 0;
    }

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
    private static extern int fcntl(SafeHandle descriptor, int command, int argument);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int close(int descriptor);
}
