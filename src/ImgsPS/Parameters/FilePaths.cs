using System;
using System.Collections.Generic;
using System.IO;
using System.Management.Automation;
using ImgsPS.Naming;

namespace ImgsPS.Parameters;

/// <summary>Paths as PowerShell reads them: against its location, with its drives and <c>~</c>.</summary>
internal static class FilePaths
{
    /// <summary>The full path of a file that may be new, taken as it stands: brackets are characters.</summary>
    /// <exception cref="ImageException">InvalidArgument: no such drive, or no path of the file system.</exception>
    public static string Resolve(string path, PathIntrinsics paths)
    {
        try
        {
            var full = paths.GetUnresolvedProviderPathFromPSPath(path, out var provider, out _);
            return provider.Name == "FileSystem" ? full : throw NoFile(path, null);
        }
        catch (Exception e) when (e is SessionStateException or ProviderInvocationException)
        {
            throw NoFile(path, e);
        }
    }

    /// <summary>The files and folders that a path means, which are there; a pattern that takes none is none.</summary>
    /// <param name="path">The path.</param>
    /// <param name="mayBePattern">False for data of the pipeline, whose brackets are characters.</param>
    /// <param name="paths">PowerShell's paths.</param>
    /// <exception cref="ImageException">NotFound: it is not there. InvalidArgument: as <see cref="Resolve"/>.</exception>
    public static IReadOnlyList<string> Find(string path, bool mayBePattern, PathIntrinsics paths)
    {
        var isPattern = mayBePattern && WildcardPattern.ContainsWildcardCharacters(path);
        var full = isPattern && path.IndexOf('*') >= 0 ? null : Resolve(path, paths);
        if (full is not null && (File.Exists(full) || Directory.Exists(full)))
        {
            return [full];
        }

        if (!isPattern)
        {
            throw new ImageException(
                ImageErrorKind.NotFound, $"'{PrintableText.Of(path)}' is not there",
                "Name a file or a folder. For what a command writes, pipe it into a PowerShell of its own: "
                    + "docker save app | pwsh -Command 'Import-Image -'");
        }

        try
        {
            var found = paths.GetResolvedProviderPathFromPSPath(path, out var provider);
            return provider.Name == "FileSystem" ? [.. found] : throw NoFile(path, null);
        }
        catch (ItemNotFoundException)
        {
            return [];
        }
        catch (Exception e) when (e is SessionStateException or ProviderInvocationException)
        {
            throw NoFile(path, e);
        }
    }

    private static ImageException NoFile(string path, Exception? cause) => new(
        ImageErrorKind.InvalidArgument, $"'{PrintableText.Of(path)}' is not a path of the file system",
        "Name a file on a disk, as ./images.tar.", cause);
}
