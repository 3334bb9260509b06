using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Engine.Tests;
using ImgsPS.Stores.Layout;
using ImgsPS.Testing;
using Xunit;

namespace ImgsPS.Torture;

/// <summary>
/// RS2: a process that is gone between two durable steps, at each of them. Then list, a full test, the same command again, and two
/// collections: the names are the old or the new ones, all of them whole, and nothing temporary stays.
/// </summary>
public sealed class FailPointTests : IDisposable
{
    private static readonly string[] Ingest = ["after-ingest-create", "mid-write", "before-flush", "before-rename", "after-rename"];
    private static readonly string[] Index = ["before-index-temp", "after-index-temp", "after-index-move"];

    private readonly TestRegistry _registry = TestRegistry.Start();
    private readonly TortureStore _store = new();

    public static TheoryData<string> PullPoints => Rows(Ingest.Concat(["mid-write:3", "before-rename:2", "after-rename:3"]).Concat(Index));

    public static TheoryData<string> FirstPullPoints => Rows(["after-ingest-create", "after-rename", .. Index]);

    public static TheoryData<string> IndexPullPoints =>
        Rows(["after-ingest-create:4", "mid-write:4", "before-flush:5", "before-rename:6", "after-rename:7", .. Index]);

    public static TheoryData<string> TagPoints => Rows(Index);

    public static TheoryData<string> RemovePoints => Rows(Index.Concat(["remove-after-index", "gc-after-mark", "gc-after-trash"]));

    public static TheoryData<string> OptimizePoints => Rows(["gc-after-mark", "gc-after-trash"]);

    public void Dispose()
    {
        _registry.Dispose();
        _store.Dispose();
    }

    [Theory]
    [MemberData(nameof(FirstPullPoints))]
    public async Task Killed_first_pull_RS2(string point)
    {
        var image = _registry.AddImage("team/app:1", Spec(1, 2));
        await _store.KillAtAsync(point, "pull", image.Reference);
        await AssertNamesAsync(point, before: [], after: [image]);
        await AgainAsync(image);
    }

    [Theory]
    [MemberData(nameof(PullPoints))]
    public async Task Killed_pull_beside_another_image_RS2(string point)
    {
        var other = _registry.AddImage("team/other:1", Spec(9));
        var image = _registry.AddImage("team/app:1", Spec(1, 2));
        await _store.PullAsync(other.Reference);
        await _store.KillAtAsync(point, "pull", image.Reference);
        await AssertNamesAsync(point, before: [other], after: [other, image]);
        await AgainAsync(image);
    }

    [Theory]
    [MemberData(nameof(PullPoints))]
    public async Task Killed_pull_of_a_second_tag_that_shares_layers_RS2(string point)
    {
        var first = _registry.AddImage("team/app:1", Spec(1, 2));
        var second = _registry.AddImage("team/app:2", Spec(1, 3, 4));
        await _store.PullAsync(first.Reference);
        await _store.KillAtAsync(point, "pull", second.Reference);
        await AssertNamesAsync(point, before: [first], after: [first, second]);
        await AgainAsync(second);
    }

    [Theory]
    [MemberData(nameof(PullPoints))]
    public async Task Killed_pull_of_a_tag_that_moved_RS2(string point)
    {
        var old = _registry.AddImage("team/app:1", Spec(1, 2));
        await _store.PullAsync(old.Reference);
        var moved = _registry.AddImage("team/app:1", Spec(1, 3));
        await _store.KillAtAsync(point, "pull", moved.Reference);
        await AssertNamesAsync(point, before: [old], after: [moved]);
        await AgainAsync(moved);
        Assert.Equal(old.Config.Digest, Assert.Single(await _store.ListAsync(), i => i.Dangling).Id);
    }

    [Theory]
    [MemberData(nameof(IndexPullPoints))]
    public async Task Killed_pull_of_an_index_RS2(string point)
    {
        var index = _registry.AddIndex("team/multi:1", [
            ImageSpec.For("linux/amd64") with { Layers = Spec(1, 2).Layers },
            ImageSpec.For("linux/arm64") with { Layers = Spec(1, 3).Layers },
        ]);
        await _store.KillAtAsync(point, "pull", index.Reference, "--all-platforms");
        await AssertNamesAsync(point, before: [], after: [index]);
        await AgainAsync(index);
        Assert.All(index.Images, i => Assert.Contains(i.Digest, _store.Audit.Reached));
    }

