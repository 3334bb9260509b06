using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Naming;

namespace ImgsPS.Registry;

/// <summary>
/// Runs <c>docker-credential-NAME get</c> (docker-credential-helpers): the server goes in by standard input, the answer is JSON on standard
/// output. No shell, 30 s, 1 MiB (RC3).
/// </summary>
internal sealed class CredentialHelper : ICredentialHelper
{
    private const int MaxOutput = 1024 * 1024;
    private const int MaxNameLength = 64;
    private static readonly bool IsWindows = RuntimeInformation.IsOSPlatform(OSPlatform.Windows);

    private readonly TimeSpan _limit;

    public CredentialHelper(TimeSpan? limit = null) => _limit = limit ?? TimeSpan.FromSeconds(30);

    public async Task<RegistryCredential?> GetAsync(string name, string server, CancellationToken cancellationToken)
    {
        var program = Find(CheckName(name));
        CheckServer(server);
        var (output, code) = await RunAsync(name, program, server, cancellationToken).ConfigureAwait(false);
        return ReadAnswer(name, output, code);
    }

    /// <summary>
    /// What a helper's answer means: a credential (user <c>&lt;token&gt;</c> stands for an identity token), or null for "credentials not found",
    /// which helpers tell by that text and a failure code.
    /// </summary>
    /// <exception cref="ImageException">Any other failure, in the helper's words.</exception>
    internal static RegistryCredential? ReadAnswer(string name, string output, int code)
    {
        output = output.Trim();
        if (code != 0)
        {
            // docker-credential-helpers, credentials/error.go: the one failure that means that there is nothing.
            return output.StartsWith("credentials not found", StringComparison.OrdinalIgnoreCase)
                ? null
                : throw Failed(name, $"error getting credentials - err: exit status {code}, out: `{PrintableText.OfServer(output)}`");
        }

        try
        {
            using var document = JsonDocument.Parse(output);
            var user = Member(document.RootElement, "Username");
            var secret = Member(document.RootElement, "Secret");
            return user == "<token>" ? new("", "", secret)
                : user.Length == 0 && secret.Length == 0 ? null
                : new(user, secret);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Without the inner exception: it may quote the answer, which is a secret.
            throw Failed(name, "error getting credentials: the answer is not the JSON of a credential helper");
        }
    }

    private static string Member(JsonElement root, string name) => root.TryGetProperty(name, out var value) ? value.GetString() ?? "" : "";

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
        if (server.Any(c => c is '\r' or '\n' or '\0'))
        {
            throw new ImageException(ImageErrorKind.InvalidArgument, $"'{PrintableText.OfServer(server)}' is not the name of a registry.");
        }
    }

    private static string Find(string name)
    {
        var file = "docker-credential-" + name;
        string[] names = IsWindows ? [file + ".exe", file + ".cmd", file + ".bat"] : [file];
        return ProgramFile.Find(Environment.GetEnvironmentVariable("PATH"), names)
            ?? throw Failed(name, $"error getting credentials - err: exec: \"{file}\": executable file not found in $PATH");
    }

    private async Task<(string Output, int Code)> RunAsync(string name, string program, string server, CancellationToken cancellationToken)
    {
        using var process = new Process
        {
            StartInfo = new ProcessStartInfo(program, "get")
            {
                UseShellExecute = false,
                CreateNoWindow = true,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                StandardOutputEncoding = new UTF8Encoding(false),
            },
            EnableRaisingEvents = true,
        };
        var exited = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        process.Exited += (_, _) => exited.TrySetResult(true);
        try
        {
            process.Start();
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or InvalidOperationException)
        {
            throw Failed(name, $"error getting credentials: '{program}' cannot be started: {e.Message}", e);
        }

        using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timer.CancelAfter(_limit);
        var stopped = Task.Delay(Timeout.Infinite, timer.Token);
        try
        {
            var work = TalkAsync(process, server, exited.Task);
            if (await Task.WhenAny(work, stopped).ConfigureAwait(false) == work)
            {
                timer.Cancel();
                var output = await work.ConfigureAwait(false);
                return (
                    output ?? throw Failed(name, $"error getting credentials: the helper wrote more than {MaxOutput >> 20} MiB"), process.ExitCode);
            }

            // It ends with the process; its failure says no more than that.
            _ = work.ContinueWith(t => t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            cancellationToken.ThrowIfCancellationRequested();
            throw Failed(name, $"error getting credentials: the helper did not answer within {_limit.TotalSeconds:0.###} s");
        }
        finally
        {
            Kill(process);
        }
    }

    private static async Task<string?> TalkAsync(Process process, string server, Task exited)
    {
        var errors = DrainAsync(process.StandardError);
        try
        {
            await process.StandardInput.WriteAsync(server + "\n").ConfigureAwait(false);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading; what it wrote and its exit code say why.
        }

        var output = new StringBuilder();
        var buffer = new char[4096];
        int read;
        while ((read = await process.StandardOutput.ReadAsync(buffer, 0, buffer.Length).ConfigureAwait(false)) > 0)
        {
            if (output.Append(buffer, 0, read).Length > MaxOutput)
            {
                return null;
            }
        }

        await errors.ConfigureAwait(false);
        await exited.ConfigureAwait(false);
        return output.ToString();
    }

    // Read so that the helper never waits for us; not shown, since nobody promises that it has no secret.
    private static async Task DrainAsync(StreamReader reader)
    {
        var buffer = new char[4096];
        while (await reader.ReadAsync(buffer, 0, buffer.Length).ConfigureAwait(false) > 0)
        {
        }
    }

    private static void Kill(Process process)
    {
        try
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            // It ended between the question and the deed.
        }
    }

    private static ImageException Failed(string name, string message, Exception? innerException = null) => new(
        ImageErrorKind.Unauthorized,
        message,
        $"Docker's config.json asks for the credential helper docker-credential-{PrintableText.Of(name, 100)}. "
        + "Repair it, take it out of the config, or pass -Credential.",
        innerException);
}
