using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Engine.Tests.Registry;
using ImgsPS.Testing;
using Xunit;
using Xunit.Abstractions;

namespace ImgsPS.Torture;

/// <summary>RS5: many processes over one store.</summary>
public sealed class ManyProcessesTests(ITestOutputHelper output) : IDisposable
{
    private const int Processes = 12;
    private const int Tags = 12;
    private const int Pullers = 8;

    private readonly TestRegistry _registry = TestRegistry.Start();
    private readonly TortureStore _store = new();

    public void Dispose()
    {
        _registry.Dispose();
        _store.Dispose();
    }

    [Fact]
    public async Task Twelve_processes_with_twelve_tags_each_leave_144_names_RS5()
    {
        var expected = new Dictionary<string, string>();
        for (var process = 0; process < Processes; process++)
        {
            for (var tag = 0; tag < Tags; tag++)
            {
                // A layer that all have, one of the tag in all repositories, one of its own.
                var image = _registry.AddImage($"team/app{process}:{tag}", new ImageSpec
                {
                    Layers = [new LayerSpec(1, 100_000), new LayerSpec(100 + tag, 20_000), new LayerSpec(1000 + (process * Tags) + tag)],
                });
                expected.Add(image.Reference, image.Digest);
            }
        }

        await PullAllAsync(expected.Keys.Chunk(Tags));
        Assert.Equal(expected.OrderBy(n => n.Key), _store.Audit.Names.OrderBy(n => n.Key));
        output.WriteLine($"processes: {Processes}, tags of each: {Tags}, names in the store: {_store.Audit.Names.Count} of " +
            $"{expected.Count}");

        // Among processes too, what all want came once.
        Assert.All(
            _registry.Requests.Where(r => r.Method == "GET" && r.Path.Contains("/blobs/", StringComparison.Ordinal))
                .GroupBy(r => r.Path.Split('/')[^1]),
            blob => Assert.Single(blob));
    }

    [SkippableFact]
    public async Task Twelve_processes_with_twelve_tags_each_from_a_real_registry_RS5()
    {
        Skip.IfNot(DockerRegistry.IsInstalled, "docker-registry is not installed");
        await using var registry = await DockerRegistry.StartAsync();
        var expected = new Dictionary<string, string>();
        for (var tag = 0; tag < Tags; tag++)
        {
            var manifest = await registry.PushImageAsync("team/app", $"t{tag}", Encoding.UTF8.GetBytes($"layer {tag}"));
            for (var process = 0; process < Processes; process++)
            {
                await registry.PushManifestAsync("team/app", $"p{process}.t{tag}", manifest, "application/vnd.oci.image.manifest.v1+json");
                expected.Add($"{registry.Host}/team/app:p{process}.t{tag}", Digest.Of(manifest).ToString());
            }
        }

        await PullAllAsync(Enumerable.Range(0, Processes).Select(p => expected.Keys.Where((_, i) => i % Processes == p).ToArray()));
        Assert.Equal(expected.OrderBy(n => n.Key), _store.Audit.Names.OrderBy(n => n.Key));
        output.WriteLine($"processes over docker-registry: {Processes}, tags of each: {Tags}, names in the store: " +
            $"{_store.Audit.Names.Count} of {expected.Count}");
    }

    [Fact]
    public async Task Eight_processes_that_pull_one_image_download_each_blob_once_RS5()
    {
        var image = _registry.AddImage("team/app:1",
            new ImageSpec { Layers = Enumerable.Range(1, 5).Select(i => new LayerSpec(i, 300_000)).ToList() });

        // No blob moves before all eight have begun.
        var begun = 0;
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _registry.Faults.Add(new Fault("^GET .*/manifests/", new FaultAction
        {
            OnRequest = _ =>
            {
                if (Interlocked.Increment(ref begun) == Pullers)
                {
                    all.SetResult();
                }
            },
        }));
        _registry.Faults.Add(new Fault("^GET .*/blobs/", FaultAction.HoldUntil(all.Task)));
        _registry.Faults.Add(new Fault("^GET .*/blobs/", FaultAction.Slow(2_000_000)));
        await PullAllAsync(Enumerable.Repeat(new[] { image.Reference }, Pullers));
        Assert.Equal(image.Digest, _store.Audit.Names[image.Reference]);
        var downloads = _registry.Requests.Where(r => r.Method == "GET" && r.Path.Contains("/blobs/", StringComparison.Ordinal)).ToList();
        foreach (var blob in image.Layers.Select(l => l.Blob).Append(image.Config))
        {
            var download = Assert.Single(downloads, r => r.Path.EndsWith(blob.Digest, StringComparison.Ordinal));
            Assert.Equal(200, download.Status);
            Assert.Equal(blob.Size, download.BytesSent);
        }

        Assert.Equal(6, downloads.Count);
        output.WriteLine(
            $"pullers of one image: {Pullers}, its blobs: 6, downloads: {downloads.Count}, bytes on the wire: " +
                $"{downloads.Sum(d => d.BytesSent)} of {image.ContentSize}");
    }

    [Fact]
    public async Task Process_that_waits_for_a_download_goes_on_with_it_when_the_other_is_killed_RS5_RS6()
    {
        const int first = 400_000;
        var image = _registry.AddImage("team/app:1", new ImageSpec { Layers = [new LayerSpec(1, 1_000_000)] });
        var layer = image.Layers[0].Blob;
        _registry.Faults.Add(new Fault($"^GET .*{layer.Digest}", FaultAction.StallAfter(first), times: 1));
        using var killed = _store.Drive("pull", image.Reference);
        await WaitAsync(() => KeptBytes() == first, killed);
        using var waits = _store.Drive("pull", image.Reference, "--verbose");
        await WaitAsync(() => _registry.Requests.Count(r => r.Path.EndsWith("/manifests/1", StringComparison.Ordinal)) == 2, waits);
        Assert.True(killed.Kill());
        var result = await waits.WaitAsync();
        Assert.True(result.ExitCode == 0, result.ToString());
        var downloads = _registry.Requests.Where(r => r.Path.EndsWith(layer.Digest, StringComparison.Ordinal)).ToList();
        Assert.Equal(2, downloads.Count);
        Assert.Equal($"bytes={first}-", downloads[1].Header("Range"));
        Assert.Equal(layer.Size, downloads.Sum(d => d.BytesSent));
        await _store.AssertTidyAfterOptimizeAsync();
        Assert.Equal(image.Digest, _store.Audit.Names[image.Reference]);
    }

    private static async Task WaitAsync(Func<bool> condition, DriverRun driver)
    {
        while (!condition())
        {
            Assert.False(driver.HasExited, "the driver ended early");
            await Task.Delay(10);
        }
    }

    private long KeptBytes()
    {
        var ingest = Path.Combine(_store.Root, ".imgsps", "ingest");
        return Directory.Exists(ingest)
            ? Directory.GetFiles(ingest, "data", SearchOption.AllDirectories)
                .Sum(f => new FileInfo(f) is { Exists: true } file ? file.Length : 0)
            : 0;
    }

    /// <summary>Pulls in processes that run at the same time; all must end well, and the store be whole.</summary>
    private async Task PullAllAsync(IEnumerable<string[]> references)
    {
        var drivers = references.Select(r => _store.Drive(["pull", .. r])).ToList();
        try
        {
            foreach (var driver in drivers)
            {
                var result = await driver.WaitAsync();
                Assert.True(result.ExitCode == 0, result.ToString());
            }
        }
        finally
        {
            drivers.ForEach(d => d.Dispose());
        }

        await _store.AssertTidyAfterOptimizeAsync();
    }
}
