using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Security.Cryptography;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Engine.Tests.Registry;
using ImgsPS.Testing;
using Xunit;
using Xunit.Abstractions;

namespace ImgsPS.Torture;

/// <summary>
/// RS2, CP9: imports, exports, pushes and copies that are killed at random moments, round after round over the same stores. After each kill
/// the target is what it was or whole, and the next try finishes.
/// </summary>
public sealed class TransferKillTests(ITestOutputHelper output)
{
    /// <summary>Worlds that have their rounds side by side; every second one with a real registry.</summary>
    private const int Worlds = 2;

    [Fact]
    public async Task Killed_imports_exports_pushes_and_copies_lose_nothing_RS2_CP9()
    {
        output.WriteLine($"transfers: seed {TortureSettings.Seed} (IMGSPS_TORTURE_SEED={TortureSettings.Seed} makes the same choices)");
        var worlds = new List<TransferRounds>();
        try
        {
            for (var i = 0; i < Worlds; i++)
            {
                worlds.Add(await TransferRounds.StartAsync(
                    TortureSettings.Seed + i, i, (TortureSettings.Transfers + i) / Worlds, isReal: i % 2 == 1));
            }

            await Task.WhenAll(worlds.Select(w => Task.Run(w.RunAsync)));
        }
        finally
        {
            foreach (var world in worlds)
            {
                await world.DisposeAsync();
            }
        }

        var kills = worlds.SelectMany(w => w.Kills).ToList();
        foreach (var verb in kills.GroupBy(k => k.Verb).OrderBy(v => v.Key, StringComparer.Ordinal))
        {
            output.WriteLine($"{verb.Key}: {verb.Count()} rounds, killed at work: {verb.Count(k => k.AtWork)}, "
                + $"done by then: {verb.Count(k => !k.AtWork)}, target new after the first: {verb.Count(k => k.Done)}");
        }

        output.WriteLine($"rounds: {kills.Count}, killed at work: {kills.Count(k => k.AtWork)}, tags of registries looked at: "
            + $"{worlds.Sum(w => w.TagsChecked)}, losses: 0");

        // A test that kills nothing at work proves nothing.
        var atWork = kills.Count(k => k.AtWork);
        Assert.True(atWork >= kills.Count / 3, $"only {atWork} of {kills.Count} were killed at work");
    }
}

/// <summary>A kill.</summary>
/// <param name="Verb">What was killed.</param>
/// <param name="AtWork">True when it had begun with its work and was not done.</param>
/// <param name="Done">True when the target had changed all the same.</param>
internal sealed record TransferKill(string Verb, bool AtWork, bool Done);

/// <summary>Rounds of kills over two layouts, two registries and a folder of archives.</summary>
internal sealed class TransferRounds : IAsyncDisposable
{
    private const int FullEvery = 10;
    private const int Pieces = 20;

    private readonly TestRegistry _from = TestRegistry.Start();
    private readonly TestRegistry? _test;
    private readonly DockerRegistry? _real;
    private readonly TortureStore _source = new();
    private readonly TortureStore _store = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("imgsps-archives-");
    private readonly DirectoryInfo _expected = Directory.CreateTempSubdirectory("imgsps-expected-");
    private readonly HttpClient _http = new();
    private readonly Random _random;
    private readonly int _seed;
    private readonly int _world;
    private readonly int _rounds;

    /// <summary>What each name of the layout means, by image id.</summary>
    private readonly Dictionary<string, string> _ids = new(StringComparer.Ordinal);

    /// <summary>What each tag of the target registry means.</summary>
    private readonly Dictionary<string, string> _tags = new(StringComparer.Ordinal);

    private readonly Dictionary<string, double> _milliseconds = new(StringComparer.Ordinal);
    private int _builds;
    private int _requests;

    private TransferRounds(int seed, int world, int rounds, DockerRegistry? real)
    {
        _seed = seed;
        _world = world;
        _rounds = rounds;
        _random = new Random(seed);
        _real = real;
        _test = real is null ? TestRegistry.Start() : null;
        _from.Faults.Add(new Fault("^GET .*/blobs/", FaultAction.Slow(3_000_000)));
        _test?.Faults.Add(new Fault("/blobs/", FaultAction.DelayBeforeHeaders(TimeSpan.FromMilliseconds(15))));
        _test?.Faults.Add(new Fault("", new FaultAction { OnRequest = _ => Interlocked.Increment(ref _requests) }));
        _from.Faults.Add(new Fault("", new FaultAction { OnRequest = _ => Interlocked.Increment(ref _requests) }));
    }

