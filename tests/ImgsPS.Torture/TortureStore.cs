using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Disk;
using ImgsPS.Engine.Tests;
using ImgsPS.Stores;
using ImgsPS.Stores.Archive;
using ImgsPS.Stores.Layout;
using ImgsPS.Stores.Registry;
using Xunit;

namespace ImgsPS.Torture;

/// <summary>A store in a folder of its own, used from this process and from drivers. The folder goes when it is disposed.</summary>
internal sealed class TortureStore : IDisposable
{
    private readonly string? _temporary;

    /// <param name="folder">Where the store is made; null for a folder of its own.</param>
    public TortureStore(string? folder = null)
    {
        _temporary = folder is null ? Directory.CreateTempSubdirectory("imgsps-torture-").FullName : null;
        Root = Path.Combine(folder ?? _temporary!, "store");
        Audit = new StoreAudit(Root);
    }

    public string Root { get; }

    public StoreAudit Audit { get; }

    public RecordingObserver Observer { get; } = new();

    public DriverRun Drive(params string[] arguments) => DriverRun.Start(Root, arguments);

    /// <summary>Runs a driver to its end, which must be a good one.</summary>
    public async Task<DriverResult> RunAsync(params string[] arguments)
    {
        using var driver = Drive(arguments);
        var result = await driver.WaitAsync();
        Assert.True(result.ExitCode == 0, string.Join(' ', arguments) + ": " + result);
        return result;
    }

    /// <summary>Runs a driver that ends itself at a fail point.</summary>
    public async Task KillAtAsync(string failPoint, params string[] arguments)
    {
        using var driver = DriverRun.Start(Root, arguments, failPoint);
        var result = await driver.WaitAsync();
        Assert.True(result.Error.StartsWith("fail point " + failPoint, StringComparison.Ordinal), $"{failPoint} was not reached: {result}");
        Assert.NotEqual(0, result.ExitCode);
    }

    // Stores of other users are what some of these tests are about, and root looks after them.
    public LayoutStore Open(StoreFiles? files = null) => new(Root, null, files, StoreAccess.Full with { AllowShared = true });

    /// <summary>Pulls in this process.</summary>
    public async Task<IReadOnlyList<Image>> PullAsync(string reference, bool allPlatforms = false, StoreFiles? files = null)
    {
        using var store = Open(files);
        var images = new List<Image>();
        var request = new PullRequest(ImageReference.Parse(reference)) { AllPlatforms = allPlatforms };
        await foreach (var image in store.PullAsync(request, Observer, CancellationToken.None))
        {
            images.Add(image);
        }

        return images;
    }

    /// <summary>Imports an archive in this process.</summary>
    public Task<IReadOnlyList<Image>> ImportAsync(
        byte[] archive, StoreFiles? files = null, RootFileSystem? tree = null, bool compress = false) =>
        ImportAsync(new MemoryStream(archive), files, tree, compress);

    /// <summary>Imports what comes out of a stream in this process.</summary>
    public async Task<IReadOnlyList<Image>> ImportAsync(
        Stream archive, StoreFiles? files = null, RootFileSystem? tree = null, bool compress = false)
    {
        using var store = Open(files);
        var request = new ImportRequest(new ImportInput("test") { Open = () => archive }) { RootFileSystem = tree, Compress = compress };
        return await store.ImportAsync(request, Observer, CancellationToken.None);
    }

    /// <summary>Copies an image out of another store into this one in this process.</summary>
    public async Task CopyAsync(IImageStore from, string image, string name, StoreFiles? files = null)
    {
        using var store = Open(files);
        var request = new TransferRequest(ImageIdentity.Of(image), ImageReference.Parse(name));
        await ImageTransfers.RunAsync(from, store, request, Observer, CancellationToken.None);
    }

    /// <summary>A registry as a store.</summary>
    public static IImageStore Registry(string host) => ImageStores.Open(
        "registry://" + host, StoreAccess.ReadOnly, registry: RegistryOptions.Default with { Timeout = TimeSpan.FromSeconds(20) });

