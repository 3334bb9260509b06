using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Disk;
using ImgsPS.Stores;
using ImgsPS.Stores.Archive;
using ImgsPS.Stores.Layout;
using ImgsPS.Stores.Registry;

namespace ImgsPS.Driver;

/// <summary>Runs one command over the engine. An item that fails is told, and the others go on.</summary>
internal sealed class Commands
{
    private readonly CommandLine _line;
    private readonly TextWriter _output;
    private readonly ConsoleObserver _observer;

    public Commands(CommandLine line, TextWriter output, TextWriter error)
    {
        _line = line;
        _output = output;
        _observer = new ConsoleObserver(error, line.Has("--verbose"));
    }

    private ImageIdentity Named => ImageIdentity.Of(_line.Arguments[0]);

    /// <summary>False when an item failed, or a test found an error.</summary>
    /// <exception cref="ImageException">The command as a whole failed.</exception>
    /// <exception cref="UsageException">A fail point that there is not.</exception>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        using var store = OpenStore(_line.Value("--store"));
        await (_line.Command switch
        {
            "pull" => PullAsync(store, cancellationToken),
            "import" => ImportAsync(store, cancellationToken),
            "export" => ExportAsync(store, cancellationToken),
            "push" => CopyAsync(store, TransferPlace.OfReference(ImageReference.Parse(_line.Arguments[1])).Store, cancellationToken),
            "copy" => CopyAsync(store, _line.Value("--to"), cancellationToken),
            "list" => ListAsync(store, cancellationToken),
            "manifest" => ManifestAsync(store, cancellationToken),
            "config" => WriteAsync(store.GetConfigAsync(Named, null, _observer, cancellationToken), Lines.Of),
            "history" => WriteAllAsync(store.GetHistoryAsync(Named, null, _observer, cancellationToken), Lines.Of),
            "layers" => WriteAllAsync(store.GetLayersAsync(Named, null, _observer, cancellationToken), Lines.Of),
            "tag" => TagAsync(store, cancellationToken),
            "remove" => RemoveAsync(store, cancellationToken),
            "store" => WriteAsync(store.GetInfoAsync(_observer, cancellationToken), Lines.Of),
            "test" => TestAsync(store, cancellationToken),
            "repair" => RepairAsync(store, cancellationToken),
            "optimize" => OptimizeAsync(store, cancellationToken),
            _ => throw new UsageException($"there is no command {_line.Command}"),
        });
        return _observer.Errors == 0;
    }

    private Task PullAsync(IImageStore store, CancellationToken cancellationToken) => ForEachAsync(_line.Arguments, async name =>
    {
        var request = new PullRequest(ImageReference.Parse(name))
        {
            Platform = _line.Value("--platform") is { } text ? Platform.Parse(text) : null,
            AllPlatforms = _line.Has("--all-platforms"),
        };
        await foreach (var image in store.ForPull().PullAsync(request, _observer, cancellationToken))
        {
            await _output.WriteLineAsync(Lines.Of(image));
        }
    });

    private Task ImportAsync(IImageStore store, CancellationToken cancellationToken)
    {
        var path = _line.Arguments[0];
        var name = _line.Value("--repository") is { } text ? ImageReference.Parse(text) : null;
        var input = path == "-" ? new ImportInput("-") { Open = Console.OpenStandardInput }
            : Directory.Exists(path) ? new ImportInput(path) { Folder = Path.GetFullPath(path) }
            : new ImportInput(path) { Open = () => File.OpenRead(path) };
        var isTree = _line.Has("--root-file-system");
        var request = new ImportRequest(input)
        {
            Compress = _line.Has("--compress"),
            Repository = isTree ? null : name,
            RootFileSystem = isTree ? new RootFileSystem { Reference = name?.WithDefaultTag() } : null,
        };
        return WriteAllAsync(store.ForImport().ImportAsync(request, _observer, cancellationToken), Lines.Of);
    }

    private async Task ExportAsync(IImageStore store, CancellationToken cancellationToken)
    {
        var images = new PlainImageRows(await store.ListAsync(new ListRequest { All = true }, _observer, cancellationToken));
        var selection = new ExportSelection();
        foreach (var name in _line.Arguments.Skip(1))
        {
            selection.Add(store.ForSource(), images, ImageIdentity.Of(name));
        }

        var had = _line.Value("--except") is { } except ? ImageLookup.MatchIn(images, ImageIdentity.Of(except)).Images : [];
        var plan = await ArchivePlanner.RunAsync(
            selection.Open(_observer), new ExportRequest { Except = had.Select(HadImages.Of).OfType<HadImage>().ToList() }, _observer,
            cancellationToken);
        using var target = new ExportTarget(Path.GetFullPath(_line.Arguments[0]), _line.Has("--folder"), FailPointFiles.FromEnvironment());
        await (_line.Has("--folder")
            ? ImageExport.ToFolderAsync(plan, target, _observer, cancellationToken)
            : ImageExport.ToFileAsync(plan, target, _line.Has("--gzip"), _observer, cancellationToken));
    }

    private async Task CopyAsync(IImageStore store, string? to, CancellationToken cancellationToken)
    {
        using var target = OpenStore(to ?? throw new UsageException("copy needs --to"));
        var request = new TransferRequest(Named, ImageReference.Parse(_line.Arguments[1])) { IsPush = _line.Command == "push" };
        await WriteAsync(ImageTransfers.RunAsync(store, target, request, _observer, cancellationToken), Lines.Of);
    }

    private async Task ListAsync(IImageStore store, CancellationToken cancellationToken) => Write(
        await store.ListAsync(new ListRequest { All = _line.Has("--all") }, _observer, cancellationToken), Lines.Of);

    private async Task ManifestAsync(IImageStore store, CancellationToken cancellationToken)
    {
        var answer = await store.GetManifestAsync(Named, null, RegistryOptions.Default, _observer, cancellationToken);
        if (_line.Has("--raw"))
        {
            await _output.WriteAsync(answer.Raw);
        }
        else
        {
            Write(answer.Manifests, Lines.Of);
        }
    }

    private Task TagAsync(IImageStore store, CancellationToken cancellationToken) => ForEachAsync(_line.Arguments.Skip(1), async name =>
        await WriteAllAsync(
            store.ForTagging().TagAsync(new TagRequest(Named, ImageReference.Parse(name)), _observer, cancellationToken), Lines.Of));

    private Task RemoveAsync(IImageStore store, CancellationToken cancellationToken) => ForEachAsync(_line.Arguments, async name =>
    {
        var request = new RemovalRequest(ImageIdentity.Of(name)) { NoPrune = _line.Has("--no-prune") };
        await WriteAsync(store.RemoveAsync(request, _observer, cancellationToken), Lines.Of);
    });

    private async Task TestAsync(IImageStore store, CancellationToken cancellationToken)
    {
        var request = new StoreTestRequest { Full = _line.Has("--full") };
        await foreach (var finding in store.ForRepair().TestAsync(request, _observer, cancellationToken))
        {
            await _output.WriteLineAsync(Lines.Of(finding));
            if (finding.Severity == ImageStoreFindingSeverity.Error)
            {
                _observer.Count();
            }
        }
    }

    private async Task RepairAsync(IImageStore store, CancellationToken cancellationToken)
    {
        var request = new StoreRepairRequest { Full = _line.Has("--full"), Refetch = _line.Has("--refetch") };
        await foreach (var finding in store.ForRepair().RepairAsync(request, _observer, cancellationToken))
        {
            await _output.WriteLineAsync(Lines.Of(finding));
        }
    }

    private Task OptimizeAsync(IImageStore store, CancellationToken cancellationToken)
    {
        var request = new StoreOptimizeRequest
        {
            Grace = TimeSpan.FromSeconds(_line.Number("--grace-seconds", (int)StoreOptimizeRequest.DefaultGrace.TotalSeconds)),
            IncludeQuarantine = _line.Has("--include-quarantine"),
            DryRun = _line.Has("--dry-run"),
        };
        return WriteAsync(store.ForOptimization().OptimizeAsync(request, _observer, cancellationToken), Lines.Of);
    }

    private async Task ForEachAsync(IEnumerable<string> names, Func<string, Task> action)
    {
        foreach (var name in names)
        {
            try
            {
                await action(name);
            }
            catch (ImageException e)
            {
                _observer.Error(e, name);
            }
        }
    }

    private async Task WriteAsync<T>(Task<T> item, Func<T, string> line) => Write([await item], line);

    private async Task WriteAllAsync<T>(Task<IReadOnlyList<T>> items, Func<T, string> line) => Write(await items, line);

    private void Write<T>(IEnumerable<T> items, Func<T, string> line)
    {
        foreach (var item in items)
        {
            _output.WriteLine(line(item));
        }
    }

    /// <exception cref="UsageException">A fail point that there is not.</exception>
    private static IImageStore OpenStore(string? name)
    {
        var store = ImageStores.Open(name);
        return FailPointFiles.FromEnvironment() is { } files && store is LayoutStore
            ? new LayoutStore(store.Name == ImageStores.Local ? ImageStores.DefaultPath : store.Name, store.Name, files)
            : store;
    }
}
