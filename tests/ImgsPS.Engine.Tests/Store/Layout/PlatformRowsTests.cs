using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Engine.Tests.Registry;
using ImgsPS.Stores;
using ImgsPS.Stores.Registry;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Layout;

/// <summary>An <see cref="Image"/> is one platform's image: what is listed of a name leads to itself and to nothing else (FF2).</summary>
public sealed class PlatformRowsTests : IDisposable
{
    private static readonly TestLayer s_base = TestLayer.Of("base.txt", "all have it");
    private readonly TempStore _store = new();
    private readonly TestImage _amd = Make("amd", "linux/amd64");
    private readonly TestImage _arm = Make("arm", "linux/arm64");
    private readonly TestImage _old = Make("old", "windows(10.0.17763.5696)/amd64");
    private readonly TestImage _new = Make("new", "windows(10.0.20348.2322)/amd64");

    private TestImage[] All => [_amd, _arm, _old, _new];

    [Fact]
    public async Task Each_row_and_each_id_leads_to_its_own_image_FF2()
    {
        await FillAsync("app:1");
        var rows = await _store.ListAsync();

        Assert.Equal(4, rows.Count);
        foreach (var image in All)
        {
            var row = Assert.Single(rows, r => r.Id == image.Id);
            Assert.Equal(image.Manifest.Digest.ToString(), row.ManifestDigest);
            foreach (var identity in new[] { ImageIdentity.Of(row), ImageIdentity.Of(image.Id), ImageIdentity.Of(image.Id.Substring(7, 12)),
                ImageIdentity.Of(row.Reference, row.Id, row.Digest, null), ImageIdentity.Of(row.ManifestDigest!) })
            {
                Assert.Equal(image.Id, (await _store.Store.GetConfigAsync(identity, null, _store.Observer, CancellationToken.None)).Id);
                var layers = await _store.Store.GetLayersAsync(identity, null, _store.Observer, CancellationToken.None);
                Assert.Equal(image.ChainIds, layers.Select(l => l.ChainId));
            }

            var manifest = Assert.Single((await ManifestAsync(ImageIdentity.Of(row))).Manifests);
            Assert.Equal((row.ManifestDigest, row.Digest), (manifest.Digest, manifest.IndexDigest));
        }

        // A name alone is the index with all that it lists.
        Assert.Equal(4, (await ManifestAsync(ImageIdentity.Of("app:1"))).Manifests.Count);
        Assert.Equal(4, (await _store.InfoAsync()).Images);
    }

    [Fact]
    public async Task A_platform_that_is_asked_for_beside_a_row_is_the_index_s()
    {
        await FillAsync("app:1");
        var row = (await _store.ListAsync()).Single(r => r.Id == _amd.Id);

        var config = await _store.Store.GetConfigAsync(
            ImageIdentity.Of(row), Platform.Parse("linux/arm64"), _store.Observer, CancellationToken.None);

        Assert.Equal(_arm.Id, config.Id);
    }

    [Fact]
    public async Task A_row_takes_its_platform_and_the_last_one_the_name_FF2()
    {
        await FillAsync("app:1");
        foreach (var image in All.Take(3))
        {
            var row = (await _store.ListAsync()).Single(r => r.Id == image.Id);
            var removal = await _store.RemoveAsync(row);

            Assert.Empty(removal.Untagged);
            Assert.Equal(image.Id, removal.Deleted[0]);
            Assert.Equal(row.Platform, removal.Platform);
            Assert.True(_store.HasNone(image.Manifest, image.Config));
            Assert.True(_store.HasAll(s_base.Blob));
            Assert.Equal(["docker.io/library/app:1"], _store.Names());
            await NotFoundAsync(ImageIdentity.Of(row));
            await NotFoundAsync(ImageIdentity.Of(image.Id));
        }

        var last = await _store.RemoveAsync(Assert.Single(await _store.ListAsync()));
        Assert.Equal("app:1", last.Untagged[0]);
        Assert.Null(last.Platform);
        Assert.Empty(_store.Blobs());
        Assert.Empty(_store.Observer.Warnings);
    }

    [Fact]
    public async Task A_name_takes_all_its_images_FF2()
    {
        await FillAsync("app:1");

        var removal = await _store.RemoveAsync("app:1");

        Assert.Equal(All.Select(i => i.Id).Order(StringComparer.Ordinal),
            removal.Deleted.Where(d => All.Any(i => i.Id == d)).Order(StringComparer.Ordinal));
        Assert.Empty(_store.Blobs());
    }

