using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores;
using ImgsPS.Testing;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Contract;

/// <summary>What every store lists: L1-L5.</summary>
public abstract class ListContract : StoreContract
{
    private protected ListContract(StoreUnderTest under)
        : base(under)
    {
    }

    [SkippableFact]
    public async Task Empty_store_lists_nothing() => Assert.Empty(await ListAsync());

    [SkippableFact]
    public async Task Row_shows_name_id_digest_time_and_labels()
    {
        // L1-L4
        var image = await SeedAsync("team/app:1.0", Spec(1, Day(5), ("env", "prod"), ("empty", "")));

        var row = Assert.Single(await ListAsync());

        Assert.Equal(image.Reference, row.Reference);
        Assert.Equal(Host, row.Registry);
        Assert.Equal(Name("team/app"), row.Repository);
        Assert.Equal("1.0", row.Tag);
        Assert.Equal(image.Config.Digest, row.Id);
        Assert.Equal(image.Digest, row.Digest);
        Assert.Equal(Day(5), row.Created);
        Assert.Equal(new Dictionary<string, string> { ["env"] = "prod", ["empty"] = "" }, row.Labels);
        Assert.False(row.Dangling);
        Assert.False(row.InUse);
        Assert.Empty(row.UsedBy);
        Assert.Equal(Under.Name, row.Store);
    }

    [SkippableFact]
    public async Task Tags_of_a_repository_come_by_version_with_those_of_the_same_image_TG2_TG8()
    {
        foreach (var (tag, seed) in new[] { ("latest", 1), ("1.10", 1), ("1.9", 2), ("1.10-rc1", 3) })
        {
            await SeedAsync("team/app:" + tag, Spec(seed));
        }

        await SeedAsync("team/tool:1", Spec(4));
        var request = new TagListRequest([new ImageSelection(ImageIdentity.Of(Name("team/app")))]) { Detailed = true };

        var tags = await TagReader.ListAsync(Store, request, Observer, CancellationToken.None);

        Assert.Equal(["1.10", "1.10-rc1", "1.9", "latest"], tags.Select(tag => tag.Tag));
        Assert.Equal(["latest"], tags[0].SameAs);
        Assert.Equal(["1.10"], tags[3].SameAs);
        Assert.Empty(tags[1].SameAs!);
        Assert.All(tags, tag => Assert.Equal((Name("team/app"), Under.Name), (tag.Repository, tag.Store)));
        Assert.Empty(Observer.Errors);
    }

    [SkippableFact]
    public async Task Size_is_that_of_the_content_in_the_store()
    {
        // L5: unpacked, the two files' bytes.
        var image = await SeedAsync("team/app:1", new ImageSpec { Layers = [new LayerSpec(1, 3000), new LayerSpec(2, 5000)] });

        var row = Assert.Single(await ListAsync());
        Assert.Equal(Traits.KeepsCompressed ? image.ContentSize : 8000, row.Size);
        Assert.Equal(Traits.KeepsCompressed ? null : 8000, row.UnpackedSize);
    }

    [SkippableFact]
    public async Task Detailed_list_says_what_images_share_with_each_other_DU1()
    {
        // Not what the names of one image share: that is the image itself.
        var one = await SeedAsync("team/app:1", new ImageSpec { Layers = [new LayerSpec(1, 3000), new LayerSpec(2, 500)] });
        var two = await SeedAsync("team/app:2", new ImageSpec { Layers = [new LayerSpec(1, 3000), new LayerSpec(3, 700)] });
        var alone = await SeedAsync("team/other:1", new ImageSpec { Layers = [new LayerSpec(4, 900)] });
        var again = await SeedAsync("team/other:2", new ImageSpec { Layers = [new LayerSpec(4, 900)] });
        Assert.Equal(alone.Config.Digest, again.Config.Digest);

        var rows = await Store.ListAsync(new ListRequest { Detailed = true }, Observer, CancellationToken.None);

        var base1 = Traits.KeepsCompressed ? one.Layers[0].Blob.Bytes.Length : 3000;
        foreach (var row in rows)
        {
            var shared = row.Id == one.Config.Digest || row.Id == two.Config.Digest ? base1 : 0;
            Assert.Equal((row.Reference, shared), (row.Reference, row.SharedSize));
            Assert.Equal(row.Size - shared, row.UniqueSize);
        }

        Assert.Equal(4, rows.Count);
        Assert.All(await ListAsync(), row => Assert.Equal((null, null), (row.SharedSize, row.UniqueSize)));
    }

