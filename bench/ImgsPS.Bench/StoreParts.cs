using System;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores;
using static System.FormattableString;
using static ImgsPS.Bench.BenchContext;

namespace ImgsPS.Bench;

/// <summary>Lists and removals.</summary>
internal sealed class StoreParts(BenchContext context)
{
    public async Task ListAsync()
    {
        var pairs = context.Pairs;
        var folder = await context.MakeStoreAsync(context.Options.Store);
        await context.Peers.DockerLoadAsync();
        var what = Invariant($"list of {context.Options.Store} images");
        var first = $"{what}, first of a new process";
        await pairs.MeasureAsync("list.session-docker", what, List(folder), context.Peers.DockerImages(), 10);
        await pairs.MeasureAsync("list.engine-docker", what, DockerList(folder), context.Peers.DockerImages(), 10);
        await pairs.MeasureAsync("list.first-docker", first, FirstList(folder), context.Peers.DockerImages(), 1);
        var driver = context.Driver(NothingAsync, folder, "list >/dev/null");
        await pairs.MeasureAsync("list.driver-docker", first, driver, context.Peers.DockerImages(), 1);
        var import = $"Import-Module {Literal(context.Module ?? "")}";
        var start = context.Shell("pwsh -Command 1", NothingAsync, "1");
        await pairs.MeasureAsync(
            "list.shell-start",
            $"{first}, and pwsh's own start",
            context.Shell("pwsh, Import-Module and Get-Image, whole process", NothingAsync, $"{import}; {ListScript(folder)}"),
            start,
            1);
    }

    public async Task LargeAsync()
    {
        var count = context.Options.Large;
        if (count < 10)
        {
            return;
        }

        var tenth = await context.MakeStoreAsync(count / 10);
        var large = await context.MakeStoreAsync(count);
        var what = Invariant($"list of {count} images");
        Side? At10(Side? side) => side is null ? null : side with { Name = Invariant($"the same at {count / 10}") };
        await context.Pairs.MeasureAsync("large.session-tenth", what, List(large), At10(List(tenth)), 3);
        await context.Pairs.MeasureAsync("large.engine-tenth", what, DockerList(large), At10(DockerList(tenth)), 3);
    }

    public async Task RemoveAsync()
    {
        var full = await context.MakeStoreAsync(context.Options.Store);
        var folder = Path.Combine(context.Options.Work, "emptied");
        var requests = Enumerable.Range(0, context.Options.Store).Select(i => new RemovalRequest(ImageIdentity.Of(StoreMaker.Name(i))))
            .ToArray();
        async Task FillAsync()
        {
            await ClearAsync(folder);
            await context.Meter.ProcessAsync($"cp -a {Meter.Quote(full)} {Meter.Quote(folder)}");
        }

        var what = Invariant($"remove of {context.Options.Store} images");
        var session = context.Session(FillAsync, $"Get-Image -Store {Literal(folder)} | Remove-Image -Confirm:$false", Holds(folder, 0));
        var engine = context.Engine(
            FillAsync,
            async () =>
            {
                using var store = ImageStores.Open(folder);
                var removals = await store.ForRemoval().RemoveAsync(requests, NullObserver.Instance, CancellationToken.None);
                if (removals.Failure is not null)
                {
                    throw removals.Failure;
                }
            },
            Holds(folder, 0));
        var each = context.Engine(
            FillAsync,
            async () =>
            {
                using var store = ImageStores.Open(folder);
                foreach (var request in requests)
                {
                    await store.ForRemoval().RemoveAsync([request], NullObserver.Instance, CancellationToken.None);
                }
            },
            Holds(folder, 0));
        var pairs = context.Pairs;
        await pairs.MeasureAsync("remove.session-docker", what, session, context.Peers.DockerPrune(), 4);
        await pairs.MeasureAsync(
            "remove.engine-docker", what, engine with { Name = "engine alone, one call" }, session is null ? context.Peers.DockerPrune()
                : null, 0);

        // Single removals: one change of the index for each image.
        each = each with { Name = "engine alone, one call an image" };
        await pairs.MeasureAsync("remove.each", what, each, null, 0, Math.Min(context.Options.Pairs, 2));
        var passThru = context.Session(
            FillAsync, $"$null = Get-Image -Store {Literal(folder)} | Remove-Image -PassThru -Confirm:$false", Holds(folder, 0));
        var calls = context.Session(
            FillAsync,
            Invariant($"foreach ($image in @(Get-Image -Store {Literal(folder)})) {{ ")
                + Invariant($"Remove-Image $image.Reference -Store {Literal(folder)} -Confirm:$false }}"),
            Holds(folder, 0));
        await pairs.MeasureAsync(
            "remove.single-calls", what, passThru is null ? null : passThru with { Name = "-PassThru, warm pwsh session" },
            calls is null ? null : calls with { Name = "one Remove-Image an image, warm pwsh session" },
            0,
            Math.Min(context.Options.Pairs, 3));
        await ClearAsync(folder);
    }

    /// <summary>A registry's list: the first time all is read, the second time only what changed, which is nothing.</summary>
    public async Task RegistryAsync()
    {
        var data = Path.Combine(context.Options.Work, "registry-data");
        var list = $"$env:XDG_DATA_HOME = {Literal(data)}; "
            + $"if (-not (Get-Image -Store {Literal("registry://" + context.Registry.Host + "/bench")})) {{ throw 'nothing was listed' }}";
        var first = context.Session(() => ClearAsync(data), list);
        var again = context.Session(NothingAsync, list);
        await context.Pairs.MeasureAsync(
            "registry.first-again", Invariant($"list of a registry with {context.Options.Small} small images and a few more"),
            first is null ? null : first with { Name = "first time, warm pwsh session" },
            again is null ? null : again with { Name = "second time" }, 0);
        await ClearAsync(data);
    }

    private static string ListScript(string folder) => $"$null = Get-Image -Store {Literal(folder)}";

    private static async Task<int> CountAsync(string folder) => (await BenchContext.ListAsync(folder)).Count;

    private Side? List(string folder) => context.Session(NothingAsync, ListScript(folder));

    private Side DockerList(string folder) => context.Engine(NothingAsync, () => CountAsync(folder));

    /// <summary>A new session for each run: the first Get-Image in it is measured, its start and Import-Module are not.</summary>
    private Side? FirstList(string folder) => context.Module is null
        ? null
        : new Side(
            "ImgsPS, first Get-Image in a new pwsh",
            NothingAsync,
            async () =>
            {
                await using var session = await context.StartSessionAsync();
                return await context.Meter.SessionAsync(session, ListScript(folder));
            });
}
