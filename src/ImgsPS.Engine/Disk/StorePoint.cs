namespace ImgsPS.Disk;

/// <summary>A place between two durable steps, where a crash test stops a process.</summary>
internal enum StorePoint
{
    /// <summary>An ingest folder was made and locked.</summary>
    AfterIngestCreate,

    /// <summary>Some bytes of a blob were written.</summary>
    MidWrite,

    /// <summary>All bytes are written and checked, none is flushed to the disk.</summary>
    BeforeFlush,

    /// <summary>The blob is flushed and closed.</summary>
    BeforeRename,

    /// <summary>The blob stands under its digest.</summary>
    AfterRename,

    /// <summary>The index is changed in memory only.</summary>
    BeforeIndexTemp,

    /// <summary>The new index is in its temp file, flushed.</summary>
    AfterIndexTemp,

    /// <summary>The new index is in its place.</summary>
    AfterIndexMove,

    /// <summary>The index no longer names what is removed.</summary>
    RemoveAfterIndex,

    /// <summary>It is known what nothing needs.</summary>
    CollectAfterMark,

    /// <summary>What nothing needs is in the trash.</summary>
    CollectAfterTrash,
}
