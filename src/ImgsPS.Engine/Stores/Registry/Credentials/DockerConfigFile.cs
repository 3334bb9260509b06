using System;
using System.IO;
using System.Runtime.InteropServices;
using ImgsPS.Disk;

namespace ImgsPS.Stores.Registry;

/// <summary>
/// Where Docker's config.json is and what it says: in $DOCKER_CONFIG, else in .docker of the user's home. Reads the file anew each time.
/// Safe for any number of threads.
/// </summary>
internal sealed class DockerConfigFile
{
    // Far more than anybody's.
    private const int MaxLength = 4 * 1024 * 1024;

    private readonly Func<string, string?> _environment;

    /// <param name="environment">Gives an environment variable's value.</param>
    public DockerConfigFile(Func<string, string?> environment) => _environment = environment;

    /// <summary>The folder of the config, of the contexts and of TLS material; it need not exist.</summary>
    public string Folder => _environment("DOCKER_CONFIG") is { Length: > 0 } folder ? folder : System.IO.Path.Combine(Home, ".docker");

    /// <summary>The config file that counts; it need not exist.</summary>
    public string Path => System.IO.Path.Combine(Folder, "config.json");

    // docker looks at USERPROFILE alone on Windows; a HOME there is another program's.
    private string Home
    {
        get
        {
            var (first, second) = RuntimeInformation.IsOSPlatform(OSPlatform.Windows) ? ("USERPROFILE", "HOME") : ("HOME", "USERPROFILE");
            return _environment(first) is { Length: > 0 } home ? home
                : _environment(second) is { Length: > 0 } other ? other
                : Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        }
    }

    /// <summary>The file's text as it is now, to tell whether it changed; null when it cannot be read.</summary>
    public string? Content()
    {
        try
        {
            return MachineFile.ReadText(Path, MaxLength);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Why, Read says.
            return null;
        }
    }

    /// <summary>The config; an empty one when there is no file.</summary>
    /// <exception cref="ImageException">StoreUnavailable: the file cannot be read. InvalidData: it is broken (RC1).</exception>
    public DockerConfig Read()
    {
        var path = Path;
        try
        {
            return DockerConfig.Parse(MachineFile.ReadText(path, MaxLength));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            // A link to nowhere, or a file in the place of the folder: somebody meant to have a config.
            var obstacle = Exists(path) ? $"{path}: it is a link to a file that is not there"
                : Exists(Folder) && !Directory.Exists(Folder) ? $"{Folder}: it is not a folder"
                : null;
            return obstacle is null ? DockerConfig.Empty : throw Unreadable(obstacle, e);
        }
        catch (FormatException e)
        {
            throw Broken(path, e.Message, e);
        }
        catch (MachineFileException e) when (e.IsTooLarge)
        {
            throw Broken(path, "it " + e.Words, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            var why = Directory.Exists(path) ? "is a directory"
                : e is MachineFileException other ? other.Words
                : e is UnauthorizedAccessException ? "permission denied"
                : e.Message;
            throw Unreadable($"{path}: {why}", e);
        }
    }

    /// <summary>The failure of a file that has something in it that is needed and cannot be read.</summary>
    /// <param name="why">What, without anything of a secret.</param>
    public ImageException Broken(string why) => Broken(Path, why, null);

    // Of a link itself, also when what it leads to is not there.
    private static bool Exists(string path)
    {
        try
        {
            File.GetAttributes(path);
            return true;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
    }

    private static ImageException Broken(string path, string why, Exception? cause) => new(
        ImageErrorKind.InvalidData,
        $"parsing config file ({path}): {why}",
        "Repair the file, or move it away.",
        cause);

    private static ImageException Unreadable(string what, Exception cause) => new(
        ImageErrorKind.StoreUnavailable, $"loading config file: {what}", "Make the file readable, or set DOCKER_CONFIG to another folder.",
        cause);
}
