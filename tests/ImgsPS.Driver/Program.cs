using System;
using System.Diagnostics;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS;
using ImgsPS.Driver;

// The engine's operations as plain commands, in a process of their own that tests kill and benchmarks time.
using var interrupted = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = true;
    interrupted.Cancel();
};

try
{
    var line = CommandLine.Parse(args);
    var done = await new Commands(line, Console.Out, Console.Error).RunAsync(interrupted.Token);
    if (line.Has("--memory"))
    {
        // The most this process ever had in memory at a time (on Linux VmHWM).
        using var self = Process.GetCurrentProcess();
        await Console.Error.WriteLineAsync($"Peak memory: {self.PeakWorkingSet64} bytes");
    }

    return done ? 0 : 1;
}
catch (UsageException e)
{
    await Console.Error.WriteLineAsync(e.Message + Environment.NewLine + CommandLine.Usage);
    return 2;
}
catch (ImageException e)
{
    await Console.Error.WriteLineAsync(ConsoleObserver.Describe(e));
    return 1;
}
catch (OperationCanceledException) when (interrupted.IsCancellationRequested)
{
    return 130;
}
catch (IOException e)
{
    // The reader of a pipe went away.
    await Console.Error.WriteLineAsync("Error: " + e.Message);
    return 1;
}
