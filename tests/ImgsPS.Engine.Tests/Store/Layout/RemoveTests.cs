using System;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Stores;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Layout;

/// <summary>What removal takes away and tells: D1-D4, D11-D14.</summary>
public sealed class RemoveTests : IDisposable
{
    private readonly TempStore _store = new();

    [Fact]
    public async Task Last_name_takes_the_image_and_tells_id_and_chain_ids_top_first()
    {
        // D2, D3
        var image = await _store.PutAsync("app:1", new TestImage());
        var removal = await _store.RemoveAsync("app:1");

        Assert.Equal("app:1", removal.Image);
        Assert.Equal(new[] { "app:1", "app@" + image.Manifest.Digest }, removal.Untagged);
        Assert.Equal(new[] { image.Id, image.ChainIds[1], image.ChainIds[0] }, removal.Deleted);
        Assert.Equal(image.ContentSize + image.Manifest.Bytes.Length, removal.BytesFreed);
        Assert.Equal(_store.Root, removal.Store);
        Assert.Empty(_store.Blobs());
        Assert.Empty(_store.Entries());
        Assert.Empty(Directory.GetFileSystemEntries(_store.Paths.Trash));
    }

    [Fact]
    public async Task Name_goes_alone_while_another_name_is_left()
    {
        // D1, another repository; D2: the repository's own digest reference goes with its last tag
        var image = await _store.PutAsync("app:1", new TestImage());
        await _store.PutAsync("other:1", image);
        var removal = await _store.RemoveAsync("app:1");

        Assert.Equal(new[] { "app:1", "app@" + image.Manifest.Digest }, removal.Untagged);
        Assert.Empty(removal.Deleted);
        Assert.Equal(0, removal.BytesFreed);
        Assert.True(_store.HasAll(image.Content.ToArray()));
        Assert.Equal("other:1", Assert.Single(await _store.ListAsync()).Reference);
    }

    [Fact]
    public async Task Tag_goes_alone_while_its_repository_has_another_tag()
    {
        // D1, D2
        var image = await _store.PutAsync("app:1", new TestImage());
        await _store.PutAsync("app:2", image);
        await _store.PutAsync("app@" + image.Manifest.Digest, image);

        Assert.Equal(new[] { "app:1" }, (await _store.RemoveAsync("app:1")).Untagged);
        Assert.Equal(2, (await _store.ListAsync()).Count);
    }

    [Fact]
    public async Task Last_tag_of_a_repository_takes_its_names_by_digest()
    {
        // D2
        var image = await _store.PutAsync("app:1", new TestImage());
        await _store.PutAsync("app@" + image.Manifest.Digest, image);
        var removal = await _store.RemoveAsync("app:1");

        Assert.Equal(new[] { "app:1", "app@" + image.Manifest.Digest }, removal.Untagged);
        Assert.Equal(image.Id, removal.Deleted[0]);
        Assert.Empty(_store.Blobs());
    }

    [Fact]
    public async Task Last_tag_of_a_repository_leaves_names_by_digest_of_another_repository()
    {
        // D1, D2
        var image = await _store.PutAsync("app:1", new TestImage());
        await _store.PutAsync("other@" + image.Manifest.Digest, image);
        var removal = await _store.RemoveAsync("app:1");

        Assert.Equal(new[] { "app:1", "app@" + image.Manifest.Digest }, removal.Untagged);
        Assert.Empty(removal.Deleted);
        Assert.Equal("other@" + image.Manifest.Digest, Assert.Single(await _store.ListAsync()).Reference);
    }

