using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores;
using ImgsPS.Testing;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Contract;

/// <summary>What a pull leaves in every store, and how it fails: N7, N9, U1-U5, U13; cancellation.</summary>
public abstract class PullContract : StoreContract
{
    // So long that only what hangs takes longer.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private protected PullContract(StoreUnderTest under)
        : base(under)
    {
    }

    [SkippableFact]
    public async Task Pull_by_tag_gives_the_row_that_the_list_has_then()
    {
        var image = Registry.AddImage("team/app:1", new ImageSpec());

        var pulled = await PullAsync(image.Reference);

        Assert.Equal((image.Reference, image.Config.Digest, image.Digest), (pulled.Reference, pulled.Id, pulled.Digest));
        Assert.Equal(Under.Name, pulled.Store);
        Assert.Equal([image.Reference], await NamesAsync());
    }

    [SkippableFact]
    public async Task Pull_says_what_it_brought_FF8()
    {
        var first = Registry.AddImage("team/app:1", Spec(1));
        var pulled = await PullAsync(first.Reference);
        Assert.Equal(("Downloaded", null), (pulled.Status, pulled.PreviousDigest));

        pulled = await PullAsync(first.Reference);
        Assert.Equal(("UpToDate", null), (pulled.Status, pulled.PreviousDigest));

        Registry.AddImage("team/app:1", Spec(2));
        pulled = await PullAsync(first.Reference);
        Assert.Equal(("Moved", first.Digest), (pulled.Status, pulled.PreviousDigest));

        Registry.AddImage("team/other:1", Spec(2));
        Assert.Equal("Downloaded", (await PullAsync(Name("team/other:1"))).Status);
        Assert.All(await ListAsync(), image => Assert.Null(image.Status));
    }

    [SkippableFact]
    public async Task No_tag_is_latest_and_says_so_N7()
    {
        var image = Registry.AddImage("team/app:latest", new ImageSpec());

        Assert.Equal(image.Reference, (await PullAsync(Name("team/app"))).Reference);

        Assert.Contains("Using default tag: latest", Observer.VerboseLines);
    }

    [SkippableFact]
    public async Task Digest_beside_a_tag_wins_and_the_tag_is_not_recorded_N9()
    {
        var image = Registry.AddImage("team/app:1", Spec(1));
        Registry.AddImage("team/app:1", Spec(2));

        var pulled = await PullAsync($"{image.Reference}@{image.Digest}");

        Assert.Equal((image.ReferenceByDigest, image.Config.Digest), (pulled.Reference, pulled.Id));
        Assert.Equal([image.ReferenceByDigest], await NamesAsync());
    }

    [SkippableFact]
    public async Task Second_pull_changes_nothing()
    {
        var image = await SeedAsync("team/app:1");

        var again = await PullAsync(image.Reference);

        Assert.Equal(image.Config.Digest, again.Id);
        Assert.Equal([image.Reference], await NamesAsync());
    }

    [SkippableFact]
    public async Task Tag_that_moved_in_the_registry_names_the_new_image()
    {
        await SeedAsync("team/app:1", Spec(1));
        var moved = Registry.AddImage("team/app:1", Spec(2));

        Assert.Equal(moved.Config.Digest, (await PullAsync(moved.Reference)).Id);

        Assert.Equal(moved.Config.Digest, (await ConfigAsync(moved.Reference)).Id);
    }

    [SkippableFact]
    public async Task All_tags_gives_one_image_each()
    {
        Registry.AddImage("team/app:1", Spec(1));
        Registry.AddImage("team/app:2", Spec(2));
        Registry.AddImage("team/other:3", Spec(3));

        var pulled = await PullAsync(new PullRequest(ImageReference.Parse(Name("team/app"))) { AllTags = true });

        Assert.Equal([Name("team/app:1"), Name("team/app:2")], pulled.Select(i => i.Reference).Order(StringComparer.Ordinal));
        Assert.Equal([Name("team/app:1"), Name("team/app:2")], await NamesAsync());
    }

