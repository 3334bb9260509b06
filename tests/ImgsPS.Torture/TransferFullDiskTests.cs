using System;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using ImgsPS.Stores;
using ImgsPS.Testing;
using Xunit;
using Xunit.Abstractions;

namespace ImgsPS.Torture;

/// <summary>
/// RS4, CP9, AR12: imports into, copies into and exports onto a disk that is full, really, wherever that hits. One error that says so, the
/// disk as it was, and with room the same command finishes.
/// </summary>
public sealed class TransferFullDiskTests : IDisposable
{
    private const string Name = "docker.io/team/app:1";

    private readonly ITestOutputHelper _output;
    private readonly TestRegistry _registry = TestRegistry.Start();
    private readonly BuiltImage _old;
    private readonly BuiltImage _new;

    public TransferFullDiskTests(ITestOutputHelper output)
    {
        _output = output;
        _old = _registry.AddImage("team/old:1", new ImageSpec { Layers = [new LayerSpec(1, 50_000)] });
        _new = _registry.AddImage("team/app:1", new ImageSpec
        {
            Layers = [new LayerSpec(1, 50_000), .. Enumerable.Range(2, 4).Select(i => new LayerSpec(i, 200_000))],
        });
    }

    public void Dispose() => _registry.Dispose();

    [SkippableTheory]
    [InlineData("docker archive")]
    [InlineData("layout")]
    [InlineData("gzip layers of a docker archive")]
    [InlineData("tree")]
    [InlineData("copy")]
    public async Task Import_or_copy_onto_a_disk_of_any_small_size_changes_no_name_RS4_AR12(string kind)
    {
        var full = 0;
        for (var size = 220; size < 2400; size += TortureSettings.Long ? 60 : 331)
        {
            using var disk = SmallDisk.Mount("size=16m");
            using var store = new TortureStore(disk.Path);
            await store.CopyAsync(TortureStore.Registry(_registry.Host), _old.Reference, Name);
            disk.Remount($"size={size}k");
            var before = store.Audit.Run().Names.ToList();
            try
            {
                await RunAsync(store, kind);
            }
            catch (ImageException e)
            {
                full++;
                AssertSaysFull(e, store.Root);
                await store.AssertWholeAsync();
                Assert.Equal(before, store.Audit.Names);

                // An import cannot be gone on with: what came of it is gone. A copy keeps what is whole, and parts.
                Assert.Empty(Directory.GetFiles(store.Root, "*.tmp", SearchOption.AllDirectories));
                if (kind != "copy")
                {
                    Assert.Empty(store.Audit.Orphans());
                    Assert.Empty(store.Audit.Leftovers());
                }
            }

            disk.Remount("size=16m");
            await RunAsync(store, kind);
            await store.AssertTidyAfterOptimizeAsync();
            Assert.Equal(kind == "tree" ? 2 : 1, store.Audit.Names.Count);
        }

        _output.WriteLine($"{kind}: {full} did not fit, losses: 0");
        Assert.True(full > 2, $"only {full} did not fit");
    }

    [SkippableTheory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public async Task Export_onto_a_disk_of_any_small_size_leaves_what_was_there_RS4_CP9(bool folder, bool compress)
    {
        using var store = new TortureStore();
        await store.PullAsync(_new.Reference);
        var full = 0;
        for (var size = 4; size < 1000; size += TortureSettings.Long ? 28 : 124)
        {
            using var disk = SmallDisk.Mount($"size={size}k");
            var path = Path.Combine(disk.Path, "x");
            if (!folder)
            {
                await File.WriteAllTextAsync(path, "what was there");
            }

            try
            {
                await store.ExportAsync(path, folder, compress, null, _new.Reference);
            }
            catch (ImageException e)
            {
                full++;
                AssertSaysFull(e, disk.Path);
                Assert.Equal(folder ? [] : ["x"], new DirectoryInfo(disk.Path).GetFileSystemInfos().Select(f => f.Name));
                Assert.True(folder || await File.ReadAllTextAsync(path) == "what was there");
            }

            disk.Remount("size=16m");
            if (folder && Directory.Exists(path))
            {
                Directory.Delete(path, recursive: true);
            }

            await store.ExportAsync(path, folder, compress, null, _new.Reference);
            using var copy = new TortureStore();
            if (folder)
            {
                Assert.Empty(new StoreAudit(path).Run().Problems);
            }
            else
            {
                Assert.Single(await copy.ImportAsync(await File.ReadAllBytesAsync(path)));
            }
        }

        Assert.True(full > 3, $"only {full} did not fit");
        await store.AssertWholeAsync();
    }

    private Task RunAsync(TortureStore store, string kind) => kind switch
    {
        "copy" => store.CopyAsync(TortureStore.Registry(_registry.Host), _new.Reference, Name),
        "docker archive" => store.ImportAsync(TestArchives.OfDocker(_new, Name)),
        "gzip layers of a docker archive" => store.ImportAsync(TestArchives.OfDocker(_new, Name), compress: true),
        "layout" => store.ImportAsync(TestArchives.OfLayout(_new, Name)),
        _ => store.ImportAsync(
            TestArchives.OfTree(1, 4, 200_000), tree: new RootFileSystem { Reference = ImageReference.Parse("team/tree:1") }),
    };

    private static void AssertSaysFull(ImageException error, string root)
    {
        Assert.Equal(ImageErrorKind.StoreUnavailable, error.Kind);
        Assert.Matches($"^write {root}(/[^ ]*)?: no space left on device \\(([0-9]+ bytes needed, )?[0-9]+ bytes free\\)$", error.Message);
        Assert.NotEmpty(error.Advice!);
    }
}
