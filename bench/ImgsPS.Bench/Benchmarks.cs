using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Registry;
using ImgsPS.Store;
using static System.FormattableString;

namespace ImgsPS.Bench;

/// <summary>The operations that have a target, each against the peers that are there.</summary>
internal sealed class Benchmarks(BenchOptions options, string root, RegistryProcess registry, Meter meter, Pairs pairs)
{
    private static readonly Func<Task> s_nothing = () => Task.CompletedTask;

    private readonly string _ours = Path.Combine(options.Work, "ours");
    private readonly string _theirs = Path.Combine(options.Work, "theirs");
    private readonly string _driver = Path.Combine(root, "tests", "ImgsPS.Driver", "bin", "Release", "net8.0", "ImgsPS.Driver");
    private readonly bool _skopeo = IsInstalled("skopeo");
    private readonly List<Target> _targets = [];

    private string Docker => $"docker -H {Meter.Quote(options.Docker!)}";

    public static bool IsInstalled(string command) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Any(folder => folder.Length > 0 && File.Exists(Path.Combine(folder, command)));

    /// <summary>Runs all; gives the lines of the targets' table so far, after each part.</summary>
    public async IAsyncEnumerable<IReadOnlyList<Target>> RunAsync()
    {
        (string Name, Func<Task> RunAsync)[] parts =
        [
            ("big", BigAsync), ("small", SmallAsync), ("unchanged", UnchangedAsync), ("list", ListAsync), ("large", LargeAsync),
            ("remove", RemoveAsync), ("platforms", PlatformsAsync), ("import", ImportAsync),
        ];
        foreach (var part in parts.Where(p => options.Only.Count == 0 || options.Only.Contains(p.Name)))
        {
            await part.RunAsync();
            yield return _targets;
        }

        _targets.Add(new Target("progress shown against not shown", "–", "≤ 5 % slower", null, null));
        yield return _targets;
    }

    private static Task ClearAsync(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        return Task.CompletedTask;
    }

    private static async Task PullAsync(string folder, params string[] references)
    {
        using var store = ImageStores.Open(folder);
        foreach (var reference in references)
        {
            var request = new PullRequest(ImageReference.Parse(reference)) { Platform = Platform.Parse("linux/amd64") };
            await foreach (var image in store.PullAsync(request, NullObserver.Instance, CancellationToken.None))
            {
                _ = image;
            }
        }
    }

    private static async Task<IReadOnlyList<Image>> ListOfAsync(string folder)
    {
        using var store = ImageStores.Open(folder);
        return await store.ListAsync(ListRequest.Default, NullObserver.Instance, CancellationToken.None);
    }

    private string At(string name) => $"{registry.Host}/{name}";

    private Side Ours(Func<Task> prepare, Func<Task> action) => new("ImgsPS, warm session", prepare, () => meter.HereAsync(action));

    private Side Process(string name, Func<Task> prepare, string script, bool daemon = false) =>
        new(name, prepare, () => meter.ProcessAsync(script, daemon));

    private Side Driver(string name, Func<Task> prepare, string store, string command) =>
        Process(name, prepare, $"{Meter.Quote(_driver)} --store {Meter.Quote(store)} {command}");

    private string SkopeoCopy(string name)
    {
        var tag = name[(name.IndexOf('/', StringComparison.Ordinal) + 1)..].Replace(':', '-');
        return $"skopeo copy -q --src-tls-verify=false docker://{At(name)} {Meter.Quote($"oci:{_theirs}:{tag}")}";
    }

    /// <summary>A line whose figure is the ratios of a comparison, each with its limit.</summary>
    /// <param name="comparison">What was measured; null when nothing was.</param>
    /// <param name="what">The operation.</param>
    /// <param name="against">The peer.</param>
    /// <param name="wanted">The target, in words.</param>
    /// <param name="wall">The most of the peer's wall time.</param>
    /// <param name="cpu">The most of its CPU time; null for no such limit.</param>
    /// <param name="requests">How many requests there must be; null for no such limit.</param>
    /// <param name="reduced">A smaller set was measured than the target speaks of: it cannot be said to be met.</param>
    /// <param name="note">What is missing or stands in the way.</param>
    private void AddRatio(
        Comparison? comparison,
        string what,
        string against,
        string wanted,
        double wall,
        double? cpu = null,
        int? requests = null,
        bool reduced = false,
        string note = "")
    {
        if (comparison is null)
        {
            _targets.Add(new Target(what, against, wanted, null, null, note));
            return;
        }

        var figure = Report.Number(comparison.WallRatio, "0.00")
            + (cpu is null ? "" : $" of its wall, {Report.Number(comparison.CpuRatio, "0.00")} of its CPU")
            + (requests is null ? "" : Invariant($", {comparison.A.Requests} request(s)"));
        var met = comparison.WallRatio <= wall
            && (cpu is null || comparison.CpuRatio <= cpu)
            && (requests is null || comparison.A.Requests == requests);
        var told = reduced ? $"a smaller set than the target's: {comparison.What}. {note}" : note;
        _targets.Add(new Target(what, against, wanted, figure, reduced ? null : met, told));
    }

