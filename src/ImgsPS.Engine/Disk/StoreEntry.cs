namespace ImgsPS.Disk;

/// <summary>A name in a folder of a store. Immutable.</summary>
/// <param name="Path">Its path.</param>
/// <param name="Name">The name alone.</param>
/// <param name="Status">What it is; a link is a link, and not what it leads to.</param>
internal sealed record StoreEntry(string Path, string Name, FileStatus Status)
{
    /// <summary>True for a regular file.</summary>
    public bool IsFile => Status.Kind == FileKind.File;
}
