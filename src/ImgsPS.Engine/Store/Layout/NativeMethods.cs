using System;
using System.Runtime.InteropServices;

namespace ImgsPS.Store.Layout;

/// <summary>
/// What Linux has and .NET does not offer: writes past the system's cache.
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

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int fcntl(SafeHandle descriptor, int command, int argument);
}
