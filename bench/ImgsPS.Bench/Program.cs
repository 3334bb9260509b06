using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Threading.Tasks;
using ImgsPS.Bench;
using static System.FormattableString;

// Hidden commands, for processes of their own: what they need of memory is not in the figures.
if (args is ["make-store", var folder, var images])
{
    await StoreMaker.MakeAsync(folder, int.Parse(images, CultureInfo.InvariantCulture));
    return 0;
}

if (args is ["make-sets", var host, var layerMiB, var small])
{
    using var sets = new ImageSets(host);
    await sets.PushAsync(int.Parse(layerMiB, CultureInfo.InvariantCulture), int.Parse(small, CultureInfo.InvariantCulture));
    return 0;
}

BenchOptions options;
try
{
    options = BenchOptions.Parse(args);
}
catch (FormatException e)
{
    await Console.Error.WriteLineAsync(e.Message + Environment.NewLine + BenchOptions.Usage);
    return 2;
}

if (OperatingSystem.IsWindows() || !Benchmarks.IsInstalled("docker-registry"))
{
    await Console.Error.WriteLineAsync("The benchmarks need a Unix with docker-registry on PATH.");
    return 1;
}

// Neither side finds the user's credentials and settings.
var empty = Path.Combine(options.Work, "docker-config");
Directory.CreateDirectory(empty);
Environment.SetEnvironmentVariable("DOCKER_CONFIG", empty);

var root = Root();
var commit = Says("git", "-C", root, "rev-parse", "--short", "HEAD");
var load = Says("cut", "-d", " ", "-f1-3", "/proc/loadavg");
var memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 20;
var engine = options.Docker is null ? "not compared" : "compared";
List<string> machine =
[
    Invariant($"{DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC; commit {commit}; load average at the start {load}"),
    Invariant($"{Environment.ProcessorCount} × {Cpu()}, {memory} MiB, {RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}"),
    $"folder on {Says("findmnt", "-n", "-o", "FSTYPE,OPTIONS", "-T", options.Work)}",
    $"docker-registry on loopback: {Says("docker-registry", "--version")}; peers: {Says("skopeo", "--version")}; {Says("docker", "--version")}",
    Invariant($"pairs {options.Pairs}, layers {options.LayerMiB} MiB, small images {options.Small}, stores {options.Store} and {options.Large}, Engine {engine}"),
];
machine.ForEach(Console.WriteLine);

await using var registry = await RegistryProcess.StartAsync(options.Work);
var meter = new Meter(options.Work, registry);
Console.WriteLine("Making the image sets");
var self = Meter.Quote(Environment.ProcessPath!);
await meter.ProcessAsync(Invariant($"{self} make-sets {registry.Host} {options.LayerMiB} {options.Small}"));
Console.WriteLine(Report.Head);
var pairs = new Pairs(meter, Console.Out);
IReadOnlyList<Target> targets = [];
await foreach (var known in new Benchmarks(options, root, registry, meter, pairs).RunAsync())
{
    targets = known;
    if (options.Results is not null)
    {
        await File.WriteAllTextAsync(options.Results, Report.Write(machine, targets, pairs.Comparisons, pairs.Notes));
    }
}

foreach (var t in targets)
{
    var met = t.Met switch { true => ", met", false => ", NOT met", null => "" };
    Console.WriteLine($"{t.What}; {t.Against}; {t.Wanted}: {t.Figure ?? "not measured yet"}{met}");
}

return 0;

static string Root()
{
    var folder = new DirectoryInfo(AppContext.BaseDirectory);
    while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "ImgsPS.sln")))
    {
        folder = folder.Parent;
    }

    return folder?.FullName ?? throw new InvalidOperationException("ImgsPS.sln is not above this program.");
}

static string Cpu() => File.Exists("/proc/cpuinfo")
    ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim() ?? "CPU"
    : "CPU";

// The first line that a command says; for the head of the results only.
static string Says(string command, params string[] words)
{
    if (!Benchmarks.IsInstalled(command))
    {
        return $"no {command}";
    }

    using var process = Process.Start(new ProcessStartInfo(command, words) { RedirectStandardOutput = true, RedirectStandardError = true })!;
    var said = process.StandardOutput.ReadToEnd();
    process.WaitForExit();
    return said.Split('\n')[0].Trim();
}
