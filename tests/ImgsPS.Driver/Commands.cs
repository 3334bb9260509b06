using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Registry;
using ImgsPS.Store;
using ImgsPS.Store.Layout;

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
        _observer = new ConsoleObserver(error, line.Has("--verbose"), line.Has("--debug"));
    }

    private RegistryOptions Registry => new() { PlainHttp = _line.Has("--plain-http") };

    private Platform? Platform => _line.Value("--platform") is { } text ? Platform.Parse(text) : null;

    private ImageReference Reference => ImageReference.Parse(_line.Arguments[0]);

    private ImageIdentity Listed => ImageIdentity.Of(_line.Arguments[0]);

    /// <summary>False when an item failed.</summary>
    /// <exception cref="ImageException">The command as a whole failed.</exception>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        switch (_line.Command)
        {
            case "pull":
                await PullAsync(cancellationToken);
                break;
            case "list":
                await ListAsync(cancellationToken);
                break;
            case "manifest":
                await ManifestAsync(cancellationToken);
                break;
            case "config" when _line.Has("--remote"):
                Show(await ImageReader.GetConfigAsync(Reference, Platform, Registry, _observer, cancellationToken));
                break;
            case "config":
                using (var store = OpenStore())
                {
                    Show(await store.GetConfigAsync(Listed, Platform, _observer, cancellationToken));
                }

                break;
            case "history" when _line.Has("--remote"):
                Show(await ImageReader.GetHistoryAsync(Reference, Platform, Registry, _observer, cancellationToken), Views.History);
                break;
            case "history":
                using (var store = OpenStore())
                {
                    Show(await store.GetHistoryAsync(Listed, Platform, _observer, cancellationToken), Views.History);
                }

                break;
            case "layers" when _line.Has("--remote"):
                Show(await ImageReader.GetLayersAsync(Reference, Platform, Registry, _observer, cancellationToken), Views.Layers);
                break;
            case "layers":
                using (var store = OpenStore())
                {
                    Show(await store.GetLayersAsync(Listed, Platform, _observer, cancellationToken), Views.Layers);
                }

                break;
            case "tag":
                await TagAsync(cancellationToken);
                break;
            case "remove":
                await RemoveAsync(cancellationToken);
                break;
            case "find":
                await FindAsync(cancellationToken);
                break;
            case "store":
                using (var store = OpenStore())
                {
                    Show([await store.GetInfoAsync(_observer, cancellationToken)], Views.Stores);
                }

                break;
            case "test":
                return await TestAsync(cancellationToken);
            case "repair":
                await RepairAsync(cancellationToken);
                break;
            case "optimize":
                await OptimizeAsync(cancellationToken);
                break;
            default:
                throw new UsageException($"there is no command {_line.Command}");
        }

        return _observer.Errors == 0;
    }

    private async Task PullAsync(CancellationToken cancellationToken)
    {
        using var store = OpenStore();
        var pulled = new List<Image>();
        await ForEachAsync(async name =>
        {
            var request = new PullRequest(ImageReference.Parse(name))
            {
                Platform = Platform,
                AllPlatforms = _line.Has("--all-platforms"),
                AllTags = _line.Has("--all-tags"),
                Registry = Registry,
            };
            await foreach (var image in store.PullAsync(request, _observer, cancellationToken))
            {
                pulled.Add(image);
            }
        });
        Show(pulled, Views.Images);
    }

    private async Task ListAsync(CancellationToken cancellationToken)
    {
        using var store = OpenStore();
        var images = await store.ListAsync(
            new ListRequest { Filter = ImageFilter.Parse(_line.Values("--filter")), All = _line.Has("--all") }, _observer,
            cancellationToken);
        if (_line.Arguments.Count == 0)
        {
            Show(images, Views.Images);
            return;
        }

        var named = new List<Image>();
        await ForEachAsync(name =>
        {
            named.AddRange(ImageLookup.ListIn(new PlainImageRows(images), ImageIdentity.Of(name)));
            return Task.CompletedTask;
        });
        Show(named, Views.Images);
    }

    private async Task ManifestAsync(CancellationToken cancellationToken)
    {
        // As the cmdlet: the registry is asked, unless a store is named.
        ManifestAnswer answer;
        if (_line.Has("--store"))
        {
            using var store = OpenStore();
            answer = await store.GetManifestAsync(
                ImageIdentity.Of(_line.Arguments[0]), Platform, Registry, _observer, cancellationToken);
        }
        else
        {
            var reference = ImageReference.Parse(_line.Arguments[0]);
            answer = await ManifestReader.FromRegistryAsync(reference, Platform, Registry, _observer, cancellationToken);
        }

        if (_line.Has("--raw"))
        {
            await _output.WriteAsync(answer.Raw);
        }
        else
        {
            Show(answer.Manifests, Views.Manifests);
        }
    }

    private async Task TagAsync(CancellationToken cancellationToken)
    {
        using var store = OpenStore();
        var tagged = new List<Image>();
        await ForEachAsync(_line.Arguments.Skip(1), async name =>
        {
            var request = new TagRequest(Listed, ImageReference.Parse(name)) { Force = _line.Has("--force") };
            tagged.Add(await store.TagAsync(request, _observer, cancellationToken));
        });
        Show(tagged, Views.Images);
    }

    private async Task RemoveAsync(CancellationToken cancellationToken)
    {
        using var store = OpenStore();
        await ForEachAsync(async name =>
        {
            var request = new RemovalRequest(ImageIdentity.Of(name)) { Force = _line.Has("--force"), NoPrune = _line.Has("--no-prune") };
            var removal = await store.RemoveAsync(request, _observer, cancellationToken);
            if (_line.Has("--json"))
            {
                ObjectJson.Write(_output, removal);
            }
            else
            {
                Views.Write(_output, removal);
            }
        });
    }

    private async Task FindAsync(CancellationToken cancellationToken)
    {
        var request = new SearchRequest(_line.Arguments[0])
        {
            Registry = _line.Value("--registry"),
            Limit = _line.Number("--limit", 25),
            Official = _line.Has("--official"),
            MinimumStars = _line.Number("--minimum-stars", 0),
            Options = Registry,
        };
        Show(await ImageSearch.FindAsync(request, _observer, cancellationToken), Views.SearchResults);
    }

    /// <summary>False when an error was found. With --quiet that is all it writes: True or False, as the cmdlet.</summary>
    private async Task<bool> TestAsync(CancellationToken cancellationToken)
    {
        using var store = OpenStore();
        var findings = await ReadAsync(store.TestAsync(new StoreTestRequest { Full = _line.Has("--full") }, _observer, cancellationToken));
        var healthy = findings.All(f => f.Severity != ImageStoreFindingSeverity.Error);
        if (_line.Has("--quiet"))
        {
            await _output.WriteLineAsync(healthy.ToString());
        }
        else
        {
            Show(findings, Views.Findings);
        }

        return healthy;
    }

    private async Task RepairAsync(CancellationToken cancellationToken)
    {
        using var store = OpenStore();
        var request = new StoreRepairRequest { Full = _line.Has("--full"), Refetch = _line.Has("--refetch"), Registry = Registry };
        Show(await ReadAsync(store.RepairAsync(request, _observer, cancellationToken)), Views.Findings);
    }

    private async Task OptimizeAsync(CancellationToken cancellationToken)
    {
        using var store = OpenStore();
        var request = new StoreOptimizeRequest
        {
            Grace = TimeSpan.FromSeconds(_line.Number("--grace-seconds", (int)StoreOptimizeRequest.DefaultGrace.TotalSeconds)),
            IncludeQuarantine = _line.Has("--include-quarantine"),
            DryRun = _line.Has("--dry-run"),
        };
        Show([await store.OptimizeAsync(request, _observer, cancellationToken)], Views.Optimizations);
    }

    private static async Task<List<ImageStoreFinding>> ReadAsync(IAsyncEnumerable<ImageStoreFinding> findings)
    {
        var read = new List<ImageStoreFinding>();
        await foreach (var finding in findings)
        {
            read.Add(finding);
        }

        return read;
    }

    private Task ForEachAsync(Func<string, Task> action) => ForEachAsync(_line.Arguments, action);

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

    private void Show<T>(IReadOnlyList<T> items, Table<T> table)
        where T : class
    {
        if (_line.Has("--json"))
        {
            foreach (var item in items)
            {
                ObjectJson.Write(_output, item);
            }
        }
        else
        {
            table.Write(_output, items);
        }
    }

    private void Show(ImageConfig config)
    {
        if (_line.Has("--json"))
        {
            ObjectJson.Write(_output, config);
        }
        else
        {
            Views.Write(_output, config);
        }
    }

    /// <exception cref="UsageException">A fail point that there is not, or one for a store that is no folder.</exception>
    private IImageStore OpenStore()
    {
        var store = ImageStores.Open(_line.Value("--store"));
        return FailPointFiles.FromEnvironment() is not { } files ? store
            : store is LayoutStore
                ? new LayoutStore(store.Name == ImageStores.Local ? ImageStores.DefaultPath : store.Name, store.Name, files)
            : throw new UsageException($"{FailPointFiles.Variable} is for a store in a folder");
    }
}
