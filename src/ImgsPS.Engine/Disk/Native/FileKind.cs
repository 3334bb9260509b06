namespace ImgsPS.Disk;

/// <summary>What a name on a disk leads to.</summary>
internal enum FileKind
{
    /// <summary>A file with bytes.</summary>
    File,

    /// <summary>A folder.</summary>
    Folder,

    /// <summary>A symbolic link; on Windows any reparse point, a junction too.</summary>
    Link,

    /// <summary>A named pipe.</summary>
    Pipe,

    /// <summary>A device, for characters or blocks.</summary>
    Device,

    /// <summary>A socket.</summary>
    Socket,

    /// <summary>Something that this code does not know.</summary>
    Other,
}
