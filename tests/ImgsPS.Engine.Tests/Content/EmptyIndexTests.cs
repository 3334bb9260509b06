using System;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Engine.Tests.Registry;
using ImgsPS.Platforms;
using ImgsPS.Stores;
using ImgsPS.Stores.Layout;
using ImgsPS.Stores.Registry;
using ImgsPS.Testing;
using ImgsPS.Transfer;
using Xunit;
using Server = ImgsPS.Testing.TestRegistry;

namespace ImgsPS.Engine.Tests.Content;

/// <summary>FF18: indexes without images. FF20: platforms without a build.</summary>
public sealed class EmptyIndexTests : IAsyncDisposable
{
    private const string Unknown =
        """{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:{0}","size":3,"platform":{"os":"unknown","architecture":"unknown"}}""";

    private readonly Server _server = Server.Start();
    private readonly TempFolder _folder = new();
    private readonly RecordingObserver _observer = new();

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("[]", "application/vnd.oci.image.index.v1+json")]
    [InlineData("null", "application/vnd.oci.image.index.v1+json")]
    [InlineData("[null,null]", "application/vnd.oci.image.index.v1+json")]
    [InlineData("[]", "application/vnd.docker.distribution.manifest.list.v2+json")]
    public async Task An_index_without_entries_is_an_error_of_its_own_words_FF18(string manifests, string type)
    {
        Put(manifests, type);
        foreach (var (platform, all) in new[] { (null, false), ("linux/amd64", false), (null, true) })
        {
            var e = await Assert.ThrowsAsync<ImageException>(() => PullAsync(platform, all));
            Assert.Equal(ImageErrorKind.InvalidData, e.Kind);
            Assert.Contains("is an index without entries: it names no image", e.Message, StringComparison.Ordinal);
        }

        foreach (var platform in new[] { null, "linux/amd64" })
        {
            var answer = await ShowAsync(platform);
            Assert.Contains("schemaVersion", answer.Raw, StringComparison.Ordinal);
            Assert.Contains("names no image", Assert.Throws<ImageException>(answer.Described).Message, StringComparison.Ordinal);
        }

        using var store = new LayoutStore(_folder.Path);
        Assert.Empty(await store.ListAsync(ListRequest.Default, _observer, CancellationToken.None));
    }

    [Fact]
    public async Task An_index_of_other_things_is_an_error_for_all_platforms_FF18()
    {
        Put("[" + Unknown.Replace("{0}", new string('a', 64)) + "]", "application/vnd.oci.image.index.v1+json");
        var e = await Assert.ThrowsAsync<ImageException>(() => PullAsync(null, all: true));
        Assert.Equal(ImageErrorKind.InvalidData, e.Kind);
        Assert.Contains("names no image, but 1 other thing", e.Message, StringComparison.Ordinal);
        Assert.Single((await ShowAsync(null)).Described());
    }

    [Theory]
    [InlineData("10.0.17763.1,10.0.26100.5,10.0.20348.9", 1)]
    [InlineData("10.0.20348.100,10.0.20348.99", 0)]
    [InlineData(",10.0.17763.1", 1)]
    public async Task The_newest_build_is_taken_and_the_others_are_told_FF20(string versions, int newest)
    {
        var all = versions.Split(',');
        var index = _server.AddIndex("team/app:1", all.Select((version, i) => ImageSpec.For("windows/amd64") with
        {
            OSVersion = version.Length == 0 ? null : version,
            Layers = [new LayerSpec(i)],
        }).ToList());
        var linux = new Platform("linux", "amd64");
        var matcher = PlatformMatcher.For(Platform.Parse("windows/amd64"), linux);
        Assert.Equal(newest, matcher.Choose(all.Select(v => new Platform("windows", "amd64", null, v.Length == 0 ? null : v)).ToArray())[0]);
        if (Platform.Host.OS != "windows")
        {
            var pulled = await PullAsync("windows/amd64", all: false);
            Assert.Equal(index.Images[newest].Digest, Assert.Single(pulled.Manifests).Digest.ToString());
            var told = string.Join("\n", _observer.VerboseLines);
            Assert.All(all.Where((v, i) => i != newest && v.Length > 0), v => Assert.Contains(v, told, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task A_named_build_is_taken_and_nothing_is_told_FF20()
    {
        var index = _server.AddIndex("team/app:1", [
            ImageSpec.For("windows/amd64") with { OSVersion = "10.0.17763.1" },
            ImageSpec.For("windows/amd64") with { OSVersion = "10.0.26100.1", Layers = [new LayerSpec(4)] },
        ]);
        var pulled = await PullAsync("windows(10.0.17763.1)/amd64", all: false);
        Assert.Equal(index.Images[0].Digest, Assert.Single(pulled.Manifests).Digest.ToString());
        Assert.DoesNotContain(_observer.VerboseLines, l => l.Contains("other builds", StringComparison.Ordinal));
    }

    private void Put(string manifests, string type) => _server.PutManifest(
        "team/app", Encoding.UTF8.GetBytes($$"""{"schemaVersion":2,"mediaType":"{{type}}","manifests":{{manifests}}}"""), type, "1");

    private ImageReference Reference => ImageReference.Parse(_server.Host + "/team/app:1");

    private Task<ManifestAnswer> ShowAsync(string? platform) => RegistryManifests.DescribeAsync(
        TestClients.Client(_server.Host), Reference, platform is null ? null : Platform.Parse(platform), _observer, CancellationToken.None);

    private async Task<CopiedImage> PullAsync(string? platform, bool all)
    {
        using var store = new LayoutStore(_folder.Path);
        using var client = TestClients.Client(_server.Host);
        using var session = await store.BeginPullAsync(Reference, _observer, CancellationToken.None);
        var request = new CopyRequest(Reference)
        {
            Platform = platform is null ? null : Platform.Parse(platform),
            Extent = all ? CopyExtent.AllImages : CopyExtent.OnePlatform,
        };
        return await ImageCopy.RunAsync(new RegistrySource(client, Reference), session, request, _observer, CancellationToken.None);
    }
}
