using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Store;
using ImgsPS.Testing;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Contract;

/// <summary>What removal takes away, tells and refuses in every store: D1-D14.</summary>
public abstract class RemoveContract : StoreContract
{
    private protected RemoveContract(StoreUnderTest under)
        : base(under)
    {
    }

    [SkippableFact]
    public async Task Last_name_takes_the_image_and_tells_id_and_chain_ids_top_first_D2_D3()
    {
        var image = await SeedAsync("team/app:1", new ImageSpec { Layers = [new LayerSpec(1), new LayerSpec(2)] });
        var chain = (await LayersAsync(image.Reference)).Select(l => l.ChainId!).Reverse().ToList();

        var removal = await RemoveAsync(image.Reference);

        Assert.Equal(image.Reference, removal.Image);
        Assert.Equal([image.Reference, image.ReferenceByDigest], removal.Untagged);
        Assert.Equal(chain.Prepend(image.Config.Digest), removal.Deleted);
        Assert.True(removal.BytesFreed > 0);
        Assert.Equal(Under.Name, removal.Store);
        Assert.Empty(await ListAsync());
    }

    [SkippableFact]
    public async Task Several_go_in_their_order_up_to_the_first_that_cannot()
    {
        var first = await SeedAsync("team/app:1");
        var second = await SeedAsync("team/other:1", new ImageSpec { Layers = [new LayerSpec(7)] });
        var kept = await SeedAsync("team/kept:1", new ImageSpec { Layers = [new LayerSpec(8)] });
        RemovalRequest[] requests =
            [.. new[] { first.Reference, second.Reference, Name("team/nosuch:1"), kept.Reference }.Select(r =>
                new RemovalRequest(ImageIdentity.Of(r)))];

        var removals = await Store.RemoveAsync(requests, Observer, CancellationToken.None);

        Assert.Equal([first.Reference, second.Reference], removals.Done.Select(r => r.Image));
        Assert.All(removals.Done, r => Assert.NotEmpty(r.Deleted));
        Assert.Equal(ImageErrorKind.NotFound, removals.Failure?.Kind);
        Assert.Equal([kept.Reference], await NamesAsync());
    }

    [SkippableFact]
    public async Task Name_goes_alone_while_another_one_is_left_D1()
    {
        var image = await SeedAsync("team/app:1");
        await TagAsync(image.Reference, Name("team/app:2"));
        await TagAsync(image.Reference, "other:1");

        var removal = await RemoveAsync(Name("team/app:2"));

        Assert.Equal([Name("team/app:2")], removal.Untagged);
        Assert.Empty(removal.Deleted);
        Assert.Equal(0, removal.BytesFreed);
        Assert.Equal([image.Reference, "other:1"], await NamesAsync());
    }

    [SkippableFact]
    public async Task Last_tag_of_a_repository_takes_its_digest_and_leaves_other_repositories_D2()
    {
        var image = await SeedAsync("team/app:1");
        await TagAsync(image.Reference, "other:1");

        var removal = await RemoveAsync(image.Reference);

        Assert.Equal([image.Reference, image.ReferenceByDigest], removal.Untagged);
        Assert.Empty(removal.Deleted);
        Assert.Equal(["other:1"], await NamesAsync());
    }

    [SkippableFact]
    public async Task Tag_given_in_another_repository_has_no_digest_that_could_go_D2_L3()
    {
        var image = await SeedAsync("team/app:1");
        await TagAsync(image.Reference, "other:1");
        await TagAsync("other:1", "other:2");

        Assert.Equal(["other:2"], (await RemoveAsync("other:2")).Untagged);
        Assert.Equal(["other:1"], (await RemoveAsync("other:1")).Untagged);
        await TagAsync(image.Reference, "other:1");
        await RemoveAsync(image.Reference);
        var last = await RemoveAsync("other:1");

        Assert.Equal(["other:1"], last.Untagged);
        Assert.Equal(image.Config.Digest, last.Deleted[0]);
    }

