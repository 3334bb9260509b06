using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading.Tasks;

namespace ImgsPS.Bench;

/// <summary>The tables, as Markdown.</summary>
internal static class Report
{
    public const string Head = """
        | what | side | runs | median s | min s | max s | CPU s | peak MiB | requests | wall ratio | CPU ratio | measured |
        |---|---|---|---|---|---|---|---|---|---|---|---|
        """;

    private const string Method = """
        - The cmdlets run in a warm session of `pwsh -NoProfile` (bench/Session.ps1), which measures itself: wall, CPU, memory. `engine alone` is the same
          work without PowerShell. What prepares a run, and a look at what it did, are not measured.
        - Ratios are medians over the pairs, ours by the peer's, which run in turn; in brackets the least and the most of any pair. CPU and memory are the
          side's own process, not the registry's or a daemon's. Peak memory is a process's most, in a warm session the most over what it had before;
          `peak of memory` has it with a heap that gave back first all that it could.
        - ImgsPS flushes every blob (fsync) before it is named. skopeo and podman flush nothing: one comparison has `sync -f` after skopeo. docker pull and
          podman pull also unpack the layers; ImgsPS and skopeo keep them as they came.
        - `measured` is when a line's runs began (UTC), and the machine's load average of the last minute then, which the runs before it are part of.
        """;

    public static string Number(double number, string format) =>
        double.IsNaN(number) ? "–" : number.ToString(format, CultureInfo.InvariantCulture);

    /// <summary>When, and at which load.</summary>
    public static string Measured(Comparison comparison) => $"{comparison.Time}, load {comparison.Load.Split(' ')[0]}";

    /// <summary>A comparison's one or two rows.</summary>
    public static string Rows(Comparison comparison)
    {
        var pairs = comparison.WallRatios();
        var spread = pairs.Count == 0 ? "–"
            : $"{Number(comparison.WallRatio(), "0.00")} ({Number(pairs.Min(), "0.00")}–{Number(pairs.Max(), "0.00")})";
        var ratios = $"{spread} | {Number(comparison.CpuRatio(), "0.00")}";
        var what = comparison.Reduced.Length == 0 ? comparison.What : $"{comparison.What} ({comparison.Reduced})";
        var first = Row(what, comparison.A, $"{ratios} | {Measured(comparison)}");
        return comparison.B is null ? first : first + "\n" + Row("", comparison.B, " |  | ");
    }

    public static string TargetTable(IEnumerable<Target> targets)
    {
        var text = new StringBuilder("| what | against | target | figure | met |  | measured |\n|---|---|---|---|---|---|---|\n");
        foreach (var t in targets)
        {
            var met = t.Met switch { true => "yes", false => "**no**", null => "–" };
            var figure = t.Figure ?? "not measured yet";
            text.Append(CultureInfo.InvariantCulture,
                $"| {t.What} | {t.Against} | {t.Wanted} | {figure} | {met} | {t.Note} | {t.Measured} |\n");
        }

        return text.ToString();
    }

    /// <summary>Writes the whole, with what is written by hand in LIMITS.md and by the micro-benchmarks in MICRO.md beside it.</summary>
    public static async Task WriteAsync(string file, Measurements all)
    {
        var text = new StringBuilder("""
            # Results

            Made by `build.ps1 -Task Bench` (bench/README.md) from results.json, LIMITS.md and MICRO.md: nothing is changed here. Ratios count, absolute
            times do not. A run replaces only what it measured.


            """);
        foreach (var run in all.Runs)
        {
            text.Append("- ").Append(string.Join("\n  ", run.About.Select((line, i) => i == 0 ? line : "- " + line))).Append('\n');
        }

        text.Append("\n## Targets\n\n").Append(TargetTable(Targets.Of(all)));
        await AppendAsync(text, file, "LIMITS.md", "What the limit was and what moved it");
        text.Append("\n## Runs\n\n").Append(Method).Append("\n\n").Append(Head).Append('\n');
        foreach (var comparison in all.Comparisons)
        {
            text.Append(Rows(comparison)).Append('\n');
        }

        if (all.Notes.Any())
        {
            text.Append("\n## Notes\n\n");
            foreach (var note in all.Notes)
            {
                text.Append("- ").Append(note).Append('\n');
            }
        }

        await AppendAsync(text, file, "MICRO.md", "Micro-benchmarks");
        await File.WriteAllTextAsync(file, text.ToString());
    }

    private static async Task AppendAsync(StringBuilder text, string file, string name, string title)
    {
        var beside = Path.Combine(Path.GetDirectoryName(file)!, name);
        if (File.Exists(beside))
        {
            text.Append("\n## ").Append(title).Append("\n\n").Append((await File.ReadAllTextAsync(beside)).Trim()).Append('\n');
        }
    }

    private static string Row(string what, Series side, string rest)
    {
        var seconds = side.Samples.Select(s => s.Seconds).ToArray();
        var requests = side.Requests()?.ToString(CultureInfo.InvariantCulture) ?? "–";
        var times = $"{Number(side.Seconds(), "0.000")} | {Number(seconds.Min(), "0.000")} | {Number(seconds.Max(), "0.000")}";
        var used = $"{Number(side.Cpu(), "0.00")} | {Number(side.PeakMiB(), "0")} | {requests}";
        return $"| {what} | {side.Name} | {seconds.Length} | {times} | {used} | {rest} |";
    }
}
