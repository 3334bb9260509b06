using System;

namespace ImgsPS.Disk;

/// <summary>What the system says of a file or folder. Immutable.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Size">Its bytes.</param>
/// <param name="Time">When it was last written, UTC.</param>
internal readonly record struct FileStatus(FileKind Kind, long Size, DateTime Time)
{
    /// <summary>How many names it has; 0 for one that is deleted and still open.</summary>
    public long Links { get; init; }

    /// <summary>Which file of its volume it is: the inode, on Windows the file's index.</summary>
    public ulong Id { get; init; }

    /// <summary>Which volume it is on.</summary>
    public ulong Volume { get; init; }

    /// <summary>When it, its rights or its name were last changed, in the system's own unit. Nobody can set it to what he likes.</summary>
    public long Changed { get; init; }

    /// <summary>The user who owns it, on Unix.</summary>
    public uint User { get; init; }

    /// <summary>The group it belongs to, on Unix.</summary>
    public uint Group { get; init; }

    /// <summary>Its rights on Unix, the low nine bits: 0x1FF.</summary>
    public int Rights { get; init; }

    /// <summary>True when both are of one file.</summary>
    public bool IsSame(FileStatus other) => Id == other.Id && Volume == other.Volume;

    /// <summary>The kind in words, for a message: "a named pipe".</summary>
    public string Words => Kind switch
    {
        FileKind.File => "a file",
        FileKind.Folder => "a folder",
        FileKind.Link => NativeFiles.IsWindows ? "a link or junction" : "a symbolic link",
        FileKind.Pipe => "a named pipe",
        FileKind.Device => "a device",
        FileKind.Socket => "a socket",
        _ => "no regular file",
    };
}
