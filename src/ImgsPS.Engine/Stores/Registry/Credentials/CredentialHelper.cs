using System;
using System.ComponentModel;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Naming;

namespace ImgsPS.Stores.Registry;

/// <summary>
/// Runs <c>docker-credential-NAME</c> with <c>get</c>, <c>store</c> or <c>erase</c> (docker-credential-helpers): what it is about goes in
/// by standard input, the answer comes on standard output. No shell, 30 s, 1 MiB (RC3). Safe for any number of threads.
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
        const string deed = "getting";
        var (output, code) = await RunAsync(name, "get", deed, server, server, cancellationToken).ConfigureAwait(false);
        return ReadAnswer(name, Text(name, deed, output), code, server);
    }

    /// <summary>Has the helper keep a credential for a server, in place of what it has.</summary>
    /// <exception cref="ImageException">Unauthorized: it is missing or fails.</exception>
    public async Task StoreAsync(string name, string server, RegistryCredential credential, CancellationToken cancellationToken)
    {
        const string deed = "storing";
        var secrets = new Secrets();
        secrets.Add(credential);
        var (output, code) = await RunAsync(name, "store", deed, server, Document(server, credential), cancellationToken)
            .ConfigureAwait(false);
        if (code != 0)
        {
            throw Failed(name, HelperAnswer.Failure(deed, code, secrets.Mask(Text(name, deed, output))));
        }
    }

    /// <summary>Has the helper forget a server; false when it says that it has nothing for it.</summary>
    /// <exception cref="ImageException">Unauthorized: it is missing or fails.</exception>
    public async Task<bool> EraseAsync(string name, string server, CancellationToken cancellationToken)
    {
        const string deed = "erasing";
        var (output, code) = await RunAsync(name, "erase", deed, server, server, cancellationToken).ConfigureAwait(false);
        return code == 0 || (HelperAnswer.IsNotFound(Text(name, deed, output)) ? false
            : throw Failed(name, HelperAnswer.Failure(deed, code, Text(name, deed, output))));
    }

    private async Task<(byte[] Output, int Code)> RunAsync(
        string name, string verb, string deed, string server, string input, CancellationToken cancellationToken)
    {
        var program = Find(CheckName(name), deed);
        CheckServer(server);
        using var helper = Start(name, program, verb, deed);
        var end = await helper.TalkAsync(input, _limit, cancellationToken).ConfigureAwait(false);
        return end switch
        {
            HelperEnd.TimedOut => throw Failed(name,
                $"error {deed} credentials: the helper did not answer within {_limit.TotalSeconds:0.###} s", new TimeoutException()),
            HelperEnd.WroteTooMuch => throw Failed(
                name, $"error {deed} credentials: the helper wrote more than {HelperProcess.MaxOutput >> 20} MiB"),
            _ => (helper.Output, helper.ExitCode),
        };
    }

    /// <summary>What <c>store</c> gets; an identity token has the user <c>&lt;token&gt;</c>.</summary>
    private static string Document(string server, RegistryCredential credential)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartObject();
            writer.WriteString("ServerURL", server);
            writer.WriteString("Username", credential.IdentityToken is null ? credential.UserName : RegistryCredential.TokenUser);
            writer.WriteString("Secret", credential.IdentityToken ?? credential.Secret);
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
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

    private static string Text(string name, string deed, byte[] output)
    {
        try
        {
            return StrictUtf8.GetString(output);
        }
        catch (DecoderFallbackException)
        {
            // Its own message would show bytes of the answer.
            throw Failed(name, $"error {deed} credentials: the answer is not UTF-8");
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

    private static string Find(string name, string deed)
    {
        var file = "docker-credential-" + name;
        string[] names = IsWindows ? [file + ".exe", file + ".cmd", file + ".bat"] : [file];
        return ProgramFile.Find(Environment.GetEnvironmentVariable("PATH"), names)
            ?? throw Failed(name, $"error {deed} credentials - err: exec: \"{file}\": executable file not found in $PATH");
    }

    private static HelperProcess Start(string name, string program, string verb, string deed)
    {
        try
        {
            return new HelperProcess(program, verb);
        }
        catch (Exception e) when (e is Win32Exception or InvalidOperationException)
        {
            throw Failed(name, $"error {deed} credentials: '{program}' cannot be started: {e.Message}", e);
        }
    }

    private static ImageException Failed(string name, string message, Exception? innerException = null) => new(
        ImageErrorKind.Unauthorized,
        message,
        $"Docker's config.json asks for the credential helper docker-credential-{PrintableText.Of(name, 100)}. "
        + "Repair it, take it out of the config, or pass -Credential.",
        innerException);
}
