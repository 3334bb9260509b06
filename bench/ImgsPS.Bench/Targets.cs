using System;
using System.Collections.Generic;
using System.Linq;
using static System.FormattableString;

namespace ImgsPS.Bench;

/// <summary>
/// What the measurements say about each target. The cmdlets in a session of pwsh judge; where there is none, the engine alone.
/// </summary>
internal sealed class Targets
{
    private const string ByEngine = "measured with the engine alone";

    /// <summary>MB by which two peaks of memory may differ and still count as the same.</summary>
    private const double Same = 4;

    private readonly Measurements _all;
    private readonly List<Target> _lines = [];

    private Targets(Measurements all) => _all = all;

    public static IReadOnlyList<Target> Of(Measurements all)
    {
        var targets = new Targets(all);
        targets.AddPulls();
        targets.AddStores();
        targets.AddTransfers();
        targets.AddOthers();
        return targets._lines;
    }

    private void AddPulls()
    {
        var synced = Find("big.session-sync") is { } sync
            ? Invariant($"against skopeo with sync {sync.WallRatio():0.00} of its wall, {Cpu(sync)} of its CPU")
            : "";
        var types = Find("big.types-skopeo") is { } docker ? Invariant($"Docker media types {docker.WallRatio():0.00}, {Cpu(docker)}") : "";
        var shell = Find("big.shell-start") is { } whole
            ? Invariant($"a whole process takes {whole.A.Seconds():0.00} s, of which {whole.B?.Seconds():0.00} s are pwsh's own start")
            : "";
        Ratio(
            "cold pull, big image, fsynced", "skopeo copy → oci: (not fsynced)", "≤ 0.5 of its wall, ≤ 0.5 of its CPU", "big", "skopeo",
            0.5, cpu: 0.5,
            notes: [synced, types, shell]);
        Ratio("the same", "docker pull", "≤ 0.1", "big", "docker", 0.1, notes: [Podman("big")]);
        Ratio(
            "100 small images, one pipeline", "100 × skopeo copy → one oci: (not fsynced)", "≤ 0.2", "small", "skopeo", 0.2,
            notes: [EngineToo("small", "skopeo")]);
        Ratio("the same", "100 × docker pull", "≤ 0.05", "small", "docker", 0.05, notes: [Podman("small")]);
        Ratio(
            "pull of an unchanged tag, warm session", "docker pull", "1 request, ≤ 0.25", "unchanged", "docker", 0.25, requests: 1,
            notes: [EngineToo("unchanged", "docker"), Podman("unchanged")]);
    }

    private void AddStores()
    {
        Ratio("list 2,000 images, warm session, objects out", "docker images", "≤ 0.1", "list", "docker", 0.1,
            notes: [EngineToo("list", "docker")]);
        var whole = Find("list.shell-start");
        var note = whole is null
            ? ""
            : Invariant($"the whole pwsh with Import-Module and Get-Image takes {whole.MoreMilliseconds():0} ms more ")
                + Invariant($"than its bare start of {whole.B?.Seconds() * 1000:0} ms");
        Ratio(
            "the same, first list in a new process", "docker images", "≤ 0.5", "list", "docker", 0.5,
            keys: ["list.first-docker", "list.driver-docker", "list.first", "list.driver"], notes: [note]);
        Ratio("list 100,000 images", "itself at 10,000", "≤ 11 times", "large", "tenth", 11, notes: [EngineToo("large", "tenth")]);
        var alone = Find("remove.engine") is { } one ? Invariant($"the engine alone: {one.A.Seconds():0.00} s") : "";
        var each = Find("remove.each") is { } single ? Invariant($"one engine call an image: {single.A.Seconds():0.0} s") : "";
        Ratio("remove 2,000 images in one pipeline", "docker image prune -af", "≤ 0.1", "remove", "docker", 0.1, notes: [alone, each]);
        var singly = Find("remove.single-calls");
        Add(
            "remove 2,000 images one by one", "–", "≤ 2 s with -PassThru, ≤ 2 s by a command each", singly,
            singly is null ? null : Invariant($"{singly.A.Seconds():0.0} s with -PassThru, {singly.B?.Seconds():0.0} s by a command each"),
            singly?.A.Seconds() <= 2 && singly.B?.Seconds() <= 2);
        var registry = Find("registry.first-again");
        Add(
            "list of a registry, first and second time", "–", "the second time no GET of a manifest or config", registry,
            registry is null ? null
                : Invariant($"{registry.A.Requests()} requests in {registry.A.Seconds():0.00} s, ")
                    + Invariant($"then {registry.B?.Requests()} in {registry.B?.Seconds():0.00} s"),
            registry?.B?.Requests() * 2 < registry?.A.Requests());
    }