    [SkippableFact]
    public async Task List_tells_what_the_config_says_and_null_for_what_the_store_does_not_know()
    {
        var image = await SeedAsync("team/app:1", Spec(1) with { Author = "Ann" });

        var row = Assert.Single(await ListAsync());

        Assert.Equal("Ann", row.Author);
        Assert.Equal(Traits.ListTellsConfig ? image.MediaType : null, row.MediaType);
        Assert.Equal(("linux/amd64", "linux", "amd64"), (row.Platform?.ToString(), row.OS, row.Architecture));
        Assert.Equal(image.Layers.Select(l => l.DiffId), row.Layers.Select(l => l.DiffId));
        Assert.Equal(Traits.ListTellsPulls, row.PulledAt is not null);
    }

    [SkippableFact]
    public async Task Time_is_as_exact_as_the_store_knows_it()
    {
        // L4
        await SeedAsync("team/app:1", Spec(1, Day(5).AddMilliseconds(500)));

        Assert.Equal(Traits.KnowsFractions ? Day(5).AddMilliseconds(500) : Day(5), Assert.Single(await ListAsync()).Created);
    }

    [SkippableFact]
    public async Task Newest_first_and_those_without_a_time_last()
    {
        // L4
        await SeedAsync("team/a:1", Spec(1, Day(1)));
        await SeedAsync("team/c:1", Spec(3, Day(3)));
        await SeedAsync("team/none:1", Spec(4) with { Created = null });
        await SeedAsync("team/b:1", Spec(2, Day(2)));

        var rows = await ListAsync();

        Assert.Equal(new[] { "team/c:1", "team/b:1", "team/a:1", "team/none:1" }.Select(Name), rows.Select(r => r.Reference));
        Assert.Null(rows[3].Created);
    }

    [SkippableFact]
    public async Task Rows_of_one_time_are_in_the_order_of_their_names_each_time()
    {
        // L4
        foreach (var name in new[] { "team/b:2", "team/c:1", "team/a:1", "team/b:10" })
        {
            await SeedAsync(name, Spec(name.Length + name[5]));
        }

        using var again = Under.Open();
        var expected = new[] { "team/a:1", "team/b:10", "team/b:2", "team/c:1" }.Select(Name).ToList();
        Assert.Equal(expected, await NamesAsync());
        Assert.Equal(expected, (await again.ListAsync(ListRequest.Default, Observer, CancellationToken.None)).Select(r => r.Reference));
    }

    [SkippableFact]
    public async Task Row_for_each_tag_of_an_image()
    {
        // L1
        var image = await SeedAsync("team/app:1");
        Registry.Tag("team/app", "2", image.Digest);
        await PullAsync(Name("team/app:2"));
        await TagAsync(image.Reference, "other:3");

        var rows = await ListAsync();

        Assert.Equal([Name("team/app:1"), Name("team/app:2"), "other:3"], rows.Select(r => r.Reference));
        Assert.Equal([Name("team/app"), Name("team/app"), "other"], rows.Select(r => r.Repository));
        Assert.Equal([Registry.Host, Registry.Host, "docker.io"], rows.Select(r => r.Registry));
        Assert.All(rows, r => Assert.Equal(image.Config.Digest, r.Id));
        Assert.All(rows, r => Assert.False(r.Dangling));
    }

    [SkippableFact]
    public async Task Digest_is_the_one_that_the_row_s_own_repository_has_for_it()
    {
        // L3
        var image = await SeedAsync("team/app:1");
        await TagAsync(image.Reference, Name("team/app:2"));
        await TagAsync(image.Reference, "other:1");

        var rows = (await ListAsync()).ToDictionary(r => r.Reference!);

        Assert.Equal(image.Digest, rows[Name("team/app:2")].Digest);
        Assert.Equal(Traits.TagTakesDigest ? image.Digest : null, rows["other:1"].Digest);
    }

    [SkippableFact]
    public async Task Index_is_named_by_its_own_digest()
    {
        // L2, L3
        var index = await TakeAsync(
            Registry.AddIndex("team/app:1", [Spec(1), ImageSpec.For("linux/s390x") with { Layers = [new LayerSpec(2)] }]), "linux/amd64");

        var row = Assert.Single(await ListAsync());

        Assert.Equal(index.Digest, row.Digest);
        Assert.Equal(index.Images[0].Config.Digest, row.Id);
    }

