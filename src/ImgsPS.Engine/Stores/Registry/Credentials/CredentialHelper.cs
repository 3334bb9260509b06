using System;
using System.ComponentModel;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Naming;

namespace ImgsPS.Stores.Registry;

/// <summary>
/// Runs <c>docker-credential-NAME get</c> (docker-credential-helpers): the server goes in by standard input, the answer is JSON on standard
/// output. No shell, 30 s, 1 MiB (RC3). Safe for any number of threads.
/// </summary>
internal sealed class CredentialHelper : ICredentialHelper
{
    private const int MaxNameLength = 64;
    private static readonly bool IsWindows = RuntimeInformation.IsOSPlatform(OSPlatform.Windows);
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    private readonly TimeSpan _limit;

    public CredentialHelper(TimeSpan? limit = null) => _limit = limit ?? TimeSpan.FromSeconds(30);

    public async Task<RegistryCredential?> GetAsync(string name, string server, CancellationToken cancellationToken)
    {
        var program = Find(CheckName(name));
        CheckServer(server);
        using var helper = Start(name, program);
        var end = await helper.TalkAsync(server, _limit, cancellationToken).ConfigureAwait(false);
        return end switch
        {
            HelperEnd.TimedOut => throw Failed(name,
                $"error getting credentials: the helper did not answer within {_limit.TotalSeconds:0.###} s", new TimeoutException()),
            HelperEnd.WroteTooMuch => throw Failed(
                name, $"error getting credentials: the helper wrote more than {HelperProcess.MaxOutput >> 20} MiB"),
            _ => ReadAnswer(name, Text(name, helper.Output), helper.ExitCode, server),
        };
    }

    /// <summary>What a helper's answer means, as <see cref="HelperAnswer.Read"/>.</summary>
    /// <exception cref="ImageException">Unauthorized: a failure, in the helper's words.</exception>
    internal static RegistryCredential? ReadAnswer(string name, string output, int code, string? server = null)
    {
        try
        {
            return HelperAnswer.Read(output, code, server);
        }
        catch (FormatException e)
        {
            throw Failed(name, e.Message);
        }
    }

    private static string Text(string name, byte[] output)
    {
        try
        {
            return StrictUtf8.GetString(output);
        }
        catch (DecoderFallbackException)
        {
            // Its own message would show bytes of the answer.
            throw Failed(name, "error getting credentials: the answer is not UTF-8");
        }
    }

    private static string CheckName(string name) =>
        name.Length is > 0 and <= MaxNameLength
        && name.Trim('.').Length > 0
        && name.All(c => c is (>= 'a' and <= 'z') or (>= 'A' and <= 'Z') or (>= '0' and <= '9') or '.' or '_' or '-')
            ? name
            : throw new ImageException(
                ImageErrorKind.Unauthorized,
                $"'{PrintableText.Of(name, 100)}' is not the name of a credential helper",
                "Correct credsStore or credHelpers in Docker's config.json.");

    private static void CheckServer(string server)
    {
        if (server.Any(char.IsControl))
        {
            throw new ImageException(
                ImageErrorKind.InvalidArgument, $"'{PrintableText.OfServer(server)}' is not the name of a registry.",
                "Correct the image's name.");
        }
    }

    private static string Find(string name)
    {
        var file = "docker-credential-" + name;
        string[] names = IsWindows ? [file + ".exe", file + ".cmd", file + ".bat"] : [file];
        return ProgramFile.Find(Environment.GetEnvironmentVariable("PATH"), names)
            ?? throw Failed(name, $"error getting credentials - err: exec: \"{file}\": executable file not found in $PATH");
    }

    private static HelperProcess Start(string name, string program)
    {
        try
        {
            return new HelperProcess(program, "get");
        }
        catch (Exception e) when (e is Win32Exception or InvalidOperationException)
        {
            throw Failed(name, $"error getting credentials: '{program}' cannot be started: {e.Message}", e);
        }
    }

    private static ImageException Failed(string name, string message, Exception? innerException = null) => new(
        ImageErrorKind.Unauthorized,
        message,
        $"Docker's config.json asks for the credential helper docker-credential-{PrintableText.Of(name, 100)}. "
        + "Repair it, take it out of the config, or pass -Credential.",
        innerException);
}
