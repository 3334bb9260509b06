using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores;
using ImgsPS.Testing;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Contract;

/// <summary>The rules about containers, and about images that others were built on (D5-D10): for stores that know them.</summary>
public abstract class ContainerContract : StoreContract
{
    private protected ContainerContract(StoreUnderTest under)
        : base(under)
    {
    }

    [SkippableFact]
    public async Task Every_row_of_an_image_names_the_containers_that_use_it()
    {
        var used = Registry.AddProgram("team/used:1");
        await PullAsync(used.Reference);
        await TagAsync(used.Reference, "used:2");
        await SeedAsync("team/free:1", Spec(2));
        await Under.AddContainerAsync(used.Reference, "stopped", running: false);
        await Under.AddContainerAsync("used:2", "running", running: true);

        var rows = (await ListAsync()).ToDictionary(r => r.Reference!);

        Assert.All(new[] { rows[used.Reference], rows["used:2"] }, row =>
        {
            Assert.True(row.InUse);
            Assert.Equal(["running", "stopped"], row.UsedBy.Order(StringComparer.Ordinal));
        });
        Assert.False(rows[Name("team/free:1")].InUse);
        Assert.Empty(rows[Name("team/free:1")].UsedBy);
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
        var parent = await SeedAsync("team/parent:1");
        await Under.AddChildAsync(parent.Reference, Name("team/child:1"));
        return (parent, Name("team/child:1"));
    }

    /// <summary>The ids of all images, parents too.</summary>
    private async Task<IEnumerable<string>> AllIdsAsync() =>
        (await Store.ListAsync(new ListRequest { All = true }, Observer, CancellationToken.None)).Select(i => i.Id);

    private async Task<BuiltImage> SeedUsedAsync(bool running)
    {
        var image = Registry.AddProgram("team/used:1");
        await PullAsync(image.Reference);
        await Under.AddContainerAsync(image.Reference, "user", running);
        return image;
    }
}
