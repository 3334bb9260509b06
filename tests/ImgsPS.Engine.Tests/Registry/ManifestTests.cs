using System;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Stores.Registry;
using ImgsPS.Testing;
using Xunit;
using Server = ImgsPS.Testing.TestRegistry;

namespace ImgsPS.Engine.Tests.Registry;

/// <summary>Manifests from a registry that lies or fails (N10, U12, U13, U15, RN8, RN14, RN20, RN21).</summary>
public sealed class ManifestTests : IAsyncDisposable
{
    private const string Manifests = "/manifests/";

    private readonly Server _server = Server.Start();
    private readonly BuiltImage _image;
    private readonly RegistryClient _client;
    private readonly RecordingObserver _observer = new();
    private readonly ImageReference _tag;

    public ManifestTests()
    {
        _image = _server.AddImage("team/app:1", ImageSpec.For("linux/amd64"));
        _client = TestClients.Client(_server.Host);
        _tag = ImageReference.Parse(_server.Host + "/team/app:1");
    }

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return _server.DisposeAsync();
    }

    [Fact]
    public async Task A_manifest_keeps_its_bytes_and_the_accept_list_is_in_order()
    {
        var manifest = await _client.GetManifestAsync(_tag, null, _observer, CancellationToken.None);
        Assert.Equal(_image.Manifest.Bytes.ToArray(), manifest.Bytes);
        Assert.Equal(_image.Digest, manifest.Digest.ToString());

        // T1; U12: schema 1 is not asked for.
        Assert.Equal(
            "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json, "
            + "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json",
            string.Join(", ", _server.Requests[0].Headers.Where(h => h.Key == "Accept").Select(h => h.Value)));
    }

    [Fact]
    public async Task A_head_is_one_request_and_none_is_needed_before_it()
    {
        var head = await _client.HeadManifestAsync(_tag, _observer, CancellationToken.None);
        Assert.Equal((_image.Digest, _image.Manifest.Size, _image.MediaType), (head!.Digest.ToString(), head.Size, head.MediaType));
        Assert.Equal(["HEAD /v2/team/app/manifests/1"], _server.Requests.Select(r => r.ToString()));
    }

    [Fact]
    public async Task A_head_without_a_digest_says_nothing()
    {
        _server.Faults.Add(new Fault(Manifests, FaultAction.Header("Docker-Content-Digest", null)));
        Assert.Null(await _client.HeadManifestAsync(_tag, _observer, CancellationToken.None));
    }

    [Theory]
    [InlineData(Framing.Chunked)]
    [InlineData(Framing.Close)]
    public async Task A_manifest_without_end_is_left_at_four_mebibytes(Framing framing)
    {
        _server.Faults.Add(new Fault(Manifests, FaultAction.Endless(framing)));
        var e = await Assert.ThrowsAsync<ImageException>(() => GetAsync(_tag));
        Assert.Equal(ImageErrorKind.TooLarge, e.Kind);
        Assert.True(_server.Requests[0].BytesSent < 64 * 1024 * 1024, "much more was read than the limit");
    }

    [Fact]
    public async Task Three_mebibytes_are_a_manifest()
    {
        var padding = new string('x', 3 * 1024 * 1024);
        var text = Encoding.UTF8.GetString(_image.Manifest.Bytes.Span);
        var bytes = Encoding.UTF8.GetBytes(text[..text.LastIndexOf('}')] + ",\"annotations\":{\"p\":\"" + padding + "\"}}");
        _server.PutManifest("team/app", bytes, _image.MediaType, "big");
        Assert.Equal(bytes, (await GetAsync(_tag.WithTag("big"))).Bytes);
    }

    // N10
    [Fact]
    public async Task Other_content_than_the_digest_asked_for_is_refused()
    {
        var other = _server.AddImage("team/app:2", ImageSpec.For("linux/arm64"));
        _server.Faults.Add(new Fault(Manifests, FaultAction.Body(other.Manifest.Bytes.ToArray())));
        _server.Faults.Add(new Fault(Manifests, FaultAction.Header("Docker-Content-Digest", _image.Digest)));
        var byDigest = _tag.WithDigest(Digest.Parse(_image.Digest));
        var e = await Assert.ThrowsAsync<ImageException>(() => GetAsync(byDigest));
        Assert.Equal((ImageErrorKind.Integrity, "manifest verification failed for digest " + _image.Digest), (e.Kind, e.Message));
    }

    // RN20
    [Fact]
    public async Task A_digest_header_that_disagrees_is_an_error()
    {
        _server.Faults.Add(new Fault(Manifests, FaultAction.WrongDigestHeader()));
        Assert.Equal(ImageErrorKind.Integrity, (await Assert.ThrowsAsync<ImageException>(() => GetAsync(_tag))).Kind);
        var byDigest = _tag.WithDigest(Digest.Parse(_image.Digest));
        Assert.Equal(
            ImageErrorKind.Integrity,
            (await Assert.ThrowsAsync<ImageException>(() => _client.HeadManifestAsync(byDigest, _observer, CancellationToken.None))).Kind);
    }

    [Fact]
    public async Task A_sha512_reference_is_checked_by_its_own_algorithm()
    {
        var digest = Digest.Parse(_server.PutManifest("team/app", _image.Manifest.Bytes.ToArray(), _image.MediaType, algorithm: "sha512"));
        Assert.Equal(digest, (await GetAsync(_tag.WithDigest(digest))).Digest);
    }

    [Fact]
    public async Task A_body_that_broke_off_is_fetched_again()
    {
        _server.Faults.Add(new Fault(Manifests, FaultAction.FinAfter(10), times: 1));
        Assert.Equal(_image.Digest, (await GetAsync(_tag)).Digest.ToString());
        Assert.Equal(2, _server.Requests.Count);
    }

    // U13
    [Fact]
    public async Task What_does_not_exist_is_not_asked_for_twice()
    {
        var e = await Assert.ThrowsAsync<ImageException>(() => GetAsync(_tag.WithTag("nope")));
        Assert.Equal(
            (ImageErrorKind.NotFound, $"manifest for {_server.Host}/team/app:nope not found: manifest unknown: manifest unknown"),
            (e.Kind, e.Message));
        Assert.Single(_server.Requests);
    }

    [Theory]
    [InlineData(500, ImageErrorKind.Unavailable)]
    [InlineData(503, ImageErrorKind.Unavailable)]
    [InlineData(429, ImageErrorKind.RateLimited)]
    public async Task A_server_that_stays_busy_is_asked_five_times(int status, ImageErrorKind kind)
    {
        _server.Faults.Add(new Fault(Manifests, FaultAction.Status(status)));
        Assert.Equal(kind, (await Assert.ThrowsAsync<ImageException>(() => GetAsync(_tag))).Kind);
        Assert.Equal(5, _server.Requests.Count);
    }

    [Theory]
    [InlineData(400, ImageErrorKind.InvalidData)]
    [InlineData(403, ImageErrorKind.Denied)]
    [InlineData(401, ImageErrorKind.Unauthorized)]
    [InlineData(501, ImageErrorKind.NotSupported)]
    public async Task Other_errors_are_final(int status, ImageErrorKind kind)
    {
        _server.Faults.Add(new Fault(Manifests, FaultAction.Status(status)));
        Assert.Equal(kind, (await Assert.ThrowsAsync<ImageException>(() => GetAsync(_tag))).Kind);
        Assert.Single(_server.Requests);
    }

    // RN14
    [Fact]
    public async Task A_pause_longer_than_we_wait_is_told_at_once()
    {
        _server.Faults.Add(new Fault(Manifests, FaultAction.Status(429, null, ("Retry-After", "3600"))));
        var e = await Assert.ThrowsAsync<ImageException>(() => GetAsync(_tag));
        Assert.Equal(ImageErrorKind.RateLimited, e.Kind);
        Assert.Contains("3600 s", e.Message, StringComparison.Ordinal);
        Assert.Single(_server.Requests);
    }

    // RN11, RN29
    [Fact]
    public async Task A_servers_text_is_short_and_printable()
    {
        _server.Faults.Add(new Fault(Manifests, FaultAction.Status(400, "\u001b[31mred\r\nline\u202e" + new string('x', 5000))));
        var e = await Assert.ThrowsAsync<ImageException>(() => GetAsync(_tag));
        Assert.Contains("?[31mred line?xxx", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(e.Message, char.IsControl);
        Assert.True(e.Message.Length < 1300);
    }

    [Fact]
    public async Task An_error_body_without_end_is_left()
    {
        _server.Faults.Add(new Fault(Manifests, FaultAction.Status(400, "no")));
        _server.Faults.Add(new Fault(Manifests, FaultAction.Endless()));
        await Assert.ThrowsAsync<ImageException>(() => GetAsync(_tag));
        Assert.True(_server.Requests[0].BytesSent < 32 * 1024 * 1024, "much more was read than the limit");
    }

    // G7
    [Fact]
    public async Task A_registrys_warning_is_shown_once()
    {
        _server.Faults.Add(new Fault(Manifests, FaultAction.ExtraHeaders(("Warning", "299 - \"moves in May\""))));
        await GetAsync(_tag);
        await GetAsync(_tag);
        Assert.Equal(_server.Host + ": moves in May", Assert.Single(_observer.Warnings));
    }

    [Fact]
    [NotUnderMono("mono's HTTP client is not .NET Framework's and tells no reason (Framework/PlatformFaultTests)")]
    public async Task Headers_without_measure_are_refused()
    {
        _server.Faults.Add(new Fault(Manifests, FaultAction.ExtraHeaders(("X-Big", new string('x', 100_000)))));
        var e = await Assert.ThrowsAsync<ImageException>(() => GetAsync(_tag));
        Assert.Contains("64 KiB", e.Message, StringComparison.Ordinal);
    }

    private Task<ManifestDocument> GetAsync(ImageReference reference) =>
        _client.GetManifestAsync(reference, null, _observer, CancellationToken.None);
}