    [Fact]
    public async Task Another_name_of_the_index_keeps_what_a_row_of_this_one_took_FF2()
    {
        await FillAsync("app:1");
        await FillAsync("other:2");
        var row = (await _store.ListAsync()).Single(r => r.Reference == "app:1" && r.Id == _arm.Id);

        var removal = await _store.RemoveAsync(row);

        Assert.Equal((0, 0, 0L), (removal.Untagged.Count, removal.Deleted.Count, removal.BytesFreed));
        Assert.True(_store.HasAll(_arm.Content.ToArray()));
        Assert.Equal([("app:1", 3), ("other:2", 4)], await CountsAsync());
        Assert.DoesNotContain(
            await _store.Store.TestAsync(new StoreTestRequest { Full = true }, _store.Observer, CancellationToken.None).ToListAsync(),
            f => f.Severity == ImageStoreFindingSeverity.Error);

        // With the other name's the content goes, and with that name too.
        var second = await _store.RemoveAsync((await _store.ListAsync()).Single(r => r.Id == _arm.Id));
        Assert.Equal(_arm.Id, second.Deleted[0]);
        Assert.True(_store.HasNone(_arm.Manifest, _arm.Config));
        Assert.Equal([("app:1", 3), ("other:2", 3)], await CountsAsync());
    }

    [Fact]
    public async Task A_name_that_alone_showed_an_image_takes_it_along_FF2()
    {
        await FillAsync("app:1");
        await FillAsync("other:2");
        await _store.RemoveAsync((await _store.ListAsync()).Single(r => r.Reference == "app:1" && r.Id == _arm.Id));

        var removal = await _store.RemoveAsync("other:2");

        Assert.Equal(["other:2", "other@" + removal.Untagged[1].Split('@')[1]], removal.Untagged);
        Assert.Contains(_arm.Id, removal.Deleted);
        Assert.DoesNotContain(_amd.Id, removal.Deleted);
        Assert.True(_store.HasNone(_arm.Manifest, _arm.Config));
        Assert.True(_store.HasAll(_amd.Content.ToArray()));
    }

    [Fact]
    public async Task An_id_takes_its_image_from_all_names_with_force_and_asks_without_D4()
    {
        await FillAsync("app:1");
        await FillAsync("other:2");

        var refusal = await Assert.ThrowsAsync<ImageException>(() => _store.RemoveAsync(_arm.Id));
        Assert.Equal(ImageErrorKind.Conflict, refusal.Kind);
        Assert.StartsWith($"conflict: unable to delete {_arm.Id.Substring(7, 12)} ", refusal.Message, StringComparison.Ordinal);
        var removal = await _store.RemoveAsync(_arm.Id, force: true);

        Assert.Empty(removal.Untagged);
        Assert.Equal(_arm.Id, removal.Deleted[0]);
        Assert.Equal([("app:1", 3), ("other:2", 3)], await CountsAsync());
    }

    [Fact]
    public async Task A_row_without_a_name_takes_its_platform_too()
    {
        await FillAsync("app:1");
        await _store.PutAsync("app:1", new TestImage("moved"));
        var dangling = (await _store.ListAsync()).Where(r => r.Dangling).ToList();
        Assert.Equal(4, dangling.Count);
        Assert.Equal(4, (await _store.InfoAsync()).Dangling);

        foreach (var (row, left) in dangling.Zip([3, 2, 1, 0]))
        {
            await _store.RemoveAsync(row);
            Assert.Equal(left, (await _store.ListAsync()).Count(r => r.Dangling));
        }

        Assert.True(_store.HasNone(All.SelectMany(i => new[] { i.Manifest, i.Config }).ToArray()));
    }

