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

var reports = args is ["report", ..];
BenchOptions options;
try
{
    options = BenchOptions.Parse(reports ? args[1..] : args);
}
catch (FormatException e)
{
    await Console.Error.WriteLineAsync(e.Message + Environment.NewLine + BenchOptions.Usage);
    return 2;
}

var root = Root();
var results = options.Results ?? Path.Combine(reports || options.IsWhole ? Path.Combine(root, "bench") : options.Work, "RESULTS.md");
var kept = Path.Combine(Path.GetDirectoryName(results)!, "results.json");
if (reports)
{
    if (!File.Exists(kept))
    {
        Console.WriteLine($"There is no {kept} to make {results} of: nothing was measured yet.");
        return 0;
    }

    var known = await Measurements.ReadAsync(kept);
    await Report.WriteAsync(results, known);
    Console.WriteLine(Report.TargetTable(Targets.Of(known)));
    return 0;
}

if (OperatingSystem.IsWindows() || !Peers.IsInstalled("docker-registry"))
{
    await Console.Error.WriteLineAsync("The benchmarks need a Unix with docker-registry on PATH.");
    return 1;
}

Directory.CreateDirectory(Path.GetDirectoryName(results)!);
var measurements = await Measurements.ReadAsync(kept);

// Neither side finds the user's credentials and settings.
var empty = Path.Combine(options.Work, "docker-config");
Directory.CreateDirectory(empty);
await File.WriteAllTextAsync(Path.Combine(empty, "config.json"), "{}");
Environment.SetEnvironmentVariable("DOCKER_CONFIG", empty);

// Sockets have short paths.
var temporary = Directory.CreateTempSubdirectory("bench-").FullName;
var children = new Children();
void Interrupt(PosixSignalContext context)
{
    context.Cancel = true;
    End();
    Environment.Exit(130);
}

using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);
using var hungUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Interrupt);
try
{
    await RunAsync();
    return 0;
}
catch (Exception e) when (e is OperationCanceledException || children.Stopped)
{
    return 130;
}
catch (InvalidOperationException e)
{
    await Console.Error.WriteLineAsync(e.Message);
    return 1;
}
finally
{
    End();
}

void End()
{
    children.StopAll();
    try
    {
        BenchContext.DeleteAside(options.Work);
        Directory.Delete(temporary, recursive: true);
    }
    catch (Exception e) when (e is IOException or UnauthorizedAccessException)
    {
        Console.Error.WriteLine($"{temporary} stays: {e.Message}");
    }
}

async Task RunAsync()
{
    await using var registry = await RegistryProcess.StartAsync(options.Work, children);
    var meter = new Meter(options.Work, registry, children);
    var (engine, note) = await OwnDockerdAsync();
    try
    {
        var address = engine?.Address ?? (options.Docker.StartsWith("unix:", StringComparison.Ordinal) ? options.Docker : null);
        var starts = new List<double>();
        for (var i = 0; i < 9; i++)
        {
            starts.Add((await meter.ProcessAsync("true")).Seconds * 1000);
        }

        var run = new BenchRun(
            DateTime.UtcNow.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture),
            [.. About(address, note), Invariant(
                $"starting a command takes {Series.Median(starts):0.0} ms, which the times of processes contain")]);
        measurements.Begin(run);
        Console.WriteLine(string.Join('\n', run.About));
        Console.WriteLine("Making the image sets");
        await meter.ProcessAsync(Invariant(
            $"{Meter.Quote(Environment.ProcessPath!)} make-sets {registry.Host} {options.LayerMiB} {options.Small}"));
        Console.WriteLine(Report.Head);
        var pairs = new Pairs(meter, measurements, options, children, run.Date, Console.Out);
        var peers = new Peers(options, registry, meter, address);
        await using var context = new BenchContext(options, root, temporary, registry, meter, pairs, peers, children);
        await RunPartsAsync(context);
    }
    finally
    {
        if (engine is not null)
        {
            await engine.DisposeAsync();
        }
    }

    Console.WriteLine();
    Console.WriteLine(Report.TargetTable(Targets.Of(measurements)));
    Console.WriteLine($"{results} and {kept}");
}

