namespace ImgsPS.Disk;

/// <summary>What a file is opened for.</summary>
internal enum FileUse
{
    /// <summary>To read; it must be there. Others may write, move and delete it meanwhile.</summary>
    Read,

    /// <summary>To write, and it must not be there yet.</summary>
    Create,

    /// <summary>To read and write, made when it is not there. What it holds stays.</summary>
    Write,

    /// <summary>To be locked, made when it is not there. On Windows nobody else can open it meanwhile.</summary>
    Lock,

    /// <summary>To see whether it is locked; it must be there.</summary>
    Probe,
}
