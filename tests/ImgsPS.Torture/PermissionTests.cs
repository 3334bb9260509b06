using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using ImgsPS.Testing;
using Xunit;

namespace ImgsPS.Torture;

/// <summary>RS4, RS9: a store that cannot be written safely is read as any other, and says clearly why it is not changed.</summary>
public sealed class PermissionTests : IDisposable
{
    private const UnixFileMode Readable = UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private const UnixFileMode Enterable =
        Readable | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private readonly TestRegistry _registry = TestRegistry.Start();

    public void Dispose() => _registry.Dispose();

    [SkippableFact]
    public async Task Store_on_a_read_only_volume_is_read_and_not_changed_RS4()
    {
        using var disk = SmallDisk.Mount("size=64m");
        using var store = new TortureStore(disk.Path);
        var (image, other) = await FillAsync(store);
        disk.Remount("ro");
        await AssertReadsAsync(store, image);
        await AssertRefusesAsync(store, image, other);
        disk.Remount("rw");
        await AssertWorksAsync(store, image, other);
    }

    [SkippableFact]
    public async Task Store_of_another_user_is_read_and_not_changed_RS4()
    {
        using var disk = SmallDisk.Mount("size=64m");
        var nobody = OtherUser();
        using var store = new TortureStore(disk.Path);

        // A folder that is there keeps its rights: everybody may read it.
        Directory.CreateDirectory(store.Root);
        SetMode(store.Root, Readable | Enterable | UnixFileMode.UserWrite);
        var (image, other) = await FillAsync(store);
        await AssertReadsAsync(store, image, nobody);
        await AssertRefusesAsync(store, image, other, nobody);
        await AssertWorksAsync(store, image, other);
    }

    [SkippableTheory]
    [InlineData("blobs/sha256", Enterable)]
    [InlineData("", Enterable)]
    [InlineData(".imgsps", Enterable)]
    [InlineData(".imgsps/ingest", Enterable)]
    [InlineData(".imgsps/leases", Enterable)]
    [InlineData(".imgsps/locks/store.lock", Readable)]
    public async Task Pull_without_the_permission_for_one_part_of_a_store_RS4(string part, UnixFileMode mode)
    {
        using var disk = SmallDisk.Mount("size=64m");
        var nobody = OtherUser();
        using var store = new TortureStore(disk.Path);
        var (_, other) = await FillAsync(store);
        var path = Path.Combine(store.Root, part).TrimEnd('/');
        Give(store.Root);
        Take(path, mode);
        using (var driver = DriverRun.Start(store.Root, ["pull", other.Reference], null, nobody))
        {
            var result = await driver.WaitAsync();
            Assert.Equal(1, result.ExitCode);
            Assert.StartsWith($"Error: No permission to write '{path}", result.Error, StringComparison.Ordinal);
        }

        await store.AssertWholeAsync();
        Assert.Single(store.Audit.Names);
        SetMode(path, mode | UnixFileMode.UserWrite);
        Give(store.Root);
        using (var driver = DriverRun.Start(store.Root, ["pull", other.Reference], null, nobody))
        {
            var result = await driver.WaitAsync();
            Assert.True(result.ExitCode == 0, result.ToString());
        }

        await store.AssertTidyAfterOptimizeAsync();
        Assert.Equal(2, store.Audit.Names.Count);
    }

    [SkippableTheory]
    [InlineData("index.json")]
    [InlineData("oci-layout")]
    [InlineData(".imgsps/version")]
    public async Task File_that_cannot_be_read_is_named_and_nothing_is_lost_RS4(string part)
    {
        using var disk = SmallDisk.Mount("size=64m");
        var nobody = OtherUser();
        using var store = new TortureStore(disk.Path);
        var (image, other) = await FillAsync(store);
        var path = Path.Combine(store.Root, part);
        Give(store.Root);
        Take(path, UnixFileMode.None);
        using (var driver = DriverRun.Start(store.Root, ["pull", other.Reference], null, nobody))
        {
            var result = await driver.WaitAsync();
            Assert.Equal(1, result.ExitCode);
            Assert.StartsWith($"Error: No permission to read '{path}'.", result.Error, StringComparison.Ordinal);
        }

        SetMode(path, Readable | UnixFileMode.UserWrite);
        Give(store.Root);
        await AssertReadsAsync(store, image, nobody);
        await store.AssertTidyAfterOptimizeAsync();
        Assert.Single(store.Audit.Names);
    }

