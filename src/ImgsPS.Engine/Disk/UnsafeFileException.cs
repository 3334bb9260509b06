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

    /// <summary>A link in a blob's place (FF24).</summary>
    /// <param name="path">The link.</param>
    /// <param name="what">What it is and leads to.</param>
    /// <param name="advice">What to do about it.</param>
    public UnsafeFileException(string path, string what, string advice)
        : base($"'{path}' is {what}.")
    {
        Path = path;
        Advice = advice;
    }

    /// <summary>The path as it was asked for.</summary>
    public string Path { get; }

    /// <summary>What to do about it, where that is not what is always said.</summary>
    public string? Advice { get; }
}