    public List<TransferKill> Kills { get; } = [];

    public int TagsChecked { get; private set; }

    private string Target => _real?.Host ?? _test!.Host;

    public static async Task<TransferRounds> StartAsync(int seed, int world, int rounds, bool isReal) =>
        new(seed, world, rounds, isReal && DockerRegistry.IsInstalled ? await DockerRegistry.StartAsync() : null);

    public async ValueTask DisposeAsync()
    {
        _from.Dispose();
        _test?.Dispose();
        await (_real?.DisposeAsync() ?? ValueTask.CompletedTask);
        _source.Dispose();
        _store.Dispose();
        _folder.Delete(recursive: true);
        _expected.Delete(recursive: true);
        _http.Dispose();
    }

    public async Task RunAsync()
    {
        Func<Task<Job>>[] verbs =
        [
            () => ImportAsync("docker archive, file"), () => PushAsync(), () => ExportAsync("archive"),
            () => CopyAsync("registry to layout"),
            () => ImportAsync("layout, pipe"), () => ExportAsync("folder"), () => CopyAsync("layout to layout"), () => ExportAsync("gzip"),
            () => CopyAsync("registry to registry"), () => ImportAsync("docker archive, pipe, compress"), () => ExportAsync("delta"),
            () => ImportAsync("tree, pipe"), () => ImportAsync("layout, file"), () => ImportAsync("tree, file"),
        ];
        for (var round = 1; round <= _rounds; round++)
        {
            var job = await verbs[(round + (_world * verbs.Length / 2)) % verbs.Length]();
            try
            {
                await RoundAsync(job);
                if (round % FullEvery == 0 || round == _rounds)
                {
                    await _source.AssertWholeAsync();
                    await _store.AssertTidyAfterOptimizeAsync();
                }
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Round {round} of seed {_seed}, {job.Verb}: {e.Message}", e);
            }
        }
    }

    /// <summary>A command, killed at a random moment of its work; then the look at all targets, and the same command once more.</summary>
    private async Task RoundAsync(Job job)
    {
        var length = _milliseconds.GetValueOrDefault(job.Verb, 300);
        bool atWork;
        using (var driver = Start(job, slowly: length))
        {
            await BegunAsync(job, driver);
            await Task.WhenAny(driver.Exited, Task.Delay(TimeSpan.FromMilliseconds(_random.NextDouble() * 1.1 * length)));
            atWork = driver.Kill();
            if (!atWork)
            {
                var result = await driver.WaitAsync();
                Assert.True(result.ExitCode == 0, result.ToString());
            }
        }

        Kills.Add(new TransferKill(job.Verb, atWork, await CheckAsync(job, isDone: !atWork)));

        // The next try, when what the kill left has become older than the grace.
        if (job.Fresh is { } fresh && Path.Exists(fresh))
        {
            Directory.Delete(fresh, recursive: true);
        }

        Age();
        using var again = Start(job, slowly: length);
        var start = await BegunAsync(job, again);
        var second = await again.WaitAsync();

        // How long its work takes here and now is learned, so that kills come at all of its moments.
        _milliseconds[job.Verb] = (_milliseconds.GetValueOrDefault(job.Verb, Environment.TickCount64 - start)
            + Environment.TickCount64 - start) / 2;
        Assert.True(second.ExitCode == 0, second.ToString());
        await CheckAsync(job, isDone: true);
        job.Taken();
        Assert.DoesNotContain(_folder.GetFileSystemInfos(), f => f.Name.StartsWith(".imgsps-", StringComparison.Ordinal) && job.Exports);
    }

    /// <summary>Waits until a command has begun with its work, or is done; gives the time.</summary>
    private static async Task<long> BegunAsync(Job job, DriverRun driver)
    {
        var mark = job.Mark();
        var exited = driver.Exited;
        while (!exited.IsCompleted && job.Mark() == mark)
        {
            await Task.Delay(2);
        }

        return Environment.TickCount64;
    }

    private static DriverRun Start(Job job, double slowly) => DriverRun.Start(job.Store, job.Arguments, job.Input is not { } bytes ? null
        : async pipe =>
        {
            var piece = (bytes.Length / Pieces) + 1;
            for (var at = 0; at < bytes.Length; at += piece)
            {
                await pipe.WriteAsync(bytes.AsMemory(at, Math.Min(piece, bytes.Length - at)));
                await Task.Delay(TimeSpan.FromMilliseconds(Math.Min(slowly, 300) / Pieces));
            }
        });

