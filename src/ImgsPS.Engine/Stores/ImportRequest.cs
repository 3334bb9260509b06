using System;
using System.Collections.Generic;
using System.IO;
using ImgsPS.Naming;

namespace ImgsPS.Stores;

/// <summary>What to import (AR8-AR17).</summary>
/// <param name="Input">Where it is.</param>
internal sealed record ImportRequest(ImportInput Input)
{
    /// <summary>The repository of an image whose archive has only a tag for it (AR9), without tag and digest; null for none.</summary>
    public ImageReference? Repository { get; init; }

    /// <summary>Compresses the layers that Docker's archives have uncompressed with gzip (AR15).</summary>
    public bool Compress { get; init; }

    /// <summary>For a plain tree of files: the image to make of it (AR17); null for an archive of images.</summary>
    public RootFileSystem? RootFileSystem { get; init; }
}

/// <summary>A file, a stream or a folder with images.</summary>
/// <param name="Name">What the user calls it.</param>
internal sealed record ImportInput(string Name)
{
    /// <summary>Opens the archive, once; null for a folder.</summary>
    public Func<Stream>? Open { get; init; }

    /// <summary>The folder with a layout, a full path; null for an archive.</summary>
    public string? Folder { get; init; }

    /// <summary>An archive in a file, a full path, which is looked for when it is read.</summary>
    public static ImportInput OfFile(string path) => new(path) { Open = () => OpenFile(path) };

    private static FileStream OpenFile(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 1, FileOptions.SequentialScan);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ImageException(
                e is FileNotFoundException or DirectoryNotFoundException ? ImageErrorKind.NotFound : ImageErrorKind.StoreUnavailable,
                $"'{PrintableText.Of(path)}' cannot be read: {PrintableText.OfServer(e.Message)}",
                "Check the path and your rights on it.", e);
        }
    }
}

/// <summary>The image that is made of a tree of files.</summary>
internal sealed record RootFileSystem
{
    /// <summary>Its name; null for none. Without a tag it means <c>latest</c>.</summary>
    public ImageReference? Reference { get; init; }

    /// <summary>Instructions of a Dockerfile that set how it is run; empty for none.</summary>
    public IReadOnlyList<string> Changes { get; init; } = [];

    /// <summary>What its history says; null for docker's <c>Imported from -</c>.</summary>
    public string? Message { get; init; }

    /// <summary>The platform that it is for; null for this machine's.</summary>
    public Platform? Platform { get; init; }
}
