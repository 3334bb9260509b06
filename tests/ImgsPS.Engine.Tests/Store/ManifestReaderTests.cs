using System;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Stores;
using Xunit;

namespace ImgsPS.Engine.Tests.Store;

/// <summary>Describing what a reference names: U5, U8, U9, U11, RN9, RN26.</summary>
public class ManifestReaderTests
{
    private static readonly ImageReference Reference = ImageReference.Parse("reg.test/team/app");

    private readonly MemoryManifestSource _source = new();

    private Task<ManifestAnswer> DescribeAsync(string? platform = null) => ManifestReader.DescribeAsync(
        Reference, _source, platform is null ? null : Platform.Parse(platform), NullObserver.Instance, CancellationToken.None);

    private static string Hash(string text) => Digest.Of(Encoding.UTF8.GetBytes(text)).ToString();

    private static string PlatformMember(string os, string architecture) =>
        $"\"platform\":{{\"os\":\"{os}\",\"architecture\":\"{architecture}\"}}";

    /// <summary>Adds an image of two layers (of 10 and 20 bytes) and gives its descriptor.</summary>
    private string AddImage(string os, string architecture, string? more = null, string mark = "")
    {
        var config = _source.Add(
            $"{{\"os\":\"{os}\",\"architecture\":\"{architecture}\",\"author\":\"{mark}\",\"rootfs\":{{\"type\":\"layers\",\"diff_ids\":[\"{Hash("tar 1")}\",\"{Hash("tar 2")}\"]}}}}",
            MediaTypes.OciConfig);
        return AddManifest(config, more);
    }

    private string AddManifest(string config, string? more = null, string members = "") => _source.Add(
        $"{{\"schemaVersion\":2,\"mediaType\":\"{MediaTypes.OciManifest}\",\"config\":{config},\"layers\":["
            + $"{{\"mediaType\":\"{MediaTypes.OciLayerGzip}\",\"digest\":\"{Hash("gzip 1")}\",\"size\":10}},"
            + $"{{\"mediaType\":\"{MediaTypes.OciLayerZstd}\",\"digest\":\"{Hash("zstd 2")}\",\"size\":20}}]"
            + $",\"annotations\":{{\"from\":\"manifest\"}}{members}}}",
        MediaTypes.OciManifest,
        more);

    private string AddIndex(params string[] entries) => _source.Add(
        $"{{\"schemaVersion\":2, \"mediaType\":\"{MediaTypes.OciIndex}\",\"manifests\":[{string.Join(",", entries)}]}}",
        MediaTypes.OciIndex);

    private void AddTwoPlatforms() => AddIndex(
        AddImage("linux", "amd64", PlatformMember("linux", "amd64") + ",\"annotations\":{\"from\":\"entry\"}"),
        AddImage("linux", "arm64", PlatformMember("linux", "arm64")),
        AddImage("unknown", "unknown", PlatformMember("unknown", "unknown")));

    [Fact]
    public async Task Index_is_one_request_and_one_object_per_entry_attestations_too()
    {
        AddTwoPlatforms();
        var answer = await DescribeAsync();

        Assert.Equal(new[] { "root" }, _source.Requests);
        Assert.Equal(new[] { "linux/amd64", "linux/arm64", "unknown/unknown" }, answer.Manifests.Select(m => m.Platform!.ToString()));
        Assert.Equal(_source.Root.ToString(), Hash(answer.Raw));
        Assert.All(answer.Manifests, manifest =>
        {
            Assert.Equal("reg.test/team/app:latest", manifest.Reference);
            Assert.Equal(_source.Root.ToString(), manifest.IndexDigest);
            Assert.Equal(MediaTypes.OciManifest, manifest.MediaType);
            Assert.True(manifest.Size > 0);
            Assert.Null(manifest.ConfigDigest);
            Assert.Null(manifest.ContentSize);
            Assert.Empty(manifest.Layers);
        });
        Assert.Equal("entry", answer.Manifests[0].Annotations["from"]);
        Assert.Empty(answer.Manifests[1].Annotations);
    }

    [Fact]
    public async Task Platform_chooses_a_manifest_and_tells_config_and_layers_in_three_requests()
    {
        AddTwoPlatforms();
        var index = _source.Root;
        var answer = await DescribeAsync("linux/amd64");

        var manifest = Assert.Single(answer.Manifests);
        Assert.Equal(new[] { "root", manifest.Digest, manifest.ConfigDigest }, _source.Requests);
        Assert.Equal(Hash(answer.Raw), manifest.Digest);
        Assert.Equal(index.ToString(), manifest.IndexDigest);
        Assert.Equal("linux/amd64", manifest.Platform!.ToString());
        Assert.Equal("entry", manifest.Annotations["from"]);
        Assert.Equal(answer.Raw.Length, manifest.Size);
        Assert.Equal(new[] { Hash("gzip 1"), Hash("zstd 2") }, manifest.Layers.Select(l => l.Digest));
        Assert.Equal(new[] { Hash("tar 1"), Hash("tar 2") }, manifest.Layers.Select(l => l.DiffId));
        Assert.Equal(new long?[] { 10, 20 }, manifest.Layers.Select(l => l.Size));
        Assert.Equal(new[] { MediaTypes.OciLayerGzip, MediaTypes.OciLayerZstd }, manifest.Layers.Select(l => l.MediaType));
        var config = await _source.GetConfigAsync(new Descriptor("", Digest.Parse(manifest.ConfigDigest!), 0), NullObserver.Instance,
            default);
        Assert.Equal(config.Length + 30, manifest.ContentSize);
        Assert.Null(manifest.ArtifactType);
    }

