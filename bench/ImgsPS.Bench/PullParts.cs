using System;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using static System.FormattableString;
using static ImgsPS.Bench.BenchContext;

namespace ImgsPS.Bench;

/// <summary>Pulls: of the big image, of many small ones, of what is there already, and how much memory that takes.</summary>
internal sealed class PullParts(BenchContext context)
{
    private const long GiB = 1L << 30;

    public async Task BigAsync()
    {
        const string What = "cold pull, big image";
        string[] names = [ImageSets.Big(context.Options.LayerMiB)];
        string[] docker = [ImageSets.BigDocker(context.Options.LayerMiB)];
        var session = Pull(names[0]);
        var engine = context.Engine(() => PutAsideAsync(context.Ours), () =>
            PullAsync(context.Ours, context.At(names[0])), Holds(context.Ours, 1));
        var pairs = context.Pairs;
        await pairs.MeasureAsync("big.session-skopeo", What, session, context.Peers.Skopeo(names), 6);
        await pairs.MeasureAsync("big.session-sync", What, session, context.Peers.Skopeo(names, sync: true), 0);
        await pairs.MeasureAsync("big.types-skopeo", What + ", Docker media types", Pull(docker[0]), context.Peers.Skopeo(docker), 1);
        await pairs.MeasureAsync("big.engine-skopeo", What, engine, context.Peers.Skopeo(names), 2);
        var driver = context.Driver(() => PutAsideAsync(context.Ours), context.Ours, $"pull {context.At(names[0])} --platform linux/amd64");
        await pairs.MeasureAsync("big.driver-skopeo", What, driver, context.Peers.Skopeo(names), 1);
        var shell = context.Shell(
            "pwsh, Import-Module and pull, whole process",
            () => PutAsideAsync(context.Ours),
            $"Import-Module {Literal(context.Module ?? "")}; {context.PullScript(names[0])}");
        await pairs.MeasureAsync("big.shell-start", What +
            ", and pwsh's own start", shell, context.Shell("pwsh -Command 1", NothingAsync, "1"), 1);
        await pairs.MeasureAsync($"big.{context.Judge}-docker", What, session ?? engine, context.Peers.DockerPull(names), 0);
        await context.Peers.DockerRemoveAsync(names);
        await pairs.MeasureAsync($"big.{context.Judge}-podman", What, session ?? engine, context.Peers.PodmanPull(names), 0);
        await context.Peers.PodmanRemoveAsync();
        if (pairs.Has("big."))
        {
            await PullAsync(context.Ours, context.At(names[0]));
            var size = (await ListAsync(context.Ours))[0].Size / 1e6;
            var layer = context.Options.LayerMiB;
            await pairs.NoteAsync("big", Invariant($"The big image has {size:0} MB of content, 8 gzip layers of {layer} MiB tar each."));
        }
    }

    public async Task SmallAsync()
    {
        var names = Enumerable.Range(0, context.Options.Small).Select(ImageSets.Small).ToArray();
        var references = names.Select(context.At).ToArray();
        var what = Invariant($"{names.Length} small images");
        var script = $"$null = $references | Invoke-ImagePull -Store {Literal(context.Ours)} -Platform linux/amd64";
        var check = Holds(context.Ours, names.Length);
        var session = context.Session(() =>
            PutAsideAsync(context.Ours), $"$references = {string.Join(',', references.Select(Literal))}; {script}", check);
        var engine = context.Engine(() => PutAsideAsync(context.Ours), () => PullAsync(context.Ours, references), check);
        session = session is null ? null : session with { Name = session.Name + ", one pipeline" };
        engine = engine with { Name = "engine alone, one after the other" };
        var pairs = context.Pairs;
        await pairs.MeasureAsync("small.session-skopeo", what, session, context.Peers.Skopeo(names), 8);
        await pairs.MeasureAsync("small.engine-skopeo", what, engine, context.Peers.Skopeo(names), 2);
        await pairs.MeasureAsync($"small.{context.Judge}-docker", what, session ?? engine, context.Peers.DockerPull(names), 0);
        await context.Peers.DockerRemoveAsync(names);
        await pairs.MeasureAsync($"small.{context.Judge}-podman", what, session ?? engine, context.Peers.PodmanPull(names), 0);
        if (pairs.Has($"small.{context.Judge}-podman"))
        {
            // podman takes too long over the thousands of the list's own part.
            var list = context.Session(NothingAsync, $"$null = Get-Image -Store {Literal(context.Ours)}")
                ?? context.Engine(NothingAsync, () => ListAsync(context.Ours));
            await pairs.MeasureAsync("small.list-podman", Invariant($"list of these {names.Length} images"), list,
                context.Peers.PodmanImages(), 3);
        }

        await context.Peers.PodmanRemoveAsync();
    }

