using System;
using System.ComponentModel;
using System.Diagnostics;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading.Tasks;
using ImgsPS.Stores.Registry;

namespace ImgsPS.Stores.Docker;

/// <summary>
/// A connection to a Docker Engine through the system's ssh: its standard input and output are the stream, what it writes to standard error
/// is told when it fails. Disposing ends it. One reader and one writer at a time.
/// </summary>
internal sealed class SshStream : WrappedStream
{
    private const int MaxErrorText = 4096;

    private readonly DockerEndpoint _endpoint;
    private readonly Process _process;
    private readonly Task _exited;
    private readonly Task _drained;
    private readonly StringBuilder _errors = new();
    private readonly string _command;
    private volatile bool _aborted;

    private SshStream(DockerEndpoint endpoint, Process process, Task exited, string command)
        : base(process.StandardOutput.BaseStream, process.StandardInput.BaseStream)
    {
        _endpoint = endpoint;
        _process = process;
        _exited = exited;
        _command = command;
        _drained = DrainAsync(process.StandardError);
    }

    /// <summary>Starts ssh; that it does not get there shows at the first read.</summary>
    /// <param name="endpoint">Docker.</param>
    /// <param name="path">The value of PATH.</param>
    /// <exception cref="ImageException">StoreUnavailable: there is no ssh, or it cannot be started.</exception>
    public static SshStream Start(DockerEndpoint endpoint, string? path)
    {
        var name = RuntimeInformation.IsOSPlatform(OSPlatform.Windows) ? "ssh.exe" : "ssh";
        var program = ProgramFile.Find(path, name) ?? throw DockerFailure.During(
            endpoint,
            ImageErrorKind.StoreUnavailable,
            "exec: \"ssh\": executable file not found in $PATH",
            "Install OpenSSH's client.");
        var arguments = SshCommand.Arguments(endpoint);
        var process = new Process
        {
            StartInfo = new ProcessStartInfo(program, SshCommand.Join(arguments))
            {
                UseShellExecute = false,
                CreateNoWindow = true,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                StandardErrorEncoding = new UTF8Encoding(false),
            },
            EnableRaisingEvents = true,
        };
        var exited = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        process.Exited += (_, _) => exited.TrySetResult(true);
        try
        {
            ProgramFile.DropInputPreamble();
            process.Start();
        }
        catch (Exception e) when (e is Win32Exception or InvalidOperationException)
        {
            process.Dispose();
            throw DockerFailure.During(endpoint, ImageErrorKind.StoreUnavailable, $"{program} cannot be started: {e.Message}",
                "Repair OpenSSH's client.", e);
        }

        return new SshStream(endpoint, process, exited.Task, "ssh " + string.Join(" ", arguments));
    }

    /// <inheritdoc/>
    protected override async Task<int> AfterReadAsync(int read)
    {
        if (read == 0 && !_aborted && await FailureOrNullAsync(null).ConfigureAwait(false) is { } failure)
        {
            throw failure;
        }

        return read;
    }

    /// <inheritdoc/>
    protected override async Task<Exception> FailureAsync(Exception failure) =>
        _aborted ? failure : await FailureOrNullAsync(failure).ConfigureAwait(false) ?? failure;

    /// <inheritdoc/>
    protected override void Abort()
    {
        _aborted = true;
        try
        {
            if (!_process.HasExited)
            {
                _process.Kill();
            }
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception)
        {
            // It ended between the question and the deed.
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Abort();
            try
            {
                base.Dispose(disposing);
            }
            catch (IOException)
            {
                // What was still to be flushed has nobody left to read it.
            }

            _process.Dispose();
        }
    }

    // When the connection has ended: why, if ssh tells. It gets a while to end itself, as in docker, and its last words a moment to come: a
    // master connection that it left behind may keep standard error open for ever.
    private async Task<Exception?> FailureOrNullAsync(Exception? cause)
    {
        var ended = await Task.WhenAny(_exited, Task.Delay(TimeSpan.FromSeconds(10))).ConfigureAwait(false) == _exited;
        await Task.WhenAny(_drained, Task.Delay(TimeSpan.FromMilliseconds(500))).ConfigureAwait(false);
        if (_aborted || (ended && _process.ExitCode == 0))
        {
            return null;
        }

        string errors;
        lock (_errors)
        {
            errors = _errors.ToString();
        }

        // ssh's own failures have status 255; any other is that of the command over there.
        var how = ended ? $"has exited with exit status {_process.ExitCode}" : "did not exit";
        return DockerFailure.During(
            _endpoint,
            ImageErrorKind.StoreUnavailable,
            $"command [{_command}] {how}, make sure the URL is valid, and Docker 18.09 or later is installed on the remote host: " +
                $"stderr={errors}",
            "Try the same command in a terminal; it must not ask for a password.",
            cause);
    }

    private async Task DrainAsync(StreamReader reader)
    {
        var buffer = new char[1024];
        try
        {
            int read;
            while ((read = await reader.ReadAsync(buffer, 0, buffer.Length).ConfigureAwait(false)) > 0)
            {
                lock (_errors)
                {
                    _errors.Append(buffer, 0, Math.Min(read, MaxErrorText - _errors.Length));
                }
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException or InvalidOperationException)
        {
            // Disposed: nobody wants to know any more.
        }
    }
}
