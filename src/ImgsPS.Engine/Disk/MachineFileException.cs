using System.IO;

namespace ImgsPS.Disk;

/// <summary>What is in a file's place is no file, or is larger than such a file may be. Nothing of it was kept (SF5).</summary>
internal sealed class MachineFileException : IOException
{
    public MachineFileException(string path, string words, bool isTooLarge)
        : base($"'{path}' {words}.")
    {
        Words = words;
        IsTooLarge = isTooLarge;
    }

    /// <summary>What is wrong, as the rest of a sentence: "is a named pipe, not a file".</summary>
    public string Words { get; }

    /// <summary>True when it is a file, and too large.</summary>
    public bool IsTooLarge { get; }
}