    [SkippableFact]
    public async Task Tag_given_in_the_repository_of_the_pull_keeps_its_digest_until_it_goes_D2_L3()
    {
        var image = await SeedAsync("team/app:1");
        await TagAsync(image.Reference, Name("team/app:2"));

        Assert.Equal([image.Reference], (await RemoveAsync(image.Reference)).Untagged);
        Assert.Equal([Name("team/app:2"), image.ReferenceByDigest], (await RemoveAsync(Name("team/app:2"))).Untagged);
        Assert.Empty(await ListAsync());
    }

    [SkippableFact]
    public async Task By_id_the_digests_of_the_repositories_of_pulls_go_D4_L3()
    {
        var image = await SeedAsync("team/app:1");
        await TagAsync(image.Reference, "other:1");

        var removal = await RemoveAsync(image.Config.Digest, force: true);

        Assert.Equal(
            new[] { image.Reference, image.ReferenceByDigest, "other:1" }.Order(StringComparer.Ordinal),
            removal.Untagged.Order(StringComparer.Ordinal));
    }

    [SkippableFact]
    public async Task Layers_of_another_image_stay_and_are_not_told_D3()
    {
        var one = await SeedAsync("team/one:1", new ImageSpec { Layers = [new LayerSpec(1), new LayerSpec(2)] });
        var two = await SeedAsync("team/two:1", new ImageSpec { Layers = [new LayerSpec(1), new LayerSpec(3)] });
        var top = (await LayersAsync(one.Reference))[1].ChainId!;

        var removal = await RemoveAsync(one.Reference);

        Assert.Equal([one.Config.Digest, top], removal.Deleted);
        Assert.Equal(2, (await LayersAsync(two.Reference)).Count);
    }

    [SkippableFact]
    public async Task By_id_with_the_names_of_one_tag_all_goes_D4()
    {
        var image = await SeedAsync("team/app:1");

        var removal = await RemoveAsync(Hex(image.Config.Digest, 12));

        Assert.Equal(
            new[] { image.Reference, image.ReferenceByDigest }.Order(StringComparer.Ordinal),
            removal.Untagged.Order(StringComparer.Ordinal));
        Assert.Equal(image.Config.Digest, removal.Deleted[0]);
        Assert.Empty(await ListAsync());
    }

    [SkippableTheory]
    [InlineData("team/app:2")]
    [InlineData("team/other:1")]
    public async Task By_id_with_several_names_needs_force_D4(string second)
    {
        var image = await SeedAsync("team/app:1");
        await TagAsync(image.Reference, Name(second));

        var error = await FailsAsync(ImageErrorKind.Conflict, () => RemoveAsync(image.Config.Digest));

        Assert.Contains("(must be forced) - image is referenced in multiple repositories", error.Message, StringComparison.Ordinal);
        Assert.Contains("-Force", error.Advice, StringComparison.Ordinal);
        Assert.Equal(2, (await ListAsync()).Count);
        var removal = await RemoveAsync(image.Config.Digest, force: true);
        Assert.Contains(image.Reference, removal.Untagged);
        Assert.Contains(Name(second), removal.Untagged);
        Assert.Contains(image.Config.Digest, removal.Deleted);
        Assert.Empty(await ListAsync());
    }

    [SkippableFact]
    public async Task By_repository_and_digest_the_tag_stays_D11()
    {
        var image = await SeedAsync("team/app:1");

        var removal = await RemoveAsync(image.ReferenceByDigest);

        Assert.Equal([image.ReferenceByDigest], removal.Untagged);
        Assert.Empty(removal.Deleted);
        var row = Assert.Single(await ListAsync());
        Assert.Equal(image.Reference, row.Reference);
        Assert.Equal(Traits.DigestGoesAlone ? null : image.Digest, row.Digest);
    }

