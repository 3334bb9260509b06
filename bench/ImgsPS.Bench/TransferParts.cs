using System;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using static System.FormattableString;
using static ImgsPS.Bench.BenchContext;

namespace ImgsPS.Bench;

/// <summary>Push, copy, export and import of the big image, and an archive of many images.</summary>
internal sealed class TransferParts(BenchContext context)
{
    private const long GiB = 1L << 30;

    private string Archive => Path.Combine(context.Options.Work, "out.tar");

    private string Saved => Path.Combine(context.Options.Work, Invariant($"saved-{context.Options.LayerMiB}.tar"));

    private string Loaded => Path.Combine(context.Options.Work, "loaded");

    public async Task TransferAsync()
    {
        var name = ImageSets.Big(context.Options.LayerMiB);
        var reference = context.At(name);
        await ClearAsync(context.Ours);
        await PullAsync(context.Ours, reference);
        await PushesAsync(reference);
        await ArchivesAsync(name, reference);
        await ManyAsync();
    }

    /// <summary>The memory of each way for the huge image; once each, since the highest counts and no median.</summary>
    public async Task HugeAsync()
    {
        var gib = context.Options.HugeGiB;
        var room = new DriveInfo(context.Options.Work).AvailableFreeSpace / GiB;
        if (gib == 0 || room < 3 * gib)
        {
            await context.Pairs.NoteAsync(
                "hugetransfer", Invariant($"The huge image was left out: {3 * gib} GiB are needed in the work folder, {room} are free."));
            return;
        }

        await using var second = await StartSecondAsync();
        var to = Literal($"{second.Host}/pushed:1");
        var from = Literal("registry://" + context.Registry.Host);
        Task EmptyAsync() => PutAsideAsync(second.Storage);
        try
        {
            // What a first run needs of memory beside the image, compiled code above all, is the session's.
            await MeasureAsync(ImageSets.Big(context.Options.LayerMiB), null);
            await MeasureAsync(await HugeSet.PutAsync(context.Registry, gib), Invariant($"{gib} GiB"));
        }
        finally
        {
            await ClearAsync(context.Ours);
        }

        async Task MeasureAsync(string name, string? size)
        {
            var image = Literal(context.At(name));
            await ClearAsync(context.Ours);
            await PullAsync(context.Ours, context.At(name));
            await PairAsync(
                "hugetransfer.push", size,
                (EmptyAsync, $"$null = Invoke-ImagePush {image} -Destination {to} -Store {Literal(context.Ours)}", "push"),
                (EmptyAsync, $"$null = Copy-Image {image} -Store {from} -Destination {to}", "copy"));
            await EmptyAsync();
            DeleteAside(context.Options.Work);
            await PairAsync(
                "hugetransfer.archive", size,
                (ClearArchiveAsync, $"Export-Image {image} -Path {Literal(Archive)} -Store {Literal(context.Ours)}", "export"),
                (() => ClearAsync(Loaded), $"$null = Import-Image {Literal(Archive)} -Store {Literal(Loaded)}", "import"));
            await ClearArchiveAsync();
            await ClearAsync(Loaded);
        }

        async Task PairAsync(
            string key, string? size, (Func<Task> Prepare, string Script, string What) one, (Func<Task> Prepare, string Script, string What) other)
        {
            var sides = new[] { one, other }.Select(way => context.Session(way.Prepare, way.Script, memory: true) is { } side
                ? side with { Name = $"{side.Name}: {way.What}, {size}" } : null).ToArray();
            if (size is not null)
            {
                await context.Pairs.MeasureAsync(key, "peak of memory", sides[0], sides[1], 0, 1);
                return;
            }

            foreach (var side in sides.OfType<Side>())
            {
                await side.PrepareAsync();
                await side.RunAsync();
            }
        }
    }

    private async Task<RegistryProcess> StartSecondAsync()
    {
        var folder = Path.Combine(context.Options.Work, "second");
        Directory.CreateDirectory(folder);
        return await RegistryProcess.StartAsync(folder, context.Children);
    }

