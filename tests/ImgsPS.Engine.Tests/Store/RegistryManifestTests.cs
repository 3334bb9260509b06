using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores;
using ImgsPS.Stores.Registry;
using ImgsPS.Testing;
using Xunit;

namespace ImgsPS.Engine.Tests.Store;

/// <summary>Describing what a registry has, over HTTP: the number of requests, and that all after the tag goes by digest (RN21).</summary>
public sealed class RegistryManifestTests : System.IDisposable
{
    private readonly Testing.TestRegistry _registry = Testing.TestRegistry.Start();

    public void Dispose() => _registry.Dispose();

    private static Task<ManifestAnswer> AskAsync(string reference, string? platform = null) => RegistryManifests.DescribeAsync(
        ImageReference.Parse(reference),
        platform is null ? null : Platform.Parse(platform),
        RegistryOptions.Default,
        NullObserver.Instance,
        CancellationToken.None);

    [Fact]
    public async Task Index_is_one_request()
    {
        var index = _registry.AddIndex("team/app:1", new[] { ImageSpec.For("linux/amd64"), ImageSpec.For("linux/arm64/v8") });
        var answer = await AskAsync($"{_registry.Host}/team/app:1");

        Assert.Equal(index.Manifest.Bytes.ToArray(), System.Text.Encoding.UTF8.GetBytes(answer.Raw));
        Assert.Equal(index.Images.Select(image => image.Digest), answer.Manifests.Select(manifest => manifest.Digest));
        Assert.Equal(new[] { "linux/amd64", "linux/arm64/v8" }, answer.Manifests.Select(manifest => manifest.Platform!.ToString()));
        Assert.Single(Paths(), path => path.Contains("/manifests/", System.StringComparison.Ordinal));
        Assert.DoesNotContain(Paths(), path => path.Contains("/blobs/", System.StringComparison.Ordinal));
    }

    [Fact]
    public async Task Platform_is_asked_for_by_digest_and_told_with_config_and_layers()
    {
        var index = _registry.AddIndex("team/app:1", new[] { ImageSpec.For("linux/amd64"), ImageSpec.For("linux/arm64/v8") });
        var arm = index.Images[1];
        var answer = await AskAsync($"{_registry.Host}/team/app:1", "linux/arm64");

        var manifest = Assert.Single(answer.Manifests);
        Assert.Equal(arm.Digest, manifest.Digest);
        Assert.Equal(index.Digest, manifest.IndexDigest);
        Assert.Equal(arm.Config.Digest, manifest.ConfigDigest);
        Assert.Equal(arm.ContentSize, manifest.ContentSize);
        Assert.Equal(arm.Layers.Select(layer => layer.DiffId), manifest.Layers.Select(layer => layer.DiffId));
        Assert.Equal(
            new[] { "/v2/team/app/manifests/1", "/v2/team/app/manifests/" + arm.Digest, "/v2/team/app/blobs/" + arm.Config.Digest },
            Paths().Where(path => path.StartsWith("/v2/team/", System.StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Tag_that_is_not_there_is_not_found_U13()
    {
        _registry.AddImage("team/app:1", new ImageSpec());
        var e = await Assert.ThrowsAsync<ImageException>(() => AskAsync($"{_registry.Host}/team/app:2"));
        Assert.Equal(ImageErrorKind.NotFound, e.Kind);
    }

    private string[] Paths() => _registry.Requests.Select(request => request.Path).ToArray();
}
