using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Testing;
using Xunit;
using Xunit.Abstractions;

namespace ImgsPS.Torture;

/// <summary>RS5, step 6: a collection takes nothing that a pull needs, whenever it comes.</summary>
public sealed class OptimizeTests(ITestOutputHelper output) : IDisposable
{
    private const int Pullers = 3;

    private static readonly string[] s_points = ["mid-write:2", "after-rename:2", "before-index-temp"];

    private readonly TestRegistry _registry = TestRegistry.Start();
    private readonly TortureStore _store = new();
    private int _kills;
    private int _pulls;
    private int _removals;
    private int _optimizations;
    private int _collected;
    private int _builds;

    public void Dispose()
    {
        _registry.Dispose();
        _store.Dispose();
    }

    [Fact]
    public async Task Optimize_in_a_loop_beside_pulls_and_removals_loses_nothing_RS5()
    {
        _registry.Faults.Add(new Fault("^GET .*/blobs/", FaultAction.Slow(4_000_000)));
        await PlantAsync(Build(Pullers, 0));
        using var time = new CancellationTokenSource(TortureSettings.Duration);
        var final = new Dictionary<string, string>[Pullers];
        await Task.WhenAll(Enumerable.Range(0, Pullers)
            .Select(async p => final[p] = await PullAndRemoveAsync(p, new Random(TortureSettings.Seed + p), time.Token))
            .Append(OptimizeAsync(time.Token))
            .Append(OptimizeByProcessesAsync(time.Token)));
        await _store.AssertTidyAfterOptimizeAsync();
        var expected = final.SelectMany(f => f).ToDictionary(n => n.Key, n => n.Value);
        Assert.Equal(expected.OrderBy(n => n.Key), _store.Audit.Names.OrderBy(n => n.Key));
        output.WriteLine(
            $"optimize: {_optimizations} runs that took {_collected} blobs, beside {_pulls} pulls, {_kills} killed ones and {_removals} " +
                "removals in "
            + $"{TortureSettings.Duration.TotalSeconds} s, content taken under a pull and fetched again: "
            + $"{_store.Observer.VerboseLines.Count(l => l.EndsWith("fetching it again", StringComparison.Ordinal))}, losses: 0");
        Assert.True(_pulls > Pullers && _removals > 0 && _optimizations > 10 && _collected > 0);
    }

    /// <summary>Pulls two images at a time, by a process of their own or in this one, looks at them, and removes one or both.</summary>
    private async Task<Dictionary<string, string>> PullAndRemoveAsync(int puller, Random random, CancellationToken time)
    {
        var mine = new Dictionary<string, string>(StringComparer.Ordinal);
        while (!time.IsCancellationRequested)
        {
            var images = new[] { Build(puller, random.Next(3)), Build(puller, 3 + random.Next(3)) };
            if (random.Next(2) == 0)
            {
                // Content that nothing names when the pull comes: it relies on it, and a collection may be about to take it.
                await PlantAsync(images[0]);
                await PlantAsync(images[1]);
            }

            if (random.Next(2) == 0)
            {
                foreach (var image in images)
                {
                    await _store.PullAsync(image.Reference);
                }
            }
            else
            {
                if (random.Next(2) == 0)
                {
                    // A killed pull leaves content that nothing names: to be collected, or to be used by the pull that comes now.
                    await _store.KillAtAsync(s_points[random.Next(s_points.Length)], "pull", images[0].Reference);
                    Interlocked.Increment(ref _kills);
                }

                await _store.RunAsync(["pull", .. images.Select(i => i.Reference)]);
            }

            foreach (var image in images)
            {
                mine[image.Reference] = image.Digest;
                Interlocked.Increment(ref _pulls);
            }

            // Whole when the pull is done, and whole after whatever collects meanwhile.
            AssertWhole(mine);
            await _store.OptimizeAsync(TimeSpan.Zero);
            AssertWhole(mine);
            foreach (var image in images.Take(random.Next(3)))
            {
                if (random.Next(2) == 0)
                {
                    await _store.RemoveAsync(image.Reference);
                }
                else
                {
                    await _store.RunAsync("remove", image.Reference);
                }

                mine.Remove(image.Reference);
                Interlocked.Increment(ref _removals);
            }

            AssertWhole(mine);
        }

        return mine;
    }

    /// <summary>Puts an image's layers into the store and names nothing, as a pull that was broken off after its last blob.</summary>
    private async Task PlantAsync(BuiltImage image)
    {
        using var store = _store.Open();
        using var session = await store.BeginPullAsync(ImageReference.Parse(image.Reference), NullObserver.Instance,
            CancellationToken.None);
        foreach (var layer in image.Layers)
        {
            var descriptor = new Descriptor(layer.Blob.MediaType, Digest.Parse(layer.Blob.Digest), layer.Blob.Size);
            using var writer = await session.BeginAsync(descriptor, NullObserver.Instance, CancellationToken.None);
            if (writer is not null)
            {
                writer.Reset();
                await writer.WriteAsync(layer.Blob.Bytes.ToArray(), 0, (int)layer.Blob.Size, CancellationToken.None);
                await writer.CommitAsync(CancellationToken.None);
            }
        }
    }

    private void AssertWhole(Dictionary<string, string> names)
    {
        var problems = _store.Audit.ProblemsOf(names);
        Assert.True(problems.Count == 0, $"seed {TortureSettings.Seed}: " + string.Join('\n', problems));
    }

    private async Task OptimizeAsync(CancellationToken time)
    {
        for (var run = 0; !time.IsCancellationRequested; run++)
        {
            var result = await _store.OptimizeAsync(run % 4 == 3 ? TimeSpan.FromHours(1) : TimeSpan.Zero);
            Interlocked.Increment(ref _optimizations);
            Interlocked.Add(ref _collected, result.Blobs);
            await Task.Delay(5, CancellationToken.None);
        }
    }

    private async Task OptimizeByProcessesAsync(CancellationToken time)
    {
        while (!time.IsCancellationRequested)
        {
            await _store.RunAsync("optimize", "--grace-seconds", "0");
            Interlocked.Increment(ref _optimizations);
            await Task.Delay(200, CancellationToken.None);
        }
    }

    /// <summary>A new version under a tag that may be there; its first layer is one that other pullers pull and remove too.</summary>
    private BuiltImage Build(int puller, int tag)
    {
        var build = Interlocked.Increment(ref _builds);
        return _registry.AddImage($"team/app{puller}:{tag}", new ImageSpec
        {
            Author = $"build {build}",
            Layers = [new LayerSpec(tag % 3, 150_000), new LayerSpec(1000 + build, 80_000)],
        });
    }
}
