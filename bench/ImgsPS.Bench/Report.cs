using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;

namespace ImgsPS.Bench;

/// <summary>The tables, as Markdown.</summary>
internal static class Report
{
    public const string Head = """
        | what | side | runs | median s | min s | max s | CPU s | peak MiB | requests | wall ratio | CPU ratio |
        |---|---|---|---|---|---|---|---|---|---|---|
        """;

    public static string Number(double number, string format) => double.IsNaN(number) ? "–" : number.ToString(format, CultureInfo.InvariantCulture);

    /// <summary>A comparison's one or two rows.</summary>
    public static string Rows(Comparison comparison)
    {
        var ratios = comparison.B is null ? "– | –" : $"{Number(comparison.WallRatio, "0.00")} | {Number(comparison.CpuRatio, "0.00")}";
        var first = Row(comparison.What, comparison.A, ratios);
        return comparison.B is null ? first : first + "\n" + Row("", comparison.B, " | ");
    }

    public static string Write(
        IReadOnlyList<string> machine, IEnumerable<Target> targets, IEnumerable<Comparison> comparisons, IEnumerable<string> notes)
    {
        var text = new StringBuilder("""
            # Results

            Written by `build.ps1 -Task Bench` (bench/README.md). Ratios count, absolute times do not.


            """);
        foreach (var line in machine)
        {
            text.Append("- ").Append(line).Append('\n');
        }

        text.Append("\n## Targets\n\n| what | against | target | figure | met |  |\n|---|---|---|---|---|---|\n");
        foreach (var t in targets)
        {
            var met = t.Met switch { true => "yes", false => "**no**", null => "–" };
            text.Append(CultureInfo.InvariantCulture, $"| {t.What} | {t.Against} | {t.Wanted} | {t.Figure ?? "not measured yet"} | {met} | {t.Note} |\n");
        }

        text.Append("""

            ## Runs

            Ratios are medians over the pairs of the first side by the second. CPU and memory are the side's own process, not the registry's or a
            daemon's; peak memory in a warm session is what came on top of the idle session.


            """);
        text.Append(Head).Append('\n');
        foreach (var comparison in comparisons)
        {
            text.Append(Rows(comparison)).Append('\n');
        }

        text.Append("\n## Notes\n\n");
        foreach (var note in notes)
        {
            text.Append("- ").Append(note).Append('\n');
        }

        return text.ToString();
    }

    private static string Row(string what, Series side, string ratios)
    {
        var seconds = side.Samples.Select(s => s.Seconds).ToArray();
        var requests = side.Requests?.ToString(CultureInfo.InvariantCulture) ?? "–";
        var times = $"{Number(side.Seconds, "0.000")} | {Number(seconds.Min(), "0.000")} | {Number(seconds.Max(), "0.000")}";
        return $"| {what} | {side.Name} | {seconds.Length} | {times} | {Number(side.Cpu, "0.00")} | {Number(side.PeakMiB, "0")} | {requests} | {ratios} |";
    }
}