    private void AddTransfers()
    {
        void Line(string what, string against, double limit, string key)
        {
            var found = Find("transfer." + key);
            Add(
                what, against, Invariant($"≤ {limit}"), found, found?.B is null ? null : Report.Number(found.WallRatio(), "0.00"),
                found?.B is null ? null : found.WallRatio() <= limit);
        }

        Line("push of the big image into an empty registry", "skopeo copy oci: → docker://", 0.6, "push-skopeo");
        var again = Find("transfer.again-skopeo");
        Add("push of what is there", "the same", "1 request a tag", again,
            again is null ? null : Invariant($"{again.A.Requests()} request(s)"), again?.A.Requests() == 1);
        Line("copy registry → registry, big image", "skopeo copy docker:// → docker://", 0.6, "copy-skopeo");
        Line("export of the big image to a tar", "skopeo copy oci: → oci-archive:", 0.5, "export-skopeo");
        Line("the same", "docker save", 0.3, "export-docker");
        Line("import of a docker save tar", "docker load", 0.2, "import-docker");
        Line("the same", "skopeo copy docker-archive: → oci:", 0.5, "import-skopeo");
        Line("import of 2,000 images in one archive", "docker load", 0.1, "many-docker");
        var (push, archive) = (Find("transfer.push-memory"), Find("transfer.archive-memory"));
        double[] peaks = [Mb(push?.A), Mb(push?.B), Mb(archive?.A), Mb(archive?.B)];
        Add("peak memory of push, copy, export, import over an idle session", "–", "≤ 24 MB", push,
            push is null ? null : string.Join(", ", Array.ConvertAll(peaks, peak => Invariant($"{peak:0.0} MB"))),
            push is null ? null : peaks.All(peak => peak <= 24));
        var (hugePush, hugeArchive) = (Find("hugetransfer.push"), Find("hugetransfer.archive"));
        double[] huge = [Mb(hugePush?.A), Mb(hugePush?.B), Mb(hugeArchive?.A), Mb(hugeArchive?.B)];
        Add("the same for 10 GiB of zeros in 8 layers", "–", "≤ 24 MB", hugePush,
            hugePush is null ? null : string.Join(", ", Array.ConvertAll(huge, peak => Invariant($"{peak:0.0} MB"))),
            hugePush is null ? null : huge.All(peak => peak <= 24));
    }

    private void AddOthers()
    {
        var platforms = First("platforms", "docker");
        var against = platforms?.B is { } inspect ? Invariant($" against {inspect.Requests()}") : "";
        Add(
            "platforms of a 7-entry index", "docker manifest inspect", "1 request", platforms,
            platforms is null ? null : Invariant($"{platforms.A.Requests()} request(s){against}"), platforms?.A.Requests() == 1);

        var memory = First("memory", "huge");
        var (big, huge) = (Mb(memory?.A), Mb(memory?.B));
        var other = memory?.B is { } second ? Invariant($"{huge:0.0} MB for {second.Name[(second.Name.IndexOf(':') + 2)..]}")
            : "10 GB was not measured";
        var tenth = Find("memory.tenth") is { } less
            ? Invariant($"{Mb(less.A):0.0} MB for {less.A.Name[(less.A.Name.IndexOf(':') + 2)..]}") : "";
        Add(
            "peak memory of a pull over an idle session", "–", "≤ 24 MB more, the same for 250 MB and 10 GB", memory,
            memory is null ? null : Invariant($"{big:0.0} MB for the big image, {other}"),
            memory?.B is null && !(big > 24) ? null : big <= 24 && huge <= 24 && Math.Abs(big - huge) <= Same,
            [Invariant($"the same is within {Same} MB"), tenth]);

        var import = Find("import.shell-empty");
        Add(
            "Import-Module in pwsh -NoProfile", "Import-Module of an empty binary module", "≤ 60 ms more", import,
            import is null ? null : Invariant($"{import.MoreMilliseconds():0} ms more"), import?.MoreMilliseconds() <= 60);

        var progress = Find("progress.shown-none");
        var silenced = Find("progress.shown-silenced") is { } same
            ? Invariant($"against $ProgressPreference SilentlyContinue in the same session {(same.WallRatio() - 1) * 100:+0.0;-0.0} %")
            : "";
        Add(
            "progress shown against not shown", "–", "≤ 5 % slower", progress,
            progress is null ? null : Invariant($"{(progress.WallRatio() - 1) * 100:+0.0;-0.0} %"), progress?.WallRatio() <= 1.05,
            [silenced]);
    }

