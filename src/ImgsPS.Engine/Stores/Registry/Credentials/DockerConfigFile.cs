using System;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Disk;

namespace ImgsPS.Stores.Registry;

/// <summary>
/// Where Docker's config.json is and what it says: in $DOCKER_CONFIG, else in .docker of the user's home. Reads the file anew each time.
/// Safe for any number of threads and processes.
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
    public DockerConfig Read() => ReadNow(isLast: false);

    private DockerConfig ReadNow(bool isLast)
    {
        var path = Path;
        try
        {
            return DockerConfig.Parse(MachineFile.ReadText(path, MaxLength));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            if (!isLast && Exists(path))
            {
                // Somebody has just made it.
                return ReadNow(isLast: true);
            }

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

    /// <summary>
    /// Changes the file's logins, as <see cref="MachineFileChange"/> does it; a file that is not there is made. Without a byte order mark,
    /// which docker does not read.
    /// </summary>
    /// <param name="patience">How long to wait for another process that changes it.</param>
    /// <param name="change">Changes the text, or says false: then nothing is written.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ImageException">As <see cref="Read"/>, StoreLocked; the file is as it was.</exception>
    public Task ChangeAsync(TimeSpan patience, Func<DockerConfigText, bool> change, CancellationToken cancellationToken)
    {
        Read();
        return MachineFileChange.RunAsync(
            Path,
            patience,
            MaxLength,
            before =>
            {
                try
                {
                    var text = DockerConfigText.Parse(before is null ? "" : Decode(before));
                    return change(text) ? Encoding.UTF8.GetBytes(text.ToString()) : null;
                }
                catch (FormatException e)
                {
                    throw Broken(Path, e.Message, e);
                }
            },
            cancellationToken);
    }

    /// <summary>As it is read, but a byte that is no text is not replaced: it would be gone when the file is written.</summary>
    private static string Decode(byte[] bytes)
    {
        var first = bytes.Length > 1 ? (bytes[0] << 8) | bytes[1] : 0;
        Encoding encoding = first is 0xFFFE or 0xFEFF ? new UnicodeEncoding(first == 0xFEFF, false, true) : new UTF8Encoding(false, true);
        try
        {
            return encoding.GetString(bytes).TrimStart('\uFEFF');
        }
        catch (DecoderFallbackException)
        {
            throw new FormatException("it is not valid Unicode");
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
