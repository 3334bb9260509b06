using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Disk;
using ImgsPS.Stores;
using ImgsPS.Testing;
using Xunit;
using Xunit.Abstractions;

namespace ImgsPS.Torture;

/// <summary>
/// RS2, RS3, AR12, CP9: an import, a copy and an export whose process is gone between two durable steps, and whose disk fails each step of
/// theirs once. The store is what it was or whole, the error is one, and the next try finishes.
/// </summary>
public sealed class TransferFaultTests : IDisposable
{
    private const string Name = "docker.io/team/app:1";

    private static readonly string[] s_points =
    [
        "after-ingest-create", "mid-write", "before-flush", "before-rename", "after-rename", "mid-write:3", "before-rename:2",
        "after-rename:3", "before-index-temp", "after-index-temp", "after-index-move",
    ];

    private readonly ITestOutputHelper _output;
    private readonly TestRegistry _registry = TestRegistry.Start();
    private readonly TortureStore _store = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("imgsps-faults-");
    private readonly BuiltImage _old;
    private readonly BuiltImage _new;

    public TransferFaultTests(ITestOutputHelper output)
    {
        _output = output;
        _old = _registry.AddImage("team/old:1", Spec(1, 2));
        _new = _registry.AddImage("team/new:1", Spec(1, 3, 4));
    }

    public static TheoryData<string, string> KillPoints
    {
        get
        {
            var rows = new TheoryData<string, string>();
            foreach (var point in s_points)
            {
                rows.Add("docker archive", point);
            }

            // Their steps are the same from the blobs on: in the short run those where they differ.
            foreach (var point in TortureSettings.Long ? s_points : ["mid-write:3", "before-rename:2", "after-index-temp"])
            {
                rows.Add("layout", point);
                rows.Add("copy", point);
            }

            // A tree has three blobs.
            foreach (var point in s_points.Where(p => TortureSettings.Long || p is "mid-write" or "before-rename:2" or "after-index-move"))
            {
                rows.Add("tree", point);
            }

            return rows;
        }
    }

    public void Dispose()
    {
        _registry.Dispose();
        _store.Dispose();
        _folder.Delete(recursive: true);
    }

    [Theory]
    [MemberData(nameof(KillPoints))]
    public async Task Killed_import_or_copy_leaves_the_names_as_they_were_or_whole_RS2_AR12(string kind, string point)
    {
        // The name means another image before, and moves; a tree gets a new one.
        await _store.CopyAsync(TortureStore.Registry(_registry.Host), _old.Reference, Name);
        var before = _store.Audit.Run().Names.ToList();
        var (store, arguments) = Command(kind);
        using (var driver = DriverRun.Start(store, arguments, point))
        {
            var result = await driver.WaitAsync();
            Assert.StartsWith("fail point " + point, result.Error, StringComparison.Ordinal);
        }

        await _store.AssertWholeAsync();
        if (point == "after-index-move")
        {
            Assert.NotEqual(before, _store.Audit.Names);
        }
        else
        {
            Assert.Equal(before, _store.Audit.Names);
        }

        // An optimization with its grace leaves what the next try goes on with, and that finishes; then nothing is left over.
        await _store.OptimizeAsync(TimeSpan.FromHours(1));
        using (var driver = DriverRun.Start(store, arguments))
        {
            var result = await driver.WaitAsync();
            Assert.True(result.ExitCode == 0, result.ToString());
        }

        await AssertDoneAsync(kind);
    }

    [Theory]
    [InlineData("docker archive")]
    [InlineData("layout")]
    [InlineData("tree")]
    [InlineData("copy")]
    public async Task Disk_that_fails_any_step_once_is_one_error_and_the_next_try_finishes_RS3_AR12(string kind)
    {
        var failed = 0;
        for (var step = 1 + (TortureSettings.Seed % TortureSettings.Stride); ; step += TortureSettings.Stride)
        {
            using var store = new TortureStore();
            await store.CopyAsync(TortureStore.Registry(_registry.Host), _old.Reference, Name);
            var before = store.Audit.Run().Names.ToList();
            var files = new FailingFiles(step);
            ImageException? error = null;
            try
            {
                await RunAsync(store, kind, files);
            }
            catch (ImageException e)
            {
                error = e;
            }

            if (files.Failed is null)
            {
                Assert.Null(error);
                break;
            }

            failed++;
            try
            {
                await store.AssertWholeAsync();
                if (error is not null)
                {
                    Assert.Equal(ImageErrorKind.StoreUnavailable, error.Kind);
                    Assert.NotEmpty(error.Advice!);
                    Assert.True(
                        store.Audit.Names.SequenceEqual(before) || files.Failed.StartsWith("sync", StringComparison.Ordinal),
                        "the names have changed");
                }

                await RunAsync(store, kind, null);
                await store.AssertTidyAfterOptimizeAsync();
                Assert.Equal(kind == "tree" ? 2 : 1, store.Audit.Names.Count);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"{kind}, step {step}, {files.Failed}: {error?.Message}: {e.Message}", e);
            }
        }

