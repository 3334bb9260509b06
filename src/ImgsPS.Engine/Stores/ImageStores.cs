using System;
using System.IO;
using System.Runtime.InteropServices;
using ImgsPS.Disk;
using ImgsPS.Naming;
using ImgsPS.Stores.Archive;
using ImgsPS.Stores.Docker;
using ImgsPS.Stores.Layout;
using ImgsPS.Stores.Registry;

namespace ImgsPS.Stores;

/// <summary>Opens a store by what <c>-Store</c> names (docs/about, about_ImgsPS_Stores).</summary>
internal static class ImageStores
{
    /// <summary>The default store's name.</summary>
    public const string Local = "local";

    /// <summary>Docker that docker itself would use.</summary>
    public const string Docker = "docker";

    /// <summary>What <c>-Store</c> takes, for a message to a user whose text is none of it.</summary>
    public const string Forms =
        "A store is 'local', a folder (a full path, or one that begins with '.' or '~' or has a separator in it), 'docker', "
        + "'docker:<context>', a Docker Engine's address (unix://, npipe://, tcp://, ssh://), a registry: "
        + "registry://host[:port][/prefix], or the path of an archive.";

    private static readonly string[] ArchiveEndings = { ".tar", ".tar.gz", ".tgz" };

    private static readonly string[] DockerSchemes = { "docker:", "unix://", "npipe://", "tcp://", "ssh://" };

    /// <summary>
    /// The folder of the default store: $IMGSPS_STORE, %LOCALAPPDATA%\ImgsPS\store, $XDG_DATA_HOME/imgsps/store,
    /// ~/.local/share/imgsps/store.
    /// </summary>
    public static string DefaultPath
    {
        get
        {
            if (Environment.GetEnvironmentVariable("IMGSPS_STORE") is { Length: > 0 } chosen)
            {
                return FullPath(chosen);
            }

            return Path.Combine(DataPath, "store");
        }
    }

    /// <summary>The folder of what ImgsPS keeps for the user: %LOCALAPPDATA%\ImgsPS, $XDG_DATA_HOME/imgsps, ~/.local/share/imgsps.</summary>
    public static string DataPath
    {
        get
        {
            if (RuntimeInformation.IsOSPlatform(OSPlatform.Windows))
            {
                return Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData), "ImgsPS");
            }

            // The XDG specification: a path that is not absolute is to be ignored.
            var data = Environment.GetEnvironmentVariable("XDG_DATA_HOME");
            return data is { Length: > 0 } && data[0] == '/'
                ? Path.Combine(data, "imgsps")
                : Path.Combine(Home, ".local", "share", "imgsps");
        }
    }

    private static string Home => Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);

    /// <summary>
    /// <c>local</c>, empty or null: the default store; <c>docker</c>, <c>docker:context</c>, a Docker Engine's address: that Docker Engine;
    /// <c>registry://host</c>: that registry; a folder: that layout, made when it is first written; a file: that archive. Relative folders are those of the
    /// process's current one. Nobody is asked yet.
    /// </summary>
    /// <param name="store">The store's name.</param>
    /// <param name="access">What may be done with files; null for everything.</param>
    /// <param name="isUnattended">True when nobody can answer a Docker Engine's ssh.</param>
    /// <param name="registry">How to talk to registries, and how long a Docker Engine may be silent; null for the defaults.</param>
    /// <exception cref="ImageException">
    /// InvalidArgument: the text is none of the forms. NotSupported: links are to be followed in a Docker Engine. For a Docker Engine
    /// as <see cref="DockerAddresses.Resolve"/>.
    /// </exception>
    public static IImageStore Open(
        string? store, StoreAccess? access = null, bool isUnattended = false, RegistryOptions? registry = null)
    {
        access ??= StoreAccess.Full;
        registry ??= RegistryOptions.Default;
        if (string.IsNullOrEmpty(store) || string.Equals(store, Local, StringComparison.OrdinalIgnoreCase))
        {
            return new LayoutStore(DefaultPath, Local, null, access);
        }

        if (RegistryAddress.IsAddress(store!))
        {
            return new RegistryStore(
                RegistryAddress.Parse(store!), registry, new RegistryDocuments(Path.Combine(DataPath, "registry"), access.CanWrite));
        }

        if (IsDocker(store!))
        {
            if (access.FollowsLinks)
            {
                throw new ImageException(
                    ImageErrorKind.NotSupported, $"-FollowSymlink is not for '{PrintableText.Of(PrintableText.WithoutPassword(store!))}'",
                    "It reads a layout in a folder; a Docker Engine has none that ImgsPS reads. Leave it out.");
            }

            var endpoint = DockerAddresses.Default.Resolve(store!) with { IsUnattended = isUnattended };
            var contents = new DockerContentFile(
                Path.Combine(DataPath, "docker"), endpoint.Address, canWrite: access.CanWrite);
            return new DockerStore(new DockerClient(endpoint, timeout: registry.Timeout), null, contents);
        }

        if (!IsPath(store!))
        {
            throw Unknown(store!, null);
        }

        var path = FullPath(store!);
        return IsArchive(path) ? new ArchiveStore(path) : new LayoutStore(path, null, null, access);
    }

    /// <summary>A layout that is called otherwise than its folder.</summary>
    /// <param name="path">The folder, a full path.</param>
    /// <param name="name">What its images say of where they are.</param>
    public static IImportingStore OpenFolder(string path, string name) => new LayoutStore(path, name);

    /// <summary>True for the path of an archive: of a file, and of one that is yet to be made.</summary>
    public static bool IsArchive(string path) => File.Exists(path) || IsNewArchive(path);

    /// <summary>True for what has an archive's ending (.tar, .tar.gz, .tgz) and is no folder.</summary>
    public static bool IsNewArchive(string path) =>
        Array.Exists(ArchiveEndings, end => path.EndsWith(end, StringComparison.OrdinalIgnoreCase)) && !Directory.Exists(path);

    /// <summary>True for the name or address of a Docker Engine.</summary>
    public static bool IsDocker(string store) =>
        string.Equals(store, Docker, StringComparison.OrdinalIgnoreCase)
        || Array.Exists(DockerSchemes, scheme => store.StartsWith(scheme, StringComparison.OrdinalIgnoreCase));

    private static bool IsPath(string store)
    {
        if (store.Contains("://"))
        {
            return false;
        }

        return store[0] is '.' or '~'
            || store.IndexOf(Path.DirectorySeparatorChar) >= 0
            || store.IndexOf(Path.AltDirectorySeparatorChar) >= 0
            || Directory.Exists(store)
            || File.Exists(store);
    }

    private static string FullPath(string path)
    {
        if (path == "~"
            || path.StartsWith("~/", StringComparison.Ordinal)
            || path.StartsWith("~" + Path.DirectorySeparatorChar, StringComparison.Ordinal))
        {
            path = Path.Combine(Home, path.Substring(path.Length > 1 ? 2 : 1));
        }

        try
        {
            var full = Path.GetFullPath(path);
            var trimmed = full.TrimEnd(Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar);

            // The root of a volume keeps its separator.
            return trimmed.Length < (Path.GetPathRoot(full)?.Length ?? 0) ? full : trimmed;
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException or IOException)
        {
            throw Unknown(path, e);
        }
    }

    private static ImageException Unknown(string store, Exception? cause) =>
        new(ImageErrorKind.InvalidArgument, $"'{PrintableText.Of(PrintableText.WithoutPassword(store))}' is not a store.", Forms, cause);
}
