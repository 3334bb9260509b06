using System;
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

    private static ImageException NoFile(string path, Exception? cause) => new(
        ImageErrorKind.InvalidArgument, $"'{PrintableText.Of(path)}' is not a path of the file system", "Name a file on a disk, as ./images.tar.",
        cause);
}