    [Fact]
    public async Task Layers_of_another_image_stay_and_are_not_told()
    {
        // D3
        var shared = TestLayer.Of("shared.txt", "shared");
        var one = await _store.PutAsync("app:1", new TestImage("one", new[] { shared, TestLayer.Of("one.txt", "one") }));
        var two = await _store.PutAsync("app:2", new TestImage("two", new[] { shared, TestLayer.Of("two.txt", "two") }));
        var removal = await _store.RemoveAsync("app:1");

        Assert.Equal(new[] { one.Id, one.ChainIds[1] }, removal.Deleted);
        Assert.Equal(one.Manifest.Bytes.Length + one.Config.Bytes.Length + one.Layers[1].Blob.Bytes.Length, removal.BytesFreed);
        Assert.True(_store.HasAll(two.Content.ToArray()));
        Assert.True(_store.HasNone(one.Manifest, one.Config, one.Layers[1].Blob));
    }

    [Fact]
    public async Task Same_id_under_another_manifest_counts_as_a_reference()
    {
        // D1: one image (id), two manifests
        var layers = new[] { TestLayer.Of("a.txt", "a") };
        var one = await _store.PutAsync("app:1", new TestImage("same", layers));
        var two = await _store.PutAsync("app:2", new TestImage("same", layers, comment: "pushed again"));
        Assert.Equal(one.Id, two.Id);
        var removal = await _store.RemoveAsync("app:1");

        Assert.Equal(new[] { "app:1" }, removal.Untagged);
        Assert.Empty(removal.Deleted);
        Assert.Equal(one.Manifest.Bytes.Length, removal.BytesFreed);
        Assert.True(_store.HasAll(two.Content.ToArray()));
    }

    [Fact]
    public async Task By_id_with_one_reference_removes_all()
    {
        // D4
        var image = await _store.PutAsync("app:1", new TestImage());
        await _store.PutAsync("app@" + image.Manifest.Digest, image);
        var removal = await _store.RemoveAsync(image.Id.Substring("sha256:".Length, 12));

        Assert.Equal(new[] { "app:1", "app@" + image.Manifest.Digest }, removal.Untagged);
        Assert.Equal(image.Id, removal.Deleted[0]);
        Assert.Empty(_store.Blobs());
    }

    [Theory]
    [InlineData("app:2")]
    [InlineData("other:1")]
    public async Task By_id_with_several_references_needs_force(string second)
    {
        // D4, also for two tags of one repository
        var image = await _store.PutAsync("app:1", new TestImage());
        await _store.PutAsync(second, image);
        var id = image.Id.Substring("sha256:".Length, 12);

        var error = await Assert.ThrowsAsync<ImageException>(() => _store.RemoveAsync(id));
        Assert.Equal(ImageErrorKind.Conflict, error.Kind);
        Assert.Equal($"conflict: unable to delete {id} (must be forced) - image is referenced in multiple repositories", error.Message);
        Assert.Equal(2, (await _store.ListAsync()).Count);

        var removal = await _store.RemoveAsync(id, force: true);
        Assert.Contains("app:1", removal.Untagged);
        Assert.Contains(second, removal.Untagged);
        Assert.Equal(image.Id, removal.Deleted[0]);
        Assert.Empty(_store.Blobs());
    }

    [Fact]
    public async Task By_repository_and_digest_only_the_pinned_name_goes()
    {
        // D11
        var image = await _store.PutAsync("app:1", new TestImage());
        await _store.PutAsync("app@" + image.Manifest.Digest, image);
        var removal = await _store.RemoveAsync("app@" + image.Manifest.Digest);

        Assert.Equal(new[] { "app@" + image.Manifest.Digest }, removal.Untagged);
        Assert.Empty(removal.Deleted);
        Assert.Equal("app:1", Assert.Single(await _store.ListAsync()).Reference);
    }

