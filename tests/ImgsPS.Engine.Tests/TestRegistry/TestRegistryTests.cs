using System;
using System.Collections.Generic;
using System.Formats.Tar;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;
using ImgsPS.Testing;
using Xunit;

namespace ImgsPS.Engine.Tests;

/// <summary>The test registry itself speaks the distribution API, so that what other tests prove against it counts.</summary>
public sealed class TestRegistryTests : IDisposable
{
    private readonly TestRegistry _registry = TestRegistry.Start();
    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false });

    public TestRegistryTests()
    {
        _http.BaseAddress = new Uri(_registry.Origin);
    }

    public void Dispose()
    {
        _http.Dispose();
        _registry.Dispose();
    }

    [Theory]
    [InlineData(ImageFormat.Oci, "application/vnd.oci.image.manifest.v1+json")]
    [InlineData(ImageFormat.Docker, "application/vnd.docker.distribution.manifest.v2+json")]
    public async Task Manifest_is_served_by_tag_and_by_digest(ImageFormat format, string mediaType)
    {
        var image = _registry.AddImage("team/app:1", new ImageSpec { Format = format });
        foreach (var reference in new[] { "1", image.Digest })
        {
            using var response = await _http.GetAsync($"/v2/team/app/manifests/{reference}");
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Equal(mediaType, response.Content.Headers.ContentType!.ToString());
            Assert.Equal(image.Digest, response.Headers.GetValues("Docker-Content-Digest").Single());
            Assert.Equal(image.Digest, DigestOf(await response.Content.ReadAsByteArrayAsync()));
        }

        using var head = await _http.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/v2/team/app/manifests/1"));
        Assert.Equal(image.Manifest.Size, head.Content.Headers.ContentLength);
        Assert.Empty(await head.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task Layers_are_gzipped_tars_with_right_diff_ids()
    {
        var image = _registry.AddImage("team/app:1", new ImageSpec
        {
            Layers = [new LayerSpec(1, 5000), new LayerSpec(2, 10) { Files = new Dictionary<string, string> { ["etc/motd"] = "hello" } }],
        });
        using var config = JsonDocument.Parse(await _http.GetByteArrayAsync($"/v2/team/app/blobs/{image.Config.Digest}"));
        var diffIds = config.RootElement.GetProperty("rootfs").GetProperty("diff_ids").EnumerateArray().Select(d => d.GetString()).ToList();
        Assert.Equal(image.Layers.Select(l => l.DiffId), diffIds);
        for (var i = 0; i < image.Layers.Count; i++)
        {
            var blob = await _http.GetByteArrayAsync($"/v2/team/app/blobs/{image.Layers[i].Blob.Digest}");
            Assert.Equal(image.Layers[i].Blob.Digest, DigestOf(blob));
            using var tar = new MemoryStream();
            using (var gzip = new GZipStream(new MemoryStream(blob), CompressionMode.Decompress))
            {
                await gzip.CopyToAsync(tar);
            }

            Assert.Equal(diffIds[i], DigestOf(tar.ToArray()));
            tar.Position = 0;
            Assert.Contains($"data/seed-{i + 1}.bin", Names(tar));
        }
    }

    [Fact]
    public void Same_spec_gives_the_same_bytes_and_another_seed_others()
    {
        var one = _registry.AddImage("a:1", new ImageSpec { Layers = [new LayerSpec(7, 100)] });
        var same = _registry.AddImage("b:1", new ImageSpec { Layers = [new LayerSpec(7, 100)] });
        var other = _registry.AddImage("b:2", new ImageSpec { Layers = [new LayerSpec(8, 100)] });
        Assert.Equal(one.Digest, same.Digest);
        Assert.NotEqual(one.Digest, other.Digest);
    }

    [Fact]
    public async Task Index_has_a_descriptor_per_platform_and_a_tag_can_move()
    {
        var first = DemoContent.Seed(_registry);
        var second = DemoContent.Move(_registry);
        Assert.NotEqual(first.Digest, second.Digest);
        using var tag = JsonDocument.Parse(await _http.GetByteArrayAsync("/v2/demo/app/manifests/1.0"));
        var platforms = tag.RootElement.GetProperty("manifests").EnumerateArray().Select(m => m.GetProperty("platform")).ToList();
        Assert.Equal(["linux", "linux", "linux", "windows"], platforms.Select(p => p.GetProperty("os").GetString()));
        Assert.Equal("v8", platforms[1].GetProperty("variant").GetString());
        Assert.Equal("10.0.20348.2322", platforms[3].GetProperty("os.version").GetString());
        Assert.Equal(second.Digest, DigestOf(await _http.GetByteArrayAsync("/v2/demo/app/manifests/1.0")));
        Assert.Equal(first.Digest, DigestOf(await _http.GetByteArrayAsync($"/v2/demo/app/manifests/{first.Digest}")));
        _registry.Tag("demo/app", "1.0", first.Digest);
        Assert.Equal(first.Digest, DigestOf(await _http.GetByteArrayAsync("/v2/demo/app/manifests/1.0")));
    }

    [Theory]
    [InlineData("bytes=10-", 206, 10, 100)]
    [InlineData("bytes=10-19", 206, 10, 20)]
    [InlineData("bytes=-5", 206, 95, 100)]
    [InlineData("bytes=90-500", 206, 90, 100)]
    [InlineData("bytes=100-", 416, 0, 0)]
    public async Task Blob_ranges_follow_RFC_9110(string range, int status, int from, int to)
    {
        var bytes = Enumerable.Range(0, 100).Select(i => (byte)i).ToArray();
        var digest = _registry.PutBlob("r", bytes);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v2/r/blobs/{digest}");
        request.Headers.TryAddWithoutValidation("Range", range);
        using var response = await _http.SendAsync(request);
        Assert.Equal(status, (int)response.StatusCode);
        if (status == 206)
        {
            Assert.Equal(bytes[from..to], await response.Content.ReadAsByteArrayAsync());
            Assert.Equal($"bytes {from}-{to - 1}/100", response.Content.Headers.ContentRange!.ToString());
        }
        else
        {
            Assert.Equal("bytes */100", response.Content.Headers.GetValues("Content-Range").Single());
        }
    }

    [Fact]
    public async Task Unknown_things_have_the_registry_error_codes()
    {
        _registry.AddImage("team/app:1", new ImageSpec());
        Assert.Equal("NAME_UNKNOWN", await ErrorCode("/v2/nosuch/manifests/1"));
        Assert.Equal("MANIFEST_UNKNOWN", await ErrorCode("/v2/team/app/manifests/2"));
        Assert.Equal("NAME_UNKNOWN", await ErrorCode("/v2/nosuch/tags/list"));
        Assert.Equal("BLOB_UNKNOWN", await ErrorCode("/v2/team/app/blobs/sha256:" + new string('a', 64)));
    }

    [Fact]
    public async Task Tags_and_catalog_are_paged_by_Link()
    {
        foreach (var tag in new[] { "c", "a", "b", "e", "d" })
        {
            _registry.AddImage("team/app:" + tag, new ImageSpec());
        }

        _registry.AddImage("other:1", new ImageSpec());
        Assert.Equal([["a", "b"], ["c", "d"], ["e"]], await Pages("/v2/team/app/tags/list?n=2", "tags"));
        Assert.Equal([["other"], ["team/app"]], await Pages("/v2/_catalog?n=1", "repositories"));
        _registry.Options.IgnorePaging = true;
        Assert.Equal([["a", "b", "c", "d", "e"]], await Pages("/v2/team/app/tags/list?n=2", "tags"));
    }

    [Theory]
    [InlineData("monolithic")]
    [InlineData("post")]
    [InlineData("chunked")]
    public async Task Blob_uploads_end_in_the_same_blob(string way)
    {
        var bytes = RandomNumberGenerator.GetBytes(1000);
        var digest = DigestOf(bytes);
        if (way == "post")
        {
            using var posted = await _http.PostAsync($"/v2/up/blobs/uploads/?digest={digest}", new ByteArrayContent(bytes));
            Assert.Equal(HttpStatusCode.Created, posted.StatusCode);
        }
        else
        {
            using var begun = await _http.PostAsync("/v2/up/blobs/uploads/", null);
            Assert.Equal(HttpStatusCode.Accepted, begun.StatusCode);
            var location = begun.Headers.Location!.ToString();
            var rest = bytes;
            if (way == "chunked")
            {
                using var chunk = new ByteArrayContent(bytes[..600]);
                chunk.Headers.TryAddWithoutValidation("Content-Range", "0-599");
                using var patched = await _http.PatchAsync(location, chunk);
                Assert.Equal("0-599", patched.Headers.GetValues("Range").Single());
                using var wrong = new ByteArrayContent(bytes[..600]);
                wrong.Headers.TryAddWithoutValidation("Content-Range", "0-599");
                Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, (await _http.PatchAsync(location, wrong)).StatusCode);
                rest = bytes[600..];
            }

            using var put = await _http.PutAsync($"{location}?digest={digest}", new ByteArrayContent(rest));
            Assert.Equal(HttpStatusCode.Created, put.StatusCode);
        }

        Assert.Equal(bytes, await _http.GetByteArrayAsync($"/v2/up/blobs/{digest}"));
        using var mounted = await _http.PostAsync($"/v2/down/blobs/uploads/?mount={digest}&from=up", null);
        Assert.Equal(HttpStatusCode.Created, mounted.StatusCode);
        Assert.Equal(bytes, await _http.GetByteArrayAsync($"/v2/down/blobs/{digest}"));
        using var wrongDigest = await _http.PostAsync($"/v2/up/blobs/uploads/?digest={digest}", new ByteArrayContent(bytes[1..]));
        Assert.Equal(HttpStatusCode.BadRequest, wrongDigest.StatusCode);
    }

    [Fact]
    public async Task Manifest_put_needs_its_blobs_and_delete_takes_the_tags_along()
    {
        var image = _registry.AddImage("team/app:1", new ImageSpec());
        async Task<HttpStatusCode> Put(string url)
        {
            using var content = new ByteArrayContent(image.Manifest.Bytes.ToArray());
            content.Headers.ContentType = new MediaTypeHeaderValue(image.MediaType);
            using var response = await _http.PutAsync(url, content);
            return response.StatusCode;
        }

        Assert.Equal(HttpStatusCode.BadRequest, await Put("/v2/elsewhere/manifests/1"));
        Assert.Equal(HttpStatusCode.Created, await Put("/v2/team/app/manifests/2"));
        Assert.Equal(HttpStatusCode.Created, await Put($"/v2/team/app/manifests/{image.Digest}"));
        Assert.Equal(HttpStatusCode.Accepted, (await _http.DeleteAsync("/v2/team/app/manifests/1")).StatusCode);
        Assert.Equal([["2"]], await Pages("/v2/team/app/tags/list", "tags"));
        Assert.Equal(HttpStatusCode.Accepted, (await _http.DeleteAsync($"/v2/team/app/manifests/{image.Digest}")).StatusCode);
        Assert.Equal("MANIFEST_UNKNOWN", await ErrorCode("/v2/team/app/manifests/2"));
    }

    [Fact]
    public async Task Referrers_lists_what_has_the_subject()
    {
        var image = _registry.AddImage("team/app:1", new ImageSpec());
        var signature = _registry.AddImage("team/app", new ImageSpec { Subject = image.Digest, ArtifactType = "application/x-signature" });
        var index = await _http.GetStringAsync($"/v2/team/app/referrers/{image.Digest}");
        Assert.Contains(signature.Digest, index, StringComparison.Ordinal);
        using var none = await _http.GetAsync($"/v2/team/app/referrers/{image.Digest}?artifactType=other");
        Assert.Equal("artifactType", none.Headers.GetValues("OCI-Filters-Applied").Single());
        Assert.DoesNotContain(signature.Digest, await none.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        _registry.Options.Referrers = false;
        Assert.Equal(HttpStatusCode.NotFound, (await _http.GetAsync($"/v2/team/app/referrers/{image.Digest}")).StatusCode);
    }

    [Fact]
    public async Task Log_has_headers_status_and_bytes()
    {
        var image = _registry.AddImage("team/app:1", new ImageSpec());
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v2/team/app/manifests/1?x=%20y");
        request.Headers.TryAddWithoutValidation("Accept", "application/json");
        await _http.SendAsync(request);
        var logged = _registry.Requests.Single();
        Assert.Equal("GET /v2/team/app/manifests/1?x=%20y", logged.ToString());
        Assert.Equal("application/json", logged.Header("accept"));
        Assert.Equal(200, logged.Status);
        Assert.Equal(image.Manifest.Size, logged.BytesSent);
        _registry.ClearRequests();
        Assert.Empty(_registry.Requests);
    }

    [Fact]
    public async Task Search_answers_as_the_hub_index_does()
    {
        Assert.Equal(HttpStatusCode.NotFound, (await _http.GetAsync("/v1/search?q=x")).StatusCode);
        _registry.Options.Search = true;
        _registry.AddSearchEntry(new SearchEntry("nginx", "A server", 100, Official: true));
        _registry.AddSearchEntry(new SearchEntry("team/nginx-tools", "Tools", 3));
        _registry.AddSearchEntry(new SearchEntry("redis"));
        using var answer = JsonDocument.Parse(await _http.GetStringAsync("/v1/search?q=nginx&n=25"));
        Assert.Equal(2, answer.RootElement.GetProperty("num_results").GetInt32());
        var first = answer.RootElement.GetProperty("results")[0];
        Assert.Equal("nginx", first.GetProperty("name").GetString());
        Assert.Equal(100, first.GetProperty("star_count").GetInt32());
        Assert.True(first.GetProperty("is_official").GetBoolean());
    }

    [Fact]
    public async Task Two_registries_can_share_content()
    {
        var image = _registry.AddImage("team/app:1", new ImageSpec());
        await using var storage = TestRegistry.Start(new TestRegistryOptions { ShareContentWith = _registry });
        _registry.Options.BlobRedirect = storage.Origin + "{path}";
        using var redirect = await _http.GetAsync($"/v2/team/app/blobs/{image.Config.Digest}");
        Assert.Equal(HttpStatusCode.TemporaryRedirect, redirect.StatusCode);
        Assert.Equal(image.Config.Bytes.ToArray(), await _http.GetByteArrayAsync(redirect.Headers.Location));
    }

    [Fact]
    public async Task Registry_talks_TLS_with_a_certificate()
    {
        using var key = RSA.Create(2048);
        var name = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = name.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        await using var secure = TestRegistry.Start(new TestRegistryOptions { Certificate = certificate });
        using var trusting = new HttpClient(new SocketsHttpHandler
        {
            SslOptions =
            {
                RemoteCertificateValidationCallback = (_, shown, _, _) => shown!.GetCertHashString() == certificate.GetCertHashString(),
            },
        });
        Assert.Equal("{}", await trusting.GetStringAsync(secure.Origin + "/v2/"));
        await Assert.ThrowsAsync<HttpRequestException>(() => _http.GetStringAsync(secure.Origin + "/v2/"));
    }

    [Fact]
    public async Task Registry_answers_as_its_own_proxy()
    {
        _registry.AddImage("team/app:1", new ImageSpec());
        using var proxied = new HttpClient(new SocketsHttpHandler { Proxy = new WebProxy(_registry.Origin), UseProxy = true });
        await proxied.GetByteArrayAsync("http://reg.example.com/v2/team/app/manifests/1");
        Assert.Equal("http://reg.example.com/v2/team/app/manifests/1", _registry.Requests.Single().Target);
        Assert.Equal("reg.example.com", _registry.Requests.Single().Header("Host"));
    }

    internal static string DigestOf(byte[] bytes) => "sha256:" + Convert.ToHexString(SHA256.HashData(bytes)).ToLowerInvariant();

    private static List<string> Names(Stream tar)
    {
        var names = new List<string>();
        using var reader = new TarReader(tar, leaveOpen: true);
        while (reader.GetNextEntry() is { } entry)
        {
            names.Add(entry.Name);
        }

        return names;
    }

    private async Task<string?> ErrorCode(string url)
    {
        using var response = await _http.GetAsync(url);
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        using var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return body.RootElement.GetProperty("errors")[0].GetProperty("code").GetString();
    }

    private async Task<List<List<string?>>> Pages(string url, string member)
    {
        var pages = new List<List<string?>>();
        for (string? next = url; next is not null;)
        {
            using var response = await _http.GetAsync(next);
            using var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
            pages.Add(body.RootElement.GetProperty(member).EnumerateArray().Select(t => t.GetString()).ToList());
            next = response.Headers.TryGetValues("Link", out var link) ? link.Single().Split('<', '>')[1] : null;
        }

        return pages;
    }
}