    [Fact]
    public async Task A_tag_for_a_row_shows_that_image_alone_and_others_join_it_FF2()
    {
        await FillAsync("app:1");
        var rows = await _store.ListAsync();
        var arm = rows.Single(r => r.Id == _arm.Id);

        var tagged = await _store.TagAsync(ImageIdentity.Of(arm), "arm:1");
        Assert.Equal((_arm.Id, arm.Digest), (tagged.Id, tagged.Digest));
        Assert.Equal([("app:1", 4), ("arm:1", 1)], await CountsAsync());
        var before = _store.ReadIndex().ToJsonString();
        await _store.TagAsync(ImageIdentity.Of(arm), "arm:1");
        Assert.Equal(before, _store.ReadIndex().ToJsonString());

        await _store.TagAsync(ImageIdentity.Of(rows.Single(r => r.Id == _amd.Id)), "arm:1");
        Assert.Equal([("app:1", 4), ("arm:1", 2)], await CountsAsync());
        var all = await _store.Store.TagAsync(
            new TagRequest(ImageIdentity.Of("app:1"), ImageReference.Parse("arm:1")), _store.Observer, CancellationToken.None);
        Assert.Equal(4, all.Count);
        Assert.Equal([("app:1", 4), ("arm:1", 4)], await CountsAsync());

        // A tag of a name shows what the name shows.
        await _store.RemoveAsync((await _store.ListAsync()).Single(r => r.Reference == "arm:1" && r.Id == _amd.Id));
        await _store.Store.TagAsync(
            new TagRequest(ImageIdentity.Of("arm:1"), ImageReference.Parse("copy:1")), _store.Observer, CancellationToken.None);
        Assert.Equal([("app:1", 4), ("arm:1", 3), ("copy:1", 3)], await CountsAsync());
    }

    [Fact]
    public async Task A_tag_leaves_no_image_without_a_row()
    {
        await FillAsync("app:1");
        var rows = await _store.ListAsync();
        await _store.TagAsync(ImageIdentity.Of(rows.Single(r => r.Id == _arm.Id)), "arm:1");
        await _store.RemoveAsync((await _store.ListAsync()).Single(r => r.Reference == "app:1" && r.Id == _arm.Id));

        // The name that alone shows an image goes on to show it when it is given to the others.
        await _store.Store.TagAsync(
            new TagRequest(ImageIdentity.Of("app:1"), ImageReference.Parse("arm:1")), _store.Observer, CancellationToken.None);
        Assert.Equal([("app:1", 3), ("arm:1", 4)], await CountsAsync());

        // So do images without a name, of which one is given a name.
        await _store.RemoveAsync("arm:1");
        await _store.PutAsync("app:1", new TestImage("moved"));
        var dangling = (await _store.ListAsync()).First(r => r.Dangling);
        await _store.Store.TagAsync(
            new TagRequest(ImageIdentity.Of(dangling), ImageReference.Parse("found:1")), _store.Observer, CancellationToken.None);
        Assert.Equal([("app:1", 1), ("found:1", 3)], await CountsAsync());
    }

    [Fact]
    public async Task What_was_taken_from_a_name_comes_back_with_a_publication_of_it()
    {
        await FillAsync("app:1");
        await FillAsync("other:2");
        await _store.RemoveAsync((await _store.ListAsync()).Single(r => r.Reference == "app:1" && r.Id == _arm.Id));
        var index = Index();

        // Another image of the name, pulled again, brings nothing back but itself.
        await _store.PutIndexAsync("app:1", index, _amd);
        Assert.Equal([("app:1", 3), ("other:2", 4)], await CountsAsync());
        await _store.PutIndexAsync("app:1", index, _arm);
        Assert.Equal([("app:1", 4), ("other:2", 4)], await CountsAsync());
        Assert.All(_store.Entries(), e => Assert.Null(e["annotations"]?["io.imgsps.hidden"]));
    }

    [Fact]
    public async Task What_no_name_shows_is_no_need_of_an_optimization_and_what_one_shows_is()
    {
        await FillAsync("app:1");
        await FillAsync("other:2");
        await _store.RemoveAsync((await _store.ListAsync()).Single(r => r.Reference == "app:1" && r.Id == _arm.Id));
        await _store.Store.OptimizeAsync(new StoreOptimizeRequest { Grace = TimeSpan.Zero }, _store.Observer, CancellationToken.None);
        Assert.True(_store.HasAll(_arm.Content.ToArray()));

        // As if a removal had been killed before the content went.
        await _store.RemoveAsync((await _store.ListAsync()).Single(r => r.Id == _arm.Id));
        using (var session = await _store.Store.BeginPullAsync(ImageReference.Parse("x:1"), _store.Observer, CancellationToken.None))
        {
            foreach (var blob in _arm.Content)
            {
                await TempStore.WriteAsync(session, blob);
            }
        }

        Assert.Equal([("app:1", 3), ("other:2", 3)], await CountsAsync());
        await _store.Store.OptimizeAsync(new StoreOptimizeRequest { Grace = TimeSpan.Zero }, _store.Observer, CancellationToken.None);
        Assert.True(_store.HasNone(_arm.Manifest, _arm.Config));
        Assert.True(_store.HasAll(_amd.Content.ToArray()));
    }