    [Fact]
    public async Task By_repository_and_digest_that_a_tag_implies_nothing_changes()
    {
        // D11
        var image = await _store.PutAsync("app:1", new TestImage());
        var before = File.ReadAllBytes(_store.Paths.Index);
        var removal = await _store.RemoveAsync("app@" + image.Manifest.Digest);

        Assert.Equal(new[] { "app@" + image.Manifest.Digest }, removal.Untagged);
        Assert.Empty(removal.Deleted);
        Assert.Equal(before, File.ReadAllBytes(_store.Paths.Index));
        Assert.Contains(_store.Observer.VerboseLines, v => v.Contains("app:1", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Pinned_image_alone_goes_by_its_name()
    {
        // D3, D11
        var image = await _store.PutAsync("app@" + new TestImage().Manifest.Digest, new TestImage());
        var removal = await _store.RemoveAsync("app@" + image.Manifest.Digest);

        Assert.Equal(image.Id, removal.Deleted[0]);
        Assert.Empty(_store.Blobs());
    }

    [Fact]
    public async Task Unknown_image_is_an_error_and_changes_nothing()
    {
        // D12, D14
        var image = await _store.PutAsync("app:1", new TestImage());
        var error = await Assert.ThrowsAsync<ImageException>(() => _store.RemoveAsync("app"));

        Assert.Equal(ImageErrorKind.NotFound, error.Kind);
        Assert.Equal("No such image: app:latest", error.Message);
        Assert.True(_store.HasAll(image.Content.ToArray()));
    }

    [Fact]
    public async Task Repository_means_latest()
    {
        // D14
        await _store.PutAsync("app:latest", new TestImage("one"));
        await _store.PutAsync("app:1", new TestImage("two"));
        await _store.RemoveAsync("app");

        Assert.Equal("app:1", Assert.Single(await _store.ListAsync()).Reference);
    }

    [Fact]
    public async Task Dangling_image_goes_as_an_object()
    {
        var old = await _store.PutAsync("app:1", new TestImage("old"));
        var fresh = await _store.PutAsync("app:1", new TestImage("new"));
        var removal = await _store.RemoveAsync((await _store.ListAsync()).Single(r => r.Dangling));

        Assert.Empty(removal.Untagged);
        Assert.Equal(new[] { old.Id, old.ChainIds[1], old.ChainIds[0] }, removal.Deleted);
        Assert.True(_store.HasNone(old.Content.ToArray()));
        Assert.True(_store.HasAll(fresh.Content.ToArray()));
    }

    [Fact]
    public async Task Dangling_image_goes_by_its_id()
    {
        var old = await _store.PutAsync("app:1", new TestImage("old"));
        await _store.PutAsync("app:1", new TestImage("new"));

        Assert.Equal(old.Id, (await _store.RemoveAsync(old.Id)).Deleted[0]);
        Assert.Equal("app:1", Assert.Single(await _store.ListAsync()).Reference);
    }

    [Fact]
    public async Task Listed_tag_that_moved_since_is_not_removed()
    {
        await _store.PutAsync("app:1", new TestImage("old"));
        var listed = Assert.Single(await _store.ListAsync());
        await _store.PutAsync("app:1", new TestImage("new"));

        Assert.Equal(ImageErrorKind.Conflict, (await Assert.ThrowsAsync<ImageException>(() => _store.RemoveAsync(listed))).Kind);
        Assert.Equal(2, (await _store.ListAsync()).Count);
    }

    [Fact]
    public async Task Index_goes_with_all_its_platforms()
    {
        var here = new TestImage("here", platform: "linux/" + Platform.Host.Architecture);
        var other = new TestImage("other", platform: "linux/s390x");
        var absent = new TestImage("absent", platform: "linux/ppc64le");
        var index = await _store.PutIndexAsync("app:1", TestImage.Index(other, here, absent), here, other);
        var removal = await _store.RemoveAsync("app:1");

        Assert.Equal(
            new[] { here.Id, here.ChainIds[1], here.ChainIds[0], other.Id, other.ChainIds[1], other.ChainIds[0] }, removal.Deleted);
        Assert.Equal(new[] { "app:1", "app@" + index.Digest }, removal.Untagged);
        Assert.Empty(_store.Blobs());
    }

    [Fact]
    public async Task Platform_that_another_name_means_stays()
    {
        var here = new TestImage("here", platform: "linux/" + Platform.Host.Architecture);
        var other = new TestImage("other", platform: "linux/s390x");
        await _store.PutIndexAsync("app:1", TestImage.Index(other, here), here, other);
        await _store.PutAsync("single:1", other);
        var removal = await _store.RemoveAsync("app:1");

        Assert.DoesNotContain(other.Id, removal.Deleted);
        Assert.Contains(here.Id, removal.Deleted);
        Assert.True(_store.HasAll(other.Content.ToArray()));
        Assert.True(_store.HasNone(here.Content.ToArray()));
    }

    [Fact]
    public async Task Content_that_a_session_claims_stays_until_it_ends()
    {
        // Steps 6 and 7
        var image = await _store.PutAsync("app:1", new TestImage());
        using (var session = await _store.Reopen()
            .BeginPullAsync(ImageReference.Parse("app:2"), NullObserver.Instance, CancellationToken.None))
        {
            session.Protect(new[] { image.Layers[0].Blob.Descriptor });
            var removal = await _store.RemoveAsync("app:1");

            Assert.Equal(new[] { image.Id, image.ChainIds[1] }, removal.Deleted);
            Assert.True(_store.HasAll(image.Layers[0].Blob));
            Assert.True(_store.HasNone(image.Config, image.Manifest, image.Layers[1].Blob));
            Assert.True(session.Contains(image.Layers[0].Blob.Descriptor));
        }
    }

    [Fact]
    public async Task Session_that_relied_on_removed_content_is_told_at_publish()
    {
        var image = await _store.PutAsync("app:1", new TestImage());
        using var session = await _store.Reopen()
            .BeginPullAsync(ImageReference.Parse("app:2"), NullObserver.Instance, CancellationToken.None);
        await _store.RemoveAsync("app:1");

        Assert.False(await session.PublishAsync(image.Manifest.Descriptor, image.Content.Select(b => b.Descriptor)
            .ToArray(), CancellationToken.None));
        Assert.Empty(_store.Entries());
    }

    [Fact]
    public async Task Dead_lease_keeps_nothing_and_is_deleted()
    {
        // RS6
        var image = await _store.PutAsync("app:1", new TestImage());
        var dead = Guid.NewGuid().ToString("N");
        File.WriteAllText(Path.Combine(_store.Paths.Leases, dead + ".lock"), "");
        File.WriteAllText(Path.Combine(_store.Paths.Leases, dead + ".list"), string.Concat(image.Content.Select(b => b.Digest + "\n")));
        await _store.RemoveAsync("app:1");

        Assert.Empty(_store.Blobs());
        Assert.Empty(Directory.GetFiles(_store.Paths.Leases));
    }

    [Fact]
    public async Task Trash_of_a_killed_removal_is_emptied_by_the_next()
    {
        await _store.PutAsync("app:1", new TestImage());
        var left = TestBlob.Of("x/y", new byte[10]);
        File.WriteAllBytes(_store.Paths.TrashedBlob(left.Digest), left.Bytes);
        await _store.RemoveAsync("app:1");

        Assert.Empty(Directory.GetFiles(_store.Paths.Trash));
    }

    [Fact]
    public async Task Nothing_is_deleted_while_a_named_manifest_cannot_be_read()
    {
        var broken = await _store.PutAsync("broken:1", new TestImage("broken"));
        var image = await _store.PutAsync("app:1", new TestImage("image"));
        File.Delete(_store.Paths.Blob(broken.Manifest.Digest));
        var removal = await _store.RemoveAsync("app:1");

        Assert.Equal(0, removal.BytesFreed);
        Assert.True(_store.HasAll(image.Content.ToArray()));
        Assert.Contains(_store.Observer.Warnings, w => w.Contains(broken.Manifest.Digest.ToString(), StringComparison.Ordinal));
        Assert.Equal("broken:1", Assert.Single(await _store.ListAsync()).Reference);
    }

    [Fact]
    public async Task Manifest_of_an_unknown_type_keeps_all_that_it_names()
    {
        // Step 6
        var image = await _store.PutAsync("app:1", new TestImage());
        var unknown = TestBlob.Of("application/vnd.example.thing.v7+json", System.Text.Encoding.UTF8.GetBytes(
            new JsonObject { ["things"] = new JsonArray(new JsonObject { ["deep"] = image.Layers[0].Blob.ToJson() }) }.ToJsonString()));
        File.WriteAllBytes(_store.Paths.Blob(unknown.Digest), unknown.Bytes);
        _store.EditIndex(index => index["manifests"]!.AsArray().Add(unknown.ToJson()));
        await _store.RemoveAsync("app:1");

        Assert.True(_store.HasAll(unknown, image.Layers[0].Blob));
        Assert.True(_store.HasNone(image.Layers[1].Blob, image.Config, image.Manifest));
    }

    [Fact]
    public async Task Orphans_of_others_are_left_alone()
    {
        await _store.PutAsync("app:1", new TestImage());
        var orphan = TestBlob.Of("x/y", new byte[10]);
        File.WriteAllBytes(_store.Paths.Blob(orphan.Digest), orphan.Bytes);
        await _store.RemoveAsync("app:1");

        Assert.Equal(new[] { orphan.Digest.ToString() }, _store.Blobs());
    }

    [Fact]
    public async Task Hidden_entry_without_a_name_goes_with_the_last_name()
    {
        // The list never showed it, since a name had its digest.
        await _store.PutAsync("app:1", new TestImage());
        _store.EditIndex(index =>
        {
            var copy = index["manifests"]![0]!.DeepClone().AsObject();
            copy.Remove("annotations");
            index["manifests"]!.AsArray().Add(copy);
        });
        Assert.Single(await _store.ListAsync());
        await _store.RemoveAsync("app:1");

        Assert.Empty(_store.Entries());
        Assert.Empty(_store.Blobs());
    }

    [Fact]
    public async Task Removing_and_pulling_at_once_leaves_every_named_image_whole()
    {
        // RS5, with tasks; processes are tested elsewhere
        var shared = TestLayer.Of("shared.txt", "shared");
        await Task.WhenAll(Enumerable.Range(0, 6).Select(i => Task.Run(async () =>
        {
            var store = _store.Reopen();
            for (var j = 0; j < 5; j++)
            {
                await PutUntilPublishedAsync(store, $"app{i}:{j}",
                    new TestImage($"{i} {j}", new[] { shared, TestLayer.Of("own.txt", $"{i} {j}") }));
                if (j > 0)
                {
                    await store.RemoveAsync(new RemovalRequest(ImageIdentity.Of($"app{i}:{j - 1}")), NullObserver.Instance,
                        CancellationToken.None);
                }
            }
        })));

        var rows = await _store.ListAsync();
        Assert.Equal(Enumerable.Range(0, 6).Select(i => $"app{i}:4"), rows.Select(r => r.Reference).Order(StringComparer.Ordinal));
        Assert.Empty(_store.Observer.Warnings);
        foreach (var i in Enumerable.Range(0, 6))
        {
            var last = new TestImage($"{i} 4", new[] { shared, TestLayer.Of("own.txt", $"{i} 4") });
            Assert.True(_store.HasAll(last.Content.ToArray()));
        }

        Assert.Equal((6 * 3) + 1, _store.Blobs().Count);
    }

    private static async Task PutUntilPublishedAsync(ImgsPS.Stores.Layout.LayoutStore store, string reference, TestImage image)
    {
        using var session = await store.BeginPullAsync(ImageReference.Parse(reference), NullObserver.Instance, CancellationToken.None);
        do
        {
            foreach (var blob in image.Content)
            {
                await TempStore.WriteAsync(session, blob);
            }
        }
        while (!await session.PublishAsync(image.Manifest.Descriptor, image.Content.Select(b => b.Descriptor)
            .ToArray(), CancellationToken.None));
    }

    public void Dispose() => _store.Dispose();
}
