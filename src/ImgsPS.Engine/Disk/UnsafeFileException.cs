using System.IO;

namespace ImgsPS.Disk;

/// <summary>
/// What was opened is not what a store may have there: a link, a second name of a file, a pipe, a device (SF1, SF5). Nothing was done
/// with it.
/// </summary>
internal sealed class UnsafeFileException : IOException
{
    public UnsafeFileException(string path, string what)
        : base($"'{path}' is {what}. A store has only regular files and folders of its own.")
    {
        Path = path;
    }

    /// <summary>The path as it was asked for.</summary>
    public string Path { get; }
}
