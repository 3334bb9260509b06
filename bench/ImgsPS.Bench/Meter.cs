using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading.Tasks;

namespace ImgsPS.Bench;

/// <summary>Runs work in this process or in another and measures it.</summary>
internal sealed class Meter(string work, RegistryProcess registry)
{
    private const string Time = "/usr/bin/time";

    /// <summary>A text as one word of a shell.</summary>
    public static string Quote(string text) => "'" + text.Replace("'", "'\\''", StringComparison.Ordinal) + "'";

    /// <summary>Measures work in this process: the warm session.</summary>
    public async Task<Sample> HereAsync(Func<Task> action)
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
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

    /// <summary>Measures a shell's command line; what it writes goes to a file.</summary>
    /// <exception cref="InvalidOperationException">The command failed.</exception>
    public async Task<Sample> ProcessAsync(string script, bool daemon = false)
    {
        var log = Path.Combine(work, "command.log");
        var usage = Path.Combine(work, "command.usage");
        var timed = File.Exists(Time);
        var command = $"{{ {script}\n}} >{Quote(log)} 2>&1";
        string[] words = timed ? [Time, "-o", usage, "-f", "%U %S %M", "sh", "-c", command] : ["sh", "-c", command];
        var requests = registry.Requests;
        var watch = Stopwatch.StartNew();
        using var process = Process.Start(new ProcessStartInfo(words[0], words.Skip(1)))!;
        await process.WaitForExitAsync();
        var seconds = watch.Elapsed.TotalSeconds;
        if (process.ExitCode != 0)
        {
            var said = await File.ReadAllTextAsync(log);
            throw new InvalidOperationException($"{script}: exit code {process.ExitCode}: {said[Math.Max(0, said.Length - 1000)..]}");
        }

        // What a daemon does for a client is not in the client's figures.
        double[] used = timed && !daemon
            ? (await File.ReadAllLinesAsync(usage))[^1].Split(' ').Select(n => double.Parse(n, CultureInfo.InvariantCulture)).ToArray()
            : [double.NaN, double.NaN, double.NaN];
        return new Sample(seconds, used[0] + used[1], used[2] / 1024, await registry.RequestsSinceAsync(requests));
    }

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
