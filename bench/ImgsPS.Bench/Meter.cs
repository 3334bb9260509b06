using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Bench;

/// <summary>Runs work in this process or in another and measures it.</summary>
internal sealed class Meter(string work, RegistryProcess registry, Children children)
{
    /// <summary>Longer than this nothing takes: it hangs.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(20);

    private const string Time = "/usr/bin/time";

    /// <summary>A text as one word of a shell.</summary>
    public static string Quote(string text) => "'" + text.Replace("'", "'\\''", StringComparison.Ordinal) + "'";

    /// <summary>Measures work in this process: the engine alone, warm.</summary>
    /// <param name="action">The work.</param>
    /// <param name="memory">
    /// The heap gives back first all that it can, so that the peak counts everything; that makes the work slower.
    /// </param>
    public async Task<Sample> HereAsync(Func<Task> action, bool memory = false)
    {
        GC.Collect(GC.MaxGeneration, memory ? GCCollectionMode.Aggressive : GCCollectionMode.Forced, blocking: true, compacting: true);
        var linux = OperatingSystem.IsLinux();
        if (linux)
        {
            // Sets the high-water mark back to what is in memory now.
            await File.WriteAllTextAsync("/proc/self/clear_refs", "5");
        }

        var idle = linux ? StatusMiB("VmRSS:") : double.NaN;
        var requests = registry.Requests;
        var cpu = Cpu();
        var watch = Stopwatch.StartNew();
        await action();
        var seconds = watch.Elapsed.TotalSeconds;
        cpu = Cpu() - cpu;
        var peak = linux ? StatusMiB("VmHWM:") - idle : double.NaN;
        return new Sample(seconds, cpu, peak, await registry.RequestsSinceAsync(requests));
    }

    /// <summary>Measures a script of a warm pwsh session.</summary>
    /// <param name="session">The session.</param>
    /// <param name="script">The script.</param>
    /// <param name="memory">As <see cref="HereAsync"/>.</param>
    public async Task<Sample> SessionAsync(PwshSession session, string script, bool memory = false)
    {
        var requests = registry.Requests;
        var sample = await session.MeasureAsync(script, memory);
        return sample with { Requests = await registry.RequestsSinceAsync(requests) };
    }

    /// <summary>Measures a shell's command line; what it writes goes to a file.</summary>
    /// <exception cref="InvalidOperationException">The command failed, or it hangs.</exception>
    public async Task<Sample> ProcessAsync(string script, bool daemon = false)
    {
        var log = Path.Combine(work, "command.log");
        var usage = Path.Combine(work, "command.usage");
        var timed = File.Exists(Time);
        var command = $"{{ {script}\n}} >{Quote(log)} 2>&1 </dev/null";
        string[] words = timed ? [Time, "-o", usage, "-f", "%U %S %M", "sh", "-c", command] : ["sh", "-c", command];
        var requests = registry.Requests;
        var watch = Stopwatch.StartNew();
        using var process = children.Start(new ProcessStartInfo(words[0], words.Skip(1)));
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            throw new InvalidOperationException($"{Start(script)}: longer than {Patience.TotalMinutes} minutes");
        }
        finally
        {
            children.Stop(process);
        }

        var seconds = watch.Elapsed.TotalSeconds;
        if (process.ExitCode != 0)
        {
            var said = await File.ReadAllTextAsync(log);
            throw new InvalidOperationException($"{Start(script)}: exit code {process.ExitCode}: {said[Math.Max(0, said.Length - 500)..]}");
        }

        // What a daemon does for a client is not in the client's figures.
        double[] used = timed && !daemon
            ? (await File.ReadAllLinesAsync(usage))[^1].Split(' ').Select(n => double.Parse(n, CultureInfo.InvariantCulture)).ToArray()
            : [double.NaN, double.NaN, double.NaN];
        return new Sample(seconds, used[0] + used[1], used[2] / 1024, await registry.RequestsSinceAsync(requests));
    }

    private static string Start(string script) => script.Length <= 200 ? script : script[..200] + "…";

    private static double Cpu()
    {
        using var self = Process.GetCurrentProcess();
        return self.TotalProcessorTime.TotalSeconds;
    }

    private static double StatusMiB(string key)
    {
        var line = File.ReadLines("/proc/self/status").First(l => l.StartsWith(key, StringComparison.Ordinal));
        return double.Parse(line[key.Length..].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture) / 1024;
    }
}
