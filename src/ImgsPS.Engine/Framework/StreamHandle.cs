using System;
using System.IO;
using Microsoft.Win32.SafeHandles;

namespace ImgsPS.Disk;

/// <summary>A handle of the system as a <see cref="FileStream"/> takes it.</summary>
internal static class StreamHandle
{
    /// <summary>
    /// The handle, which closes nothing on Windows: <see cref="FileHandle"/> does. Mono reads and writes through handles alone that it
    /// opened itself: there it is the same file, opened once more by its descriptor.
    /// </summary>
    public static SafeFileHandle Of(FileHandle handle, FileAccess access)
    {
        if (NativeFiles.IsWindows)
        {
            return new SafeFileHandle(handle.DangerousGetHandle(), ownsHandle: false);
        }

        var stream = new FileStream($"/proc/self/fd/{handle.DangerousGetHandle()}", FileMode.Open, access,
            FileShare.ReadWrite | FileShare.Delete, 1);
#pragma warning disable CA1816 // Who takes the handle closes it.
        GC.SuppressFinalize(stream);
#pragma warning restore CA1816

        // Mono's own object for it closes nothing: the file would stay open, and shut to whoever wants it alone.
        return new SafeFileHandle(stream.SafeFileHandle.DangerousGetHandle(), ownsHandle: true);
    }
}
