using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores;
using ImgsPS.Stores.Layout;
using static System.FormattableString;

namespace ImgsPS.Bench;

/// <summary>What all parts need: where things are, and our sides of the comparisons.</summary>
/// <param name="options">The options.</param>
/// <param name="root">The repository's folder.</param>
/// <param name="temporary">A folder with a short path.</param>
/// <param name="registry">The registry that all pull from.</param>
/// <param name="meter">What measures.</param>
/// <param name="pairs">What runs the comparisons.</param>
/// <param name="peers">The others.</param>
/// <param name="children">Who ends what is started.</param>
internal sealed class BenchContext(
    BenchOptions options,
    string root,
    string temporary,
    RegistryProcess registry,
    Meter meter,
    Pairs pairs,
    Peers peers,
    Children children) : IAsyncDisposable
{
    private readonly string _driver = Path.Combine(root, "tests", "ImgsPS.Driver", "bin", "Release", "net8.0", "ImgsPS.Driver");
    private PwshSession? _session;

    public BenchOptions Options => options;

    public RegistryProcess Registry => registry;

    public Meter Meter => meter;

    public Children Children => children;

    public Pairs Pairs => pairs;

    public Peers Peers => peers;

    /// <summary>The store that pulls go into.</summary>
    public string Ours { get; } = Path.Combine(options.Work, "ours");

    /// <summary>The built module's manifest; null when it, or pwsh, is not there.</summary>
    public string? Module { get; } = Peers.IsInstalled("pwsh") && Directory.Exists(Path.Combine(root, "output", "ImgsPS"))
        ? Directory.GetFiles(Path.Combine(root, "output", "ImgsPS"), "ImgsPS.psd1", SearchOption.AllDirectories).FirstOrDefault()
        : null;

    /// <summary>Which of our sides judges: a session of pwsh, or where there is none the engine alone.</summary>
    public string Judge => Module is null ? "engine" : "session";

    public static Task NothingAsync() => Task.CompletedTask;

    public static Task ClearAsync(string folder)
    {
        Delete(folder);
        return Task.CompletedTask;
    }

    /// <summary>
    /// Makes way for the next run without deleting what the last one wrote: ext4 without a journal searches among inodes that were deleted
    /// in the last half minute for each file that is made, and that would be in the figures of both sides. <see cref="DeleteAside"/>
    /// deletes after a part.
    /// </summary>
    public static Task PutAsideAsync(string folder)
    {
        if (Directory.Exists(folder))
        {
            var aside = Aside(Path.GetDirectoryName(folder)!);
            Directory.CreateDirectory(aside);
            Directory.Move(folder, Path.Combine(aside, Guid.NewGuid().ToString("N")));
        }

        return Task.CompletedTask;
    }

    /// <summary>Deletes what was put aside.</summary>
    /// <param name="work">The work folder.</param>
    public static void DeleteAside(string work) => Delete(Aside(work));

    private static void Delete(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Aside(string work) => Path.Combine(work, "aside");

    /// <summary>A text as a literal of PowerShell.</summary>
    public static string Literal(string text) => "'" + text.Replace("'", "''", StringComparison.Ordinal) + "'";

    public static async Task PullAsync(string folder, params string[] references)
    {
        using var store = ImageStores.Open(folder);
        foreach (var reference in references)
        {
            var request = new PullRequest(ImageReference.Parse(reference)) { Platform = Platform.Parse("linux/amd64") };
            await foreach (var image in store.ForPull().PullAsync(request, NullObserver.Instance, CancellationToken.None))
            {
                _ = image;
            }
        }
    }

    public static async Task<IReadOnlyList<Image>> ListAsync(string folder)
    {
        using var store = ImageStores.Open(folder);
        return await store.ListAsync(ListRequest.Default, NullObserver.Instance, CancellationToken.None);
    }

    /// <summary>A look at a store: it has so many images, or the run counts as failed.</summary>
    public static Func<Task> Holds(string folder, int count) => async () =>
    {
        var found = (await ListAsync(folder)).Count;
        if (found != count)
        {
            throw new InvalidOperationException($"there are {found} images in {folder} instead of {count}");
        }
    };

    public string At(string name) => $"{registry.Host}/{name}";

    /// <summary>The engine alone, in this process.</summary>
    public Side Engine(Func<Task> prepare, Func<Task> action, Func<Task>? check = null, bool memory = false) =>
        new("engine alone, warm", prepare, () => meter.HereAsync(action, memory), check);

    /// <summary>The cmdlets in the warm session of pwsh that all parts share; null when there is none.</summary>
    public Side? Session(Func<Task> prepare, string script, Func<Task>? check = null, bool memory = false) => Module is null
        ? null
        : new Side(
            "ImgsPS, warm pwsh session",
            async () =>
            {
                _session ??= await StartSessionAsync();
                await prepare();
            },
            async () =>
            {
                try
                {
                    return await meter.SessionAsync(_session!, script, memory);
                }
                catch (Exception e) when (e is IOException or InvalidOperationException)
                {
                    // The next side gets a new one.
                    await _session!.DisposeAsync();
                    _session = null;
                    throw;
                }
            },
            check);

    /// <summary>The script that pulls into <see cref="Ours"/>.</summary>
    public string PullScript(string name) =>
        $"$null = Invoke-ImagePull -Reference {Literal(At(name))} -Store {Literal(Ours)} -Platform linux/amd64";

    public Task<PwshSession> StartSessionAsync(string more = "", bool terminal = false) =>
        PwshSession.StartAsync(children, Path.Combine(root, "bench", "Session.ps1"), Module!, temporary, more, terminal);

    public Side Driver(Func<Task> prepare, string store, string command) =>
        peers.Process("ImgsPS.Driver, whole process", prepare, $"{Meter.Quote(_driver)} --store {Meter.Quote(store)} {command}");

    /// <summary>A new pwsh that runs a command; null without pwsh.</summary>
    public Side? Shell(string name, Func<Task> prepare, string command) =>
        Module is null ? null : peers.Process(name, prepare, ShellLine(command));

    public static string ShellLine(string command) => $"pwsh -NoProfile -NonInteractive -Command {Meter.Quote(command)}";

    /// <summary>Makes a store in a process of its own, so that this one stays small; one that is there is used as it is.</summary>
    public async Task<string> MakeStoreAsync(int count)
    {
        // Another version's catalog would not be read: such a store is made anew.
        var folder = Path.Combine(options.Work, Invariant($"store-{count}-catalog-{CatalogFile.Version}"));
        if (!Directory.Exists(folder))
        {
            var made = Meter.Quote(folder + ".new");
            var make = Invariant($"{Meter.Quote(Environment.ProcessPath!)} make-store {made} {count}");
            await meter.ProcessAsync($"rm -rf {made} && {make} && mv {made} {Meter.Quote(folder)}");
        }

        return folder;
    }

    public ValueTask DisposeAsync() => _session?.DisposeAsync() ?? ValueTask.CompletedTask;
}