    private async Task BigAsync()
    {
        var name = ImageSets.Big(options.LayerMiB);
        var ours = Ours(() => ClearAsync(_ours), () => PullAsync(_ours, At(name)));
        Comparison? plain = null;
        Comparison? whole = null;
        Comparison? synced = null;
        if (_skopeo)
        {
            Side Skopeo(string title, string more = "") => Process(title, () => ClearAsync(_theirs), SkopeoCopy(name) + more);
            plain = await pairs.MeasureAsync("cold pull, big image", ours, Skopeo("skopeo copy → oci:, not fsynced"), options.Pairs, 2);
            synced = await pairs.MeasureAsync(
                "the same", ours, Skopeo("skopeo copy → oci:, then sync", $" && sync -f {Meter.Quote(_theirs)}"), options.Pairs, 0);
            whole = await pairs.MeasureAsync(
                "the same",
                Driver("ImgsPS.Driver, whole process", () => ClearAsync(_ours), _ours, $"pull {At(name)} --platform linux/amd64"),
                Skopeo("skopeo copy → oci:, not fsynced"),
                options.Pairs,
                1);
        }

        var alone = plain ?? await pairs.MeasureAsync("cold pull, big image", ours, null, options.Pairs, 2);
        if (alone is not null)
        {
            await PullAsync(_ours, At(name));
            var size = (await ListOfAsync(_ours))[0].Size / 1e6;
            pairs.Notes.Add(Invariant($"The big image has {size:0} MB of content, 8 gzip layers of {options.LayerMiB} MiB tar each."));
            pairs.Notes.Add("ImgsPS flushes every blob (fsync) before it is named; skopeo flushes nothing: one comparison has `sync -f` after it.");
            pairs.Notes.Add("docker pull also unpacks the layers; ImgsPS and skopeo keep them as they came.");
        }

        var more = (synced is null ? "" : Invariant($"skopeo with sync: {synced.WallRatio:0.00} of its wall. "))
            + (whole is null ? "" : Invariant($"Whole process: {whole.WallRatio:0.00} of its wall, {whole.CpuRatio:0.00} of its CPU."));
        AddRatio(plain, "cold pull, big image, fsynced", "skopeo copy → oci: (no fsync)", "≤ 0.5 of its wall, ≤ 0.5 of its CPU", 0.5, 0.5, reduced: options.LayerMiB < 64, note: more);

        Comparison? docker = null;
        if (options.Docker is not null)
        {
            var clean = $"{Docker} image rm -f {At(name)} || true";
            var pull = Process("docker pull", () => meter.ProcessAsync(clean), $"{Docker} pull -q {At(name)}", daemon: true);
            docker = await pairs.MeasureAsync("cold pull, big image", ours, pull, options.Pairs, 0);
            await meter.ProcessAsync(clean);
        }

        AddRatio(docker, "the same", "docker pull", "≤ 0.1", 0.1, reduced: options.LayerMiB < 64);
        var peak = alone?.A.PeakMiB;
        _targets.Add(new Target(
            "peak memory of a pull over an idle session", "–", "≤ 24 MB more, the same for 250 MB and 10 GB",
            peak is null ? null : Invariant($"{peak * 1.048576:0} MB more for the big image"),
            peak * 1.048576 > 24 ? false : null, "10 GB: not measured yet"));
    }

    private async Task SmallAsync()
    {
        var names = Enumerable.Range(0, options.Small).Select(ImageSets.Small).ToArray();
        var references = names.Select(At).ToArray();
        var what = $"{names.Length} small images";
        var ours = Ours(() => ClearAsync(_ours), () => PullAsync(_ours, references));
        Comparison? skopeo = null;
        if (_skopeo)
        {
            var copies = string.Join(" &&\n", names.Select(SkopeoCopy));
            var theirs = Process($"{names.Length} × skopeo copy → one oci:, not fsynced", () => ClearAsync(_theirs), copies);
            skopeo = await pairs.MeasureAsync(what, ours, theirs, options.Pairs, 1);
        }

        AddRatio(
            skopeo,
            "100 small images, one run",
            "100 × skopeo copy → one oci:",
            "≤ 0.2",
            0.2,
            reduced: options.Small < 100,
            note: "through the engine, one after the other, not through the cmdlets' pipeline");
        Comparison? docker = null;
        if (options.Docker is not null)
        {
            var clean = $"{Docker} image rm -f {string.Join(' ', references)} || true";
            var pulls = string.Join(" &&\n", references.Select(r => $"{Docker} pull -q {r}"));
            var theirs = Process($"{names.Length} × docker pull", () => meter.ProcessAsync(clean), pulls, daemon: true);
            docker = await pairs.MeasureAsync(what, ours, theirs, options.Pairs, 0);
            await meter.ProcessAsync(clean);
        }

        AddRatio(docker, "the same", "100 × docker pull", "≤ 0.05", 0.05, reduced: options.Small < 100);
    }

