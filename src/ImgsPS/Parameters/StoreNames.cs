using System;
using System.IO;
using System.Management.Automation;
using ImgsPS.Naming;
using ImgsPS.Stores;
using ImgsPS.Stores.Registry;

namespace ImgsPS.Parameters;

/// <summary>
/// What <c>-Store</c> takes. Folders are read as PowerShell reads paths: against its location, with its drives and <c>~</c>.
/// </summary>
internal static class StoreNames
{
    /// <summary>The default store's name.</summary>
    public const string Local = ImageStores.Local;

    /// <summary>Docker that docker itself would use.</summary>
    public const string Docker = ImageStores.Docker;

    private const string FileSystem = "FileSystem";

    /// <summary>True for the name or address of a Docker Engine.</summary>
    public static bool IsDocker(string name) => ImageStores.IsDocker(name);

    /// <summary>The registry that a store is, as references name it; null for another store, and for an address that is none.</summary>
    public static string? RegistryOf(string name)
    {
        try
        {
            return RegistryAddress.IsAddress(name) ? RegistryAddress.Parse(name).Registry : null;
        }
        catch (ImageException)
        {
            // Who opens it is told.
            return null;
        }
    }

    /// <summary>True for what is written as a path; false for the name or address of a store.</summary>
    public static bool IsPath(string name) =>
        !IsDocker(name)
        && name.IndexOf("://", StringComparison.Ordinal) < 0
        && (name[0] is '.' or '~' || name.IndexOfAny(new[] { '/', '\\', ':' }) >= 0);

    /// <summary>
    /// True for what may lead to another computer: a URL, a pipe of another computer, a UNC path; false for a pipe or socket of this one,
    /// a folder, and a context of docker's configuration.
    /// </summary>
    public static bool IsAddress(string name)
    {
        // Microsoft.PowerShell.Core\FileSystem::\\host\share
        var provider = name.IndexOf("::", StringComparison.Ordinal);
        var path = provider < 0 ? name : name.Substring(provider + 2);
        if (path.Length > 1 && IsSeparator(path[0]) && IsSeparator(path[1]))
        {
            // \\?\C:\folder is a long path of this computer.
            return !(path.Length > 5 && path[2] is '?' or '.' && IsSeparator(path[3]) && path[5] == ':');
        }

        var scheme = name.IndexOf("://", StringComparison.Ordinal);
        return scheme >= 0 && name.Substring(0, scheme).ToLowerInvariant() switch
        {
            "unix" => false,
            "npipe" => !name.Substring(scheme + 3).TrimStart('/', '\\').Replace('\\', '/').StartsWith("./", StringComparison.Ordinal),
            _ => true,
        };
    }

    /// <summary>The name as the engine takes it: a folder as a full path of the file system, a registry in its one form.</summary>
    /// <exception cref="ImageException">
    /// InvalidArgument: the path has no such drive, or is not one of the file system; the address is no registry's.
    /// </exception>
    public static string Resolve(string? name, PathIntrinsics paths)
    {
        if (string.IsNullOrEmpty(name) || name!.Equals(Local, StringComparison.OrdinalIgnoreCase))
        {
            return Local;
        }

        // A Docker Engine's name is never a folder, also when there is a folder called docker.
        if (IsDocker(name))
        {
            return Normalize(name);
        }

        if (RegistryAddress.IsAddress(name))
        {
            return RegistryAddress.Parse(name).Store;
        }

        if (IsPath(name))
        {
            return FullPath(name, paths);
        }

        // A word alone is a folder, or an archive, when it is there; else the engine says what a store is.
        var path = paths.CurrentLocation.Provider.Name == FileSystem && name.IndexOf(':') < 0
            ? FullPath(name, paths)
            : name;
        return Directory.Exists(path) || File.Exists(path) ? path : name;
    }

    private static bool IsSeparator(char c) => c is '/' or '\\';

    /// <summary>The scheme in small letters; a context's name and an address keep theirs.</summary>
    private static string Normalize(string name)
    {
        var end = name.IndexOf(':');
        return end < 0 ? name.ToLowerInvariant() : name.Substring(0, end).ToLowerInvariant() + name.Substring(end);
    }

    private static string FullPath(string name, PathIntrinsics paths)
    {
        try
        {
            var path = paths.GetUnresolvedProviderPathFromPSPath(name, out var provider, out _);
            return provider.Name == FileSystem ? path : throw NoFolder(name, null);
        }
        catch (SessionStateException failure)
        {
            throw NoFolder(name, failure);
        }
        catch (ProviderInvocationException failure)
        {
            throw NoFolder(name, failure);
        }
    }

    private static ImageException NoFolder(string name, Exception? cause) => new(
        ImageErrorKind.InvalidArgument,
        $"'{PrintableText.Of(PrintableText.WithoutPassword(name))}' is not a store",
        ImageStores.Forms,
        cause);
}
