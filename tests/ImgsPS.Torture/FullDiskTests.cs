using System;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using ImgsPS.Disk;
using ImgsPS.Stores.Layout;
using ImgsPS.Testing;
using Xunit;
using Xunit.Abstractions;

namespace ImgsPS.Torture;

/// <summary>
/// RS4: a disk that is full, really, wherever that hits. The error names path, needed and free bytes; the store is as it was; with room the
/// same pull works.
/// </summary>
public sealed class FullDiskTests(ITestOutputHelper output) : IDisposable
{
    private readonly TestRegistry _registry = TestRegistry.Start();

    public void Dispose() => _registry.Dispose();

    [SkippableFact]
    public async Task Pull_onto_a_disk_of_any_small_size_RS4()
    {
        var first = _registry.AddImage("team/app:1", new ImageSpec { Layers = [new LayerSpec(1, 100_000)] });
        var second = _registry.AddImage("team/app:2",
            new ImageSpec { Layers = [new LayerSpec(1, 100_000), .. Enumerable.Range(2, 6).Select(i => new LayerSpec(i, 200_000))] });
        var full = 0;
        var sizes = Enumerable.Range(1, 10).Select(i => i * 4).Concat(Enumerable.Range(1, 15).Select(i => 1024 + (i * 100)));
        foreach (var size in sizes)
        {
            using var disk = SmallDisk.Mount($"size={size}k");
            using var store = new TortureStore(disk.Path);
            var firstFits = await TryPullAsync(store, first);
            var secondFits = await TryPullAsync(store, second);
            full += (firstFits ? 0 : 1) + (secondFits ? 0 : 1);
            disk.Remount("size=64m");
            await store.PullAsync(first.Reference);
            await store.PullAsync(second.Reference);
            await store.AssertTidyAfterOptimizeAsync();
            Assert.Equal(2, store.Audit.Names.Count);
        }

        output.WriteLine($"full disk: {sizes.Count()} sizes, {full} pulls that did not fit, losses: 0");
        Assert.True(full > 10);
    }

    [SkippableFact]
    public async Task Pull_onto_a_disk_with_any_small_number_of_files_RS4()
    {
        var first = _registry.AddImage("team/app:1", new ImageSpec { Layers = [new LayerSpec(1)] });
        var second = _registry.AddImage("team/app:2", new ImageSpec { Layers = [new LayerSpec(1), new LayerSpec(2), new LayerSpec(3)] });
        var full = 0;
        for (var files = 2; files < 44; files += 3)
        {
            using var disk = SmallDisk.Mount($"size=64m,nr_inodes={files}");
            using var store = new TortureStore(disk.Path);
            full += await TryPullAsync(store, first) ? 0 : 1;
            full += await TryPullAsync(store, second) ? 0 : 1;
            disk.Remount("nr_inodes=10000");
            await store.PullAsync(first.Reference);
            await store.PullAsync(second.Reference);
            await store.AssertTidyAfterOptimizeAsync();
            Assert.Equal(2, store.Audit.Names.Count);
        }

        output.WriteLine($"disk without files to make: {full} pulls that did not fit, losses: 0");
        Assert.True(full > 5);
    }

    [SkippableTheory]
    [InlineData("ingest data of a layer", "/data")]
    [InlineData("ingest meta", "/meta.json")]
    [InlineData("lease", ".list")]
    [InlineData("index", "/index.json.tmp")]
    [InlineData("previous index", "/index.prev.json.tmp")]
    [InlineData("seal of the index", "/index.seal.tmp")]
    public async Task Disk_that_becomes_full_at_a_file_RS4(string what, string suffix)
    {
        using var disk = SmallDisk.Mount("size=16m");
        using var store = new TortureStore(disk.Path);
        var old = _registry.AddImage("team/app:1", new ImageSpec { Layers = [new LayerSpec(1, 100_000)] });
        await store.PullAsync(old.Reference);
        var moved = _registry.AddImage("team/app:1", new ImageSpec { Layers = [new LayerSpec(1, 100_000), new LayerSpec(2, 300_000)] });
        using (var files = new FillingFiles(disk.Path, path => path.EndsWith(suffix, StringComparison.Ordinal)))
        {
            var error = await Assert.ThrowsAsync<ImageException>(() => store.PullAsync(moved.Reference, files: files));
            AssertSaysFull(error, store.Root);
            Assert.True(files.Filled, what);
            AssertOnly(store, old);
        }

        Assert.Empty(Directory.GetFiles(store.Root, "*.tmp", SearchOption.AllDirectories));
        await store.AssertWholeAsync();
        AssertOnly(store, old);
        await store.PullAsync(moved.Reference);
        await store.AssertTidyAfterOptimizeAsync();
        AssertOnly(store, moved);
    }