    [SkippableFact]
    public async Task Pinned_image_goes_by_its_name_D11()
    {
        var image = Registry.AddImage("team/app:1", new ImageSpec());
        await PullAsync(image.ReferenceByDigest);

        var removal = await RemoveAsync(image.ReferenceByDigest);

        Assert.Equal([image.ReferenceByDigest], removal.Untagged);
        Assert.Equal(image.Config.Digest, removal.Deleted[0]);
        Assert.Empty(await ListAsync());
    }

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Repository_means_latest_and_what_is_not_there_is_an_error_D12_D14(bool force)
    {
        await SeedAsync("team/app:1");

        var error = await FailsAsync(ImageErrorKind.NotFound, () => RemoveAsync(Name("team/app"), force));

        Assert.Equal($"No such image: {Name("team/app")}:latest", error.Message);
        Assert.Single(await ListAsync());
    }

    [SkippableFact]
    public async Task Listed_image_without_a_name_is_removed()
    {
        var old = await SeedDanglingAsync();

        var removal = await RemoveAsync(Assert.Single(await ListAsync()));

        Assert.Empty(removal.Untagged);
        Assert.Equal(old.Config.Digest, removal.Deleted[0]);
        Assert.Empty(await ListAsync());
    }

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Listed_row_whose_tag_moved_since_is_not_removed(bool force)
    {
        await SeedAsync("team/app:1", Spec(1));
        var listed = Assert.Single(await ListAsync());
        await SeedAsync("team/app:1", Spec(2));

        await FailsAsync(ImageErrorKind.Conflict, () => RemoveAsync(listed, force));

        Assert.Equal(2, (await ListAsync()).Count);
    }

    [SkippableFact]
    public async Task Last_name_of_an_image_with_a_container_stays_without_force_D5_D7()
    {
        var image = await SeedUsedAsync(running: false);

        var error = await FailsAsync(ImageErrorKind.InUse, () => RemoveAsync(image.Reference));

        Assert.Contains("conflict: unable to remove repository reference", error.Message, StringComparison.Ordinal);
        Assert.Contains("(must force) - container", error.Message, StringComparison.Ordinal);
        Assert.Contains("-Force", error.Advice, StringComparison.Ordinal);
        Assert.Single(await ListAsync());
        Assert.Contains(image.Config.Digest, (await RemoveAsync(image.Reference, force: true)).Deleted);
        Assert.Empty(await ListAsync());
    }

    [SkippableFact]
    public async Task One_of_several_names_goes_although_a_container_uses_the_image_D1()
    {
        var image = await SeedUsedAsync(running: true);
        await TagAsync(image.Reference, "other:1");

        Assert.Equal(["other:1"], (await RemoveAsync("other:1")).Untagged);
        Assert.True(Assert.Single(await ListAsync()).InUse);
    }

    [SkippableFact]
    public async Task By_id_a_stopped_container_needs_force_D6()
    {
        var image = await SeedUsedAsync(running: false);

        var error = await FailsAsync(ImageErrorKind.InUse, () => RemoveAsync(image.Config.Digest));

        Assert.Contains("(must be forced) - image is being used by stopped container", error.Message, StringComparison.Ordinal);
        Assert.Contains(image.Config.Digest, (await RemoveAsync(image.Config.Digest, force: true)).Deleted);
    }

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task By_id_a_running_container_keeps_the_image_also_with_force_D6(bool force)
    {
        var image = await SeedUsedAsync(running: true);

        var error = await FailsAsync(ImageErrorKind.InUse, () => RemoveAsync(image.Config.Digest, force));

        Assert.Contains("(cannot be forced) - image is being used by running container", error.Message, StringComparison.Ordinal);
        Assert.Single(await ListAsync());
    }