    /// <summary>Exports images in this process.</summary>
    public async Task ExportAsync(string path, bool folder, bool compress, StoreFiles? files, params string[] images)
    {
        using var store = Open();
        var rows = new PlainImageRows(await ListAsync());
        var selection = new ExportSelection();
        Array.ForEach(images, i => selection.Add(store, rows, ImageIdentity.Of(i)));
        var plan = await ArchivePlanner.RunAsync(selection.Open(Observer), new ExportRequest(), Observer, CancellationToken.None);
        using var target = new ExportTarget(path, folder, files);
        await (folder
            ? ImageExport.ToFolderAsync(plan, target, Observer, CancellationToken.None)
            : ImageExport.ToFileAsync(plan, target, compress, Observer, CancellationToken.None));
    }

    public async Task<IReadOnlyList<Image>> ListAsync()
    {
        using var store = Open();
        return await store.ListAsync(new ListRequest { All = true }, Observer, CancellationToken.None);
    }

    public async Task<ImageRemoval> RemoveAsync(string image, bool force = false)
    {
        using var store = Open();
        return await store.RemoveAsync(new RemovalRequest(ImageIdentity.Of(image)) { Force = force }, Observer, CancellationToken.None);
    }

    public async Task<IReadOnlyList<ImageStoreFinding>> TestAsync(bool full = true)
    {
        using var store = Open();
        var findings = new List<ImageStoreFinding>();
        await foreach (var finding in store.TestAsync(new StoreTestRequest { Full = full }, Observer, CancellationToken.None))
        {
            findings.Add(finding);
        }

        return findings;
    }

    public async Task<ImageStoreOptimization> OptimizeAsync(TimeSpan grace)
    {
        using var store = Open();
        return await store.OptimizeAsync(new StoreOptimizeRequest { Grace = grace }, Observer, CancellationToken.None);
    }

    /// <summary>
    /// The invariant: every name resolves to a whole verified image, no wrong bytes are under <c>blobs/</c>, nothing was taken for damaged,
    /// and the engine's own list and test agree.
    /// </summary>
    public async Task AssertWholeAsync(bool full = true)
    {
        var audit = Audit.Run(full);
        Assert.True(audit.Problems.Count == 0, string.Join('\n', audit.Problems));
        Assert.Empty(audit.Quarantine());
        var images = await ListAsync();

        // A name of several platforms is several images (FF2).
        Assert.Equal(
            audit.Names.Keys.Order(StringComparer.Ordinal),
            images.Where(i => !i.Dangling).Select(i => ImageReference.Parse(i.Reference!).ToString()).Distinct().Order(StringComparer.Ordinal));
        Assert.Equal(audit.Roots.Distinct().Order(StringComparer.Ordinal), images.Select(i => i.Digest!).Distinct()
            .Order(StringComparer.Ordinal));
        var bad = (await TestAsync(full)).Where(f => f.Severity != ImageStoreFindingSeverity.Information).ToList();
        Assert.True(bad.Count == 0, string.Join('\n', bad.Select(f => $"{f.Kind}: {f.Message}")));
        Assert.Empty(Observer.Warnings);
    }

    /// <summary>Collects twice without a grace; then nothing is left that is not needed.</summary>
    public async Task AssertTidyAfterOptimizeAsync()
    {
        await OptimizeAsync(TimeSpan.Zero);
        var second = await OptimizeAsync(TimeSpan.Zero);
        Assert.Equal(0, second.BytesFreed);
        Assert.Equal(0, second.Blobs + second.Downloads + second.Leftovers + second.Quarantined);
        await AssertWholeAsync();
        Assert.Empty(Audit.Leftovers());
        Assert.Empty(Audit.Orphans());
        Assert.Empty(await TestAsync());
    }

    public void Dispose()
    {
        if (_temporary is not null)
        {
            Directory.Delete(_temporary, recursive: true);
        }
    }
}
