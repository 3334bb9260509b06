using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Engine.Tests.Store.Layout;
using ImgsPS.Stores;
using ImgsPS.Stores.Registry;
using ImgsPS.Testing;
using Xunit;

namespace ImgsPS.Engine.Tests.Store;

/// <summary>FF25: the name is there, and something that it leads to is not. Both are told, and nobody is sent to check the name.</summary>
public sealed class IncompleteImageTests : IDisposable
{
    private readonly Testing.TestRegistry _registry = Testing.TestRegistry.Start();
    private readonly TempStore _store = new();

    public static TheoryData<string> Asks => ["pull", "pull all", "manifest", "config", "history", "layers"];

    public void Dispose()
    {
        _registry.Dispose();
        _store.Dispose();
    }

    [Theory]
    [MemberData(nameof(Asks))]
    public async Task Manifest_that_an_index_lists_and_the_registry_lacks_FF25(string ask)
    {
        var index = _registry.AddIndex("team/app:1", [ImageSpec.For("linux/amd64"), ImageSpec.For("linux/arm64")]);
        var gone = index.Images[1].Digest;
        Assert.True(_registry.DeleteManifest("team/app", gone));

        var e = await FailsAsync(ask, "linux/arm64");

        Assert.Equal(
            (ImageErrorKind.Incomplete, $"the index {index.Digest} of {index.Reference} lists linux/arm64 as {gone}, "
                + $"but that manifest is not in the registry {_registry.Host}"),
            (e.Kind, e.Message));
        Assert.StartsWith("Choose another platform with -Platform, or ask whoever pushed", e.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_platform_that_is_gone_has_no_other_to_choose_FF25()
    {
        var index = _registry.AddIndex("team/app:1", [ImageSpec.For("linux/arm64")]);
        _registry.DeleteManifest("team/app", index.Images[0].Digest);
        var e = await FailsAsync("pull", "linux/arm64");
        Assert.StartsWith("Ask whoever pushed", e.Advice, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Asks))]
    public async Task Config_that_a_manifest_names_and_the_registry_lacks_FF25(string ask)
    {
        var image = _registry.AddImage("team/app:1", ImageSpec.For("linux/amd64"));
        Assert.True(_registry.DeleteBlob("team/app", image.Config.Digest));

        var e = await FailsAsync(ask, null);

        Assert.Equal(
            (ImageErrorKind.Incomplete, $"the manifest {image.Digest} of {image.Reference} names the config {image.Config.Digest}, "
                + $"but that config is not in the registry {_registry.Host}"),
            (e.Kind, e.Message));
        Assert.StartsWith("Ask whoever pushed", e.Advice, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pull")]
    [InlineData("pull all")]
    public async Task Layer_that_a_manifest_names_and_the_registry_lacks_FF25(string ask)
    {
        var index = _registry.AddIndex("team/app:1", [ImageSpec.For("linux/amd64")]);
        var image = index.Images[0];
        var gone = image.Layers[^1].Blob.Digest;
        Assert.True(_registry.DeleteBlob("team/app", gone));

        var e = await FailsAsync(ask, "linux/amd64");

        Assert.Equal(
            (ImageErrorKind.Incomplete, $"the manifest {image.Digest} of {index.Reference} names the layer {gone}, "
                + $"but that layer is not in the registry {_registry.Host}"),
            (e.Kind, e.Message));
        Assert.Empty(await _store.ListAsync());
    }

    [Fact]
    public async Task Layout_that_has_none_of_an_index_says_which_it_would_take_FF25()
    {
        var here = new TestImage("here", platform: Platform.Host.ToString());
        await _store.PutIndexAsync("app:1", TestImage.Index(here));
        var e = await Assert.ThrowsAsync<ImageException>(() => _store.Store.GetConfigAsync(
            ImageIdentity.Of("app:1"), null, NullObserver.Instance, CancellationToken.None));
        Assert.Equal(ImageErrorKind.Incomplete, e.Kind);
        Assert.Contains(
            $" as {here.Manifest.Digest}, but that manifest is not in the store '{_store.Root}'", e.Message, StringComparison.Ordinal);
    }

    private async Task<ImageException> FailsAsync(string ask, string? platform)
    {
        var reference = ImageReference.Parse(_registry.Host + "/team/app:1");
        var wanted = platform is null ? null : Platform.Parse(platform);
        var (observer, none) = (NullObserver.Instance, CancellationToken.None);
        using var remote = new RegistryStore(RegistryAddress.Of(reference), RegistryOptions.Default);
        var image = ImageIdentity.Of(reference.Familiar);
        return await Assert.ThrowsAsync<ImageException>(async () => _ = ask switch
        {
            "pull" => await PullAsync(new PullRequest(reference) { Platform = wanted }),
            "pull all" => await PullAsync(new PullRequest(reference) { AllPlatforms = true }),
            "manifest" => (await remote.GetManifestAsync(image, wanted, RegistryOptions.Default, observer, none)).Described(),
            "config" => await remote.GetConfigAsync(image, wanted, observer, none),
            "history" => await remote.GetHistoryAsync(image, wanted, observer, none),
            _ => (object)await remote.GetLayersAsync(image, wanted, observer, none),
        });
    }

    private async Task<object> PullAsync(PullRequest request)
    {
        await foreach (var image in _store.Store.PullAsync(request, NullObserver.Instance, CancellationToken.None))
        {
            return image;
        }

        return "nothing";
    }
}
