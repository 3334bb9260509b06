using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json.Nodes;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Layout;

/// <summary>FF1: names as docker 25, buildkit, containerd and others write them, and one name of several images.</summary>
public sealed class SharedNameTests : IDisposable
{
    private const string Name = "org.opencontainers.image.ref.name";
    private const string Whole = "io.containerd.image.name";

    private readonly TempStore _store = new();

    [Theory]
    [InlineData("docker.io/library/web:1", "1", "web:1")]
    [InlineData("reg.example.com:5000/team/web:1", "1", "reg.example.com:5000/team/web:1")]
    [InlineData("docker.io/library/web:1", null, "web:1")]
    [InlineData("docker.io/library/web:1", "other:2", "web:1")]
    [InlineData("localhost/web:latest", "latest", "localhost/web:latest")]
    [InlineData("docker.io/library/web", "1", "1")]
    [InlineData("Not A Name", "1", "1")]
    [InlineData("", "web:1", "web:1")]
    [InlineData(null, "web:1", "web:1")]
    public async Task Whole_name_of_an_entry_counts_where_it_is_a_reference_FF1(string? whole, string? name, string shown)
    {
        var image = await PutAsync("seed", whole, name);
        var row = Assert.Single(await _store.ListAsync());
        Assert.Equal(shown, row.Name);
        Assert.False(row.Dangling);
        Assert.Equal(image.Id, (await _store.Store.GetConfigAsync(ImageIdentity.Of(shown), null, _store.Observer, CancellationToken.None)).Id);
        Assert.Single((await _store.RemoveAsync(shown)).Deleted, image.Id);
        Assert.Empty(_store.Entries());
    }

    [Fact]
    public async Task Name_that_is_no_reference_and_stands_elsewhere_is_no_missing_name_FF1()
    {
        await PutAsync("seed", "Not A Name", null);
        var row = Assert.Single(await _store.ListAsync());
        Assert.Equal("Not A Name", row.RawName);
        Assert.False(row.Dangling);
    }

    [Fact]
    public async Task Two_images_of_one_tag_are_found_by_their_whole_names_FF1()
    {
        var web = await PutAsync("web", "docker.io/library/web:latest", "latest");
        var api = await PutAsync("api", "docker.io/library/api:latest", "latest");
        Assert.Equal(["api:latest", "web:latest"], (await _store.ListAsync()).Select(r => r.Reference).Order(StringComparer.Ordinal));

        Assert.Equal(["web:latest"], (await _store.RemoveAsync("web")).Untagged.Take(1));
        Assert.Equal(api.Id, Assert.Single(await _store.ListAsync()).Id);
        Assert.True(_store.HasNone(web.Manifest, web.Config));
    }

    [Fact]
    public async Task Name_that_moves_leaves_none_of_the_annotations_behind_FF1()
    {
        var old = await PutAsync("old", "docker.io/library/web:1", "1");
        var now = await PutAsync("now", "docker.io/library/web:2", "2");
        await _store.TagAsync("web:2", "web:1");

        var rows = await _store.ListAsync();
        Assert.Equal(["web:1", "web:2"], rows.Where(r => r.Id == now.Id).Select(r => r.Reference).Order(StringComparer.Ordinal));
        var left = Assert.Single(rows, r => r.Id == old.Id);
        Assert.Null(left.Name);
        Assert.True(left.Dangling);
        Assert.All(_store.Entries(), e => Assert.True(e["annotations"]?[Whole] is null || (string?)e["annotations"]![Name] == "2"));
    }

    [Theory]
    [InlineData(null, "latest", "latest")]
    [InlineData(null, "Odd Name", "Odd Name")]
    [InlineData(null, "web:1", "web:1")]
    [InlineData("docker.io/library/web:1", "1", "web:1")]
    public async Task One_name_of_two_images_is_ambiguous_and_each_goes_by_itself_FF1(string? whole, string? name, string text)
    {
        var one = await PutAsync("one", whole, name);
        var two = await PutAsync("two", whole, name);
        var questions = new Func<Task>[]
        {
            () => _store.RemoveAsync(text),
            () => _store.TagAsync(text, "copy:1"),
            () => _store.Store.GetConfigAsync(ImageIdentity.Of(text), null, _store.Observer, CancellationToken.None),
            () => _store.Store.GetLayersAsync(ImageIdentity.Of(text), null, _store.Observer, CancellationToken.None),
            () => _store.Store.GetHistoryAsync(ImageIdentity.Of(text), null, _store.Observer, CancellationToken.None),
            () => _store.Store.GetManifestAsync(ImageIdentity.Of(text), null, new(), _store.Observer, CancellationToken.None),
        };
        foreach (var question in questions)
        {
            var e = await Assert.ThrowsAsync<ImageException>(question);
            Assert.Equal(ImageErrorKind.Ambiguous, e.Kind);
            Assert.Contains(text, e.Message, StringComparison.Ordinal);
            Assert.Contains(one.Id.Substring(7, 16), e.Advice, StringComparison.Ordinal);
            Assert.Contains(two.Id.Substring(7, 16), e.Advice, StringComparison.Ordinal);
        }

        var rows = await _store.ListAsync();
        var meant = ImageLookup.Meant(new PlainImageRows(rows), ImageIdentity.Of(text));
        Assert.Equal(2, meant.Count);
        var removal = await _store.RemoveAsync(meant[0]);
        Assert.Equal(rows.Single(r => r.Digest == meant[0].Digest).Id, removal.Deleted[0]);
        var left = Assert.Single(await _store.ListAsync());
        Assert.Equal(meant[1].Digest, left.Digest);
        Assert.Equal(left.Id, (await _store.RemoveAsync(text)).Deleted[0]);
    }

    [Fact]
    public async Task One_name_written_twice_for_one_image_is_one_name_FF1()
    {
        var image = await PutAsync("one", null, "web:1");
        _store.EditIndex(index => index["manifests"]!.AsArray().Add(index["manifests"]![0]!.DeepClone()));
        Assert.Equal(image.Id, (await _store.RemoveAsync("web:1")).Deleted[0]);
        Assert.Empty(_store.Entries());
    }

    public void Dispose() => _store.Dispose();

    private async Task<TestImage> PutAsync(string seed, string? whole, string? name)
    {
        var image = await _store.PutAsync("seed.example.com/" + seed + ":1", new TestImage(seed));
        _store.EditIndex(index =>
        {
            var entry = index["manifests"]!.AsArray().Single(e => (string?)e!["digest"] == image.Manifest.Digest.ToString())!;
            var annotations = new JsonObject();
            foreach (var (key, value) in new[] { (Name, name), (Whole, whole) })
            {
                if (value is not null)
                {
                    annotations[key] = value;
                }
            }

            entry["annotations"] = annotations;
        });
        return image;
    }
}
