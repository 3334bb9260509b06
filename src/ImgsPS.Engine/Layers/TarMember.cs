namespace ImgsPS.Layers;

/// <summary>What a member of a tar archive is.</summary>
internal enum TarMemberKind
{
    /// <summary>A regular file; the only kind that has bytes.</summary>
    File,

    /// <summary>Another name of a member that came before.</summary>
    HardLink,

    /// <summary>A symbolic link.</summary>
    SymbolicLink,

    /// <summary>A folder.</summary>
    Folder,

    /// <summary>A device or a pipe.</summary>
    Device,
}

/// <summary>A member of a tar archive. Immutable.</summary>
/// <param name="Name">As it stands there, at most <see cref="TarReader.MaxName"/> bytes; nothing is put right.</param>
/// <param name="Kind">What it is.</param>
/// <param name="LinkName">Where a link leads, as it stands there; null for all else.</param>
/// <param name="Size">Bytes of its content, 0..2^53; 0 for what is no file.</param>
/// <param name="Offset">The archive's byte that its header begins with, those before it that belong to it included.</param>
internal sealed record TarMember(string Name, TarMemberKind Kind, string? LinkName, long Size, long Offset);