    public async Task UnchangedAsync()
    {
        const string What = "pull of an unchanged tag";
        string[] names = [ImageSets.Small(0)];
        await ClearAsync(context.Ours);
        await ClearAsync(context.Peers.Layout);
        await PullAsync(context.Ours, context.At(names[0]));
        var session = context.Session(NothingAsync, context.PullScript(names[0]));
        var engine = context.Engine(NothingAsync, () => PullAsync(context.Ours, context.At(names[0])));
        var pairs = context.Pairs;
        await pairs.MeasureAsync("unchanged.session-docker", What, session, context.Peers.DockerPull(names, keep: true), 5);
        await pairs.MeasureAsync("unchanged.engine-docker", What, engine, context.Peers.DockerPull(names, keep: true), 5);
        await context.Peers.DockerRemoveAsync(names);
        await pairs.MeasureAsync($"unchanged.{context.Judge}-skopeo", What, session ?? engine, context.Peers.Skopeo(names, keep: true), 2);
        await pairs.MeasureAsync($"unchanged.{context.Judge}-podman", What, session
            ?? engine, context.Peers.PodmanPull(names, keep: true), 2);
        await context.Peers.PodmanRemoveAsync();
    }

    /// <summary>The huge image against the big one; few runs, since the highest counts and no median.</summary>
    public async Task MemoryAsync()
    {
        Side Of(string name, string title)
        {
            var script = context.PullScript(name);
            var prepare = () => ClearAsync(context.Ours);
            var check = Holds(context.Ours, 1);
            var side = context.Session(prepare, script, check, memory: true)
                ?? context.Engine(prepare, () => PullAsync(context.Ours, context.At(name)), check, memory: true);
            return side with { Name = $"{side.Name}: {title}" };
        }

        var huge = context.Options.HugeGiB;
        var big = Of(ImageSets.Big(context.Options.LayerMiB), "the big image");
        var room = new DriveInfo(context.Options.Work).AvailableFreeSpace;
        var needed = (huge + 2) * GiB;
        if (huge == 0 || room < needed)
        {
            var why = huge == 0 ? "--huge-gib 0" : Invariant($"{needed / GiB} GiB are needed in the work folder, {room / GiB} are free");
            await context.Pairs.NoteAsync("memory", $"The pull of the huge image was left out: {why}.");
            await context.Pairs.MeasureAsync($"memory.{context.Judge}", "peak of memory", big, null, 1);
            return;
        }

        // What a first pull needs of memory beside the image, compiled code above all, is the session's.
        await big.PrepareAsync();
        await big.RunAsync();
        var name = await HugeSet.PutAsync(context.Registry, huge);
        try
        {
            var other = Of(name, Invariant($"{huge} GiB of zeros in 8 layers"));
            await context.Pairs.MeasureAsync($"memory.{context.Judge}-huge", "peak of memory", big, other, 0,
                Math.Min(context.Options.Pairs, 3));
            if (huge >= 10)
            {
                // Shows whether it grows with the size, or only until the heap is collected.
                var tenth = Of(await HugeSet.PutAsync(context.Registry, huge / 10), Invariant($"{huge / 10} GiB of zeros in 8 layers"));
                await context.Pairs.MeasureAsync("memory.tenth", "peak of memory", tenth, null, 0, Math.Min(context.Options.Pairs, 3));
            }
        }
        finally
        {
            await ClearAsync(context.Ours);
        }
    }

    private Side? Pull(string name) => context.Session(() => PutAsideAsync(context.Ours), context.PullScript(name), Holds(context.Ours, 1));
}