    [Fact]
    public async Task Platform_that_is_not_there_is_an_error_that_lists_those_that_are_U5()
    {
        AddTwoPlatforms();
        var e = await Assert.ThrowsAsync<ImageException>(() => DescribeAsync("linux/s390x"));
        Assert.Equal(ImageErrorKind.NotFound, e.Kind);
        Assert.StartsWith("no matching manifest for linux/s390x in the manifest list entries. Available: linux/amd64, linux/arm64",
            e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("unknown", e.Message, StringComparison.Ordinal);
        Assert.Equal(new[] { "root" }, _source.Requests);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("linux/amd64")]
    public async Task Plain_manifest_has_its_platform_from_the_config_in_two_requests(string? platform)
    {
        AddImage("linux", "amd64");
        var answer = await DescribeAsync(platform);

        var manifest = Assert.Single(answer.Manifests);
        Assert.Equal(new[] { "root", manifest.ConfigDigest }, _source.Requests);
        Assert.Equal("linux/amd64", manifest.Platform!.ToString());
        Assert.Equal("manifest", manifest.Annotations["from"]);
        Assert.Null(manifest.IndexDigest);
        Assert.Equal(Hash(answer.Raw), manifest.Digest);
        Assert.Equal(2, manifest.Layers.Count);
        Assert.All(manifest.Layers, layer => Assert.NotNull(layer.DiffId));
    }

    [Fact]
    public async Task Plain_manifest_of_another_platform_is_an_error_that_names_it_U5()
    {
        AddImage("linux", "amd64");
        var e = await Assert.ThrowsAsync<ImageException>(() => DescribeAsync("linux/arm64"));
        Assert.StartsWith("no matching manifest for linux/arm64", e.Message, StringComparison.Ordinal);
        Assert.Contains("linux/amd64", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("linux/amd64")]
    public async Task Artifact_is_described_without_its_config_U11(string? platform)
    {
        AddManifest("{\"mediaType\":\"application/vnd.cncf.helm.config.v1+json\",\"digest\":\"" + Hash("absent") + "\",\"size\":7}");
        var manifest = Assert.Single((await DescribeAsync(platform)).Manifests);
        Assert.Equal(new[] { "root" }, _source.Requests);
        Assert.Equal("application/vnd.cncf.helm.config.v1+json", manifest.ArtifactType);
        Assert.Equal(Hash("absent"), manifest.ConfigDigest);
        Assert.Equal(37, manifest.ContentSize);
        Assert.Null(manifest.Platform);
        Assert.All(manifest.Layers, layer => Assert.Null(layer.DiffId));
    }

    [Fact]
    public async Task Entry_without_platform_matches_last_U8()
    {
        var nameless = AddImage("linux", "arm64", mark: "nameless");
        var named = AddImage("linux", "arm64", PlatformMember("linux", "arm64"), "named");
        var chosen = _source.Root;
        AddIndex(nameless, named);
        Assert.Equal(chosen.ToString(), Assert.Single((await DescribeAsync("linux/arm64")).Manifests).Digest);
    }

    [Fact]
    public async Task Entry_without_platform_is_taken_when_its_config_fits_and_artifacts_are_passed_over_U8()
    {
        var signature = AddManifest("{\"mediaType\":\"" + MediaTypes.OciEmpty + "\",\"digest\":\"" + Hash("{}") +
            "\",\"size\":2}", null, ",\"artifactType\":\"a/b\"");
        var amd64 = AddImage("linux", "amd64");
        var arm64 = AddImage("linux", "arm64");
        var chosen = _source.Root;
        AddIndex(signature, amd64, arm64);

        var manifest = Assert.Single((await DescribeAsync("linux/arm64")).Manifests);
        Assert.Equal(chosen.ToString(), manifest.Digest);
        Assert.Equal("linux/arm64", manifest.Platform!.ToString());
        var e = await Assert.ThrowsAsync<ImageException>(() => DescribeAsync("linux/riscv64"));
        Assert.Contains("linux/amd64, linux/arm64", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Image_is_found_in_an_index_in_an_index_and_not_one_deeper_RN26()
    {
        var inner = AddIndex(AddImage("linux", "amd64", PlatformMember("linux", "amd64")));
        var parent = _source.Root;
        var middle = AddIndex(inner);
        var outer = AddIndex(middle);
        var manifest = Assert.Single((await DescribeAsync("linux/amd64")).Manifests);
        Assert.Equal(parent.ToString(), manifest.IndexDigest);
        Assert.Equal(5, _source.Requests.Count);

        AddIndex(outer);
        var e = await Assert.ThrowsAsync<ImageException>(() => DescribeAsync("linux/amd64"));
        Assert.Equal(ImageErrorKind.TooLarge, e.Kind);
        Assert.Contains("3 deep", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Index_listed_again_and_again_is_read_once_RN26()
    {
        var inner = AddIndex(AddImage("linux", "amd64", PlatformMember("linux", "amd64")));
        AddIndex(Enumerable.Repeat(inner, 500).ToArray());
        await Assert.ThrowsAsync<ImageException>(() => DescribeAsync("linux/arm64"));
        Assert.Equal(2, _source.Requests.Count);
    }

    [Fact]
    public async Task More_than_1000_entries_in_all_are_refused_RN26()
    {
        var image = AddImage("linux", "amd64", PlatformMember("linux", "amd64"));
        var first = AddIndex(Enumerable.Repeat(image, 600).ToArray());
        var second = AddIndex(Enumerable.Repeat(image, 601).ToArray());
        AddIndex(first, second);
        var e = await Assert.ThrowsAsync<ImageException>(() => DescribeAsync("linux/arm64"));
        Assert.Equal(ImageErrorKind.TooLarge, e.Kind);
        Assert.Contains("1000", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Config_that_is_too_large_is_refused_before_it_is_asked_for_RN9()
    {
        AddManifest("{\"mediaType\":\"" + MediaTypes.OciConfig + "\",\"digest\":\"" + Hash("absent") + "\",\"size\":8388609}");
        var e = await Assert.ThrowsAsync<ImageException>(() => DescribeAsync());
        Assert.Equal(ImageErrorKind.TooLarge, e.Kind);
        Assert.Equal(new[] { "root" }, _source.Requests);
    }

    [Fact]
    public async Task Config_of_another_number_of_layers_is_refused_U9()
    {
        AddManifest(_source.Add("{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}}", MediaTypes.OciConfig));
        var e = await Assert.ThrowsAsync<ImageException>(() => DescribeAsync());
        Assert.StartsWith("layers from manifest don't match image configuration", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Index_of_any_size_is_described_FF25()
    {
        var image = AddImage("linux", "amd64", PlatformMember("linux", "amd64"));
        AddIndex(Enumerable.Repeat(image, 5000).ToArray());
        Assert.Equal(5000, (await DescribeAsync()).Manifests.Count);
    }

    [Fact]
    public async Task Manifest_whose_config_is_gone_names_both_and_its_text_can_be_shown_FF25()
    {
        AddManifest("{\"mediaType\":\"" + MediaTypes.OciConfig + "\",\"digest\":\"" + Hash("absent") + "\",\"size\":7}");
        var answer = await DescribeAsync();
        Assert.Contains(Hash("absent"), answer.Raw, StringComparison.Ordinal);
        var e = Assert.Throws<ImageException>(answer.Described);
        Assert.Equal(
            (ImageErrorKind.Incomplete,
                $"the manifest {_source.Root} of app:1 names the config {Hash("absent")}, but that config is not in memory"),
            (e.Kind, e.Message));
    }

    [Fact]
    public async Task Image_that_the_index_lists_and_the_source_lacks_is_told_with_both_FF25()
    {
        AddIndex("{\"mediaType\":\"" + MediaTypes.OciManifest + "\",\"digest\":\"" + Hash("absent") + "\",\"size\":7," +
            PlatformMember("linux", "amd64") + "}");
        Assert.Single((await DescribeAsync()).Manifests);
        var index = _source.Root;
        var e = await Assert.ThrowsAsync<ImageException>(() => DescribeAsync("linux/amd64"));
        Assert.Equal(
            (ImageErrorKind.Incomplete,
                $"the index {index} of app:1 lists linux/amd64 as {Hash("absent")}, but that manifest is not in memory"),
            (e.Kind, e.Message));

        // Of an index in an index it is that one which lists it.
        AddIndex("{\"mediaType\":\"" + MediaTypes.OciIndex + "\",\"digest\":\"" + Hash("absent") + "\",\"size\":7}");
        var outer = _source.Root;
        e = await Assert.ThrowsAsync<ImageException>(() => DescribeAsync("linux/amd64"));
        Assert.StartsWith(
            $"the index {outer} of app:1 lists an entry without platform as {Hash("absent")}", e.Message, StringComparison.Ordinal);
    }
}
