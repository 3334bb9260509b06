using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Threading.Tasks;

namespace ImgsPS.Bench;

/// <summary>One run of the program.</summary>
/// <param name="Date">When it began; its name.</param>
/// <param name="About">Commit, machine, programs and options, a line each.</param>
internal sealed record BenchRun(string Date, IReadOnlyList<string> About);

/// <summary>
/// All that was measured, also by earlier runs: a run replaces what it measured and nothing else. Kept in a file, results.json.
/// </summary>
internal sealed class Measurements
{
    private static readonly JsonSerializerOptions s_json = new()
    {
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly List<BenchRun> _runs = [];
    private readonly List<Comparison> _comparisons = [];
    private readonly SortedDictionary<string, List<string>> _notes = new(StringComparer.Ordinal);

    /// <summary>The runs that something is known of, the oldest first.</summary>
    public IEnumerable<BenchRun> Runs => _runs.Where(r => _comparisons.Exists(c => c.Run == r.Date));

    /// <summary>The comparisons, in the order of the parts.</summary>
    public IEnumerable<Comparison> Comparisons => _comparisons.OrderBy(c => BenchOptions.Parts.ToList().IndexOf(c.Part));

    /// <summary>What a reader of the tables must know, in the order of the parts.</summary>
    public IEnumerable<string> Notes => BenchOptions.Parts.SelectMany(p => _notes.GetValueOrDefault(p) ?? []).Distinct();

    /// <exception cref="InvalidDataException">The file is not one of results.</exception>
    public static async Task<Measurements> ReadAsync(string file)
    {
        var all = new Measurements();
        if (!File.Exists(file))
        {
            return all;
        }

        try
        {
            var kept = JsonSerializer.Deserialize<Kept>(await File.ReadAllBytesAsync(file), s_json)!;
            all._runs.AddRange(kept.Runs);
            all._comparisons.AddRange(kept.Comparisons);
            foreach (var (part, notes) in kept.Notes)
            {
                all._notes[part] = notes;
            }
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{file} is not a file of results: {e.Message}", e);
        }

        return all;
    }

    /// <summary>Begins a run, whose name is its date.</summary>
    public void Begin(BenchRun run) => _runs.Add(run);

    /// <summary>Begins a part: what was noted of it before counts no more.</summary>
    public void BeginPart(string part) => _notes.Remove(part);

    public void Note(string part, string note)
    {
        if (!_notes.TryGetValue(part, out var notes))
        {
            _notes[part] = notes = [];
        }

        notes.Add(note);
    }

    /// <summary>Takes a comparison in place of the one that has its key.</summary>
    public void Put(Comparison comparison)
    {
        var at = _comparisons.FindIndex(c => c.Key == comparison.Key);
        if (at >= 0)
        {
            _comparisons[at] = comparison;
        }
        else
        {
            _comparisons.Add(comparison);
        }
    }

    public Comparison? Find(string key) => _comparisons.Find(c => c.Key == key);

    /// <summary>True when a run measured what begins so.</summary>
    public bool Has(string run, string key) => _comparisons.Exists(c => c.Run == run && c.Key.StartsWith(key, StringComparison.Ordinal));

    /// <summary>Writes the file, a comparison a line.</summary>
    public async Task WriteAsync(string file)
    {
        string Lines<T>(IEnumerable<T> all) => string.Join(",\n", all.Select(one => JsonSerializer.Serialize(one, s_json)));
        var text = new StringBuilder()
            .Append("{\n\"Runs\": [\n").Append(Lines(Runs))
            .Append("\n],\n\"Notes\": ").Append(JsonSerializer.Serialize(_notes, s_json))
            .Append(",\n\"Comparisons\": [\n").Append(Lines(Comparisons)).Append("\n]\n}\n");
        await File.WriteAllTextAsync(file + ".new", text.ToString());
        File.Move(file + ".new", file, overwrite: true);
    }

    private sealed record Kept(List<BenchRun> Runs, Dictionary<string, List<string>> Notes, List<Comparison> Comparisons);
}
