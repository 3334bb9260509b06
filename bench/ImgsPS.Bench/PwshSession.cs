using System;
using System.Diagnostics;
using System.IO;
using System.IO.Pipes;
using System.Text;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Bench;

/// <summary>A pwsh that has the module imported and measures what it is told to run (bench/Session.ps1). One script at a time.</summary>
internal sealed class PwshSession : IAsyncDisposable
{
    private static int s_count;

    private readonly Children _children;
    private readonly Process _process;
    private readonly string _log;
    private readonly NamedPipeServerStream _pipe;
    private StreamReader? _reader;
    private StreamWriter? _writer;
    private long _shown;

    private PwshSession(Children children, Process process, NamedPipeServerStream pipe, string log)
    {
        _log = log;
        _children = children;
        _process = process;
        _pipe = pipe;
    }

    /// <summary>How long Import-Module took in it.</summary>
    public double ImportSeconds { get; private set; }

    /// <summary>Bytes that it wrote to its terminal so far.</summary>
    public long Shown => Interlocked.Read(ref _shown);

    /// <summary>Starts one.</summary>
    /// <param name="children">Who ends it when the program ends.</param>
    /// <param name="script">bench/Session.ps1.</param>
    /// <param name="module">The module's manifest.</param>
    /// <param name="folder">A folder with a short path, for the pipe and the session's output.</param>
    /// <param name="options">More options of pwsh.</param>
    /// <param name="terminal">
    /// Its input and output are a terminal (<c>script</c> of util-linux) of 120 columns and 40 rows, else files.
    /// </param>
    /// <exception cref="InvalidOperationException">It did not start.</exception>
    public static async Task<PwshSession> StartAsync(
        Children children, string script, string module, string folder, string options = "", bool terminal = false)
    {
        var path = Path.Combine(folder, $"session-{Interlocked.Increment(ref s_count)}");
        var pwsh = $"exec pwsh -NoProfile -NoLogo {options} -File {Meter.Quote(script)} -Pipe {Meter.Quote(path)} -Module " +
            $"{Meter.Quote(module)}";
        var start = terminal
            ? new ProcessStartInfo("script", ["-qec", $"stty rows 40 cols 120; {pwsh}", "/dev/null"])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            }
            : new ProcessStartInfo("sh", ["-c", $"{pwsh} </dev/null >{Meter.Quote(path + ".log")} 2>&1"]);
        start.Environment["POWERSHELL_TELEMETRY_OPTOUT"] = "1";
        start.Environment["POWERSHELL_UPDATECHECK"] = "Off";
        start.Environment["TERM"] = "xterm";
        var pipe = new NamedPipeServerStream(path, PipeDirection.InOut, 1, PipeTransmissionMode.Byte, PipeOptions.Asynchronous);
        var process = children.Start(start);
        var session = new PwshSession(children, process, pipe, path + ".log");
        try
        {
            if (terminal)
            {
                _ = Task.Run(session.ServeTerminalAsync);
            }

            using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
            await pipe.WaitForConnectionAsync(patience.Token);
            session._reader = new StreamReader(pipe, leaveOpen: true);
            session._writer = new StreamWriter(pipe, leaveOpen: true) { AutoFlush = true };
            session.ImportSeconds = (await session.ReadAsync()).GetProperty("seconds").GetDouble();
            return session;
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or InvalidOperationException)
        {
            await session.DisposeAsync();
            throw new InvalidOperationException($"the pwsh session did not start: {e.Message} {session.Said()}");
        }
    }

    /// <summary>Runs a script that is not measured.</summary>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public Task RunAsync(string script) => AskAsync("run", script);

    /// <summary>Measures a script.</summary>
    /// <exception cref="InvalidOperationException">It failed, or the session ended or hangs.</exception>
    public async Task<Sample> MeasureAsync(string script, bool memory)
    {
        var answer = await AskAsync(memory ? "memory" : "time", script);
        var peak = answer.GetProperty("peak");
        return new Sample(
            answer.GetProperty("seconds").GetDouble(),
            answer.GetProperty("cpu").GetDouble(),
            peak.ValueKind == JsonValueKind.Number ? peak.GetDouble() : double.NaN,
            null);
    }

    public async ValueTask DisposeAsync()
    {
        // Its script ends when the pipe does.
        await _pipe.DisposeAsync();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        try
        {
            await _process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            // It is killed next.
        }

        _children.Stop(_process);
        _process.Dispose();
    }

    /// <summary>The end of what it wrote; nothing with a terminal.</summary>
    private string Said()
    {
        var said = File.Exists(_log) ? File.ReadAllText(_log) : "";
        return said[Math.Max(0, said.Length - 500)..];
    }

    private async Task<JsonElement> AskAsync(string kind, string script)
    {
        await _writer!.WriteLineAsync($"{kind} {Convert.ToBase64String(Encoding.UTF8.GetBytes(script))}");
        return await ReadAsync();
    }

    private async Task<JsonElement> ReadAsync()
    {
        using var patience = new CancellationTokenSource(Meter.Patience);
        string? line;
        try
        {
            line = await _reader!.ReadLineAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            _children.Stop(_process);
            throw new InvalidOperationException($"the pwsh session did not answer for {Meter.Patience.TotalMinutes} minutes");
        }

        var answer = line is null ? throw new InvalidOperationException($"the pwsh session ended {Said()}")
            : JsonDocument.Parse(line).RootElement;
        return answer.TryGetProperty("error", out var error)
            ? throw new InvalidOperationException($"in the pwsh session: {error.GetString()}")
            : answer;
    }

    /// <summary>
    /// Takes what is shown, and says where the cursor is when asked (CSI 6n), as a terminal does: PowerShell waits for that.
    /// </summary>
    private async Task ServeTerminalAsync()
    {
        var question = "\x1b[6n"u8.ToArray();
        var position = "\x1b[1;1R"u8.ToArray();
        var buffer = new byte[1 << 16];
        var found = 0;
        try
        {
            while (await _process.StandardOutput.BaseStream.ReadAsync(buffer) is > 0 and var read)
            {
                Interlocked.Add(ref _shown, read);
                for (var i = 0; i < read; i++)
                {
                    found = buffer[i] == question[found] ? found + 1 : buffer[i] == question[0] ? 1 : 0;
                    if (found == question.Length)
                    {
                        found = 0;
                        await _process.StandardInput.BaseStream.WriteAsync(position);
                        await _process.StandardInput.BaseStream.FlushAsync();
                    }
                }
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // The session ended.
        }
    }
}