    /// <summary>All that a target is must be what it was, or, of this job alone, what it is to become. True when it is that.</summary>
    private async Task<bool> CheckAsync(Job job, bool isDone)
    {
        await _store.AssertWholeAsync(full: false);
        var there = (await _store.ListAsync()).Where(i => i.Reference is not null)
            .ToDictionary(i => ImageReference.Parse(i.Reference!).ToString(), i => i.Id, StringComparer.Ordinal);
        var isChanged = false;
        foreach (var (name, id) in _ids)
        {
            if (name != job.Name)
            {
                Assert.True(there.GetValueOrDefault(name) == id, $"{name} is {there.GetValueOrDefault(name) ?? "gone"}, not {id}");
            }
        }

        if (job.Name is { } own)
        {
            var id = there.GetValueOrDefault(own);
            isChanged = id is not null && (job.Id is null || id == job.Id) && id != _ids.GetValueOrDefault(own);
            var isNew = id is not null && (job.Id is null || id == job.Id);
            Assert.True(isNew || (!isDone && id == _ids.GetValueOrDefault(own)), $"{own} is {id ?? "gone"}");
        }

        Assert.All(there.Keys, name => Assert.True(_ids.ContainsKey(name) || name == job.Name, name));
        foreach (var (tag, digest) in _tags)
        {
            var actual = await DigestInRegistryAsync(tag);
            Assert.True(
                actual == digest || (tag == job.Tag && actual == job.Digest) || (actual is null && digest.Length == 0),
                $"{tag} is {actual ?? "gone"}");
            isChanged |= tag == job.Tag && actual == job.Digest;
        }

        if (job.Tag is not null && isDone)
        {
            Assert.Equal(job.Digest, await DigestInRegistryAsync(job.Tag));
        }

        if (job.CheckFiles is { } check)
        {
            isChanged |= check(isDone);
        }

        return isChanged;
    }

    /// <summary>What a tag means in the target registry, all of it fetched and hashed; null when there is none.</summary>
    private async Task<string?> DigestInRegistryAsync(string tag)
    {
        var (repository, name) = (tag[..tag.LastIndexOf(':')], tag[(tag.LastIndexOf(':') + 1)..]);
        if (await GetAsync(repository, "manifests/" + name) is not { } manifest)
        {
            return null;
        }

        await CheckManifestAsync(repository, manifest);
        TagsChecked++;
        return DigestOf(manifest);
    }

    private async Task CheckManifestAsync(string repository, byte[] manifest)
    {
        using var json = JsonDocument.Parse(manifest);
        if (json.RootElement.TryGetProperty("manifests", out var children))
        {
            foreach (var child in children.EnumerateArray())
            {
                var digest = child.GetProperty("digest").GetString()!;
                var document = await GetAsync(repository, "manifests/" + digest)
                    ?? throw new InvalidOperationException($"{digest} is missing");
                Assert.Equal(digest, DigestOf(document));
                await CheckManifestAsync(repository, document);
            }

            return;
        }

        foreach (var blob in json.RootElement.GetProperty("layers").EnumerateArray().Append(json.RootElement.GetProperty("config")))
        {
            var digest = blob.GetProperty("digest").GetString()!;
            var bytes = await GetAsync(repository, "blobs/" + digest) ?? throw new InvalidOperationException($"{digest} is missing");
            Assert.Equal(digest, DigestOf(bytes));
        }
    }

    private async Task<byte[]?> GetAsync(string repository, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{Target}/v2/{repository}/{path}");
        request.Headers.TryAddWithoutValidation("Accept",
            "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json");
        using var answer = await _http.SendAsync(request);
        return answer.IsSuccessStatusCode ? await answer.Content.ReadAsByteArrayAsync() : null;
    }

    private static string DigestOf(byte[] bytes) => "sha256:" + Convert.ToHexString(SHA256.HashData(bytes)).ToLowerInvariant();

    /// <summary>Makes what killed exports left older than the grace.</summary>
    private void Age()
    {
        foreach (var left in _folder.GetFileSystemInfos(".imgsps-*.tmp"))
        {
            if (left is DirectoryInfo folder)
            {
                foreach (var entry in folder.GetFileSystemInfos("*", SearchOption.AllDirectories))
                {
                    entry.LastWriteTimeUtc = DateTime.UtcNow.AddHours(-2);
                }
            }

            left.LastWriteTimeUtc = DateTime.UtcNow.AddHours(-2);
        }
    }