async Task RunPartsAsync(BenchContext context)
{
    var pulls = new PullParts(context);
    var stores = new StoreParts(context);
    var others = new OtherParts(context);
    Dictionary<string, Func<Task>> parts = new()
    {
        ["big"] = pulls.BigAsync,
        ["small"] = pulls.SmallAsync,
        ["unchanged"] = pulls.UnchangedAsync,
        ["list"] = stores.ListAsync,
        ["large"] = stores.LargeAsync,
        ["remove"] = stores.RemoveAsync,
        ["registry"] = stores.RegistryAsync,
        ["transfer"] = new TransferParts(context).TransferAsync,
        ["hugetransfer"] = new TransferParts(context).HugeAsync,
        ["platforms"] = others.PlatformsAsync,
        ["memory"] = pulls.MemoryAsync,
        ["import"] = others.ImportAsync,
        ["progress"] = others.ProgressAsync,
    };
    foreach (var part in BenchOptions.Parts.Where(p => options.Only.Count == 0 || options.Only.Contains(p)))
    {
        var watch = Stopwatch.StartNew();
        BenchContext.DeleteAside(options.Work);
        measurements.BeginPart(part);
        try
        {
            await parts[part]();
        }
        catch (Exception e) when (e is not OperationCanceledException && !children.Stopped)
        {
            await context.Pairs.NoteAsync(part, $"{part} broke off: {e.Message}");
        }

        // After each part: what was measured stays also when the run is ended.
        await measurements.WriteAsync(kept);
        await Report.WriteAsync(results, measurements);
        Console.WriteLine(Invariant($"({part}: {watch.Elapsed.TotalSeconds:0} s)"));
    }
}

async Task<(OwnDockerd? Engine, string Note)> OwnDockerdAsync()
{
    if (options.Docker != BenchOptions.OwnDockerd)
    {
        return (null, options.Docker == BenchOptions.NoDocker ? "no Docker" : "a Docker that runs already");
    }

    if (!Peers.IsInstalled("dockerd") || !Peers.IsInstalled("docker") || !Environment.IsPrivilegedProcess)
    {
        return (null, "no Docker: dockerd or docker is not on PATH, or this is not root");
    }

    try
    {
        return (await OwnDockerd.StartAsync(children, options.Work, temporary), $"a Docker of its own: {Says("dockerd", "--version")}");
    }
    catch (InvalidOperationException e)
    {
        return (null, $"no Docker: {e.Message}");
    }
}

IReadOnlyList<string> About(string? address, string engine)
{
    var changed = Says("git", "-C", root, "status", "--porcelain", "src").Length > 0 ? " with changes" : "";
    var commit = Says("git", "-C", root, "rev-parse", "--short", "HEAD") + changed;
    var load = Says("cut", "-d", " ", "-f1-3", "/proc/loadavg");
    var memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 20;
    var storage = address is null ? "" : $" ({Says("docker", "-H", address, "info", "--format", "{{.ServerVersion}}, {{.Driver}}")})";
    var only = options.Only.Count == 0 ? "all parts" : string.Join(", ", options.Only);
    return
    [
        Invariant($"{DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC; commit {commit}; load average at the start {load}; {only}"),
        Invariant($"{Environment.ProcessorCount} × {Cpu()}, {memory} MiB, {RuntimeInformation.OSDescription}, ")
            + $"{RuntimeInformation.FrameworkDescription}, {Says("pwsh", "--version")}",
        $"work folder on {Says("findmnt", "-n", "-o", "FSTYPE,OPTIONS", "-T", options.Work)}",
        $"{Says("docker-registry", "--version")} on loopback; peers: {Says("skopeo", "--version")}; {Says("podman", "--version")}; "
            + $"{Says("docker", "--version")}; {engine}{storage}",
        Invariant($"pairs {options.Pairs}, layers {options.LayerMiB} MiB, small images {options.Small}, ")
            + Invariant($"stores {options.Store} and {options.Large}, huge image {options.HugeGiB} GiB"),
    ];
}

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
    ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim()
        ?? "CPU"
    : "CPU";

// The first line that a command says; for the head of the results only.
static string Says(string command, params string[] words)
{
    if (!Peers.IsInstalled(command))
    {
        return $"no {command}";
    }

    using var process = Process.Start(
        new ProcessStartInfo(command, words) { RedirectStandardOutput = true, RedirectStandardError = true })!;
    var said = process.StandardOutput.ReadToEnd();
    process.WaitForExit();
    return said.Split('\n')[0].Trim();
}
