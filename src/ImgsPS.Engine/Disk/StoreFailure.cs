using System;
using System.IO;
using System.Runtime.InteropServices;

namespace ImgsPS.Disk;

/// <summary>Says what the machine's answer means: space, permission, or someone else's open handle (RS4, RS8).</summary>
internal static class StoreFailure
{
    /// <summary>What a user can do about a store that does not let itself be read.</summary>
    public const string ReadAdvice = "Check the rights on the store's folder and that its disk is there, or name another one with -Store.";

    private const string UnsafeAdvice =
        "Find out who put it there. Delete it, or put the file itself in its place; Test-ImageStore says what is missing then.";

    private const int SharingViolation = unchecked((int)0x80070020);
    private const int LockViolation = unchecked((int)0x80070021);
    private const int HandleDiskFull = unchecked((int)0x80070027);
    private const int DiskFull = unchecked((int)0x80070070);
    private const int WriteProtected = unchecked((int)0x80070013);

    private static readonly bool IsWindows = RuntimeInformation.IsOSPlatform(OSPlatform.Windows);
    private static readonly bool IsLinux = RuntimeInformation.IsOSPlatform(OSPlatform.Linux);

    /// <summary>True for what files throw.</summary>
    public static bool IsMachine(Exception e) => e is IOException or UnauthorizedAccessException;

    /// <summary>
    /// True when another handle keeps us from opening, moving or deleting. On Windows access is also denied while a file that is open
    /// elsewhere goes away.
    /// </summary>
    public static bool IsHeldByAnother(Exception e) => IsWindows
        ? e is UnauthorizedAccessException || e.HResult is SharingViolation or LockViolation
        : IsLocked(e);

    /// <summary>True when the file is open elsewhere in a way that excludes us: on Unix what flock says (EWOULDBLOCK).</summary>
    public static bool IsLocked(Exception e) => e is IOException && (IsWindows
        ? e.HResult is SharingViolation or LockViolation
        : e.HResult == (IsLinux ? 11 : 35) || e.HResult == SharingViolation);

    /// <summary>
    /// True when something that is no file or folder of the store stands in the way (SF1): that is told, and never worked around.
    /// </summary>
    public static bool IsUnsafe(ImageException e) => e.InnerException is UnsafeFileException;

    /// <summary>The exception for a user, of what was to be read.</summary>
    public static ImageException OfReading(Exception e, string path) => e is UnsafeFileException ? Of(e, path, 0) : new ImageException(
        ImageErrorKind.StoreUnavailable,
        e is UnauthorizedAccessException ? $"No permission to read '{path}'." : $"'{path}' cannot be read: {e.Message}",
        ReadAdvice,
        e);

    /// <summary>The exception for a user.</summary>
    /// <param name="e">What the machine said.</param>
    /// <param name="path">The file or folder that was to be changed.</param>
    /// <param name="needed">How many bytes were wanted; 0 when it does not matter.</param>
    public static ImageException Of(Exception e, string path, long needed)
    {
        if (e is UnsafeFileException unsafeFile)
        {
            return new ImageException(ImageErrorKind.InvalidData, e.Message, unsafeFile.Advice ?? UnsafeAdvice, e);
        }

        if (IsDiskFull(e))
        {
            return NoSpace(path, needed, DiskSpace.Free(path), e);
        }

        if (e is UnauthorizedAccessException || IsReadOnly(e))
        {
            return new ImageException(
                ImageErrorKind.StoreUnavailable,
                $"No permission to write '{path}'.",
                "A store without write access can be listed and read. To change it, use an account that may write there, or another " +
                    "folder with -Store.",
                e);
        }

        return e is PathTooLongException
            ? new ImageException(ImageErrorKind.StoreUnavailable, $"The path '{path}' is too long.",
                "Use a store in a folder with a shorter path.", e)
            : IsHeldByAnother(e)
            ? new ImageException(
                ImageErrorKind.StoreUnavailable,
                $"'{path}' is held open by another program.",
                "An antivirus, backup or indexing program may hold it: exclude the store's folder there, and try again.",
                e)
            : new ImageException(ImageErrorKind.StoreUnavailable, $"'{path}' cannot be written: {e.Message}",
                "Check that the folder can be made and written there, or use another one with -Store.", e);
    }

    /// <summary>The exception for a disk that has no room.</summary>
    public static ImageException NoSpace(string path, long needed, long? free, Exception? cause)
    {
        var wanted = needed > 0 ? $"{needed} bytes needed, " : "";
        var there = free is null ? "free space unknown" : $"{free} bytes free";
        return new ImageException(
            ImageErrorKind.StoreUnavailable,
            $"write {path}: no space left on device ({wanted}{there})",
            "Free some space (Get-Image | Where-Object Dangling | Remove-Image), or use a store on another volume with -Store.",
            cause);
    }

    /// <summary>Runs a step; what the machine says becomes an <see cref="ImageException"/>.</summary>
    public static T Guard<T>(string path, long needed, Func<T> step)
    {
        try
        {
            return step();
        }
        catch (Exception e) when (IsMachine(e))
        {
            throw Of(e, path, needed);
        }
    }

    private static bool IsDiskFull(Exception e) => e is IOException && (IsWindows
        ? e.HResult is DiskFull or HandleDiskFull
        : e.HResult is 28 or DiskFull || e.HResult == (IsLinux ? 122 : 69));

    private static bool IsReadOnly(Exception e) => e is IOException && (IsWindows ? e.HResult == WriteProtected : e.HResult == 30);
}
