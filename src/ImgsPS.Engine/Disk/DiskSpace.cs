using System;
using System.IO;

namespace ImgsPS.Disk;

/// <summary>Room on a disk.</summary>
internal static class DiskSpace
{
    /// <summary>
    /// Bytes that this user may still write where <paramref name="path"/> is; null when the machine does not say (network shares).
    /// </summary>
    public static long? Free(string path)
    {
        try
        {
            var place = NativeFiles.IsWindows ? Path.GetPathRoot(path) ?? path : Path.GetDirectoryName(path) ?? path;
            while (!Directory.Exists(place) && Path.GetDirectoryName(place) is { Length: > 0 } above)
            {
                // A folder that is still to be made.
                place = above;
            }

            return new DriveInfo(place).AvailableFreeSpace;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }
}