    /// <summary>A new image in the source registry: a layer that others share, and layers of its own; each third is an index.</summary>
    private BuiltDocument Build(string name, bool mayBeIndex = true)
    {
        var build = ++_builds;
        ImageSpec Spec(int salt) => new()
        {
            Author = $"build {build}",
            Layers = [new LayerSpec(_world + (build % 2), 200_000), new LayerSpec((1000 * build) + salt, 1_200_000),
                new LayerSpec((1000 * build) + salt + 1, 20_000), new LayerSpec((1000 * build) + salt + 2, 300_000)],
        };
        return mayBeIndex && build % 3 == 0
            ? _from.AddIndex($"team/{name}:{build}", [Spec(10) with { Architecture = "amd64" }, Spec(20) with { Architecture = "arm64" }])
            : _from.AddImage($"team/{name}:{build}", Spec(0));
    }

    private string Leases() => string.Join(' ', Names(Path.Combine(_store.Root, ".imgsps", "leases")));

    private static IEnumerable<string> Names(string folder) =>
        Directory.Exists(folder) ? Directory.EnumerateFileSystemEntries(folder).Order(StringComparer.Ordinal) : [];

    private string TemporaryFiles() => string.Join(' ', _folder.EnumerateFileSystemInfos(".imgsps-*").Select(f => f.Name).Order());

    private Task<Job> ImportAsync(string kind)
    {
        byte[] archive;
        string name;
        string? id = null;
        List<string> arguments = [];
        if (kind.StartsWith("tree", StringComparison.Ordinal))
        {
            archive = TestArchives.OfTree((_world * 1000) + ++_builds, 8, 200_000);
            name = $"docker.io/team/tree:{_builds}";
            arguments.AddRange(["--root-file-system", "--repository", name]);
        }
        else
        {
            // Each second has a name of its own, the others move one.
            name = "docker.io/team/" + kind.Replace(", ", "-", StringComparison.Ordinal).Replace(' ', '-') + ":latest";
            var isDocker = kind.StartsWith("docker", StringComparison.Ordinal);
            var image = (BuiltImage)Build("import", mayBeIndex: false);
            archive = isDocker ? TestArchives.OfDocker(image, name) : TestArchives.OfLayout(image, name);
            id = image.Config.Digest;
            if (kind.EndsWith("compress", StringComparison.Ordinal))
            {
                arguments.Add("--compress");
            }
        }

        var isPipe = kind.Contains("pipe", StringComparison.Ordinal);
        var file = Path.Combine(_expected.FullName, "import.tar");
        if (!isPipe)
        {
            File.WriteAllBytes(file, archive);
        }

        return Task.FromResult(new Job("import " + kind, _store.Root, ["import", isPipe ? "-" : file, .. arguments])
        {
            Input = isPipe ? archive : null,
            Mark = Leases,
            Name = name,
            Id = id,
            Taken = () => _ids[name] = _store.ListAsync().Result.Single(
                i => i.Reference is not null && ImageReference.Parse(i.Reference).ToString() == name).Id,
        });
    }

    private Task<Job> CopyAsync(string kind) => kind == "registry to registry"
        ? Task.FromResult(ToRegistry("copy " + kind, "registry://" + _from.Host, Build("copy"), "copy/app"))
        : LayoutCopyAsync(kind);

    private async Task<Job> LayoutCopyAsync(string kind)
    {
        var image = (BuiltImage)Build("copy", mayBeIndex: false);
        var name = "docker.io/team/" + kind.Replace(' ', '-') + ":latest";
        if (kind == "layout to layout")
        {
            await _source.PullAsync(image.Reference);
        }

        return new Job("copy " + kind, kind == "layout to layout" ? _source.Root : "registry://" + _from.Host,
            ["copy", image.Reference, name, "--to", _store.Root])
        {
            Mark = Leases,
            Name = name,
            Id = image.Config.Digest,
            Taken = () => _ids[name] = image.Config.Digest,
        };
    }

    private async Task<Job> PushAsync()
    {
        var image = Build("push");
        await _source.PullAsync(image.Reference, allPlatforms: true);
        return ToRegistry("push", _source.Root, image, "push/app");
    }

