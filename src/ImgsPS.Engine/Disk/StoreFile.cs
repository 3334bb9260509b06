using System.IO;

namespace ImgsPS.Disk;

/// <summary>A file that was opened and judged. Not thread-safe.</summary>
internal class StoreFile : FileStream
{
    public StoreFile(FileHandle handle, string path, FileAccess access)
        : base(StreamHandle.Of(handle, access), access, 1, isAsync: false)
    {
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
        // Mono's own handle on the file; nothing elsewhere.
        var handle = SafeFileHandle;
        base.Dispose(disposing);
        if (disposing)
        {
            handle.Dispose();
            Opened.Dispose();
        }
    }
}
