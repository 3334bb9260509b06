using System;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Layout;

/// <summary>Config, history and layers of images of the local store: U10, D12-D14.</summary>
public sealed class InspectTests : IDisposable
{
    private readonly TempStore _store = new();

    public void Dispose() => _store.Dispose();

    private Task<ImageConfig> ConfigAsync(ImageIdentity image, string? platform = null) => _store.Store.GetConfigAsync(
        image, platform is null ? null : Platform.Parse(platform), _store.Observer, CancellationToken.None);

    private Task<ImageConfig> ConfigAsync(string image, string? platform = null) => ConfigAsync(ImageIdentity.Of(image), platform);

    private async Task<ImageLayer[]> LayersAsync(string image, string? platform = null) => (await _store.Store.GetLayersAsync(
        ImageIdentity.Of(image), platform is null ? null : Platform.Parse(platform), _store.Observer, CancellationToken.None)).ToArray();

    [Fact]
    public async Task Config_history_and_layers_tell_of_one_image()
    {
        var image = await _store.PutAsync("app:1", new TestImage(change: config => config["history"] = new JsonArray(
            new JsonObject { ["created_by"] = "ADD base" },
            new JsonObject { ["created_by"] = "ENV", ["empty_layer"] = true },
            new JsonObject { ["created_by"] = "RUN app" })));
        var config = await ConfigAsync("app:1");
        var history = await _store.Store.GetHistoryAsync(ImageIdentity.Of(image.Id), null, _store.Observer, CancellationToken.None);
        var layers = await LayersAsync("app:1");

        Assert.Equal(image.Id, config.Id);
        Assert.Equal("image", config.Env["SEED"]);
        Assert.Equal(("app:1", _store.Root), (config.Reference, config.Store));
        Assert.Equal(new[] { "RUN app", "ENV", "ADD base" }, history.Select(h => h.CreatedBy));
        Assert.Equal(new[] { image.Layers[1].Blob.Descriptor.Size, 0, image.Layers[0].Blob.Descriptor.Size },
            history.Select(h => h.Size!.Value));
        Assert.All(history, h => Assert.Equal(("app:1", _store.Root), (h.Reference, h.Store)));
        Assert.Equal(image.ChainIds, layers.Select(l => l.ChainId));
        Assert.Equal(image.Layers.Select(l => l.Blob.Digest.ToString()), layers.Select(l => l.Digest));
        Assert.Equal(new[] { "ADD base", "RUN app" }, layers.Select(l => l.CreatedBy));
        Assert.All(layers, l => Assert.Equal(("app:1", _store.Root), (l.Reference, l.Store)));
    }

    [Fact]
    public async Task Layers_are_shared_with_other_images_of_the_list()
    {
        var shared = TestLayer.Of("base.txt", "base");
        await _store.PutAsync("app:1", new TestImage("one", new[] { shared, TestLayer.Of("a", "a") }));
        await _store.TagAsync("app:1", "same:1");
        await _store.PutAsync("tool:1", new TestImage("two", new[] { shared, TestLayer.Of("b", "b") }));
        var dangling = await _store.PutAsync("tool:2", new TestImage("three", new[] { shared }));
        await _store.PutAsync("tool:2", new TestImage("four", new[] { TestLayer.Of("c", "c"), shared }));

        var layers = await LayersAsync("app:1");
        Assert.Equal(new[] { dangling.Id, "tool:1" }, layers[0].SharedWith);
        Assert.Empty(layers[1].SharedWith);
    }

    [Fact]
    public async Task Blobs_of_other_images_are_not_opened_when_the_catalog_knows_them()
    {
        var shared = TestLayer.Of("base.txt", "base");
        await _store.PutAsync("app:1", new TestImage("one", new[] { shared }));
        var other = await _store.PutAsync("tool:1", new TestImage("two", new[] { shared, TestLayer.Of("b", "b") }));
        await _store.ListAsync();
        foreach (var blob in new[] { other.Manifest, other.Config })
        {
            // Bytes of the same number that would be found out by whoever reads them.
            File.WriteAllBytes(_store.Paths.Blob(blob.Digest), new byte[blob.Bytes.Length]);
        }

        using var later = _store.Reopen();
        var layers = await later.GetLayersAsync(ImageIdentity.Of("app:1"), null, _store.Observer, CancellationToken.None);
        Assert.Equal(new[] { "tool:1" }, Assert.Single(layers).SharedWith);
        Assert.Empty(_store.Observer.Warnings);
        Assert.Empty(Directory.GetFileSystemEntries(_store.Paths.Quarantine));
    }

