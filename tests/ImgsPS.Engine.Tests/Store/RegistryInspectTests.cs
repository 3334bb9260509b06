using System;
using System.Linq;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores;
using ImgsPS.Stores.Registry;
using ImgsPS.Testing;
using Xunit;

namespace ImgsPS.Engine.Tests.Store;

/// <summary>
/// Config, history and layers of what a registry has, over HTTP: no layer is fetched, and all after the tag goes by digest (RN21).
/// </summary>
public sealed class RegistryInspectTests : IDisposable
{
    private readonly Testing.TestRegistry _registry = Testing.TestRegistry.Start();
    private readonly RegistryStore _store;

    public RegistryInspectTests() => _store = new RegistryStore(RegistryAddress.For(_registry.Host), RegistryOptions.Default);

    public void Dispose()
    {
        _store.Dispose();
        _registry.Dispose();
    }

    [Fact]
    public async Task Manifest_and_config_are_read_and_no_layer()
    {
        var index = _registry.AddIndex("team/app:latest",
            new[] { ImageSpec.For("linux/amd64"), ImageSpec.For("linux/arm64/v8") with { Author = "Ann" } });
        var arm = index.Images[1];
        var config = await _store.GetConfigAsync(
            ImageIdentity.Of($"{_registry.Host}/team/app"), Platform.Parse("linux/arm64"), NullObserver.Instance, CancellationToken.None);

        Assert.Equal($"{_registry.Host}/team/app:latest", config.Reference);
        Assert.Equal("registry://" + _registry.Host, config.Store);
        Assert.Equal(arm.Config.Digest, config.Id);
        Assert.Equal("Ann", config.Author);
        Assert.Equal(new[] { "/bin/app" }, config.Command);
        Assert.Equal("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", config.Env["PATH"]);
        Assert.Equal(
            new[] { "/v2/team/app/manifests/latest", "/v2/team/app/manifests/" + arm.Digest, "/v2/team/app/blobs/" + arm.Config.Digest },
            _registry.Requests.Select(r => r.Path).Where(p => p.StartsWith("/v2/team/", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Config_history_and_layers_are_the_same_from_store_and_registry()
    {
        var image = _registry.AddImage("team/app:1", new ImageSpec { Layers = [new LayerSpec(1), new LayerSpec(2)] });
        var reference = ImageReference.Parse(image.Reference);
        var identity = ImageIdentity.Of(image.Reference);
        using var folder = new TempFolder();
        using var store = ImageStores.Open(folder.Path);
        await foreach (var pulled in store.ForPull().PullAsync(new PullRequest(reference), NullObserver.Instance, CancellationToken.None))
        {
            Assert.Equal(image.Config.Digest, pulled.Id);
        }

        // All properties but the store itself.
        static string Text<T>(T item, string place) => JsonSerializer.Serialize(item)
            .Replace($"\"Store\":{JsonSerializer.Serialize(place)}", "\"Store\":null", StringComparison.Ordinal);
        var (observer, none) = (NullObserver.Instance, CancellationToken.None);
        var config = await store.GetConfigAsync(identity, null, observer, none);
        Assert.Equal(folder.Path, config.Store);
        Assert.Equal(Text(await _store.GetConfigAsync(identity, null, observer, none), _store.Name), Text(config, folder.Path));
        Assert.Equal(
            Text(await _store.GetHistoryAsync(identity, null, observer, none), _store.Name),
            Text(await store.GetHistoryAsync(identity, null, observer, none), folder.Path));
        Assert.Equal(
            Text(await _store.GetLayersAsync(identity, null, observer, none), _store.Name),
            Text(await store.GetLayersAsync(identity, null, observer, none), folder.Path));
    }

    [Fact]
    public async Task History_and_layers_of_an_image_fit()
    {
        var image = _registry.AddImage("team/app:1", new ImageSpec { Layers = [new LayerSpec(1), new LayerSpec(2)] });
        var identity = ImageIdentity.Of(image.Reference);
        var history = await _store.GetHistoryAsync(identity, null, NullObserver.Instance, CancellationToken.None);
        var layers = await _store.GetLayersAsync(identity, null, NullObserver.Instance, CancellationToken.None);

        Assert.Equal(image.Layers.Select(l => l.DiffId), layers.Select(l => l.DiffId));
        Assert.Equal(image.Layers.Select(l => l.Blob.Digest), layers.Select(l => l.Digest));
        Assert.Equal(layers.Select(l => l.DiffId).Reverse(), history.Select(h => h.DiffId));
        Assert.Equal(layers.Select(l => l.Size).Reverse(), history.Select(h => h.Size));
        Assert.Equal(layers.Select(l => l.CreatedBy).Reverse(), history.Select(h => h.CreatedBy));
        Assert.Equal(new[] { image.Config.Digest, null }, history.Select(h => h.Id));
        Assert.DoesNotContain(_registry.Requests, r => image.Layers.Any(l => r.Path.EndsWith(l.Blob.Digest, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Tag_that_is_not_there_is_not_found_U13()
    {
        _registry.AddImage("team/app:1", new ImageSpec());
        var e = await Assert.ThrowsAsync<ImageException>(() => _store.GetLayersAsync(
            ImageIdentity.Of("team/app:2"), null, NullObserver.Instance, CancellationToken.None));
        Assert.Equal(ImageErrorKind.NotFound, e.Kind);
    }
}
