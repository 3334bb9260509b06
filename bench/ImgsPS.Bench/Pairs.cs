using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Threading.Tasks;

namespace ImgsPS.Bench;

/// <summary>
/// One side of a comparison: what to do before a run, not measured, the run, and a look at what it did, not measured either.
/// </summary>
internal sealed record Side(string Name, Func<Task> PrepareAsync, Func<Task<Sample>> RunAsync, Func<Task>? CheckAsync = null);

/// <summary>Runs sides in turn, A B A B, and keeps what came out.</summary>
internal sealed class Pairs(Meter meter, Measurements measurements, BenchOptions options, Children children, string run, TextWriter output)
{
    /// <summary>
    /// Measures two sides, or ours alone when there is no peer, or it fails, and this run has nothing yet of our side.
    /// </summary>
    /// <param name="key">As <see cref="Comparison.Key"/>.</param>
    /// <param name="what">The operation.</param>
    /// <param name="a">Our side; null to measure nothing.</param>
    /// <param name="b">The peer; null for none.</param>
    /// <param name="warm">
    /// How often our side runs before what is counted, to be warm; the peer, which is a new process each time, once of these.
    /// </param>
    /// <param name="count">How often each runs; 0 for as often as the options say.</param>
    public async Task MeasureAsync(string key, string what, Side? a, Side? b, int warm, int count = 0)
    {
        if (a is null || (b is not null && await TryAsync(key, what, a, b, warm, count)))
        {
            return;
        }

        var alone = key.Split('-')[0];
        if (!Has(alone))
        {
            await TryAsync(alone, what, a, null, warm, count);
        }
    }

    /// <summary>True when this run has measured what begins so.</summary>
    public bool Has(string key) => measurements.Has(run, key);

    /// <summary>Says what a reader of the tables must know.</summary>
    public async Task NoteAsync(string part, string note)
    {
        note = note.ReplaceLineEndings(" ").Trim();
        measurements.Note(part, note);
        await output.WriteLineAsync(note);
    }

    private static async Task<string> LoadAsync() =>
        File.Exists("/proc/loadavg") ? string.Join(' ', (await File.ReadAllTextAsync("/proc/loadavg")).Split(' ')[..3]) : "unknown";

    private async Task<bool> TryAsync(string key, string what, Side a, Side? b, int warm, int count)
    {
        var part = key[..key.IndexOf('.', StringComparison.Ordinal)];
        var comparison = new Comparison(
            key,
            what,
            run,
            DateTime.UtcNow.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture),
            await LoadAsync(),
            options.Reduced(part),
            new Series(a.Name, []),
            b is null ? null : new Series(b.Name, []));
        try
        {
            for (var i = -warm; i < (count == 0 ? options.Pairs : count); i++)
            {
                await RunAsync(a, comparison.A, i >= 0);
                if (b is not null && i >= -1)
                {
                    await RunAsync(b, comparison.B!, i >= 0);
                }
            }
        }
        catch (Exception e) when (e is not OperationCanceledException && !children.Stopped)
        {
            var sides = b is null ? a.Name : $"{a.Name} against {b.Name}";
            await NoteAsync(part, $"{comparison.Time}: {what} ({sides}) failed and is left out: {e.Message}");
            return false;
        }

        measurements.Put(comparison);
        await output.WriteLineAsync(Report.Rows(comparison));
        return true;
    }

    private async Task RunAsync(Side side, Series series, bool count)
    {
        await side.PrepareAsync();

        // What others left to be written must not slow the one who waits for the disk.
        await meter.ProcessAsync("sync");
        var sample = await side.RunAsync();
        if (side.CheckAsync is not null)
        {
            await side.CheckAsync();
        }

        if (count)
        {
            series.Samples.Add(sample);
        }
    }
}