    [Fact]
    public async Task Index_shows_the_host_s_best_of_those_that_are_there_or_the_platform_asked_for()
    {
        var arm = new TestImage("arm", platform: "linux/arm64");
        var s390 = new TestImage("s390", platform: "linux/s390x");
        var away = new TestImage("away", platform: "linux/amd64");
        await _store.PutIndexAsync("app:1", TestImage.Index(away, s390, arm), s390, arm);

        var rows = await _store.ListAsync();
        Assert.Equal(2, rows.Count);
        var listed = Assert.Single(rows, r => r.Id == s390.Id);
        Assert.Equal(listed.Id, (await ConfigAsync("app:1")).Id);
        Assert.Equal(listed.Layers.Select(l => l.Digest), (await LayersAsync("app:1")).Select(l => l.Digest));
        Assert.Equal(s390.Id, (await ConfigAsync("app:1", "linux/s390x")).Id);
        Assert.Equal(arm.Id, (await ConfigAsync("app:1", "linux/arm64")).Id);
        Assert.Equal(arm.ChainIds, (await LayersAsync("app:1", "linux/arm64")).Select(l => l.ChainId));

        var missing = await Assert.ThrowsAsync<ImageException>(() => ConfigAsync("app:1", "linux/amd64"));
        Assert.Equal(
            (ImageErrorKind.Incomplete, $"Pull it: Invoke-ImagePull app:1 -Platform 'linux/amd64' -Store '{_store.Root}'"),
            (missing.Kind, missing.Advice));
        Assert.Equal(
            $"the index {listed.Digest} of app:1 lists linux/amd64 as {away.Manifest.Digest}, "
            + $"but that manifest is not in the store '{_store.Root}'",
            missing.Message);
        var none = await Assert.ThrowsAsync<ImageException>(() => ConfigAsync("app:1", "windows/amd64"));
        Assert.StartsWith("no matching manifest for windows/amd64", none.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Untagged_image_is_told_of_by_its_id()
    {
        var old = await _store.PutAsync("app:1", new TestImage("old"));
        await _store.PutAsync("app:1", new TestImage("new"));
        var dangling = Assert.Single(await _store.ListAsync(), i => i.Dangling);

        var config = await ConfigAsync(ImageIdentity.Of(dangling));
        Assert.Equal(old.Id, config.Id);
        Assert.Null(config.Reference);
    }

    [Fact]
    public async Task Image_that_is_not_there_is_not_found_D12()
    {
        var e = await Assert.ThrowsAsync<ImageException>(() => ConfigAsync("nosuch"));
        Assert.Equal((ImageErrorKind.NotFound, "No such image: nosuch:latest"), (e.Kind, e.Message));
    }

    [Fact]
    public async Task Listed_image_whose_tag_moved_is_a_conflict()
    {
        await _store.PutAsync("app:1", new TestImage("old"));
        var listed = ImageIdentity.Of(Assert.Single(await _store.ListAsync()));
        await _store.PutAsync("app:1", new TestImage("new"));
        Assert.Equal(ImageErrorKind.Conflict, (await Assert.ThrowsAsync<ImageException>(() => ConfigAsync(listed))).Kind);
    }

    [Fact]
    public async Task Content_that_is_gone_is_named_with_what_names_it_FF25()
    {
        var image = await _store.PutAsync("app:1", new TestImage());
        File.Delete(_store.Paths.Blob(image.Config.Digest));
        var e = await Assert.ThrowsAsync<ImageException>(() => ConfigAsync("app:1"));
        Assert.Equal(ImageErrorKind.Incomplete, e.Kind);
        Assert.Equal(
            $"the manifest {image.Manifest.Digest} of app:1 names the config {image.Config.Digest}, "
            + $"but that config is not in the store '{_store.Root}'",
            e.Message);

        File.Delete(_store.Paths.Blob(image.Manifest.Digest));
        e = await Assert.ThrowsAsync<ImageException>(() => ConfigAsync("app:1"));
        Assert.Equal(
            $"index.json names app:1 as {image.Manifest.Digest}, but that manifest is not in the store '{_store.Root}'", e.Message);
        Assert.Equal($"Pull it: Invoke-ImagePull app:1 -Store '{_store.Root}'", e.Advice);
    }

    [Fact]
    public async Task Cancelled_operation_ends_so()
    {
        await _store.PutAsync("app:1", new TestImage());
        var image = ImageIdentity.Of("app:1");
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            _store.Store.GetConfigAsync(image, null, _store.Observer, cancelled.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _store.Store.TagAsync(
            new TagRequest(image, ImageReference.Parse("app:2")), _store.Observer, cancelled.Token));
        Assert.Single(await _store.ListAsync());
    }
}
