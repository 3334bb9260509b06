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

    [Fact]
    public async Task Imports_a_push_an_export_an_optimization_and_removals_at_once_lose_nothing_RS5_AR12()
    {
        const int rounds = 3;
        using var target = TestRegistry.Start();
        using var folder = new TemporaryArchives();
        var pushed = _registry.AddImage("team/pushed:1",
            new ImageSpec { Layers = [new LayerSpec(1, 200_000), new LayerSpec(2, 100_000)], Author = "pushed" });
        await _store.PullAsync(pushed.Reference);
        for (var round = 0; round < rounds; round++)
        {
            // All share a layer with what is pushed and with what is removed; the imports have another in common, which none has yet.
            BuiltImage Build(string name) => _registry.AddImage($"team/{name}:{round}",
                new ImageSpec { Layers = [new LayerSpec(1, 200_000), new LayerSpec(50 + round, 300_000)], Author = name + round });
            var (one, two, gone) = (Build("one"), Build("two"), Build("gone"));
            var docker = folder.Write("docker.tar", TestArchives.OfDocker(one, $"docker.io/team/docker:{round}"));
            var layout = folder.Write("layout.tar", TestArchives.OfLayout(two, $"docker.io/team/layout:{round}"));
            await _store.PullAsync(gone.Reference);
            var export = folder.PathOf("export.tar");
            await RunAllAsync([
                ["import", docker], ["import", layout], ["import", layout, "--compress"],
                ["push", pushed.Reference, $"{target.Host}/team/pushed:{round}"], ["export", export, pushed.Reference],
                ["optimize", "--grace-seconds", "0"], ["remove", gone.Reference], ["optimize", "--grace-seconds", "0"],
            ]);
            await _store.AssertTidyAfterOptimizeAsync();
            var ids = (await _store.ListAsync()).Where(i => i.Reference is not null).ToDictionary(i => i.Reference!, i => i.Id);
            Assert.Equal(one.Config.Digest, ids[$"team/docker:{round}"]);
            Assert.Equal(two.Digest, _store.Audit.Names[$"docker.io/team/layout:{round}"]);
            Assert.DoesNotContain(gone.Reference, _store.Audit.Names.Keys);
            Assert.Equal(pushed.Digest, Digest.Of(target.Manifest("team/pushed", $"{round}")!.Value.ToArray()).ToString());
            Assert.All(
                pushed.Layers.Select(l => l.Blob).Append(pushed.Config),
                b => Assert.Equal(b.Digest, Digest.Of(target.Blob("team/pushed", b.Digest)!.Value.ToArray()).ToString()));
            using var copy = new TortureStore();
            Assert.Equal(pushed.Digest, Assert.Single(await copy.ImportAsync(await File.ReadAllBytesAsync(export))).Digest);
        }

        Assert.Equal((2 * rounds) + 1, _store.Audit.Names.Count);
    }

    private sealed class TemporaryArchives : IDisposable
    {
        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("imgsps-archives-");

        public string PathOf(string name) => Path.Combine(_folder.FullName, name);

        public string Write(string name, byte[] bytes)
        {
            File.WriteAllBytes(PathOf(name), bytes);
            return PathOf(name);
        }

        public void Dispose() => _folder.Delete(recursive: true);
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
        await RunAllAsync(references.Select(r => (string[])["pull", .. r]));
        await _store.AssertTidyAfterOptimizeAsync();
    }

    /// <summary>Runs commands in processes at the same time; all must end well.</summary>
    private async Task RunAllAsync(IEnumerable<string[]> commands)
    {
        var drivers = commands.Select(c => _store.Drive(c)).ToList();
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
    }
}