    [Fact]
    public async Task An_index_that_another_one_lists_keeps_its_content_for_that()
    {
        var inner = Index();
        var outer = TestImage.IndexOf(inner, Make("more", "linux/s390x").Manifest);
        await FillAsync("inner:1");
        await _store.PutIndexAsync("outer:1", outer, All);
        await _store.RemoveAsync((await _store.ListAsync()).Single(r => r.Reference == "inner:1" && r.Id == _arm.Id));

        Assert.True(_store.HasAll(_arm.Content.ToArray()));
        await _store.Store.OptimizeAsync(new StoreOptimizeRequest { Grace = TimeSpan.Zero }, _store.Observer, CancellationToken.None);
        Assert.True(_store.HasAll(_arm.Content.ToArray()));
        Assert.Equal([("inner:1", 3), ("outer:1", 4)], await CountsAsync());
    }

    [Fact]
    public async Task Two_manifests_of_one_config_are_two_rows_that_go_one_by_one()
    {
        var again = _amd.Manifest with { };
        var twin = TestBlob.Of(again.Descriptor.MediaType, [.. _amd.Manifest.Bytes, (byte)'\n']);
        var index = TestImage.IndexOf(_amd.Manifest, twin);
        await TempStore.PutAsync(_store.Store, "app:1", index, [.. _amd.Content, twin, index]);

        var rows = await _store.ListAsync();
        Assert.Equal([_amd.Id, _amd.Id], rows.Select(r => r.Id));
        var removal = await _store.RemoveAsync(rows.Single(r => r.ManifestDigest == twin.Digest.ToString()));

        Assert.Empty(removal.Deleted);
        Assert.True(_store.HasNone(twin));
        Assert.Equal(_amd.Manifest.Digest.ToString(), Assert.Single(await _store.ListAsync()).ManifestDigest);
    }

    [Fact]
    public async Task An_image_of_which_only_the_manifest_is_there_is_no_row_beside_a_whole_one()
    {
        await TempStore.PutAsync(_store.Store, "app:1", Index(), [.. _amd.Content, _arm.Manifest, Index()]);

        Assert.Equal(_amd.Id, Assert.Single(await _store.ListAsync()).Id);
    }

    [Fact]
    public async Task Rows_of_one_name_stand_together_at_the_place_of_the_newest()
    {
        await FillAsync("b:1");
        await _store.PutAsync("a:1", Make("a", "linux/amd64"));
        await _store.PutAsync("c:1", Make("c", "linux/amd64"));

        Assert.Equal(["a:1", "b:1", "b:1", "b:1", "b:1", "c:1"], (await _store.ListAsync()).Select(r => r.Reference));
    }

    public void Dispose() => _store.Dispose();

    private static TestImage Make(string name, string platform) =>
        new(name, [s_base, TestLayer.Of("own.txt", "of " + name)], platform: platform);

    private TestBlob Index() => TestImage.Index(All);

    private Task<TestBlob> FillAsync(string reference) => _store.PutIndexAsync(reference, Index(), All);

    private async Task<IEnumerable<(string, int)>> CountsAsync() => (await _store.ListAsync())
        .GroupBy(r => r.Reference!).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => (g.Key, g.Count()));

    private Task<ManifestAnswer> ManifestAsync(ImageIdentity identity) =>
        _store.Store.GetManifestAsync(identity, null, RegistryOptions.Default, _store.Observer, CancellationToken.None);

    private async Task NotFoundAsync(ImageIdentity identity)
    {
        Func<Task>[] questions =
        [
            () => _store.Store.GetConfigAsync(identity, null, _store.Observer, CancellationToken.None),
            () => ManifestAsync(identity),
            () => _store.RemoveAsync(identity),
        ];
        foreach (var question in questions)
        {
            Assert.Equal(ImageErrorKind.NotFound, (await Assert.ThrowsAsync<ImageException>(question)).Kind);
        }
    }
}
