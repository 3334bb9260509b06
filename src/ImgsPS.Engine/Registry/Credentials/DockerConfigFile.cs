using System;
using System.IO;
using System.Runtime.InteropServices;

namespace ImgsPS.Registry;

/// <summary>
/// Where Docker's config.json is and what it says: in $DOCKER_CONFIG, else in .docker of the user's home. Reads the file anew each time. Safe for
/// any number of threads.
/// </summary>
internal sealed class DockerConfigFile
{
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

    /// <summary>The config; an empty one when there is no file.</summary>
    /// <exception cref="ImageException">StoreUnavailable: the file cannot be read. InvalidData: it is broken (RC1).</exception>
    public DockerConfig Read()
    {
        var path = Path;
        try
        {
            return DockerConfig.Parse(File.ReadAllText(path));
        }
        catch (Exception e) when ((e is FileNotFoundException or DirectoryNotFoundException) && !Directory.Exists(path))
        {
            return DockerConfig.Empty;
        }
        catch (FormatException e)
        {
            throw new ImageException(
                ImageErrorKind.InvalidData,
                $"parsing config file ({path}): {e.Message}",
                "Repair the file or move it away; a broken config never counts as an empty one, without credentials and contexts.",
                e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ImageException(
                ImageErrorKind.StoreUnavailable,
                $"loading config file: {path}: {(e is UnauthorizedAccessException ? "permission denied" : e.Message)}",
                "Make the file readable, or set DOCKER_CONFIG to another folder.",
                e);
        }
    }
}