    /// <summary>A program that starts another as nobody; skips where there is none.</summary>
    private static string[] OtherUser()
    {
        Skip.IfNot(File.Exists("/usr/bin/setpriv"), "setpriv is not installed");
        string[] wrapper = ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
        using var test = Process.Start(wrapper[0], [.. wrapper.Skip(1), "test", "-x", DriverRun.Program]);
        test.WaitForExit();
        Skip.If(test.ExitCode != 0, $"nobody may not run {DriverRun.Program}");
        return wrapper;
    }

    private static async Task AssertReadsAsync(TortureStore store, BuiltImage image, params string[] wrapper)
    {
        string[][] commands =
        [
            ["list"], ["store"], ["test"], ["test", "--full"], ["manifest", image.Reference, "--raw"], ["config", image.Reference],
            ["history", image.Reference],
            ["layers", image.Reference], ["optimize", "--dry-run"], ["repair"],
        ];
        foreach (var command in commands)
        {
            using var driver = DriverRun.Start(store.Root, command, null, wrapper);
            var result = await driver.WaitAsync();
            // Who may not read the leases is told that what they claim is not known (SF6).
            var isSaid = command[0] == "optimize" && result.Error.Contains("A lease in", StringComparison.Ordinal);
            Assert.True(result.ExitCode == 0 && (result.Error.Length == 0 || isSaid), string.Join(' ', command) + ": " + result);
        }
    }

    private static async Task AssertRefusesAsync(TortureStore store, BuiltImage image, BuiltImage other, params string[] wrapper)
    {
        string[][] commands =
        [
            ["pull", other.Reference], ["remove", image.Reference], ["tag", image.Reference, "other:1"],
            ["optimize", "--grace-seconds", "0"],
        ];
        foreach (var command in commands)
        {
            using var driver = DriverRun.Start(store.Root, command, null, wrapper);
            var result = await driver.WaitAsync();
            Assert.True(result.ExitCode == 1, string.Join(' ', command) + ": " + result);
            Assert.StartsWith($"Error: No permission to write '{store.Root}", result.Error, StringComparison.Ordinal);
            Assert.Contains("A store without write access can be listed and read.", result.Error, StringComparison.Ordinal);
        }

        await store.AssertWholeAsync();
        Assert.Equal(image.Reference, Assert.Single(store.Audit.Names).Key);
    }

    private static async Task AssertWorksAsync(TortureStore store, BuiltImage image, BuiltImage other)
    {
        await store.RunAsync("pull", other.Reference);
        await store.RunAsync("remove", image.Reference);
        await store.AssertTidyAfterOptimizeAsync();
        Assert.Equal(other.Reference, Assert.Single(store.Audit.Names).Key);
    }

    /// <summary>Makes a folder with all that is in it nobody's.</summary>
    private static void Give(string root) => Run("chown", "-R", "65534:65534", root);

    /// <summary>Makes one file or folder root's.</summary>
    private static void Take(string path, UnixFileMode mode)
    {
        Run("chown", "0:0", path);
        SetMode(path, mode);
    }

    private static void SetMode(string path, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, mode);
        }
    }

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    private async Task<(BuiltImage There, BuiltImage Other)> FillAsync(TortureStore store)
    {
        var image = _registry.AddImage("team/app:1", new ImageSpec { Layers = [new LayerSpec(1, 10_000)] });
        var other = _registry.AddImage("team/app:2", new ImageSpec { Layers = [new LayerSpec(2, 10_000)] });
        await store.PullAsync(image.Reference);
        return (image, other);
    }
}