    private async Task PushesAsync(string reference)
    {
        var pairs = context.Pairs;
        await using var second = await StartSecondAsync();
        Task EmptyAsync() => PutAsideAsync(second.Storage);
        var to = $"{second.Host}/pushed:1";
        var skopeo = $"skopeo copy -q --src-tls-verify=false --dest-tls-verify=false";
        var push = $"$null = Invoke-ImagePush {Literal(reference)} -Destination {Literal(to)} -Store {Literal(context.Ours)}";
        await pairs.MeasureAsync(
            "transfer.push-skopeo", "push of the big image into an empty registry", context.Session(EmptyAsync, push),
            Skopeo(EmptyAsync, "skopeo copy oci: → docker://", $"{skopeo} {Meter.Quote($"oci:{context.Ours}:{reference}")} docker://{to}"), 2);

        // Into the registry whose requests are counted; the runs before the first bring it there.
        var there = context.At("again/pushed:1");
        var again = $"$null = Invoke-ImagePush {Literal(reference)} -Destination {Literal(there)} -Store {Literal(context.Ours)}";
        await pairs.MeasureAsync(
            "transfer.again-skopeo", "push of what is there", context.Session(NothingAsync, again),
            Skopeo(NothingAsync, "skopeo copy oci: → docker://", $"{skopeo} {Meter.Quote($"oci:{context.Ours}:{reference}")} docker://{there}"),
            2);
        var copy = $"$null = Copy-Image {Literal(reference)} -Store {Literal("registry://" + context.Registry.Host)} -Destination {Literal(to)}";
        await pairs.MeasureAsync(
            "transfer.copy-skopeo", "copy of the big image from a registry to an empty one", context.Session(EmptyAsync, copy),
            Skopeo(EmptyAsync, "skopeo copy docker:// → docker://", $"{skopeo} docker://{reference} docker://{to}"), 2);
        await pairs.MeasureAsync(
            "transfer.push-memory", "peak of memory", context.Session(EmptyAsync, push, memory: true),
            context.Session(EmptyAsync, copy, memory: true), 1);
    }

    private async Task ArchivesAsync(string name, string reference)
    {
        var pairs = context.Pairs;
        var from = Meter.Quote($"oci:{context.Ours}:{reference}");
        var export = $"Export-Image {Literal(reference)} -Path {Literal(Archive)} -Store {Literal(context.Ours)}";
        var exported = context.Session(ClearArchiveAsync, export);
        await pairs.MeasureAsync(
            "transfer.export-skopeo", "export of the big image to a tar", exported,
            Skopeo(ClearArchiveAsync, "skopeo copy oci: → oci-archive:", $"skopeo copy -q {from} oci-archive:{Meter.Quote(Archive)}:x"), 2);
        if (await context.Peers.DockerSaveAsync(name, Saved))
        {
            await pairs.MeasureAsync(
                "transfer.export-docker", "export of the big image to a tar", exported, context.Peers.DockerSave(name, Archive), 1);
            var import = $"$null = Import-Image {Literal(Saved)} -Store {Literal(Loaded)}";
            var imported = context.Session(() => PutAsideAsync(Loaded), import);
            await pairs.MeasureAsync(
                "transfer.import-docker", "import of a docker save tar", imported, context.Peers.DockerLoad(name, Saved), 1);
            await pairs.MeasureAsync(
                "transfer.import-skopeo", "import of a docker save tar", imported,
                Skopeo(
                    () => PutAsideAsync(Loaded), "skopeo copy docker-archive: → oci:",
                    $"skopeo copy -q docker-archive:{Meter.Quote(Saved)} {Meter.Quote($"oci:{Loaded}:x")}"), 1);
            await pairs.MeasureAsync(
                "transfer.archive-memory", "peak of memory", context.Session(ClearArchiveAsync, export, memory: true),
                context.Session(() => PutAsideAsync(Loaded), import, memory: true), 1);
        }

        await ClearArchiveAsync();
        await ClearAsync(Loaded);
    }

    private async Task ManyAsync()
    {
        var archive = context.Peers.MakeArchive();
        var script = $"$null = Import-Image {Literal(archive)} -Store {Literal(Loaded)}";
        await context.Pairs.MeasureAsync(
            "transfer.many-docker", Invariant($"import of {context.Options.Store} images in one archive"),
            context.Session(() => PutAsideAsync(Loaded), script, Holds(Loaded, context.Options.Store)), context.Peers.DockerLoadMany(), 1);
        await ClearAsync(Loaded);
    }

    private Task ClearArchiveAsync()
    {
        File.Delete(Archive);
        return Task.CompletedTask;
    }

    private Side? Skopeo(Func<Task> prepare, string title, string script) =>
        Peers.IsInstalled("skopeo") ? context.Peers.Process(title, prepare, script) : null;
}