        _output.WriteLine($"{kind}: {failed} steps failed, losses: 0");
        Assert.True(failed > 3, $"only {failed} steps");
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public async Task Disk_that_fails_any_step_of_an_export_leaves_what_was_there_and_nothing_else_CP9(bool folder, bool compress)
    {
        await _store.PullAsync(_new.Reference);
        var failed = 0;
        var path = Path.Combine(_folder.FullName, "x");
        for (var step = 1; ; step++)
        {
            if (!folder)
            {
                File.WriteAllText(path, "what was there");
            }

            var files = new FailingFiles(step);
            ImageException? error = null;
            try
            {
                await _store.ExportAsync(path, folder, compress, files, _new.Reference);
            }
            catch (ImageException e)
            {
                error = e;
            }

            if (files.Failed is null)
            {
                Assert.Null(error);
                break;
            }

            failed++;
            Assert.True(error is { Kind: ImageErrorKind.StoreUnavailable }, $"step {step}, {files.Failed}: {error}");
            if (files.Failed == "sync " + _folder.FullName)
            {
                // It has its name by then, and only a power loss could take it.
                Assert.True(Path.Exists(path));
                if (folder)
                {
                    Directory.Delete(path, recursive: true);
                }

                continue;
            }

            Assert.True(folder ? !Directory.Exists(path) : File.ReadAllText(path) == "what was there", $"step {step}, {files.Failed}");
            Assert.Equal(folder ? [] : ["x"], _folder.GetFileSystemInfos().Select(f => f.Name));
        }

        Assert.True(failed > 3, $"only {failed} steps");
        if (folder)
        {
            Assert.Empty(new StoreAudit(path).Run().Problems);
        }
        else
        {
            using var copy = new TortureStore();
            Assert.Single(await copy.ImportAsync(File.ReadAllBytes(path)));
        }
    }

    private static ImageSpec Spec(params int[] layers) =>
        new() { Layers = layers.Select(l => new LayerSpec(l, 80_000)).ToList(), Author = string.Join('+', layers) };

    private byte[] Archive(string kind) => kind switch
    {
        "docker archive" => TestArchives.OfDocker(_new, Name),
        "layout" => TestArchives.OfLayout(_new, Name),
        _ => TestArchives.OfTree(1, 2, 90_000),
    };

    private (string Store, string[] Arguments) Command(string kind)
    {
        if (kind == "copy")
        {
            return ("registry://" + _registry.Host, ["copy", _new.Reference, Name, "--to", _store.Root]);
        }

        var file = Path.Combine(_folder.FullName, "import.tar");
        File.WriteAllBytes(file, Archive(kind));
        return (_store.Root, kind == "tree" ? ["import", file, "--root-file-system", "--repository", "team/tree:1"] : ["import", file]);
    }

    private Task RunAsync(TortureStore store, string kind, StoreFiles? files) => kind == "copy"
        ? store.CopyAsync(TortureStore.Registry(_registry.Host), _new.Reference, Name, files)
        : store.ImportAsync(
            Archive(kind), files, kind == "tree" ? new RootFileSystem { Reference = ImageReference.Parse("team/tree:1") } : null);

    private async Task AssertDoneAsync(string kind)
    {
        await _store.AssertTidyAfterOptimizeAsync();
        var images = await _store.ListAsync();
        if (kind == "tree")
        {
            // A killed one that had its name already is dangling after the second, which is another image.
            Assert.Equal(2, _store.Audit.Names.Count);
        }
        else
        {
            Assert.Equal(Name, Assert.Single(_store.Audit.Names).Key);
            Assert.Equal(_new.Config.Digest, Assert.Single(images, i => !i.Dangling).Id);
        }
    }

    /// <summary>The real disk, of which one step fails as a broken one does.</summary>
    private sealed class FailingFiles(int step) : StoreFiles
    {
        private int _left = step;

        /// <summary>What failed; null when there were fewer steps.</summary>
        public string? Failed { get; private set; }

        protected override StoreFile CreateStep(string path) => Step("create", path, () => base.CreateStep(path));

        protected override StoreFile OpenAppendStep(string path) => Step("append", path, () => base.OpenAppendStep(path));

        protected override void WriteStep(StoreFile file, byte[] buffer, int offset, int count) =>
            Step("write", file.Path, () => base.WriteStep(file, buffer, offset, count));

        protected override void FlushStep(StoreFile file) => Step("flush", file.Path, () => base.FlushStep(file));

        protected override bool MoveNewStep(string from, string to) => Step("move", from, () => base.MoveNewStep(from, to));

        protected override void MoveOverStep(string from, string to) => Step("replace", to, () => base.MoveOverStep(from, to));

        protected override void MoveFolderStep(string from, string to) => Step("move folder", from, () => base.MoveFolderStep(from, to));

        protected override void CreateFolderStep(string path) => Step("make folder", path, () => base.CreateFolderStep(path));

        protected override void SyncFolderStep(string path) => Step("sync", path, () => base.SyncFolderStep(path));

        private void Step(string name, string path, Action real) => Step(name, path, () =>
        {
            real();
            return true;
        });

        private T Step<T>(string name, string path, Func<T> real)
        {
            if (Interlocked.Decrement(ref _left) != 0)
            {
                return real();
            }

            Failed = $"{name} {path}";
            throw new IOException("Input/output error", 5);
        }
    }
}
