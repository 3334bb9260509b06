using System;
using System.Collections.Generic;
using System.Linq;
using ImgsPS.Content;
using ImgsPS.Layers;
using ImgsPS.Transfer;

namespace ImgsPS.Stores.Archive;

/// <summary>
/// An archive before it is written: its members in their order, each with its size, so that its bytes are known (AR6, AR7). No document of
/// an image is held. Immutable.
/// </summary>
/// <param name="members">The members, in the order of their names.</param>
/// <param name="images">How many images it has, one for each platform.</param>
/// <param name="leftOut">The layers that its reader has (AR13).</param>
internal sealed class ArchivePlan(IReadOnlyList<ArchiveMember> members, int images, IReadOnlyList<Descriptor> leftOut)
{
    /// <summary>The members, in the order in which they are written.</summary>
    public IReadOnlyList<ArchiveMember> Members { get; } = members;

    /// <summary>How many images it has, one for each platform.</summary>
    public int Images { get; } = images;

    /// <summary>The layers that are left out because the reader has them, each once.</summary>
    public IReadOnlyList<Descriptor> LeftOut { get; } = leftOut;

    /// <summary>Bytes of all members.</summary>
    public long ContentSize { get; } = members.Sum(m => m.Size);

    /// <summary>Bytes of the tar.</summary>
    public long TarSize { get; } = TarWriter.SizeOfEnd + members.Sum(m => m.TarSize);
}

/// <summary>A member of an archive: a folder, a document that is made for it, or content.</summary>
internal sealed class ArchiveMember
{
    private ArchiveMember(string name, long size)
    {
        Name = name;
        Size = size;
    }

    /// <summary>Its path; a folder's ends in <c>/</c>.</summary>
    public string Name { get; }

    /// <summary>Its bytes.</summary>
    public long Size { get; }

    /// <summary>Bytes that it has in a tar.</summary>
    public long TarSize => IsFolder ? TarWriter.FolderHeaders(Name).Length : TarWriter.SizeOf(Name, Size);

    /// <summary>True for a folder.</summary>
    public bool IsFolder => Document is null && Content is null;

    /// <summary>A document that is made for the archive; null for any other member.</summary>
    public byte[]? Document { get; private init; }

    /// <summary>Content of an image; null for any other member.</summary>
    public ArchiveContent? Content { get; private init; }

    /// <summary>A folder.</summary>
    public static ArchiveMember OfFolder(string name) => new(name, 0);

    /// <summary>A document.</summary>
    public static ArchiveMember Of(string name, byte[] document) => new(name, document.Length) { Document = document };

    /// <summary>Content.</summary>
    public static ArchiveMember Of(ArchiveContent content) =>
        new(ArchiveMembers.Blob(content.Descriptor.Digest), content.Descriptor.Size) { Content = content };
}

/// <summary>Content of an image, and what names it.</summary>
/// <param name="Source">Where it is.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Descriptor">The content.</param>
/// <param name="Namer">What names it, for a message: <c>the manifest sha256:… of app:1</c>.</param>
internal sealed record ArchiveContent(IImageSource Source, ArchiveContentKind Kind, Descriptor Descriptor, string Namer)
{
    /// <summary>What it is, in words.</summary>
    public string What => Kind.ToString().ToLowerInvariant();
}

/// <summary>What content is.</summary>
internal enum ArchiveContentKind
{
    /// <summary>An index.</summary>
    Index,

    /// <summary>A manifest.</summary>
    Manifest,

    /// <summary>A config.</summary>
    Config,

    /// <summary>A layer, or a blob of what is no image.</summary>
    Layer,
}
