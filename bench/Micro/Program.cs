using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using ImgsPS.Micro;

// usage: ImgsPS.Micro FILE: runs all, and writes the table, as Markdown.
if (args is not [var file])
{
    Console.Error.WriteLine("usage: ImgsPS.Micro FILE");
    return 2;
}

// In this process: no project is generated and built for it, so nothing is restored.
var job = Job.Default.WithToolchain(InProcessEmitToolchain.Instance).WithLaunchCount(1).WithWarmupCount(6).WithIterationCount(12);
var config = ManualConfig.CreateEmpty()
    .AddJob(job)
    .AddLogger(BenchmarkDotNet.Loggers.ConsoleLogger.Default)
    .AddColumnProvider(DefaultColumnProviders.Instance)
    .WithArtifactsPath(Path.Combine(Path.GetTempPath(), "imgsps-micro"))
    .WithOptions(ConfigOptions.DisableLogFile);
var summary = BenchmarkRunner.Run<HotPaths>(config);
var failed = summary.HasCriticalValidationErrors || summary.Reports.Any(r => !r.Success);
if (failed)
{
    return 1;
}

var text = new StringBuilder();
text.Append(CultureInfo.InvariantCulture,
    $"{DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC, BenchmarkDotNet {summary.HostEnvironmentInfo.BenchmarkDotNetVersion}, ");
text.Append(CultureInfo.InvariantCulture, $"{Environment.ProcessorCount} cores, .NET {Environment.Version}.\n\n");
text.Append("| what | mean | ± | allocated |\n|---|---|---|---|\n");
foreach (var report in summary.Reports)
{
    var statistics = report.ResultStatistics!;
    var allocated = report.GcStats.GetBytesAllocatedPerOperation(report.BenchmarkCase) ?? 0;
    var name = report.BenchmarkCase.Descriptor.WorkloadMethodDisplayInfo.Trim('\'');
    var time = $"{Time(statistics.Mean)} | {Time(statistics.StandardDeviation)}";
    text.Append(CultureInfo.InvariantCulture, $"| {name} | {time} | {Size(allocated)} |\n");
}

File.WriteAllText(file, text.ToString());
Console.WriteLine(text);
Console.WriteLine(file);
return 0;

static string Time(double nanoseconds) => nanoseconds switch
{
    < 1e3 => string.Create(CultureInfo.InvariantCulture, $"{nanoseconds:0.#} ns"),
    < 1e6 => string.Create(CultureInfo.InvariantCulture, $"{nanoseconds / 1e3:0.##} µs"),
    _ => string.Create(CultureInfo.InvariantCulture, $"{nanoseconds / 1e6:0.##} ms"),
};

static string Size(long bytes) => bytes < 10_000
    ? string.Create(CultureInfo.InvariantCulture, $"{bytes} B")
    : string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:0.#} KiB");