    private async Task UnchangedAsync()
    {
        var name = ImageSets.Small(0);
        const string Line = "pull of an unchanged tag, warm session";
        const string What = "pull of an unchanged tag";
        await ClearAsync(_ours);
        await ClearAsync(_theirs);
        await PullAsync(_ours, At(name));
        var ours = Ours(s_nothing, () => PullAsync(_ours, At(name)));
        Comparison? docker = null;
        if (options.Docker is not null)
        {
            var pull = Process("docker pull", s_nothing, $"{Docker} pull -q {At(name)}", daemon: true);
            docker = await pairs.MeasureAsync(What, ours, pull, options.Pairs, 2);
            await meter.ProcessAsync($"{Docker} image rm -f {At(name)} || true");
        }

        var copy = _skopeo ? Process("skopeo copy → oci:", s_nothing, SkopeoCopy(name)) : null;
        var skopeo = await pairs.MeasureAsync(What, ours, copy, options.Pairs, 2);
        if (docker is not null || skopeo is null)
        {
            AddRatio(docker, Line, "docker pull", "1 request, ≤ 0.25", 0.25, requests: 1);
        }
        else
        {
            var figure = Invariant($"{skopeo.A.Requests} request(s)");
            bool? met = skopeo.A.Requests == 1 ? null : false;
            _targets.Add(new Target(Line, "docker pull", "1 request, ≤ 0.25", figure, met, "against docker pull: not measured yet"));
        }
    }

    private async Task ListAsync()
    {
        var folder = Path.Combine(options.Work, $"store-{options.Store}");
        await MakeStoreAsync(folder, options.Store);
        if (options.Docker is not null)
        {
            await LoadAsync();
        }

        var images = options.Docker is null ? null : Process("docker images", s_nothing, $"{Docker} images >/dev/null", daemon: true);
        var what = $"list of {options.Store} images";
        var warm = await pairs.MeasureAsync(what, Ours(s_nothing, () => ListOfAsync(folder)), images, options.Pairs, 5);
        var alone = Driver("ImgsPS.Driver, a new process", s_nothing, folder, "list >/dev/null");
        var first = await pairs.MeasureAsync(what, alone, images, options.Pairs, 1);
        const string WarmLine = "list 2,000 images, warm session, objects out";
        const string FirstLine = "the same, first list in a new process";
        if (options.Docker is not null)
        {
            var reduced = options.Store < 2000;
            const string WarmNote = "the engine's objects; through the cmdlet: not measured yet";
            const string FirstNote = "the driver's process; a new pwsh: not measured yet";
            AddRatio(warm, WarmLine, "docker images", "≤ 0.1", 0.1, reduced: reduced, note: WarmNote);
            AddRatio(first, FirstLine, "docker images", "≤ 0.5", 0.5, reduced: reduced, note: FirstNote);
            return;
        }

        Target Alone(string line, string wanted, Comparison? run) =>
            new(line, "docker images", wanted, run is null ? null : Invariant($"{run.A.Seconds * 1000:0.0} ms"), null, "against docker: not measured yet");
        _targets.Add(Alone(WarmLine, "≤ 0.1", warm));
        _targets.Add(Alone(FirstLine, "≤ 0.5", first));
    }

    private async Task LargeAsync()
    {
        Comparison? grown = null;
        if (options.Large >= 10)
        {
            var large = Path.Combine(options.Work, $"store-{options.Large}");
            var tenth = Path.Combine(options.Work, $"store-{options.Large / 10}");
            await MakeStoreAsync(tenth, options.Large / 10);
            await MakeStoreAsync(large, options.Large);
            grown = await pairs.MeasureAsync(
                $"list of {options.Large} images", Ours(s_nothing, () => ListOfAsync(large)),
                Ours(s_nothing, () => ListOfAsync(tenth)) with { Name = $"the same at {options.Large / 10}" }, options.Pairs, 2);
        }

        AddRatio(grown, "list 100,000 images", "itself at 10,000", "≤ 11 times", 11, reduced: options.Large < 100_000);
    }