    /// <summary>A line whose figure is the ratios of a comparison, each with its limit.</summary>
    private void Ratio(
        string what, string against, string wanted, string part, string peer, double wall,
        double? cpu = null, int? requests = null, string[]? keys = null, string[]? notes = null)
    {
        var found = keys is null ? First(part, peer) : keys.Select(Find).FirstOrDefault(c => c is not null);
        if (found?.B is null)
        {
            // Without the peer there is no ratio, but a wrong number of requests can be seen.
            var asked = requests is null ? "" : Invariant($", {found?.A.Requests()} request(s)");
            var told = found is null ? null : Invariant($"{found.A.Seconds():0.000} s{asked}");
            var wrong = requests is not null && found is not null && found.A.Requests() != requests;
            Add(what, against, wanted, found, told, wrong ? false
                : null, [.. notes ?? [], found is null ? "" : "the peer was not measured"]);
            return;
        }

        var figure = Report.Number(found.WallRatio(), "0.00")
            + (cpu is null ? "" : $" of its wall, {Cpu(found)} of its CPU")
            + (requests is null ? "" : Invariant($", {found.A.Requests()} request(s)"));
        var met = found.WallRatio() <= wall && (cpu is null || found.CpuRatio() <= cpu)
            && (requests is null || found.A.Requests() == requests);
        Add(what, against, wanted, found, figure, met, notes);
    }

    private void Add(string what, string against, string wanted, Comparison? found, string? figure, bool? met,
        IEnumerable<string>? notes = null)
    {
        var reduced = found is null || found.Reduced.Length == 0 ? "" : $"less than the target's: {found.Reduced}";
        var engine = found is not null && found.Key.Split('.', '-')[1] is "engine" or "driver" ? ByEngine : "";
        var note = string.Join("; ", new[] { reduced, engine }.Concat(notes ?? []).Where(n => n.Length > 0));
        var judged = reduced.Length > 0 || found is null ? null : met;
        _lines.Add(new Target(what, against, wanted, figure, judged, note, found is null ? "" : Report.Measured(found)));
    }

    private Comparison? Find(string key) => _all.Find(key);

    /// <summary>What judges: the session's comparison, or the engine's, or one of them alone.</summary>
    private Comparison? First(string part, string peer) =>
        Find($"{part}.session-{peer}") ?? Find($"{part}.engine-{peer}") ?? Find($"{part}.session") ?? Find($"{part}.engine");

    private string Podman(string part) => (Find($"{part}.session-podman") ?? Find($"{part}.engine-podman")) is { } podman
        ? Invariant($"of podman pull {podman.WallRatio():0.00}")
        : "";

    private string EngineToo(string part, string peer) =>
        Find($"{part}.session-{peer}") is not null && Find($"{part}.engine-{peer}") is { B: not null } engine
            ? Invariant($"the engine alone {engine.WallRatio():0.00}")
            : "";

    private static string Cpu(Comparison comparison) => Report.Number(comparison.CpuRatio(), "0.00");

    private static double Mb(Series? side) => side is null ? double.NaN : side.PeakMiB() * 1.048576;
}
