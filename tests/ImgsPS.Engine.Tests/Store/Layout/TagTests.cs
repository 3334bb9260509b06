using System;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Layout;

/// <summary>Names given to images of the local store: N7, N8, D12-D14.</summary>
public sealed class TagTests : IDisposable
{
    private readonly TempStore _store = new();

    public void Dispose() => _store.Dispose();

    private async Task<ImageException> RefusedAsync(Func<Task> action)
    {
        var before = File.Exists(_store.Paths.Index) ? File.ReadAllBytes(_store.Paths.Index) : null;
        var e = await Assert.ThrowsAsync<ImageException>(action);
        Assert.Equal(before, File.Exists(_store.Paths.Index) ? File.ReadAllBytes(_store.Paths.Index) : null);
        return e;
    }

    [Fact]
    public async Task Image_has_one_name_more_which_was_not_pulled()
    {
        var image = await _store.PutAsync("app:1", new TestImage());
        var tagged = await _store.TagAsync("app:1", "reg:5000/team/app");

        // N7
        Assert.Equal("reg:5000/team/app:latest", tagged.Reference);
        Assert.Equal(image.Id, tagged.Id);
        Assert.Equal(image.Manifest.Digest.ToString(), tagged.Digest);
        Assert.Null(tagged.PulledAt);
        Assert.False(tagged.Dangling);
        var rows = await _store.ListAsync();
        Assert.Equal(new[] { "app:1", "reg:5000/team/app:latest" }, rows.Select(r => r.Reference));
        Assert.NotNull(rows[0].PulledAt);
        Assert.Null(rows[1].PulledAt);
        Assert.Empty(_store.Observer.VerboseLines);
    }