    [SkippableFact]
    public async Task Image_pulled_by_digest_is_pinned_and_not_dangling()
    {
        // L1
        var image = Registry.AddImage("team/app:1", new ImageSpec());
        await PullAsync(image.ReferenceByDigest);

        var row = Assert.Single(await ListAsync());

        Assert.Equal(image.ReferenceByDigest, row.Reference);
        Assert.Equal(Name("team/app"), row.Repository);
        Assert.Null(row.Tag);
        Assert.Equal(image.Digest, row.Digest);
        Assert.False(row.Dangling);
        Assert.True(row.Pinned);
    }

    [SkippableFact]
    public async Task Name_by_digest_is_left_over_where_its_repository_names_another_image_by_a_tag_FF4()
    {
        var image = Registry.AddImage("team/app:1", Spec(1, Day(1)));
        var pulled = await PullAsync(image.ReferenceByDigest);
        Assert.True(pulled.Pinned);
        var other = await SeedAsync("team/application:1", Spec(2));

        Assert.True(Assert.Single(await ListAsync(), r => r.Tag is null).Pinned);
        Assert.Empty(await ListAsync("dangling=true"));
        Assert.Equal((0, 1), await CountsAsync());

        await SeedAsync("team/app:2", Spec(3, Day(3)));
        var left = Assert.Single(await ListAsync("dangling=true"));
        Assert.Equal(image.ReferenceByDigest, left.Reference);
        Assert.False(left.Pinned);
        Assert.Equal(left.Id, Assert.Single(await ListAsync("dangling=true", $"before={Name("team/app")}:2")).Id);
        Assert.Equal((1, 0), await CountsAsync());

        await RemoveAsync(left);
        Assert.Equal([Name("team/app") + ":2", other.Reference], (await NamesAsync()).Order(StringComparer.Ordinal));

        async Task<(int, int)> CountsAsync()
        {
            var info = await Store.GetInfoAsync(Observer, CancellationToken.None);
            return (info.Dangling!.Value, info.Pinned!.Value);
        }
    }

    [SkippableFact]
    public async Task Image_pulled_by_digest_beside_its_tag_is_one_row_or_two()
    {
        // L1
        var image = await SeedAsync("team/app:1");
        await PullAsync(image.ReferenceByDigest);

        Assert.Equal(Traits.PinsBesideTags ? [image.Reference, image.ReferenceByDigest] : [image.Reference], await NamesAsync());
    }

    [SkippableFact]
    public async Task Tag_given_to_another_image_leaves_a_dangling_one()
    {
        // L1, F1
        var old = await SeedDanglingAsync();

        var dangling = Assert.Single(await ListAsync());

        Assert.True(dangling.Dangling);
        Assert.Equal(old.Config.Digest, dangling.Id);
        Assert.Null(dangling.Reference);
        Assert.Null(dangling.Registry);
        Assert.Null(dangling.Repository);
        Assert.Null(dangling.Tag);
        Assert.Equal(Traits.TagTakesDigest ? old.Digest : null, dangling.Digest);
        Assert.Equal(old.Config.Digest, dangling.ToString());
    }

    [SkippableFact]
    public async Task Tag_that_a_pull_moves_leaves_the_old_image_without_it()
    {
        // L1, F1, P2, FF4
        Skip.IfNot(Store is IPullingStore, "Nothing is pulled into such a store, and what has no name is not seen in it (RD5).");
        var old = await SeedAsync("team/app:1", Spec(1));
        var moved = await SeedAsync("team/app:1", Spec(2));

        var rows = await ListAsync();

        Assert.Equal(2, rows.Count);
        Assert.Equal(moved.Config.Digest, Assert.Single(rows, r => r.Tag == "1").Id);
        var left = Assert.Single(rows, r => r.Tag is null);
        Assert.Equal(old.Config.Digest, left.Id);
        Assert.Equal(old.Digest, left.Digest);
        Assert.True(left.Dangling);
        Assert.False(left.Pinned);
        Assert.Equal(Traits.MovedTagKeepsDigest ? old.ReferenceByDigest : null, left.Reference);
    }
}