    [SkippableFact]
    public async Task All_tags_and_a_tag_do_not_go_together_N7()
    {
        var error = await FailsAsync(
            ImageErrorKind.InvalidArgument, () => PullAsync(new PullRequest(ImageReference.Parse(Name("team/app:1"))) { AllTags = true }));

        Assert.Equal($"'{Name("team/app:1")}' has a tag, which cannot be used with -AllTags", error.Message);
        Assert.Contains($" {Name("team/app")},", error.Advice, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Tag_that_is_not_in_the_registry_is_an_error_U13()
    {
        Registry.AddImage("team/app:1", new ImageSpec());

        var error = await FailsAsync(ImageErrorKind.NotFound, () => PullAsync(Name("team/app:2")));

        Assert.Contains($"manifest for {Name("team/app:2")} not found", error.Message, StringComparison.Ordinal);
        Assert.NotNull(error.Advice);
        Assert.Empty(await ListAsync());
    }

    [SkippableFact]
    public async Task Platform_that_an_index_does_not_have_is_an_error_U5()
    {
        var index = Registry.AddIndex("team/app:1", [Spec(1), ImageSpec.For("linux/arm64") with { Layers = [new LayerSpec(2)] }]);

        var error = await FailsAsync(
            ImageErrorKind.NotFound,
            () => PullAsync(new PullRequest(ImageReference.Parse(index.Reference)) { Platform = Platform.Parse("linux/s390x") }));

        Assert.StartsWith("no matching manifest for linux/s390x in the manifest list entries", error.Message, StringComparison.Ordinal);
        Assert.Empty(await ListAsync());
    }

    [SkippableFact]
    public async Task Cancelled_before_its_start_it_pulls_nothing()
    {
        var image = Registry.AddImage("team/app:1", new ImageSpec());
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => PullAsync(new PullRequest(ImageReference.Parse(image.Reference)), null, stop.Token));

        Assert.Empty(await ListAsync());
    }

    [SkippableFact]
    public async Task Cancelled_in_the_middle_of_a_layer_it_ends_and_names_nothing_and_the_next_pull_is_whole()
    {
        var image = Registry.AddImage("team/app:1", LargeSpec(1));

        await CancelInTheMiddleAsync(image);

        Assert.Empty(await ListAsync());
        Assert.Equal(image.Config.Digest, (await PullAsync(image.Reference).WaitAsync(Patience)).Id);
        Assert.Equal([image.Reference], await NamesAsync());
        Assert.Equal(2, (await LayersAsync(image.Reference)).Count);
    }

    [SkippableFact]
    public async Task Cancelled_in_the_middle_of_a_layer_it_leaves_the_tag_with_its_old_image()
    {
        var old = await SeedAsync("team/app:1", Spec(1));
        var moved = Registry.AddImage("team/app:1", LargeSpec(2));

        await CancelInTheMiddleAsync(moved);

        var row = Assert.Single(await ListAsync());
        Assert.Equal((moved.Reference, old.Config.Digest), (row.Reference, row.Id));
        Assert.Equal(moved.Config.Digest, (await PullAsync(moved.Reference).WaitAsync(Patience)).Id);
        Assert.Equal(moved.Config.Digest, (await ConfigAsync(moved.Reference)).Id);
    }

    [SkippableFact]
    public async Task Other_operations_stop_when_they_are_cancelled_and_change_nothing()
    {
        var image = await SeedAsync("team/app:1");
        var identity = ImageIdentity.Of(image.Reference);
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            Store.RemoveAsync(new RemovalRequest(identity), Observer, stop.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => Store.TagOneAsync(new TagRequest(identity, ImageReference.Parse("new:1")), Observer, stop.Token));

        Assert.Equal([image.Reference], await NamesAsync());
    }

    private static ImageSpec LargeSpec(int seed) => new() { Layers = [new LayerSpec(seed), new LayerSpec(seed + 100, 1 << 20)] };

    /// <summary>Pulls until a half of the top layer is there and no more comes, and cancels.</summary>
    private async Task CancelInTheMiddleAsync(BuiltImage image)
    {
        var layer = image.Layers[^1];
        Under.StallLayer(Registry, layer);
        using var stop = new CancellationTokenSource();
        var before = Observer.ProgressPoints.Count;
        var pull = PullAsync(new PullRequest(ImageReference.Parse(image.Reference)), null, stop.Token);
        using (var patience = new CancellationTokenSource(Patience))
        {
            while (!Observer.ProgressPoints.Skip(before).Any(p => p.Status == "Downloading" && p.Current > 0 && p.Current < p.Total))
            {
                Assert.False(pull.IsCompleted, "The pull ended before its middle.");
                await Task.Delay(10, patience.Token);
            }
        }

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pull.WaitAsync(Patience));
    }
}
