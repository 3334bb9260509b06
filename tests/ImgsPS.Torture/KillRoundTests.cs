using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Testing;
using Xunit;
using Xunit.Abstractions;

namespace ImgsPS.Torture;

/// <summary>
/// RS2: drivers that are killed at random moments, round after round over one store. After each round the names are what they were or what
/// the killed command would have made them, and every one of them is whole.
/// </summary>
public sealed class KillRoundTests(ITestOutputHelper output)
{
    /// <summary>Stores that have their rounds side by side: a round mostly waits for its moment.</summary>
    private const int Stores = 2;

    [Fact]
    public async Task Random_kills_lose_nothing_RS2()
    {
        output.WriteLine($"kill rounds: seed {TortureSettings.Seed} (IMGSPS_TORTURE_SEED={TortureSettings.Seed} makes the same choices)");
        var rounds = Enumerable.Range(0, Stores)
            .Select(i => new KillRounds(TortureSettings.Seed + i, (TortureSettings.Rounds + i) / Stores)).ToList();
        try
        {
            await Task.WhenAll(rounds.Select(r => Task.Run(r.RunAsync)));
        }
        finally
        {
            rounds.ForEach(r => r.Dispose());
        }

        int Sum(Func<KillRounds.Counts, int> count) => rounds.Sum(r => count(r.Count));
        output.WriteLine(
            $"kill rounds: {TortureSettings.Rounds}, killed: {Sum(c => c.Killed)}, killed in mid-pull: {Sum(c => c.MidPull)}, "
            + $"in a removal: {Sum(c => c.MidRemoval)}, in an optimize: {Sum(c => c.MidOptimize)}, "
            + $"downloads resumed: {Sum(c => c.Resumed)}, survivors whole: {Sum(c => c.Whole)}, losses: {Sum(c => c.Lost.Count)}");
        Assert.Empty(rounds.SelectMany(r => r.Count.Lost));

        // A test that kills nothing, or only what has nothing to lose, proves nothing.
        Assert.True(Sum(c => c.MidPull) >= TortureSettings.Rounds / 4, $"only {Sum(c => c.MidPull)} were killed in mid-pull");
        Assert.True(Sum(c => c.Whole) >= TortureSettings.Rounds / 2, $"only {Sum(c => c.Whole)} survived");
        Assert.True(Sum(c => c.Resumed) > 0 || TortureSettings.Rounds < 100, "no download was resumed");
    }
}

/// <summary>Rounds of kills over one store.</summary>
/// <param name="seed">What the random choices begin with.</param>
/// <param name="rounds">How many.</param>
internal sealed class KillRounds(int seed, int rounds) : IDisposable
{
    private const int Repositories = 8;
    private const int FullEvery = 20;

    private readonly TestRegistry _registry = TestRegistry.Start();
    private readonly TortureStore _store = new();
    private readonly Random _random = new(seed);

    /// <summary>What each name may mean now; null: it may be absent. One entry where nothing was killed.</summary>
    private readonly Dictionary<string, HashSet<string?>> _allowed = new(StringComparer.Ordinal);

    private readonly Dictionary<string, BuiltDocument> _newest = new(StringComparer.Ordinal);
    private string Ingest => Path.Combine(_store.Root, ".imgsps", "ingest");
    private BuiltDocument? _unfinished;
    private int _builds;
    private double _pullMilliseconds;
    private TaskCompletionSource _requested = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Dispose()
    {
        _registry.Dispose();
        _store.Dispose();
    }

    public Counts Count { get; } = new();

    public async Task RunAsync()
    {
        _registry.Faults.Add(new Fault("", new FaultAction { OnRequest = _ => Volatile.Read(ref _requested).TrySetResult() }));
        _registry.Faults.Add(new Fault("^GET .*/blobs/", FaultAction.Slow(800_000)));
        _registry.Faults.Add(new Fault("/manifests/", FaultAction.DelayBeforeHeaders(TimeSpan.FromMilliseconds(15))));
        await MeasureAsync();
        for (var round = 1; round <= rounds; round++)
        {
            try
            {
                await RoundAsync();
                await CheckAsync(full: round % FullEvery == 0 || round == rounds);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Round {round} of seed {seed}: {e.Message}", e);
            }
        }
    }