    private Job ToRegistry(string verb, string store, BuiltDocument image, string repository)
    {
        var tag = repository + ":latest";
        _tags.TryAdd(tag, "");
        var name = $"{Target}/{tag}";
        string[] arguments = verb == "push" ? ["push", image.Reference, name]
            : ["copy", image.Reference, name, "--to", "registry://" + Target];
        var files = new DirectoryInfo(_real?.DataFolder ?? _folder.FullName);
        return new Job(verb, store, arguments)
        {
            // A real registry tells nobody of its requests, but has a folder for uploads.
            Mark = () => _real is null || verb != "push" ? $"{Volatile.Read(ref _requests)}"
                : string.Join(' ', Names(Path.Combine(files.FullName, "docker/registry/v2/repositories", repository, "_uploads"))),
            Tag = tag,
            Digest = image.Digest,
            Taken = () => _tags[tag] = image.Digest,
        };
    }

    private async Task<Job> ExportAsync(string kind)
    {
        var image = Build("export");
        await _source.PullAsync(image.Reference, allPlatforms: true);
        var isFolder = kind == "folder";
        var target = Path.Combine(_folder.FullName, isFolder ? $"folder-{_builds}" : kind + ".tar");
        var expected = Path.Combine(_expected.FullName, kind + (isFolder ? _builds : ""));
        string[] options = kind switch
        {
            "folder" => ["--folder"],
            "gzip" => ["--gzip"],
            _ => [],
        };
        string[] images = [image.Reference];
        if (kind == "delta")
        {
            // What the reader has is an image with the same layers below.
            var had = (BuiltImage)Build("had", mayBeIndex: false);
            var next = _from.AddImage(
                $"team/next:{_builds}", had.Spec with { Layers = [.. had.Spec.Layers, new LayerSpec(_builds, 900_000)] });
            await _source.PullAsync(had.Reference);
            await _source.PullAsync(next.Reference);
            (images, options) = ([next.Reference], ["--except", had.Reference]);
        }

        using (var whole = DriverRun.Start(_source.Root, ["export", expected, .. images, .. options]))
        {
            var result = await whole.WaitAsync();
            Assert.True(result.ExitCode == 0, result.ToString());
        }

        var before = FileHash(target);
        var after = FileHash(expected);
        return new Job("export " + kind, _source.Root, ["export", target, .. images, .. options])
        {
            Mark = TemporaryFiles,
            Exports = true,
            Fresh = isFolder ? target : null,
            CheckFiles = isDone =>
            {
                foreach (var name in _folder.GetFileSystemInfos().Select(f => f.Name).Where(n => n != Path.GetFileName(target)))
                {
                    Assert.Matches(@"^(\.imgsps-[0-9a-f]{32}\.tmp|folder-\d+|archive\.tar|gzip\.tar|delta\.tar)$", name);
                }

                var actual = FileHash(target);
                Assert.True(actual == after || (!isDone && actual == before), $"{target} is neither what it was nor whole");
                return actual == after;
            },
        };
    }

    /// <summary>The bytes of a file, or all names and bytes of a folder, as one hash; null when it is not there.</summary>
    private static string? FileHash(string path) => File.Exists(path) ? DigestOf(File.ReadAllBytes(path))
        : !Directory.Exists(path) ? null
        : string.Join('\n', Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories)
            .Select(f => Path.GetRelativePath(path, f) + " " + DigestOf(File.ReadAllBytes(f))).Order(StringComparer.Ordinal));

    /// <summary>A command, what it works on, and what it makes.</summary>
    private sealed record Job(string Verb, string Store, string[] Arguments)
    {
        /// <summary>Its standard input; null for none.</summary>
        public byte[]? Input { get; init; }

        /// <summary>Says something else when it has begun to work.</summary>
        public required Func<string> Mark { get; init; }

        /// <summary>The name that it gives in the layout; null for none.</summary>
        public string? Name { get; init; }

        /// <summary>The id of the image that gets it; null when nobody knows before.</summary>
        public string? Id { get; init; }

        /// <summary>The tag that it gives in the registry; null for none.</summary>
        public string? Tag { get; init; }

        /// <summary>The digest that gets it.</summary>
        public string? Digest { get; init; }

        /// <summary>True for one that tidies the folder of archives.</summary>
        public bool Exports { get; init; }

        /// <summary>A folder that the next try must not find.</summary>
        public string? Fresh { get; init; }

        /// <summary>Looks at files, when it may or must be done; true when they are what it makes.</summary>
        public Func<bool, bool>? CheckFiles { get; init; }

        /// <summary>Notes that it is done.</summary>
        public Action Taken { get; init; } = () => { };
    }
}
