using System.IO;
using Microsoft.Win32.SafeHandles;

namespace ImgsPS.Disk;

/// <summary>A handle of the system as a <see cref="FileStream"/> takes it.</summary>
internal static class StreamHandle
{
    /// <summary>The handle, which closes nothing: <see cref="FileHandle"/> does.</summary>
    public static SafeFileHandle Of(FileHandle handle, FileAccess access) => new(handle.DangerousGetHandle(), ownsHandle: false);
}
