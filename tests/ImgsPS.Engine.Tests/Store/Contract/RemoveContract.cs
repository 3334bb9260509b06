using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores;
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

        var removals = await Store.ForRemoval().RemoveAsync(requests, Observer, CancellationToken.None);

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
}