    /// <summary>How long a pull takes on this machine now; the kills come in that time.</summary>
    private async Task MeasureAsync()
    {
        var image = Build(0);
        Allow(image.Reference, image.Digest);
        using var driver = _store.Drive("pull", image.Reference);
        await _requested.Task;
        var start = Environment.TickCount64;
        var result = await driver.WaitAsync();
        Assert.True(result.ExitCode == 0, result.ToString());
        _pullMilliseconds = Environment.TickCount64 - start;
        _allowed[image.Reference] = [image.Digest];
    }

    /// <summary>One command, killed at a random moment of the time that it usually takes; it may be done before.</summary>
    private async Task RoundAsync()
    {
        switch (_random.Next(10))
        {
            case 0 when Present() is { } name:
                _allowed[name].Add(null);
                if (await KillAsync("remove", name))
                {
                    Count.Killed++;
                    Count.MidRemoval++;
                }

                break;
            case 1:
                if (await KillAsync("optimize", "--grace-seconds", _random.Next(2) == 0 ? "0" : "3600"))
                {
                    Count.Killed++;
                    Count.MidOptimize++;
                }

                break;
            default:
                await PullRoundAsync();
                break;
        }
    }

    private async Task PullRoundAsync()
    {
        // Half of the pulls are again what an earlier round did not finish, or did.
        var repository = _random.Next(Repositories);
        var image = _unfinished is not null && _random.Next(2) == 0 ? _unfinished : _newest.GetValueOrDefault(Name(repository));
        if (image is null || (image != _unfinished && _random.Next(2) == 0))
        {
            image = Build(repository);
        }

        Allow(image.Reference, image.Digest);
        _registry.ClearRequests();
        Volatile.Write(ref _requested, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        using var driver = _store.Drive(image is BuiltIndex ? ["pull", image.Reference, "--all-platforms"] : ["pull", image.Reference]);
        var exited = driver.Exited;
        if (_random.Next(10) == 0)
        {
            // At a moment of its start.
            await Task.WhenAny(exited, Task.Delay(_random.Next(250)));
        }
        else if (_random.Next(4) == 0)
        {
            // As soon as a part of a layer is there to be gone on with, however slow the machine is.
            while (!exited.IsCompleted && !HasPart())
            {
                await Task.Delay(5);
            }
        }
        else
        {
            await Task.WhenAny(exited, Volatile.Read(ref _requested).Task);
            var start = Environment.TickCount64;
            var moment = _random.NextDouble() * 1.1 * _pullMilliseconds;
            await Task.WhenAny(exited, Task.Delay(TimeSpan.FromMilliseconds(moment)));

            // How long a pull takes here and now is learned, so that kills come at all of its moments and every third is let be done.
            _pullMilliseconds = exited.IsCompleted
                ? (_pullMilliseconds + Environment.TickCount64 - start) / 2
                : Math.Min(_pullMilliseconds * 1.15, 20_000);
        }

        if (driver.Kill())
        {
            Count.Killed++;
            Count.MidPull += _requested.Task.IsCompleted ? 1 : 0;
            _unfinished = image;
        }
        else
        {
            _unfinished = null;
            var result = await driver.WaitAsync();
            Assert.True(result.ExitCode == 0, result.ToString());
            _allowed[image.Reference] = [image.Digest];
        }

        Count.Resumed += _registry.Requests.Count(r => r.Header("Range") is not null && r.Status == 206);
    }

    /// <summary>True when a download that is not done has bytes in the store.</summary>
    private bool HasPart()
    {
        try
        {
            return Directory.Exists(Ingest) && Directory.EnumerateFiles(Ingest, "data", SearchOption.AllDirectories)
                .Any(file => new FileInfo(file) is { Exists: true, Length: > 0 });
        }
        catch (IOException)
        {
            // It ended between the question and the look.
            return false;
        }
    }

    /// <summary>Kills a command that is short; true when it was not done by then.</summary>
    private async Task<bool> KillAsync(params string[] arguments)
    {
        using var driver = _store.Drive(arguments);
        await Task.WhenAny(driver.Exited, Task.Delay(_random.Next(40, 300)));
        if (driver.Kill())
        {
            return true;
        }

        var result = await driver.WaitAsync();
        Assert.True(result.ExitCode == 0, result.ToString());
        if (arguments[0] == "remove")
        {
            _allowed[arguments[1]] = [null];
        }

        return false;
    }

    private async Task CheckAsync(bool full)
    {
        await _store.AssertWholeAsync(full);
        foreach (var (name, allowed) in _allowed)
        {
            var actual = _store.Audit.Names.GetValueOrDefault(name);
            if (allowed.Contains(actual))
            {
                Count.Whole += actual is null ? 0 : 1;
            }
            else
            {
                Count.Lost.Add($"seed {seed}: {name} is {actual ?? "gone"}, allowed are "
                    + string.Join(", ", allowed.Select(a => a ?? "gone")));
            }

            allowed.Clear();
            allowed.Add(actual);
        }

        Assert.All(_store.Audit.Names.Keys, name => Assert.Contains(name, _allowed.Keys));

        // In between the store is used, and tidied, as usual.
        if (_random.Next(4) == 0 && (await _store.ListAsync()).Where(i => i.Dangling).ToList() is { Count: > 0 } dangling)
        {
            await _store.RemoveAsync(dangling[_random.Next(dangling.Count)].Id, force: true);
        }

        if (_random.Next(8) == 0 && Present() is { } name2)
        {
            await _store.RemoveAsync(name2);
            _allowed[name2] = [null];
        }

        if (full)
        {
            await _store.AssertTidyAfterOptimizeAsync();
        }
    }

    /// <summary>
    /// A new version of a repository's image: one layer that others share, one or two of its own; each fourth is an index.
    /// </summary>
    private BuiltDocument Build(int repository)
    {
        var build = ++_builds;
        ImageSpec Spec(int salt) => new()
        {
            Author = $"build {build}",
            Layers = [new LayerSpec(repository % 3, 120_000), new LayerSpec((1000 * build) + salt, 40_000 + (50_000 * (build % 10))),
                new LayerSpec((1000 * build) + salt + 1, 60_000)],
        };
        var reference = Name(repository)[(_registry.Host.Length + 1)..];
        BuiltDocument image = repository % 4 == 3
            ? _registry.AddIndex(reference, [Spec(10) with { Architecture = "amd64" }, Spec(20) with { Architecture = "arm64" }])
            : _registry.AddImage(reference, Spec(0));
        _newest[image.Reference] = image;
        return image;
    }

    private string Name(int repository) => $"{_registry.Host}/team/app{repository}:latest";

    private void Allow(string name, string digest)
    {
        if (!_allowed.TryGetValue(name, out var allowed))
        {
            _allowed[name] = allowed = [null];
        }

        allowed.Add(digest);
    }

    /// <summary>A name that is there, by chance; null when there is none.</summary>
    private string? Present() => _allowed.Where(a => !a.Value.Contains(null)).Select(a => a.Key).OrderBy(_ => _random.Next())
        .FirstOrDefault();

    public sealed class Counts
    {
        public int Killed { get; set; }

        public int MidPull { get; set; }

        public int MidRemoval { get; set; }

        public int MidOptimize { get; set; }

        public int Resumed { get; set; }

        public int Whole { get; set; }

        /// <summary>What is not as it should be.</summary>
        public List<string> Lost { get; } = [];
    }
}