    [Theory]
    [MemberData(nameof(TagPoints))]
    public async Task Killed_tag_RS2(string point)
    {
        var image = _registry.AddImage("team/app:1", Spec(1));
        var other = _registry.AddImage("team/app:2", Spec(2));
        await _store.PullAsync(image.Reference);
        await _store.PullAsync(other.Reference);
        await _store.KillAtAsync(point, "tag", image.Reference, other.Reference);
        await AssertNamesAsync(point, before: [image, other], after: [image, image with { Reference = other.Reference }]);
        await _store.RunAsync("tag", image.Reference, other.Reference);
        await AssertTidyAsync([image, image with { Reference = other.Reference }]);
        Assert.Equal(other.Config.Digest, Assert.Single(await _store.ListAsync(), i => i.Dangling).Id);
    }

    [Theory]
    [MemberData(nameof(RemovePoints))]
    public async Task Killed_removal_RS2(string point)
    {
        var gone = _registry.AddImage("team/app:1", Spec(1, 2));
        var kept = _registry.AddImage("team/app:2", Spec(1, 3));
        await _store.PullAsync(gone.Reference);
        await _store.PullAsync(kept.Reference);
        await _store.KillAtAsync(point, "remove", gone.Reference);
        await AssertNamesAsync(point, before: [gone, kept], after: [kept]);

        // What a killed removal left in the trash, or did not take away yet, is used again.
        if (point == "gc-after-trash")
        {
            Assert.NotEmpty(Directory.GetFiles(Path.Combine(_store.Root, ".imgsps", "trash")));
            _registry.ClearRequests();
            await _store.PullAsync(gone.Reference);
            Assert.DoesNotContain(_registry.Requests, r => r.Path.Contains("/blobs/", StringComparison.Ordinal));
            await AssertNamesAsync([gone, kept]);
        }

        if (_store.Audit.Run().Names.ContainsKey(gone.Reference))
        {
            await _store.RunAsync("remove", gone.Reference);
        }

        await AssertTidyAsync([kept]);
        Assert.DoesNotContain(_store.Audit.Run().Names.Keys, gone.Reference.Equals);
        Assert.False(File.Exists(BlobPath(gone.Layers[1].Blob.Digest)));
        Assert.True(File.Exists(BlobPath(kept.Layers[0].Blob.Digest)));
    }

    [Theory]
    [MemberData(nameof(OptimizePoints))]
    public async Task Killed_optimize_RS2(string point)
    {
        var kept = _registry.AddImage("team/app:1", Spec(1, 2));
        var lost = _registry.AddImage("team/app:2", Spec(1, 3));
        await _store.PullAsync(kept.Reference);
        await _store.KillAtAsync("before-index-temp", "pull", lost.Reference);
        Assert.True(File.Exists(BlobPath(lost.Layers[1].Blob.Digest)));
        await _store.KillAtAsync(point, "optimize", "--grace-seconds", "0");
        await AssertNamesAsync([kept]);
        Assert.Equal(point == "gc-after-mark", File.Exists(BlobPath(lost.Layers[1].Blob.Digest)));

        // Orphan or trash, a pull has it back without a download.
        _registry.ClearRequests();
        await _store.PullAsync(lost.Reference);
        Assert.DoesNotContain(_registry.Requests, r => r.Path.Contains(lost.Layers[1].Blob.Digest, StringComparison.Ordinal));
        await AssertTidyAsync([kept, lost]);
    }

    [Theory]
    [InlineData("gc-after-mark")]
    [InlineData("gc-after-trash")]
    public async Task What_a_killed_optimize_left_goes_with_the_next_RS2(string point)
    {
        var kept = _registry.AddImage("team/app:1", Spec(1, 2));
        var lost = _registry.AddImage("team/app:2", Spec(1, 3));
        await _store.PullAsync(kept.Reference);
        await _store.KillAtAsync("before-index-temp", "pull", lost.Reference);
        await _store.KillAtAsync(point, "optimize", "--grace-seconds", "0");
        await AssertTidyAsync([kept]);
        Assert.False(File.Exists(BlobPath(lost.Layers[1].Blob.Digest)));
    }

    [Theory]
    [MemberData(nameof(TagPoints))]
    public async Task Killed_repair_of_a_broken_index_RS2_RS7(string point)
    {
        var first = _registry.AddImage("team/app:1", Spec(1, 2));
        var second = _registry.AddImage("team/app:2", Spec(1, 3));
        await _store.PullAsync(first.Reference);
        await _store.PullAsync(second.Reference);

        // A change more, so that the state before the last one names both.
        await _store.RunAsync("tag", second.Reference, $"{_registry.Host}/team/last:1");
        await File.WriteAllTextAsync(Path.Combine(_store.Root, "index.json"), "{");
        await _store.KillAtAsync(point, "repair");
        await _store.RunAsync("list");
        await _store.RunAsync("repair");
        await _store.RunAsync("test", "--full");
        Assert.Empty(_store.Audit.Run().Problems);
        Assert.Equal(first.Digest, _store.Audit.Names[first.Reference]);
        Assert.Equal(second.Digest, _store.Audit.Names[second.Reference]);
        await _store.RunAsync("optimize", "--grace-seconds", "0", "--include-quarantine");
        await _store.AssertTidyAfterOptimizeAsync();
        Assert.Equal(2, _store.Audit.Names.Count);
    }

