using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;

namespace ImgsPS.Engine.Tests.Fuzzing;

/// <summary>
/// The long run, <c>build.ps1 -Task Fuzz</c>: every target by turns, each turn with a seed of its own, until the time is over. Prints
/// target, cases, failures and seed; each failing input is written to a folder, named after its target. A case that does not end, or ends
/// the process, is in the folder's file <c>current</c>.
/// </summary>
internal sealed class FuzzRun
{
    private const int CasesOfTurn = 1000;

    // Milliseconds of the processor.
    private const double LongestTurn = 120_000;

    private readonly string _folder;
    private readonly ulong _seed;
    private readonly TimeSpan _time;
    private readonly FuzzTarget[] _targets;
    private readonly Dictionary<string, (long Cases, int Failures)> _counts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<string>> _known = new(StringComparer.Ordinal);
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private double _turnBegan;

    private FuzzRun(string folder, ulong seed, TimeSpan time, FuzzTarget[] targets)
    {
        _folder = folder;
        _seed = seed;
        _time = time;
        _targets = targets;
    }

    /// <summary>Runs with the arguments <c>[--minutes N] [--seed S] [--target NAME] [--folder PATH] [--input FILE]</c>.</summary>
    /// <returns>The process's exit code: 0 when all ended well.</returns>
    public static int Start(string[] arguments)
    {
        var options = arguments.Select((a, i) => (Name: a, Value: i + 1 < arguments.Length ? arguments[i + 1] : ""))
            .Where(o => o.Name.StartsWith("--", StringComparison.Ordinal))
            .ToDictionary(o => o.Name.Substring(2), o => o.Value, StringComparer.Ordinal);
        var minutes = options.TryGetValue("minutes", out var m) ? double.Parse(m, CultureInfo.InvariantCulture) : 10;
        var seed = options.TryGetValue("seed", out var s) ? ulong.Parse(s, CultureInfo.InvariantCulture) : (ulong)Random.Shared.NextInt64();
        var folder = Path.GetFullPath(options.TryGetValue("folder", out var f) ? f : "fuzz");
        var targets = options.TryGetValue("target", out var t) ? [FuzzTargets.Get(t)] : FuzzTargets.All.ToArray();
        if (options.TryGetValue("input", out var input))
        {
            var crash = FuzzCheck.One(targets[0], File.ReadAllBytes(input));
            Console.WriteLine(crash?.Error.ToString() ?? "It ends well.");
            return crash is null ? 0 : 1;
        }

        Directory.CreateDirectory(folder);
        return new FuzzRun(folder, seed, TimeSpan.FromMinutes(minutes), targets).Run();
    }

    private int Run()
    {
        Console.WriteLine($"Fuzzing {_targets.Length} targets for {_time.TotalMinutes:0.##} minutes, seed {_seed}; failing inputs go to " +
            $"{_folder}");
        using var watch = new Timer(_ => EndWhenStuck(), null, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(5));
        foreach (var target in _targets)
        {
            _known[target.Name] = new HashSet<string>(StringComparer.Ordinal);
        }

        var inputs = _targets.ToDictionary(t => t.Name, t => new FuzzInputs(t), StringComparer.Ordinal);
        foreach (var target in _targets)
        {
            Begin(target, "seeds");
            foreach (var seed in target.Seeds)
            {
                Tell(target, 1, FuzzCheck.One(target, seed));
            }
        }

        // Inputs of chance and inputs that grow, half of the time each; which ones grow depends on the seed, as there may not be time for
        // all.
        var growths = Growths().GetEnumerator();
        var growing = TimeSpan.Zero;
        for (ulong turn = 0; _clock.Elapsed < _time; turn++)
        {
            foreach (var target in _targets.TakeWhile(_ => _clock.Elapsed < _time))
            {
                Begin(target, $"--seed {_seed} turn {turn}");
                Tell(target, CasesOfTurn, FuzzCheck.Random(target, inputs[target.Name], unchecked(_seed + turn), CasesOfTurn,
                    _known[target.Name]));
            }

            for (var began = _clock.Elapsed; growing < _clock.Elapsed / 2 && _clock.Elapsed < _time
                && growths.MoveNext(); began = _clock.Elapsed)
            {
                var (target, name, make) = growths.Current;
                Begin(target, "growth " + name);
                var crash = FuzzCheck.Growth(target, name, make, 64 * 1024, timed: true);
                Tell(target, 2, crash is not null && _known[target.Name].Add(crash.Key) ? crash : null);
                growing += _clock.Elapsed - began;
            }
        }

        foreach (var target in _targets)
        {
            var (cases, failures) = _counts.TryGetValue(target.Name, out var count) ? count : default;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{target.Name,-20} {cases,9} cases {failures,4} failures"));
        }

        File.Delete(Path.Combine(_folder, "current"));
        var all = _counts.Values.Sum(c => c.Failures);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{_counts.Values.Sum(c => c.Cases)} cases, {all} failures, seed {_seed}, {_clock.Elapsed.TotalMinutes:0.0} minutes"));
        return all == 0 ? 0 : 1;
    }

    private IEnumerable<(FuzzTarget Target, string Name, Func<int, byte[]> Make)> Growths()
    {
        var random = new Random(unchecked((int)_seed));
        var all = _targets.Select(t => (Target: t, Growths: FuzzGrowth.Of(t).OrderBy(_ => random.Next()).ToArray())).ToArray();
        for (var i = 0; i < all.Max(t => t.Growths.Length); i++)
        {
            foreach (var (target, growths) in all.Where(t => i < t.Growths.Length))
            {
                yield return (target, growths[i].Name, growths[i].Make);
            }
        }
    }

    private void Begin(FuzzTarget target, string what)
    {
        File.WriteAllBytes(Path.Combine(_folder, "current"), FuzzText.Encode($"{target.Name} {what}\n"));
        Volatile.Write(ref _turnBegan, FuzzCheck.ProcessorTime());
    }

    private void Tell(FuzzTarget target, int cases, FuzzCrash? crash)
    {
        var count = _counts.TryGetValue(target.Name, out var former) ? former : default;
        _counts[target.Name] = (count.Cases + cases, count.Failures + (crash is null ? 0 : 1));
        if (crash is not null)
        {
            var file = Path.Combine(_folder, $"{target.Name}-{Digest.Of(crash.Input).ShortHex}");
            File.WriteAllBytes(file, crash.Input);
            File.WriteAllBytes(file + ".txt", FuzzText.Encode($"{crash.Key}\n\n{crash.Error}\n"));
            Console.WriteLine($"{target.Name}: {crash.Error.GetType().Name}: {crash.Error.Message.Split('\n')[0]} ({crash.Input.Length} " +
                $"bytes, {file})");
        }
    }

    private void EndWhenStuck()
    {
        if (FuzzCheck.ProcessorTime() - Volatile.Read(ref _turnBegan) > LongestTurn)
        {
            Console.WriteLine($"A case does not end: {File.ReadAllText(Path.Combine(_folder, "current")).Trim()}, seed {_seed}");
            Environment.Exit(2);
        }
    }
}
