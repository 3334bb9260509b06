using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores;
using ImgsPS.Stores.Registry;
using static ImgsPS.Bench.BenchContext;

namespace ImgsPS.Bench;

/// <summary>A remote index's platforms, the start of the module, and what progress costs.</summary>
internal sealed class OtherParts(BenchContext context)
{
    public async Task PlatformsAsync()
    {
        const string What = "platforms of a 7-entry index";
        var name = context.At(ImageSets.Multi);
        var session = context.Session(
            NothingAsync,
            $"if (@(Get-ImageManifest {Literal(name)}).Count -ne {ImageSets.IndexEntries}) {{ throw 'the number of platforms is wrong' }}");
        var engine = context.Engine(NothingAsync, async () =>
        {
            var answer = await RegistryManifests.DescribeAsync(
                ImageReference.Parse(name), null, RegistryOptions.Default, NullObserver.Instance, CancellationToken.None);
            if (answer.Manifests.Count != ImageSets.IndexEntries)
            {
                throw new InvalidOperationException($"{name} has {answer.Manifests.Count} entries.");
            }
        });
        await context.Pairs.MeasureAsync("platforms.session-docker", What, session, context.Peers.DockerManifest(ImageSets.Multi), 5);
        await context.Pairs.MeasureAsync("platforms.engine-docker", What, engine, context.Peers.DockerManifest(ImageSets.Multi), 5);
    }

    public async Task ImportAsync()
    {
        if (context.Module is null)
        {
            await context.Pairs.NoteAsync("import", "Import-Module was not measured: there is no pwsh, or no module in output/ImgsPS.");
            return;
        }

        const string Type = "using System.Management.Automation; [Cmdlet(\"Get\", \"Nothing\")] public class C : PSCmdlet { }";
        var empty = Path.Combine(context.Options.Work, "Empty.dll");
        if (!File.Exists(empty))
        {
            await context.Meter.ProcessAsync(ShellLine($"Add-Type -TypeDefinition '{Type}' -OutputAssembly {Literal(empty)}"));
        }

        await context.Pairs.MeasureAsync(
            "import.shell-empty",
            "pwsh -NoProfile with Import-Module",
            context.Shell("ImgsPS", NothingAsync, $"Import-Module {Literal(context.Module)}"),
            context.Shell("an empty binary module", NothingAsync, $"Import-Module {Literal(empty)}"),
            2,
            context.Options.Pairs * 2);
    }

    /// <summary>
    /// Two sessions that have a terminal each, one of which shows progress; and one against itself with progress silenced.
    /// </summary>
    public async Task ProgressAsync()
    {
        if (context.Module is null || !Peers.IsInstalled("script") || !OperatingSystem.IsLinux())
        {
            await context.Pairs.NoteAsync(
                "progress", "Progress was not measured: it needs pwsh, the module in output/ImgsPS, and the command script of util-linux.");
            return;
        }

        const string What = "pull of the big image, progress";
        var pull = context.PullScript(ImageSets.Big(context.Options.LayerMiB));
        await using var showing = await context.StartSessionAsync(terminal: true);
        await using var silent = await context.StartSessionAsync("-NonInteractive", terminal: true);
        Side Of(string name, PwshSession session, string preference, bool shows)
        {
            async Task<Sample> RunAsync()
            {
                var before = session.Shown;
                var sample = await context.Meter.SessionAsync(session, $"$ProgressPreference = '{preference}'; {pull}");
                await Task.Delay(50);
                var shown = session.Shown - before;
                return (shown > 200) == shows
                    ? sample
                    : throw new InvalidOperationException($"{name}: {shown} bytes were written to the terminal");
            }

            return new Side(name, () => ClearAsync(context.Ours), RunAsync, Holds(context.Ours, 1));
        }

        var shown = Of("shown on a terminal", showing, "Continue", shows: true);
        var none = Of("not shown: pwsh -NonInteractive on a terminal", silent, "Continue", shows: false);
        var silenced = Of("the same session, $ProgressPreference SilentlyContinue", showing, "SilentlyContinue", shows: false);
        await context.Pairs.MeasureAsync("progress.shown-none", What, shown, none, 5, context.Options.Pairs * 3);
        await context.Pairs.MeasureAsync("progress.shown-silenced", What, shown, silenced, 1, context.Options.Pairs * 2);
    }
}