    [Fact]
    public async Task Killed_download_is_resumed_also_after_an_optimize_with_its_grace_RS2_RN15()
    {
        var image = _registry.AddImage("team/app:1", new ImageSpec { Layers = [new LayerSpec(1, 3_000_000)] });

        // The config's write, and the second of the layer's, which are of a MiB at most.
        await _store.KillAtAsync("mid-write:3", "pull", image.Reference);
        var kept = Directory.GetFiles(Path.Combine(_store.Root, ".imgsps", "ingest"), "data", SearchOption.AllDirectories)
            .Sum(f => new FileInfo(f).Length);
        Assert.InRange(kept, 1, 3_000_000);
        var optimization = await _store.OptimizeAsync(TimeSpan.FromHours(1));
        Assert.Equal(0, optimization.Downloads);
        _registry.ClearRequests();
        await _store.PullAsync(image.Reference);
        var request = Assert.Single(_registry.Requests, r => r.Path.Contains(image.Layers[0].Blob.Digest, StringComparison.Ordinal));
        Assert.Equal("bytes=" + kept.ToString(CultureInfo.InvariantCulture) + "-", request.Header("Range"));
        Assert.Equal(image.Layers[0].Blob.Size - kept, request.BytesSent);
        Assert.Contains(_store.Observer.VerboseLines, l =>
            l.Contains($"Resumed at {kept} of {image.Layers[0].Blob.Size} bytes", StringComparison.Ordinal));
        await AssertTidyAsync([image]);
    }

    [Fact]
    public async Task Driver_refuses_a_fail_point_that_there_is_not()
    {
        using var driver = DriverRun.Start(_store.Root, ["list"], "before-lunch");
        var result = await driver.WaitAsync();
        Assert.Equal(2, result.ExitCode);
        Assert.StartsWith("IMGSPS_FAILPOINT=before-lunch is no fail point", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Product_reads_no_fail_point()
    {
        // The points are the driver's alone: neither the engine nor the cmdlets have the variable's name in them.
        var engine = File.ReadAllBytes(typeof(LayoutStore).Assembly.Location);
        Assert.Equal(-1, engine.AsSpan().IndexOf(System.Text.Encoding.Unicode.GetBytes("IMGSPS_FAILPOINT")));
        Assert.True(engine.AsSpan().IndexOf(System.Text.Encoding.Unicode.GetBytes("IMGSPS_STORE")) > 0);
    }

    private static TheoryData<string> Rows(IEnumerable<string> points)
    {
        var rows = new TheoryData<string>();
        foreach (var point in points)
        {
            rows.Add(point);
        }

        return rows;
    }

    private static ImageSpec Spec(params int[] layers) =>
        new() { Layers = layers.Select(l => new LayerSpec(l, 150_000)).ToList(), Author = string.Join('+', layers) };

    private static bool IsDone(string point) => point is "after-index-move" or "remove-after-index" or "gc-after-mark" or "gc-after-trash";

    private string BlobPath(string digest) => Path.Combine(_store.Root, "blobs", "sha256", digest["sha256:".Length..]);

    private Task AssertNamesAsync(string point, BuiltDocument[] before, BuiltDocument[] after) =>
        AssertNamesAsync(IsDone(point) ? after : before);

    private async Task AssertNamesAsync(BuiltDocument[] expected)
    {
        await _store.AssertWholeAsync();
        Assert.Equal(
            expected.Select(i => i.Reference + "=" + i.Digest).Order(StringComparer.Ordinal),
            _store.Audit.Names.Select(n => n.Key + "=" + n.Value).Order(StringComparer.Ordinal));
    }

    /// <summary>The same pull by another process, and what must be true then.</summary>
    private async Task AgainAsync(BuiltDocument image)
    {
        var others = _store.Audit.Run().Names.Where(n => n.Key != image.Reference).ToList();
        await _store.RunAsync(image is BuiltIndex ? ["pull", image.Reference, "--all-platforms"] : ["pull", image.Reference]);
        await _store.AssertTidyAfterOptimizeAsync();
        Assert.Equal(image.Digest, _store.Audit.Names[image.Reference]);
        Assert.All(others, n => Assert.Equal(n.Value, _store.Audit.Names[n.Key]));
    }

    private async Task AssertTidyAsync(BuiltDocument[] expected)
    {
        await _store.AssertTidyAfterOptimizeAsync();
        await AssertNamesAsync(expected);
    }
}