    private async Task RemoveAsync()
    {
        var folder = Path.Combine(options.Work, "emptied");
        var ours = Ours(
            async () =>
            {
                await ClearAsync(folder);
                await MakeStoreAsync(folder, options.Store);
            },
            async () =>
            {
                using var store = ImageStores.Open(folder);
                for (var i = 0; i < options.Store; i++)
                {
                    var image = ImageIdentity.Of(StoreMaker.Name(i));
                    await store.RemoveAsync(new RemovalRequest(image), NullObserver.Instance, CancellationToken.None);
                }
            });
        var prune = options.Docker is null
            ? null
            : Process("docker image prune -af", LoadAsync, $"{Docker} image prune -af --filter label={Documents.Label}", daemon: true);
        var run = await pairs.MeasureAsync($"remove of {options.Store} images", ours, prune, Math.Min(options.Pairs, 3), 0);
        const string Line = "remove 2,000 images in one pipeline";
        if (run is not null && run.B is null)
        {
            var figure = Invariant($"{run.A.Seconds:0.0} s");
            _targets.Add(new Target(Line, "docker image prune -af", "≤ 0.1", figure, null, "against docker: not measured yet"));
            return;
        }

        AddRatio(run, Line, "docker image prune -af", "≤ 0.1", 0.1, reduced: options.Store < 2000, note: "one engine call per image");
    }

    private async Task PlatformsAsync()
    {
        var name = At(ImageSets.Multi);
        var ours = Ours(s_nothing, async () =>
        {
            var answer = await ManifestReader.FromRegistryAsync(
                ImageReference.Parse(name), null, RegistryOptions.Default, NullObserver.Instance, CancellationToken.None);
            if (answer.Manifests.Count != ImageSets.IndexEntries)
            {
                throw new InvalidOperationException($"{name} has {answer.Manifests.Count} entries.");
            }
        });
        var docker = IsInstalled("docker") ? Process("docker manifest inspect", s_nothing, $"docker manifest inspect --insecure {name}") : null;
        var run = await pairs.MeasureAsync("platforms of a 7-entry index", ours, docker, options.Pairs, 2)
            ?? await pairs.MeasureAsync("platforms of a 7-entry index", ours, null, options.Pairs, 2);
        var against = run?.B is null ? "" : Invariant($" against {run.B.Requests}");
        var figure = run is null ? null : Invariant($"{run.A.Requests} request(s){against}");
        bool? met = run is null ? null : run.A.Requests == 1;
        _targets.Add(new Target("platforms of a 7-entry index", "docker manifest inspect", "1 request", figure, met));
    }

    private async Task ImportAsync()
    {
        const string Wanted = "≤ 60 ms more";
        const string What = "Import-Module in pwsh -NoProfile";
        const string Against = "Import-Module of an empty binary module";
        var built = Path.Combine(root, "output", "ImgsPS");
        var module = Directory.Exists(built) ? Directory.GetFiles(built, "ImgsPS.psd1", SearchOption.AllDirectories).FirstOrDefault() : null;
        if (module is null || !IsInstalled("pwsh"))
        {
            _targets.Add(new Target(What, Against, Wanted, null, null, "needs pwsh, and the module in output/ImgsPS"));
            return;
        }

        const string Type = "using System.Management.Automation; [Cmdlet(\"Get\", \"Nothing\")] public class C : PSCmdlet { }";
        var empty = Path.Combine(options.Work, "Empty.dll");
        string Shell(string command) => $"pwsh -NoProfile -NonInteractive -Command {Meter.Quote(command)}";
        if (!File.Exists(empty))
        {
            await meter.ProcessAsync(Shell($"Add-Type -TypeDefinition '{Type}' -OutputAssembly '{empty}'"));
        }

        var run = await pairs.MeasureAsync(
            "pwsh -NoProfile with Import-Module",
            Process("ImgsPS", s_nothing, Shell($"Import-Module '{module}'")),
            Process("an empty binary module", s_nothing, Shell($"Import-Module '{empty}'")),
            options.Pairs * 2,
            2);
        var more = run is null ? double.NaN : Series.Median(run.A.Samples.Zip(run.B!.Samples, (a, b) => (a.Seconds - b.Seconds) * 1000));
        _targets.Add(new Target(What, Against, Wanted, run is null ? null : Invariant($"{more:0} ms more"), run is null ? null : more <= 60));
    }

    private async Task LoadAsync()
    {
        var archive = Path.Combine(options.Work, $"store-{options.Store}.tar");
        if (!File.Exists(archive))
        {
            StoreMaker.MakeArchive(archive, options.Store);
        }

        await meter.ProcessAsync($"{Docker} load -q -i {Meter.Quote(archive)}");
    }

    /// <summary>Makes a store in a process of its own, so that this one stays small; one that is there is used as it is.</summary>
    private Task MakeStoreAsync(string folder, int count) => Directory.Exists(folder)
        ? Task.CompletedTask
        : meter.ProcessAsync(Invariant($"""
            {Meter.Quote(Environment.ProcessPath!)} make-store {Meter.Quote(folder + ".new")} {count} && mv {Meter.Quote(folder + ".new")} {Meter.Quote(folder)}
            """));
}
