using System;
using System.Diagnostics;
using System.IO;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores.Registry;

/// <summary>How a helper program's run ended.</summary>
internal enum HelperEnd
{
    /// <summary>It ended by itself.</summary>
    Exited,

    /// <summary>It did not end in time.</summary>
    TimedOut,

    /// <summary>It wrote more than <see cref="HelperProcess.MaxOutput"/> to one of its outputs.</summary>
    WroteTooMuch,
}

/// <summary>
/// One run of a helper program: no shell, a few bytes in by standard input, the answer out by standard output, both outputs limited.
/// Whatever way it ends, nothing of it is waited for afterwards.
/// </summary>
internal sealed class HelperProcess : IDisposable
{
    /// <summary>The most that is read of each output, in bytes.</summary>
    public const int MaxOutput = 1024 * 1024;

    // A program that has ended has written all it will; this is for reading it, when a child that it left keeps the pipe open.
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(2);

    private readonly Process _process;
    private readonly TaskCompletionSource<bool> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<bool> _tooMuch = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly MemoryStream _output = new();

    /// <exception cref="System.ComponentModel.Win32Exception">It cannot be started.</exception>
    public HelperProcess(string program, string argument)
    {
        _process = new Process
        {
            StartInfo = new ProcessStartInfo(program, argument)
            {
                UseShellExecute = false,
                CreateNoWindow = true,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            },
            EnableRaisingEvents = true,
        };
        _process.Exited += (_, _) => _exited.TrySetResult(true);
        try
        {
            ProgramFile.DropInputPreamble();
            _process.Start();
        }
        catch
        {
            _process.Dispose();
            throw;
        }
    }

    /// <summary>What it wrote to standard output until now.</summary>
    public byte[] Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToArray();
            }
        }
    }

    /// <summary>Its status, when it has exited.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>
    /// Gives it a line and reads what it writes, until it ends or the time is up. Standard error is read so that it never waits, and
    /// dropped.
    /// </summary>
    public async Task<HelperEnd> TalkAsync(string line, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timer.CancelAfter(limit);
        var stopped = Task.Delay(Timeout.Infinite, timer.Token);
        var outputs = Task.WhenAll(
            ReadAsync(_process.StandardOutput.BaseStream, _output),
            ReadAsync(_process.StandardError.BaseStream, null),
            WriteAsync(Encoding.UTF8.GetBytes(line + "\n")));
        try
        {
            var end = await Task.WhenAny(_exited.Task, _tooMuch.Task, stopped).ConfigureAwait(false);
            if (end == _exited.Task)
            {
                end = await Task.WhenAny(outputs, _tooMuch.Task, Task.Delay(LastWords, timer.Token)).ConfigureAwait(false);
            }

            cancellationToken.ThrowIfCancellationRequested();
            return _tooMuch.Task.IsCompleted ? HelperEnd.WroteTooMuch : end == stopped ? HelperEnd.TimedOut : HelperEnd.Exited;
        }
        finally
        {
            timer.Cancel();
        }
    }

    /// <summary>Ends it and the children it has.</summary>
    public void Dispose()
    {
        try
        {
            if (!_process.HasExited)
            {
                _process.Kill(entireProcessTree: true);
            }
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception or AggregateException)
        {
            // It ended between the question and the deed.
        }

        _process.StandardOutput.BaseStream.Dispose();
        _process.StandardError.BaseStream.Dispose();
        _process.Dispose();
    }

    private async Task WriteAsync(byte[] line)
    {
        try
        {
            // The bytes themselves: the text writer would use the console's encoding.
            var input = _process.StandardInput.BaseStream;
            await input.WriteAsync(line, 0, line.Length).ConfigureAwait(false);
            await input.FlushAsync().ConfigureAwait(false);
            input.Dispose();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // It ended without reading; what it wrote and its exit code say why.
        }
    }

    private async Task ReadAsync(Stream stream, MemoryStream? kept)
    {
        var buffer = new byte[4096];
        var total = 0;
        try
        {
            int read;
            while ((read = await stream.ReadAsync(buffer, 0, buffer.Length).ConfigureAwait(false)) > 0)
            {
                if ((total += read) > MaxOutput)
                {
                    _tooMuch.TrySetResult(true);
                    return;
                }

                if (kept is not null)
                {
                    lock (kept)
                    {
                        kept.Write(buffer, 0, read);
                    }
                }
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // Disposed while a child of the program keeps the pipe open: nobody waits for this any more.
        }
    }
}
