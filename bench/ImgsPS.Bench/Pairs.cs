using System;
using System.Collections.Generic;
using System.IO;
using System.Threading.Tasks;

namespace ImgsPS.Bench;

/// <summary>One side of a comparison: what to do before a run, not measured, and the run.</summary>
internal sealed record Side(string Name, Func<Task> PrepareAsync, Func<Task<Sample>> RunAsync);

/// <summary>Runs sides in turn, A B A B, and keeps what came out.</summary>
internal sealed class Pairs(Meter meter, TextWriter output)
{
    public List<Comparison> Comparisons { get; } = [];

    /// <summary>What a reader of the tables must know.</summary>
    public List<string> Notes { get; } = [];

    /// <summary>Measures two sides, or one.</summary>
    /// <param name="what">The operation.</param>
    /// <param name="a">The first side.</param>
    /// <param name="b">The second side; null for none.</param>
    /// <param name="count">How often each runs.</param>
    /// <param name="warm">How often each runs before that.</param>
    /// <returns>Null when a run failed, which is a note then.</returns>
    public async Task<Comparison?> MeasureAsync(string what, Side a, Side? b, int count, int warm)
    {
        var comparison = new Comparison(what, new Series(a.Name), b is null ? null : new Series(b.Name));
        try
        {
            for (var i = -warm; i < count; i++)
            {
                await RunAsync(a, comparison.A, i >= 0);
                if (b is not null)
                {
                    await RunAsync(b, comparison.B!, i >= 0);
                }
            }
        }
        catch (Exception e) when (e is InvalidOperationException or ImageException or IOException)
        {
            var sides = b is null ? a.Name : $"{a.Name} against {b.Name}";
            var note = $"{what} ({sides}) failed and is left out: {e.Message.ReplaceLineEndings(" ").Trim()}";
            Notes.Add(note);
            await output.WriteLineAsync(note);
            return null;
        }

        Comparisons.Add(comparison);
        await output.WriteLineAsync(Report.Rows(comparison));
        return comparison;
    }

    private async Task RunAsync(Side side, Series series, bool count)
    {
        await side.PrepareAsync();

        // What others left to be written must not slow the one who waits for the disk.
        await meter.ProcessAsync("sync");
        var sample = await side.RunAsync();
        if (count)
        {
            series.Samples.Add(sample);
        }
    }
}
