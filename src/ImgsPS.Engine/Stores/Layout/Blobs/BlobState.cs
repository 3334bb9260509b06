namespace ImgsPS.Stores.Layout;

/// <summary>What a blob's file is, measured against the digest and the size that it must have.</summary>
internal enum BlobState
{
    /// <summary>As it must be, as far as was looked.</summary>
    Whole,

    /// <summary>There is no file.</summary>
    Absent,

    /// <summary>The file has another size.</summary>
    WrongSize,

    /// <summary>The bytes do not have the digest.</summary>
    WrongContent,

    /// <summary>The machine does not let it be read.</summary>
    Unreadable,
}