    [SkippableFact]
    public async Task Disk_that_becomes_full_at_a_manifest_names_nothing_RS4()
    {
        using var disk = SmallDisk.Mount("size=16m");
        using var store = new TortureStore(disk.Path);
        var image = _registry.AddImage("team/app:1", new ImageSpec { Layers = [new LayerSpec(1, 100_000)] });
        var manifestIngest = new StorePaths(store.Root).IngestFolder(Digest.Parse(image.Digest));
        using (var files = new FillingFiles(disk.Path, path => path == Path.Combine(manifestIngest, "data")))
        {
            AssertSaysFull(await Assert.ThrowsAsync<ImageException>(() => store.PullAsync(image.Reference, files: files)), store.Root);
            Assert.True(files.Filled);
        }

        await store.AssertWholeAsync();
        Assert.Empty(store.Audit.Names);
        await store.PullAsync(image.Reference);
        await store.AssertTidyAfterOptimizeAsync();
        AssertOnly(store, image);
    }

    [SkippableFact]
    public async Task Disk_that_becomes_full_at_the_catalog_fails_nothing_RS4()
    {
        using var disk = SmallDisk.Mount("size=16m");
        using var store = new TortureStore(disk.Path);
        var image = _registry.AddImage("team/app:1", new ImageSpec { Layers = [new LayerSpec(1, 100_000)] });
        using (var files = new FillingFiles(disk.Path, path => path.EndsWith("catalog.json.tmp", StringComparison.Ordinal)))
        {
            Assert.Single(await store.PullAsync(image.Reference, files: files));
            Assert.True(files.Filled);
        }

        await store.AssertTidyAfterOptimizeAsync();
        AssertOnly(store, image);
    }

    [SkippableFact]
    public async Task Removal_from_a_disk_without_a_free_byte_RS4()
    {
        using var disk = SmallDisk.Mount("size=16m");
        using var store = new TortureStore(disk.Path);
        var image = _registry.AddImage("team/app:1", new ImageSpec { Layers = [new LayerSpec(1, 100_000)] });
        var other = _registry.AddImage("team/app:2", new ImageSpec { Layers = [new LayerSpec(2, 100_000)] });
        await store.PullAsync(image.Reference);
        await store.PullAsync(other.Reference);
        using (var files = new FillingFiles(disk.Path, _ => false))
        {
            files.Fill();
            AssertSaysFull(await Assert.ThrowsAsync<ImageException>(() => store.RemoveAsync(image.Reference)), store.Root);
            await store.AssertWholeAsync();
            Assert.Equal(2, store.Audit.Names.Count);
        }

        await store.RemoveAsync(image.Reference);
        await store.AssertTidyAfterOptimizeAsync();
        AssertOnly(store, other);
    }

    /// <summary>False when the disk was full, and said so, and the store is whole.</summary>
    private static async Task<bool> TryPullAsync(TortureStore store, BuiltImage image)
    {
        var before = store.Audit.Run().Names.ToList();
        try
        {
            await store.PullAsync(image.Reference);
            return true;
        }
        catch (ImageException e)
        {
            AssertSaysFull(e, store.Root);
            Assert.Empty(store.Audit.Run().Problems);
            Assert.Equal(before, store.Audit.Names);
            if (File.Exists(Path.Combine(store.Root, "oci-layout")))
            {
                await store.AssertWholeAsync();
            }
            else
            {
                // Not even made: an empty store, to which a test says what is missing.
                Assert.Empty(before);
                Assert.Empty(await store.ListAsync());
                Assert.All(
                    await store.TestAsync(),
                    f => Assert.Contains(f.Kind, new[] { ImageStoreFindingKind.Layout, ImageStoreFindingKind.Version,
                        ImageStoreFindingKind.Index, ImageStoreFindingKind.TemporaryFile }));
            }

            return false;
        }
    }

    private static void AssertSaysFull(ImageException error, string root)
    {
        Assert.Equal(ImageErrorKind.StoreUnavailable, error.Kind);
        Assert.Matches($"^write {root}(/[^ ]*)?: no space left on device \\(([0-9]+ bytes needed, )?[0-9]+ bytes free\\)$", error.Message);
        Assert.NotEmpty(error.Advice!);
    }

    private static void AssertOnly(TortureStore store, BuiltImage image)
    {
        var name = Assert.Single(store.Audit.Run().Names);
        Assert.Equal(image.Reference, name.Key);
        Assert.Equal(image.Digest, name.Value);
        Assert.Empty(store.Audit.Problems);
    }

    /// <summary>The real disk, which becomes full just before something is written to certain files. Disposing makes room again.</summary>
    private sealed class FillingFiles(string disk, Func<string, bool> when) : StoreFiles, IDisposable
    {
        private readonly string _ballast = Path.Combine(disk, "ballast");

        public bool Filled { get; private set; }

        public void Fill()
        {
            Filled = true;
            using var ballast = new FileStream(_ballast, FileMode.Append, FileAccess.Write, FileShare.Read, 1);
            foreach (var size in new[] { 1 << 16, 4096, 1 })
            {
                try
                {
                    while (true)
                    {
                        ballast.Write(new byte[size]);
                    }
                }
                catch (IOException)
                {
                    // Full for this size.
                }
            }
        }

        public void Dispose() => File.Delete(_ballast);

        protected override void WriteStep(StoreFile file, byte[] buffer, int offset, int count)
        {
            if (!Filled && when(Regex.Replace(file.Path, @"\.[0-9a-f]{32}\.tmp$", ".tmp")))
            {
                Fill();
            }

            base.WriteStep(file, buffer, offset, count);
        }
    }
}
