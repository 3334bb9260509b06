using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Contract;

/// <summary>How images get names in every store: N7, N8, D12-D14.</summary>
public abstract class TagContract : StoreContract
{
    private protected TagContract(StoreUnderTest under)
        : base(under)
    {
    }

    [SkippableFact]
    public async Task Image_has_one_name_more_latest_when_there_is_no_tag_N7()
    {
        var image = await SeedAsync("team/app:1");

        var tagged = await TagAsync(image.Reference, "other");

        Assert.Equal("other:latest", tagged.Reference);
        Assert.Equal(image.Config.Digest, tagged.Id);
        Assert.Equal(Under.Name, tagged.Store);
        Assert.Equal([image.Reference, "other:latest"], await NamesAsync());
    }

    [SkippableFact]
    public async Task Image_may_be_named_by_id_prefix_and_digest_and_get_several_names_D13()
    {
        var image = await SeedAsync("team/app:1");

        await TagAsync(image.Config.Digest, "a:1");
        await TagAsync(Hex(image.Config.Digest, 12), "b:1");
        await TagAsync(image.ReferenceByDigest, "c:1");

        Assert.Equal(new[] { image.Reference, "a:1", "b:1", "c:1" }, await NamesAsync());
    }

    [SkippableFact]
    public async Task Name_of_another_image_moves_and_says_so()
    {
        var old = await SeedAsync("team/old:1", Spec(1));
        var fresh = await SeedAsync("team/new:1", Spec(2));
        await TagAsync(old.Reference, "app:1");

        var tagged = await TagAsync(fresh.Reference, "app:1");

        Assert.Equal(fresh.Config.Digest, tagged.Id);
        Assert.Contains($"app:1 named {Hex(old.Config.Digest, 12)} until now", Observer.VerboseLines);
        Assert.Equal(fresh.Config.Digest, (await ConfigAsync("app:1")).Id);
        Assert.Equal(3, (await ListAsync()).Count);
    }

    [SkippableFact]
    public async Task Name_that_the_image_has_already_changes_nothing()
    {
        var image = await SeedAsync("team/app:1");

        Assert.Equal(image.Reference, (await TagAsync(image.Reference, image.Reference)).Reference);

        Assert.Equal([image.Reference], await NamesAsync());
        Assert.DoesNotContain(Observer.VerboseLines, v => v.Contains("until now", StringComparison.Ordinal));
    }

    [SkippableFact]
    public async Task Dangling_image_gets_a_name()
    {
        var old = await SeedDanglingAsync();

        await TagAsync(old.Config.Digest, "back:1");

        var row = Assert.Single(await ListAsync());
        Assert.Equal("back:1", row.Reference);
        Assert.False(row.Dangling);
    }

    [SkippableTheory]
    [InlineData("sha256:foo", "refusing to create an ambiguous tag using digest algorithm as name")]
    [InlineData(
        "app@sha256:00000000000000000000000000000000000000000000000000000000000000aa", "refusing to create a tag with a digest reference")]
    public async Task Name_that_is_a_digest_is_refused_N8(string name, string message)
    {
        var image = await SeedAsync("team/app:1");

        var error = await FailsAsync(ImageErrorKind.InvalidReference, () => TagAsync(image.Reference, name));

        Assert.Equal(message, error.Message);
        Assert.Equal([image.Reference], await NamesAsync());
    }

    [SkippableFact]
    public async Task Image_that_is_not_there_gets_no_name_D12_D14()
    {
        await SeedAsync("team/app:1");

        var error = await FailsAsync(ImageErrorKind.NotFound, () => TagAsync(Name("team/app"), "new:1"));

        Assert.Equal($"No such image: {Name("team/app")}:latest", error.Message);
        Assert.Single(await ListAsync());
    }

    [SkippableFact]
    public async Task Listed_row_whose_tag_moved_since_needs_force()
    {
        var old = await SeedAsync("team/app:1", Spec(1));
        var listed = ImageIdentity.Of(Assert.Single(await ListAsync()));
        await SeedAsync("team/app:1", Spec(2));
        var request = new TagRequest(listed, ImageReference.Parse("kept:1"));

        await FailsAsync(ImageErrorKind.Conflict, () => Store.TagOneAsync(request, Observer, CancellationToken.None));
        Assert.Empty(await ListAsync("reference=kept"));

        var forced = await Store.TagOneAsync(request with { Force = true }, Observer, CancellationToken.None);
        Assert.Equal(old.Config.Digest, forced.Id);
        Assert.Equal(["kept:1"], (await ListAsync("reference=kept")).Select(i => i.Reference));
    }
}