    [SkippableFact]
    public async Task By_name_and_with_force_an_image_of_a_running_container_loses_its_name_only_D8()
    {
        var image = await SeedUsedAsync(running: true);

        var removal = await RemoveAsync(image.Reference, force: true);

        Assert.Contains(image.Reference, removal.Untagged);
        Assert.Empty(removal.Deleted);
        var row = Assert.Single(await ListAsync());
        Assert.True(row.Dangling);
        Assert.True(row.InUse);
    }

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task By_id_an_image_with_children_stays_also_with_force_D9(bool force)
    {
        var (parent, _) = await SeedParentAsync();

        var error = await FailsAsync(ImageErrorKind.InUse, () => RemoveAsync(parent.Config.Digest, force));

        Assert.Contains("(cannot be forced) - image has dependent child images", error.Message, StringComparison.Ordinal);
        Assert.Equal(2, (await ListAsync()).Count);
    }

    [SkippableFact]
    public async Task By_name_an_image_with_children_loses_its_name_only_D9()
    {
        var (parent, child) = await SeedParentAsync();

        var removal = await RemoveAsync(parent.Reference);

        Assert.Equal([parent.Reference, parent.ReferenceByDigest], removal.Untagged);
        Assert.Empty(removal.Deleted);
        Assert.Equal([child], await NamesAsync());
        Assert.Contains(parent.Config.Digest, await AllIdsAsync());
    }

    [SkippableFact]
    public async Task Untagged_parent_goes_with_its_last_child_D10()
    {
        var (parent, child) = await SeedParentAsync();
        await Under.AddChildAsync(parent.Reference, Name("team/child:2"));
        await RemoveAsync(parent.Reference);

        var first = await RemoveAsync(child);

        Assert.DoesNotContain(parent.Config.Digest, first.Deleted);
        var last = await RemoveAsync(Name("team/child:2"));
        Assert.True(last.Deleted.Skip(1).Contains(parent.Config.Digest), string.Join(' ', last.Deleted));
        Assert.Empty(await AllIdsAsync());
    }

    [SkippableFact]
    public async Task Untagged_parent_stays_when_parents_are_not_pruned_D10()
    {
        var (parent, child) = await SeedParentAsync();
        await RemoveAsync(parent.Reference);

        var removal = await Store.RemoveAsync(
            new RemovalRequest(ImageIdentity.Of(child)) { NoPrune = true }, Observer, CancellationToken.None);

        Assert.NotEmpty(removal.Deleted);
        Assert.DoesNotContain(parent.Config.Digest, removal.Deleted);
        Assert.Equal(parent.Config.Digest, Assert.Single(await ListAsync()).Id);
    }

    [SkippableFact]
    public async Task Parent_with_a_name_stays_D10()
    {
        var (parent, child) = await SeedParentAsync();

        Assert.NotEmpty((await RemoveAsync(child)).Deleted);

        Assert.Equal([parent.Reference], await NamesAsync());
    }

    [SkippableFact]
    public async Task Untagged_parent_with_a_container_stays_D10()
    {
        var (parent, child) = await SeedParentAsync();
        await Under.AddContainerAsync(parent.Reference, "user", running: false);
        await RemoveAsync(parent.Reference, force: true);

        Assert.NotEmpty((await RemoveAsync(child)).Deleted);

        Assert.Equal(parent.Config.Digest, Assert.Single(await ListAsync()).Id);
    }

    private async Task<(BuiltImage Parent, string Child)> SeedParentAsync()
    {
        Skip.IfNot(Traits.KnowsParents, "The store knows no parents.");
        var parent = await SeedAsync("team/parent:1");
        await Under.AddChildAsync(parent.Reference, Name("team/child:1"));
        return (parent, Name("team/child:1"));
    }

    /// <summary>The ids of all images, parents too.</summary>
    private async Task<IEnumerable<string>> AllIdsAsync() =>
        (await Store.ListAsync(new ListRequest { All = true }, Observer, CancellationToken.None)).Select(i => i.Id);

    private async Task<BuiltImage> SeedUsedAsync(bool running)
    {
        Skip.IfNot(Traits.KnowsContainers, "The store knows no containers.");
        var image = Registry.AddProgram("team/used:1");
        await PullAsync(image.Reference);
        await Under.AddContainerAsync(image.Reference, "user", running);
        return image;
    }
}
