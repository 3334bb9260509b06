using System;
using Microsoft.Win32.SafeHandles;

namespace ImgsPS.Disk;

/// <summary>An open file or folder of the system. Its own type, since mono closes only handles that it opened itself.</summary>
internal sealed class FileHandle : SafeHandleMinusOneIsInvalid
{
    public FileHandle()
        : base(ownsHandle: true)
    {
    }

    public FileHandle(IntPtr handle)
        : base(ownsHandle: true) => SetHandle(handle);

    /// <summary>Asks something of the handle, and closes it when that fails.</summary>
    public T Disposing<T>(Func<FileHandle, T> ask)
    {
        try
        {
            return ask(this);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    protected override bool ReleaseHandle() => NativeFiles.Current.Close(handle);
}
