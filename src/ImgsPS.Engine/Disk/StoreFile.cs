using System.IO;
using Microsoft.Win32.SafeHandles;

namespace ImgsPS.Disk;

/// <summary>A file that was opened and judged. Not thread-safe.</summary>
internal class StoreFile : FileStream
{
    // Mono's own handle on the file; elsewhere the system's once more, which closes nothing.
    private readonly SafeFileHandle _stream;

    public StoreFile(FileHandle handle, string path, FileAccess access)
        : base(StreamHandle.Of(handle, access), access, 1, isAsync: false)
    {
        _stream = SafeFileHandle;
        Opened = handle;
        Path = path;
    }

    /// <summary>The system's handle.</summary>
    public FileHandle Opened { get; }

    /// <summary>Where it was opened.</summary>
    public string Path { get; }

    /// <summary>What it is now.</summary>
    public FileStatus Status => NativeFiles.Current.Status(Opened, Path);

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
        {
            _stream.Dispose();
            Opened.Dispose();
        }
    }
}