    [Fact]
    public async Task Tag_that_is_pulled_later_was_pulled()
    {
        var image = await _store.PutAsync("app:1", new TestImage());
        await _store.TagAsync("app:1", "app:2");
        await _store.PutAsync("app:2", image);

        Assert.All(await _store.ListAsync(), row => Assert.NotNull(row.PulledAt));
        Assert.DoesNotContain("io.imgsps.tagged", File.ReadAllText(_store.Paths.Index), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tag_of_the_repository_that_was_pulled_is_not_pulled_itself()
    {
        await _store.PutAsync("app:1", new TestImage());

        Assert.Null((await _store.TagAsync("app:1", "app:2")).PulledAt);
        Assert.Null((await _store.TagAsync("app:2", "other:1")).PulledAt);

        await _store.RemoveAsync("app:1");
        Assert.All(await _store.ListAsync(), row => Assert.Null(row.PulledAt));
    }

    [Theory]
    [InlineData("app")]
    [InlineData("docker.io/library/app:latest")]
    [InlineData("ID")]
    [InlineData("PREFIX")]
    [InlineData("DIGEST")]
    [InlineData("app@DIGEST")]
    public async Task Image_is_named_in_any_way_D13_D14(string text)
    {
        var image = await _store.PutAsync("app", new TestImage());
        text = text.Replace("ID", image.Id, StringComparison.Ordinal)
            .Replace("PREFIX", image.Config.Digest.ShortHex, StringComparison.Ordinal)
            .Replace("DIGEST", image.Manifest.Digest.ToString(), StringComparison.Ordinal);
        await _store.TagAsync(text, "other:1");
        Assert.Equal(new[] { "app:latest", "other:1" }, (await _store.ListAsync()).Select(r => r.Reference));
    }

    [Fact]
    public async Task Dangling_image_gets_a_name()
    {
        var old = await _store.PutAsync("app:1", new TestImage("old"));
        await _store.PutAsync("app:1", new TestImage("new"));
        var tagged = await _store.TagAsync(old.Id, "app:0");

        Assert.Equal(old.Id, tagged.Id);
        Assert.Null(tagged.PulledAt);
        Assert.DoesNotContain(await _store.ListAsync(), row => row.Dangling);
        Assert.Equal(2, _store.Entries().Count);
    }

    [Fact]
    public async Task Name_that_moves_says_what_it_named_and_leaves_it_dangling()
    {
        var old = await _store.PutAsync("app:1", new TestImage("old"));
        var fresh = await _store.PutAsync("app:2", new TestImage("new"));
        await _store.TagAsync("app:2", "app:1");

        Assert.Equal($"app:1 named {old.Config.Digest.ShortHex} until now", Assert.Single(_store.Observer.VerboseLines));
        var rows = await _store.ListAsync();
        Assert.Equal(old.Id, Assert.Single(rows, r => r.Dangling).Id);
        Assert.All(rows.Where(r => !r.Dangling), r => Assert.Equal(fresh.Id, r.Id));
    }

    [Fact]
    public async Task Name_that_moves_from_an_image_with_another_name_leaves_nothing()
    {
        var old = await _store.PutAsync("app:1", new TestImage("old"));
        await _store.TagAsync("app:1", "keep:1");
        await _store.PutAsync("app:2", new TestImage("new"));
        await _store.TagAsync("app:2", "app:1");

        Assert.Equal(new[] { "app:1", "app:2", "keep:1" }, (await _store.ListAsync()).Select(r => r.Reference));
        Assert.Equal(3, _store.Entries().Count);
        Assert.True(_store.HasAll(old.Content.ToArray()));
    }

    [Theory]
    [InlineData("app:1")]
    [InlineData("docker.io/library/app:1")]
    public async Task Name_that_the_image_has_already_is_not_written(string name)
    {
        await _store.PutAsync("app:1", new TestImage());
        _store.EditIndex(index => index["manifests"]![0]!["annotations"]!["org.opencontainers.image.ref.name"] = "app:1");
        var before = File.ReadAllBytes(_store.Paths.Index);
        var tagged = await _store.TagAsync("app:1", name);

        Assert.Equal("app:1", tagged.Reference);
        Assert.NotNull(tagged.PulledAt);
        Assert.Equal(before, File.ReadAllBytes(_store.Paths.Index));
        Assert.Empty(_store.Observer.VerboseLines);
    }

    [Fact]
    public async Task Index_keeps_all_its_platforms_under_the_new_name()
    {
        var amd = new TestImage("amd");
        var arm = new TestImage("arm", platform: "linux/arm64");
        var index = await _store.PutIndexAsync("app:1", TestImage.Index(amd, arm), amd, arm);
        var request = new TagRequest(ImageIdentity.Of("app:1"), ImageReference.Parse("app:2"));
        var tagged = await _store.Store.TagAsync(request, _store.Observer, CancellationToken.None);
        await _store.RemoveAsync("app:1");

        Assert.Equal([amd.Id, arm.Id], tagged.Select(t => t.Id));
        Assert.All(tagged, t => Assert.Equal(index.Digest.ToString(), t.Digest));
        Assert.True(_store.HasAll(amd.Content.Concat(arm.Content).Append(index).ToArray()));
    }

    [Fact]
    public async Task Tag_that_reads_as_a_digest_is_refused_N8()
    {
        await _store.PutAsync("app:1", new TestImage());
        foreach (var name in new[] { "sha256:foo", "sha256", "docker.io/library/sha512:1" })
        {
            var e = await RefusedAsync(() => _store.TagAsync("app:1", name));
            Assert.Equal(ImageErrorKind.InvalidReference, e.Kind);
            Assert.Equal("refusing to create an ambiguous tag using digest algorithm as name", e.Message);
        }

        Assert.Equal("reg:5000/sha256:1", (await _store.TagAsync("app:1", "reg:5000/sha256:1")).Reference);
    }

    [Theory]
    [InlineData("other@")]
    [InlineData("other:1@")]
    public async Task Name_with_a_digest_is_refused_in_docker_s_words(string name)
    {
        var image = await _store.PutAsync("app:1", new TestImage());
        var e = await RefusedAsync(() => _store.TagAsync("app:1", name + image.Manifest.Digest));
        Assert.Equal(ImageErrorKind.InvalidReference, e.Kind);
        Assert.Equal("refusing to create a tag with a digest reference", e.Message);
    }

    [Fact]
    public async Task Image_that_is_not_there_is_not_found_and_no_store_is_made_for_it_D12()
    {
        var e = await RefusedAsync(() => _store.TagAsync("nosuch", "app:1"));
        Assert.Equal(ImageErrorKind.NotFound, e.Kind);
        Assert.Equal("No such image: nosuch:latest", e.Message);
        Assert.False(Directory.Exists(_store.Root));

        await _store.PutAsync("app:1", new TestImage());
        Assert.Equal(ImageErrorKind.NotFound, (await RefusedAsync(() => _store.TagAsync("nosuch", "app:1"))).Kind);
    }

    [Fact]
    public async Task Listed_image_whose_reference_moved_is_a_conflict_unless_forced()
    {
        var old = await _store.PutAsync("app:1", new TestImage("old"));
        var listed = ImageIdentity.Of(Assert.Single(await _store.ListAsync()));
        await _store.PutAsync("app:1", new TestImage("new"));

        var e = await RefusedAsync(() => _store.TagAsync(listed, "keep:1"));
        Assert.Equal(ImageErrorKind.Conflict, e.Kind);
        Assert.Equal("the tag was moved since it was listed: app:1", e.Message);
        Assert.Equal(old.Id, (await _store.TagAsync(listed, "keep:1", force: true)).Id);
    }

    [Fact]
    public async Task Listed_image_whose_reference_went_is_found_by_its_content_when_forced()
    {
        var image = await _store.PutAsync("app:1", new TestImage());
        var listed = ImageIdentity.Of(Assert.Single(await _store.ListAsync()));
        await _store.TagAsync("app:1", "app:2");
        await _store.RemoveAsync("app:1");

        Assert.Equal(ImageErrorKind.NotFound, (await RefusedAsync(() => _store.TagAsync(listed, "keep:1"))).Kind);
        Assert.Equal(image.Id, (await _store.TagAsync(listed, "keep:1", force: true)).Id);
        await _store.RemoveAsync(image.Id, force: true);
        Assert.Equal(ImageErrorKind.NotFound, (await RefusedAsync(() => _store.TagAsync(listed, "keep:1", force: true))).Kind);
    }

    [Theory]
    [InlineData("manifest")]
    [InlineData("config")]
    [InlineData("layer")]
    public async Task Image_that_is_not_whole_gets_no_name(string missing)
    {
        var image = await _store.PutAsync("app:1", new TestImage());
        await _store.ListAsync();
        File.Delete(_store.Paths.Blob((
            missing switch { "manifest" => image.Manifest, "config" => image.Config, _ => image.Layers[1].Blob }).Digest));

        var e = await RefusedAsync(() => _store.TagAsync("app:1", "app:2"));
        Assert.Equal(ImageErrorKind.Incomplete, e.Kind);
        Assert.Contains($"but that {missing} is not in the store '{_store.Root}'", e.Message, StringComparison.Ordinal);
        Assert.Equal($"Pull it: Invoke-ImagePull app:1 -Store '{_store.Root}'", e.Advice);
    }

    [Fact]
    public async Task Tagged_image_stays_when_the_name_it_was_pulled_by_is_removed_D1()
    {
        var image = await _store.PutAsync("app:1", new TestImage());
        await _store.TagAsync("app:1", "app:2");

        Assert.Empty((await _store.RemoveAsync("app:1")).Deleted);
        Assert.True(_store.HasAll(image.Content.ToArray()));
        Assert.Contains(image.Id, (await _store.RemoveAsync("app:2")).Deleted);
        Assert.Empty(_store.Blobs());
    }

    [Fact]
    public async Task Tags_given_at_once_by_two_openings_of_a_store_are_all_there()
    {
        // RS5
        await _store.PutAsync("app:1", new TestImage());
        using var second = _store.Reopen();
        await Task.WhenAll(Enumerable.Range(0, 12).Select(i => Task.Run(() => (i % 2 == 0 ? _store.Store : second).TagAsync(
            new TagRequest(ImageIdentity.Of("app:1"), ImageReference.Parse("many:" + i)), NullObserver.Instance, CancellationToken.None))));
        Assert.Equal(13, (await _store.ListAsync()).Count);
    }
}
