using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Engine.Tests.Registry;
using ImgsPS.Engine.Tests.Store.Layout;
using ImgsPS.Stores;
using ImgsPS.Stores.Layout;
using ImgsPS.Stores.Registry;
using ImgsPS.Testing;
using ImgsPS.Transfer;
using Xunit;
using MediaTypes = ImgsPS.Content.MediaTypes;

namespace ImgsPS.Engine.Tests.Pulling;

/// <summary>Copies into a registry: order, cost, mounts, and what a registry may do to them (PU1-PU17, CP2-CP5).</summary>
public sealed class PushTests : IDisposable
{
    private const string ForeignLayer = "application/vnd.oci.image.layer.nondistributable.v1.tar";

    private readonly TempStore _store = new();
    private readonly TestRegistry _origin = TestRegistry.Start();
    private readonly TestRegistry _registry = TestRegistry.Start();
    private readonly RegistryClient _client;

    public PushTests() => _client = TestClients.Client(_registry.Host);

    public void Dispose()
    {
        _client.Dispose();
        _registry.Dispose();
        _origin.Dispose();
        _store.Dispose();
    }

    [Fact]
    public async Task Image_arrives_as_it_was_blobs_first_and_the_tag_last_PU1()
    {
        var image = await HaveAsync("team/app:1", 3);
        var (copied, counts) = await PushAsync(image, "new/name:2");

        Assert.Equal((image.Digest, image.Digest), (copied.Root.Digest.ToString(), copied.Origin.Digest.ToString()));
        var stored = _registry.Content.Manifest("new/name", "2")!;
        Assert.Equal(image.Manifest.MediaType, stored.MediaType);
        Assert.Equal(image.Manifest.Bytes.ToArray(), stored.Bytes.ToArray());
        var puts = _registry.Requests.Where(r => r.Method == "PUT").Select(r => r.Path).ToList();
        Assert.All(puts.Take(puts.Count - 1), p => Assert.Contains("/blobs/uploads/", p, StringComparison.Ordinal));
        Assert.Equal("/v2/new/name/manifests/2", puts[^1]);
        Assert.Equal(5, puts.Count);
        Assert.All(_registry.Requests.Where(r => r.Method == "POST"), r => Assert.Equal((0, false), (r.Body.Length, r.Path.Contains('?'))));
        Assert.Equal(_registry.Requests.Count, counts.Requests);
        Assert.Equal(image.Layers.Sum(l => l.Blob.Size) + image.Config.Size, counts.Copied);
        Assert.Equal((0, 0), (counts.Existing, counts.Mounted));
    }

    [Fact]
    public async Task Second_push_is_one_HEAD_PU19()
    {
        var image = await HaveAsync("team/app:1", 3);
        await PushAsync(image, "new/name:2");
        _registry.ClearRequests();
        var (copied, counts) = await PushAsync(image, "new/name:2");

        Assert.True(copied.UpToDate);
        Assert.Equal(["HEAD /v2/new/name/manifests/2"], Asked());
        Assert.Equal((1, 0), (counts.Requests, counts.Copied));
    }

    [Fact]
    public async Task Another_tag_of_what_is_there_sends_no_blob_PU2()
    {
        var image = await HaveAsync("team/app:1", 3);
        await PushAsync(image, "new/name:2");
        _registry.ClearRequests();
        using var other = TestClients.Client(_registry.Host);
        var (_, counts) = await PushAsync(image, "new/name:3", client: other);

        Assert.Equal((0, image.Layers.Sum(l => l.Blob.Size) + image.Config.Size), (counts.Copied, counts.Existing));
        Assert.DoesNotContain(_registry.Requests, r => r.Method == "POST");
        Assert.Equal(1 + 4 + 1, counts.Requests);
    }

    [Fact]
    public async Task Blob_that_has_another_size_at_the_registry_is_not_there_PU2()
    {
        var image = await HaveAsync("team/app:1", 1);
        var layer = image.Layers[0].Blob;
        await PushAsync(image, "new/name:2");
        _registry.Faults.Add(new Fault($"^HEAD .*{layer.Digest}", FaultAction.ContentLength(layer.Size + 1)));
        using var other = TestClients.Client(_registry.Host);
        var (_, counts) = await PushAsync(image, "new/name:3", client: other);

        Assert.Equal(layer.Size, counts.Copied);
    }

    [Fact]
    public async Task Blob_that_another_repository_of_the_registry_has_is_mounted_with_one_request_PU2_PU4()
    {
        // Pulled from the very registry: the store knows which repository has it.
        var image = _registry.AddImage("base/os:1", Spec(2));
        await PullAsync(image);
        _registry.ClearRequests();
        var (_, counts) = await PushAsync(image, "team/app:1");

        Assert.Equal((0, image.Layers.Sum(l => l.Blob.Size) + image.Config.Size), (counts.Copied, counts.Mounted));
        Assert.Equal(3, _registry.Requests.Count(r => r.Method == "POST" && r.Path.Contains("from=base%2Fos", StringComparison.Ordinal)));
        Assert.DoesNotContain(_registry.Requests, r => r.Method == "PUT" && r.Path.Contains("blobs", StringComparison.Ordinal));
        Assert.Contains(_store.Observer.VerboseLines, l => l.EndsWith(": Mounted from base/os", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Mount_is_never_asked_without_from_nor_from_another_registry_PU3()
    {
        var image = await HaveAsync("team/app:1", 2);
        await PushAsync(image, "new/name:1");
        Assert.DoesNotContain(_registry.Requests, r => r.Path.Contains("mount", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(202)]
    [InlineData(400)]
    [InlineData(403)]
    [InlineData(404)]
    [InlineData(405)]
    [InlineData(500)]
    public async Task Registry_that_does_not_mount_gets_the_bytes_PU2_PU3(int status)
    {
        var image = _registry.AddImage("base/os:1", Spec(1));
        await PullAsync(image);
        _registry.Faults.Add(status == 202
            ? new Fault("^nothing", FaultAction.Chunked())
            : new Fault("^POST .*mount=", FaultAction.Status(status)));
        _registry.Options.Mounts = status != 202;
        _registry.ClearRequests();
        var (_, counts) = await PushAsync(image, "team/app:1");

        Assert.Equal((image.Layers[0].Blob.Size + image.Config.Size, 0), (counts.Copied, counts.Mounted));
        Assert.NotNull(_registry.Content.Manifest("team/app", "1"));

        // The session that a 202 begins is used: nobody posts again.
        Assert.Equal(status == 202 ? 2 : 4, _registry.Requests.Count(r => r.Method == "POST"));
    }

    [Theory]
    [InlineData("/v2/new/name/blobs/uploads/{id}?_state=a%2Fb%3D&x=%20y")]
    [InlineData("{origin}/v2/new/name/blobs/uploads/{id}?_state=A%2fB+c==")]
    [InlineData("/v2/new/name/blobs/uploads/{id}")]
    [InlineData("//{host}/v2/new/name/blobs/uploads/{id}?q")]
    public Task Location_goes_back_as_it_came_with_the_digest_behind_it_PU5(string form) => GoesBackAsync(form);

    [Fact]
    [NotUnderMono(".NET Framework's addresses lose the escapes that they do not need")]
    public Task Location_goes_back_with_escapes_that_it_does_not_need_PU5() =>
        GoesBackAsync("/v2/new/name/blobs/uploads/{id}?_state=a%7Eb%41&x=%2D");

    private async Task GoesBackAsync(string form)
    {
        var image = await HaveAsync("team/app:1", 1);
        _registry.Faults.Add(new Fault("^POST .*uploads/", new FaultAction
        {
            OnResponse = (_, response) => response.Set("Location", form
                .Replace("{id}", response.Headers.First(h => h.Key == "Docker-Upload-UUID").Value, StringComparison.Ordinal)
                .Replace("{origin}", _registry.Origin, StringComparison.Ordinal).Replace("{host}", _registry.Host, StringComparison.Ordinal)),
        }));
        await PushAsync(image, "new/name:1");

        var query = form.Contains('?', StringComparison.Ordinal) ? form[form.IndexOf('?', StringComparison.Ordinal)..] + "&" : "?";
        var puts = _registry.Requests.Where(r => r.Method == "PUT" && r.Path.Contains("/blobs/", StringComparison.Ordinal)).ToList();
        Assert.Equal(2, puts.Count);
        Assert.All(puts, p => Assert.Contains(query + "digest=sha256%3A", p.Path, StringComparison.Ordinal));
        Assert.All(puts, p => Assert.Equal("application/octet-stream", p.Header("Content-Type")));
    }

    [Theory]
    [InlineData("http://169.254.169.254/x", "link-local")]
    [InlineData("http://10.1.2.3/x", "private network")]
    [InlineData("http://192.168.7.7/x", "private network")]
    [InlineData("http://[fd00::1]/x", "private network")]
    [InlineData("http://user:pass@127.0.0.1/x", "user name")]
    [InlineData("ftp://127.0.0.1/x", "only http and https")]
    [InlineData("", "does not say where it goes on")]
    public async Task Location_that_leads_where_nobody_uploads_is_refused_PU7(string location, string why)
    {
        var image = await HaveAsync("team/app:1", 1);
        _registry.Faults.Add(new Fault("^POST ", FaultAction.Header("Location", location)));
        var e = await Assert.ThrowsAsync<ImageException>(() => PushAsync(image, "new/name:1"));

        Assert.Equal(ImageErrorKind.InvalidData, e.Kind);
        Assert.Contains(why, e.Message, StringComparison.Ordinal);
        Assert.Null(_registry.Content.Manifest("new/name", "1"));
    }

    /// <summary>Another host gets the bytes and no credentials.</summary>
    [Fact]
    public async Task Location_on_another_origin_gets_no_authorization_PU7_RN31()
    {
        using var storage = TestRegistry.Start(new TestRegistryOptions { ShareContentWith = _registry });
        var image = await HaveAsync("team/app:1", 1);
        _registry.Options.Auth = RegistryAuth.Basic;
        _registry.Options.Users["u"] = "p";
        _registry.Faults.Add(new Fault("^POST ", FaultAction.Header("Location", storage.Origin + "/v2/new/name/blobs/uploads/elsewhere")));
        storage.Faults.Add(new Fault("^PUT .*elsewhere", new FaultAction
        {
            Instead = r =>
            {
                var digest = Digest.Of(r.Body).ToString();
                _registry.Content.PutBlob("new/name", digest, r.Body);
                return new TestResponse(201);
            },
        }));
        using var client = TestClients.Client(_registry.Host, new RegistryOptions { Credential = new RegistryCredential("u", "p") });
        await PushAsync(image, "new/name:1", client: client);

        Assert.NotEmpty(storage.Requests);
        Assert.All(storage.Requests, r => Assert.Null(r.Header("Authorization")));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Upload_that_breaks_begins_a_new_session_PU10(int times)
    {
        var image = await HaveAsync("team/app:1", 1, 300_000);
        _registry.Faults.Add(new Fault("^PUT .*uploads", FaultAction.ResetAfter(-1), times));
        _registry.Faults.Add(new Fault("^GET .*uploads", FaultAction.Status(404)));
        await PushAsync(image, "new/name:1");

        Assert.NotNull(_registry.Content.Manifest("new/name", "1"));
    }

    [Fact]
    public async Task Upload_that_always_breaks_is_given_up_after_the_tries_RN14()
    {
        var image = await HaveAsync("team/app:1", 1);
        var fault = _registry.Faults.Add(new Fault("^PUT .*uploads", FaultAction.ResetAfter(-1)));
        var e = await Assert.ThrowsAsync<ImageException>(() => PushAsync(image, "new/name:1"));

        Assert.Equal(ImageErrorKind.Unavailable, e.Kind);
        Assert.InRange(fault.Hits, TestClients.Quick.Tries, 2 * TestClients.Quick.Tries);
        Assert.Null(_registry.Content.Manifest("new/name", "1"));
    }

    [Theory]
    [InlineData(500)]
    [InlineData(503)]
    [InlineData(404)]
    [InlineData(416)]
    public async Task Session_that_the_registry_forgets_is_begun_again(int status)
    {
        var image = await HaveAsync("team/app:1", 1);
        _registry.Faults.Add(new Fault("^PUT .*uploads", FaultAction.Status(status), 1));
        await PushAsync(image, "new/name:1");

        Assert.NotNull(_registry.Content.Manifest("new/name", "1"));
    }

    [Theory]
    [InlineData(600_000, 200_000)]
    [InlineData(3_000_000, 1_000_000)]
    [InlineData(2_000_000, 150_000)]
    public async Task Registry_that_takes_no_large_body_gets_chunks_PU8(int size, int limit)
    {
        var image = await HaveAsync("team/app:1", 1, size);
        _registry.Faults.Add(new Fault("^(PUT|PATCH) .*uploads", FaultAction.Status(413)) { When = r => r.Body.Length > limit });
        await PushAsync(image, "new/name:1");

        Assert.NotNull(_registry.Content.Manifest("new/name", "1"));
        var patches = _registry.Requests.Where(r => r.Method == "PATCH" && r.Status == 202).ToList();
        Assert.True(patches.Count > 1, $"{patches.Count} chunks");
        var next = 0L;
        foreach (var patch in patches)
        {
            Assert.Equal($"{next}-{next + patch.Body.Length - 1}", patch.Header("Content-Range"));
            next += patch.Body.Length;
        }

        Assert.Equal(image.Layers[0].Blob.Size, next);
    }

    [Fact]
    public async Task Chunk_is_never_smaller_than_the_registry_wants_PU8()
    {
        var image = await HaveAsync("team/app:1", 1, 3_000_000);
        _registry.Faults.Add(new Fault("^PUT .*uploads", FaultAction.Status(413)) { When = r => r.Body.Length > 2_500_000 });
        _registry.Faults.Add(new Fault("^POST ", FaultAction.Header("OCI-Chunk-Min-Length", "2000000")));
        await PushAsync(image, "new/name:1");

        var size = (int)image.Layers[0].Blob.Size;
        Assert.Equal([2_000_000, size - 2_000_000], _registry.Requests.Where(r => r.Method == "PATCH").Select(r => r.Body.Length));
    }

    [Fact]
    public async Task Body_that_is_refused_in_every_size_is_one_clear_error_PU15()
    {
        var image = await HaveAsync("team/app:1", 1, 600_000);
        _registry.Faults.Add(new Fault("^(PUT|PATCH) .*uploads", FaultAction.Status(413)) { When = r => r.Body.Length > 1000 });
        var e = await Assert.ThrowsAsync<ImageException>(() => PushAsync(image, "new/name:1"));
        Assert.Equal(ImageErrorKind.TooLarge, e.Kind);
    }

    [Fact]
    public async Task Chunk_that_arrives_elsewhere_begins_again_PU9()
    {
        var image = await HaveAsync("team/app:1", 1, 600_000);
        _registry.Faults.Add(new Fault("^PUT .*uploads", FaultAction.Status(413)) { When = r => r.Body.Length > 400_000 });
        _registry.Faults.Add(new Fault("^PATCH ", FaultAction.Header("Range", "0-17"), 1));
        _registry.Faults.Add(new Fault("^GET .*uploads", FaultAction.Status(404)));
        await PushAsync(image, "new/name:1");
        Assert.NotNull(_registry.Content.Manifest("new/name", "1"));
    }

    [Fact]
    public async Task Broken_chunk_goes_on_where_the_registry_is_PU10()
    {
        var image = await HaveAsync("team/app:1", 1, 600_000);
        _registry.Faults.Add(new Fault("^PUT .*uploads", FaultAction.Status(413)) { When = r => r.Body.Length > 400_000 });

        // The registry has the chunk, and its answer is lost.
        _registry.Faults.Add(new Fault("^PATCH ", FaultAction.ResetAfter(-1), 1));
        await PushAsync(image, "new/name:1");

        Assert.NotNull(_registry.Content.Manifest("new/name", "1"));
        Assert.Equal(image.Layers[0].Blob.Size, _registry.Requests.Where(r => r.Method == "PATCH").Sum(r => r.Body.Length));
        Assert.Contains(_registry.Requests, r => r.Method == "GET" && r.Path.Contains("/uploads/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Cancelled_upload_ends_its_session_PU11()
    {
        var image = await HaveAsync("team/app:1", 1);
        using var stop = new CancellationTokenSource();
        _registry.Faults.Add(new Fault("^PUT .*uploads", new FaultAction
        {
            OnRequest = _ => stop.Cancel(),
            OnResponse = (_, r) => r.Delay = TimeSpan.FromMinutes(5),
        }));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => PushAsync(image, "new/name:1", cancellationToken: stop.Token));

        Assert.Contains(_registry.Requests, r => r.Method == "DELETE" && r.Path.Contains("/uploads/", StringComparison.Ordinal));
        Assert.Null(_registry.Content.Manifest("new/name", "1"));
    }

    [Fact]
    public async Task Damaged_blob_is_told_of_the_store_and_never_named_PU9()
    {
        var image = await HaveAsync("team/app:1", 2);
        var file = _store.Paths.Blob(Digest.Parse(image.Layers[1].Blob.Digest));
        var bytes = File.ReadAllBytes(file);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(file, bytes);
        var e = await Assert.ThrowsAsync<ImageException>(() => PushAsync(image, "new/name:1"));

        Assert.Equal(ImageErrorKind.Integrity, e.Kind);
        Assert.Contains(image.Layers[1].Blob.Digest, e.Message, StringComparison.Ordinal);
        Assert.Null(_registry.Content.Manifest("new/name", "1"));
    }

    [Fact]
    public async Task Manifest_goes_with_its_own_media_type_and_nothing_else_PU12()
    {
        foreach (var format in new[] { ImageFormat.Oci, ImageFormat.Docker })
        {
            var image = _origin.AddImage($"team/{format}:1".ToLowerInvariant(), Spec(1) with { Format = format });
            await PullAsync(image);
            await PushAsync(image, $"new/{format}:1".ToLowerInvariant());
            var put = _registry.Requests.Last(r => r.Method == "PUT" && r.Path.Contains("/manifests/", StringComparison.Ordinal));
            Assert.Equal(image.Manifest.MediaType, put.Header("Content-Type"));
            Assert.Null(put.Header("Content-Encoding"));
            Assert.Equal(image.Manifest.Bytes.ToArray(), put.Body.ToArray());
        }
    }

    [Fact]
    public async Task Registry_that_calls_a_manifest_something_else_is_an_error_PU12()
    {
        var image = await HaveAsync("team/app:1", 1);
        _registry.Faults.Add(new Fault("^PUT .*manifests", FaultAction.WrongDigestHeader()));
        var e = await Assert.ThrowsAsync<ImageException>(() => PushAsync(image, "new/name:1"));
        Assert.Equal(ImageErrorKind.Integrity, e.Kind);
    }

    [Theory]
    [InlineData("text")]
    [InlineData("object")]
    public async Task Blob_that_the_registry_has_lost_is_sent_again_and_the_manifest_put_once_more_PU13(string form)
    {
        var image = await HaveAsync("team/app:1", 2);
        await PushAsync(image, "new/name:1");
        var lost = image.Layers[1].Blob.Digest;
        var detail = form == "text" ? $"\"{lost}\"" : $"{{\"digest\":\"{lost}\"}}";
        var body = $"{{\"errors\":[{{\"code\":\"MANIFEST_BLOB_UNKNOWN\",\"message\":\"blob unknown to registry\",\"detail\":{detail}}}]}}";
        _registry.Faults.Add(new Fault("^PUT .*manifests/2", FaultAction.Status(400, body), 1));
        using var other = TestClients.Client(_registry.Host);
        var (_, counts) = await PushAsync(image, "new/name:2", client: other);

        Assert.Equal(image.Layers[1].Blob.Size, counts.Copied);
        Assert.NotNull(_registry.Content.Manifest("new/name", "2"));
    }

    [Fact]
    public async Task Blob_that_the_registry_loses_twice_is_an_error_with_the_digest_PU13()
    {
        var image = await HaveAsync("team/app:1", 1);
        var lost = image.Layers[0].Blob.Digest;
        var body = $"{{\"errors\":[{{\"code\":\"MANIFEST_BLOB_UNKNOWN\",\"message\":\"blob unknown\",\"detail\":\"{lost}\"}}]}}";
        var fault = _registry.Faults.Add(new Fault("^PUT .*manifests", FaultAction.Status(400, body)));
        var e = await Assert.ThrowsAsync<ImageException>(() => PushAsync(image, "new/name:1"));

        Assert.Contains(lost, e.Message, StringComparison.Ordinal);
        Assert.Equal(2, fault.Hits);
    }

    [Fact]
    public async Task Index_goes_whole_children_before_it_PU1_CP3()
    {
        var index = _origin.AddIndex("team/multi:1", [ImageSpec.For("linux/amd64"), ImageSpec.For("linux/arm64")]);
        await PullAsync(index, all: true);
        var (copied, _) = await PushAsync(index, "new/multi:1");

        Assert.Equal(index.Digest, copied.Root.Digest.ToString());
        var puts = _registry.Requests.Where(r => r.Method == "PUT" && r.Path.Contains("/manifests/", StringComparison.Ordinal))
            .Select(r => r.Path[(r.Path.LastIndexOf('/') + 1)..]).ToList();
        Assert.Equal(index.Images.Select(i => i.Digest).Append("1"), puts);
        Assert.Equal(index.Manifest.Bytes.ToArray(), _registry.Content.Manifest("new/multi", "1")!.Bytes.ToArray());
    }

    [Fact]
    public async Task Index_of_which_a_platform_is_missing_is_an_error_that_names_it_PU16()
    {
        var index = _origin.AddIndex(
            "team/multi:1", [ImageSpec.For("linux/amd64"), ImageSpec.For("linux/arm64"), ImageSpec.For("windows/amd64")]);
        await PullAsync(index, platform: "linux/arm64");
        var e = await Assert.ThrowsAsync<ImageException>(() => PushAsync(index, "new/multi:1"));

        Assert.Equal(ImageErrorKind.Incomplete, e.Kind);
        Assert.Contains("linux/amd64, windows/amd64 are missing", e.Message, StringComparison.Ordinal);
        Assert.Contains("-Platform 'linux/arm64'", e.Advice, StringComparison.Ordinal);
        Assert.Contains("-PresentPlatforms", e.Advice, StringComparison.Ordinal);
        Assert.Equal(["HEAD"], _registry.Requests.Select(r => r.Method).Distinct());
    }

    [Fact]
    public async Task One_platform_of_an_index_goes_under_the_tag_alone_CP4()
    {
        var index = _origin.AddIndex("team/multi:1", [ImageSpec.For("linux/amd64"), ImageSpec.For("linux/arm64")]);
        await PullAsync(index, platform: "linux/arm64");
        var (copied, _) = await PushAsync(
            index, "new/multi:1", r => r with { Extent = CopyExtent.OneManifest, Platform = Platform.Parse("linux/arm64") });

        Assert.Equal((index.Images[1].Digest, index.Digest), (copied.Root.Digest.ToString(), copied.Origin.Digest.ToString()));
        Assert.Equal(index.Images[1].Manifest.Bytes.ToArray(), _registry.Content.Manifest("new/multi", "1")!.Bytes.ToArray());
    }

    [Fact]
    public async Task What_is_present_goes_as_a_new_index_which_is_said_PU16()
    {
        var index = _origin.AddIndex(
            "team/multi:1", [ImageSpec.For("linux/amd64"), ImageSpec.For("linux/arm64"), ImageSpec.For("windows/amd64")]);
        await PullAsync(index, platform: "linux/amd64");
        await PullAsync(index, platform: "windows/amd64");
        var (copied, _) = await PushAsync(index, "new/multi:1", r => r with { Extent = CopyExtent.Present });

        Assert.NotEqual(index.Digest, copied.Root.Digest.ToString());
        var made = (ImageIndex)ManifestDocument.Parse(_registry.Content.Manifest("new/multi", "1")!.Bytes.ToArray(), null);
        Assert.Equal([index.Images[0].Digest, index.Images[2].Digest], made.Manifests.Select(m => m.Digest.ToString()));
        Assert.Contains(_store.Observer.Warnings, w => w.Contains(copied.Root.Digest.ToString(), StringComparison.Ordinal));

        // The same again is the same index.
        var (again, _) = await PushAsync(index, "new/multi:2", r => r with { Extent = CopyExtent.Present });
        Assert.Equal(copied.Root.Digest, again.Root.Digest);
    }

    [Fact]
    public async Task Index_that_is_there_whole_is_the_same_with_present_platforms_PU16()
    {
        var index = _origin.AddIndex("team/multi:1", [ImageSpec.For("linux/amd64"), ImageSpec.For("linux/arm64")]);
        await PullAsync(index, all: true);
        var (copied, _) = await PushAsync(index, "new/multi:1", r => r with { Extent = CopyExtent.Present });
        Assert.Equal(index.Digest, copied.Root.Digest.ToString());
    }

    [Fact]
    public async Task Within_one_registry_no_blob_byte_is_read_or_sent_CP2()
    {
        var index = _registry.AddIndex("team/multi:1", [ImageSpec.For("linux/amd64"), ImageSpec.For("linux/arm64")]);
        _registry.ClearRequests();
        var counts = await CopyAsync(new RegistrySource(_client, ImageReference.Parse(index.Reference)), "mirror/multi:1");

        Assert.Equal(0, counts.Copied);
        Assert.DoesNotContain(_registry.Requests, r => r.Method == "GET" && r.Path.Contains("/blobs/", StringComparison.Ordinal));
        Assert.DoesNotContain(_registry.Requests, r => r.Method == "PUT" && r.Path.Contains("/blobs/", StringComparison.Ordinal));
        Assert.Equal(index.Digest, _registry.Content.Manifest("mirror/multi", "1")!.Digest);
    }

    [Fact]
    public async Task Between_registries_blobs_stream_and_what_is_there_is_not_read_CP2()
    {
        var image = _origin.AddImage("team/app:1", Spec(3));
        _registry.Content.PutBlob("mirror/app", image.Layers[0].Blob.Digest, image.Layers[0].Blob.Bytes.ToArray());
        _origin.ClearRequests();
        using var origin = TestClients.Client(_origin.Host);
        var counts = await CopyAsync(new RegistrySource(origin, ImageReference.Parse(image.Reference)), "mirror/app:1");

        Assert.Equal(image.Layers[0].Blob.Size, counts.Existing);
        Assert.DoesNotContain(_origin.Requests, r => r.Path.EndsWith(image.Layers[0].Blob.Digest, StringComparison.Ordinal));
        Assert.Equal(3, _origin.Requests.Count(r => r.Method == "GET" && r.Path.Contains("/blobs/", StringComparison.Ordinal)));
        Assert.Equal(image.Digest, _registry.Content.Manifest("mirror/app", "1")!.Digest);
    }

    /// <summary>The source breaks off in the middle; its stream goes on by Range, and the upload does not notice.</summary>
    [Fact]
    public async Task Source_that_breaks_off_is_gone_on_with_during_the_upload_RN15()
    {
        var image = _origin.AddImage("team/app:1", Spec(1, 900_000));
        _origin.Faults.Add(new Fault($"^GET .*{image.Layers[0].Blob.Digest}", FaultAction.ResetAfter(300_000), 1));
        using var origin = TestClients.Client(_origin.Host);
        await CopyAsync(new RegistrySource(origin, ImageReference.Parse(image.Reference)), "mirror/app:1");

        Assert.Equal(image.Digest, _registry.Content.Manifest("mirror/app", "1")!.Digest);
        Assert.Contains(_origin.Requests, r => r.Header("Range") is not null);
    }

    [Fact]
    public async Task Source_that_has_wrong_bytes_is_an_error_and_nothing_is_named_CP2()
    {
        var image = _origin.AddImage("team/app:1", Spec(1));
        _origin.Faults.Add(new Fault($"^GET .*{image.Layers[0].Blob.Digest}", FaultAction.WrongBytes()));
        using var origin = TestClients.Client(_origin.Host);
        var e = await Assert.ThrowsAsync<ImageException>(
            () => CopyAsync(new RegistrySource(origin, ImageReference.Parse(image.Reference)), "mirror/app:1"));

        Assert.Equal(ImageErrorKind.Integrity, e.Kind);
        Assert.Null(_registry.Content.Manifest("mirror/app", "1"));
    }

    [Fact]
    public async Task Tag_that_moves_at_the_source_is_copied_as_it_was_read_first_CP6()
    {
        var image = _origin.AddImage("team/app:1", Spec(2));
        var next = _origin.AddImage("team/app:2", Spec(1, 5000));
        using var origin = TestClients.Client(_origin.Host);
        var source = new WatchedSource(new RegistrySource(origin, ImageReference.Parse(image.Reference)))
        {
            BeforeFirst = _ =>
            {
                _origin.Tag("team/app", "1", next.Digest);
                return Task.CompletedTask;
            },
        };
        await CopyAsync(source, "mirror/app:1");
        Assert.Equal(image.Digest, _registry.Content.Manifest("mirror/app", "1")!.Digest);
    }

    [Fact]
    public async Task Several_images_with_one_layer_send_it_once()
    {
        var images = Enumerable.Range(1, 6).Select(i => _origin.AddImage(
            $"team/app:{i}", new ImageSpec { Layers = [new LayerSpec(99, 400_000) { Gzip = false }, new LayerSpec(i, 1000)] })).ToList();
        foreach (var image in images)
        {
            await PullAsync(image);
        }

        await Task.WhenAll(images.Select((image, i) => Task.Run(() => PushAsync(image, $"new/app{i % 2}:{i}"))));

        var shared = images[0].Layers[0].Blob.Digest.Replace(":", "%3A", StringComparison.Ordinal);
        Assert.Equal(1, _registry.Requests.Count(r => r.Method == "PUT" && r.Path.EndsWith(shared, StringComparison.Ordinal)));
        Assert.All(images, image => Assert.Contains(_registry.Requests, r => r.Body.Span.SequenceEqual(image.Manifest.Bytes.Span)));
    }

    [Fact]
    public async Task Token_is_asked_once_with_the_scope_to_push_PU4()
    {
        _registry.Options.Auth = RegistryAuth.Bearer;
        _registry.Options.Users["u"] = "p";
        var image = await HaveAsync("team/app:1", 3);
        using var client = TestClients.Client(_registry.Host, new RegistryOptions { Credential = new RegistryCredential("u", "p") });
        await PushAsync(image, "new/name:1", client: client);

        var tokens = _registry.Requests.Where(r => r.Path.StartsWith("/token", StringComparison.Ordinal)).ToList();
        Assert.Single(tokens);
        Assert.Contains("repository:new/name:pull,push", Uri.UnescapeDataString(tokens[0].Path) + Text(tokens[0]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(401, "UNAUTHORIZED", ImageErrorKind.Unauthorized)]
    [InlineData(403, "DENIED", ImageErrorKind.Denied)]
    public async Task Refusal_names_the_scope_that_was_asked_for_PU21(int status, string code, ImageErrorKind kind)
    {
        var image = await HaveAsync("team/app:1", 1);
        _registry.Faults.Add(new Fault(
            "^POST ", FaultAction.Status(status, $"{{\"errors\":[{{\"code\":\"{code}\",\"message\":\"no, never\"}}]}}")));
        var e = await Assert.ThrowsAsync<ImageException>(() => PushAsync(image, "new/name:1"));

        Assert.Equal(kind, e.Kind);
        Assert.StartsWith($"push access denied for {_registry.Host}/new/name", e.Message, StringComparison.Ordinal);
        Assert.Contains("no, never", e.Message, StringComparison.Ordinal);
        Assert.Contains("repository:new/name:pull,push", e.Advice, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(405, "UNSUPPORTED", ImageErrorKind.NotSupported)]
    [InlineData(404, "NAME_UNKNOWN", ImageErrorKind.Denied)]
    [InlineData(429, "TOOMANYREQUESTS", ImageErrorKind.RateLimited)]
    [InlineData(400, "NAME_INVALID", ImageErrorKind.InvalidData)]
    public async Task Registry_that_takes_no_push_is_one_clear_error_and_not_a_fault_of_the_source(int status, string code, ImageErrorKind kind)
    {
        var image = await HaveAsync("team/app:1", 1);
        _registry.Faults.Add(new Fault(
            "^POST ", FaultAction.Status(status, $"{{\"errors\":[{{\"code\":\"{code}\",\"message\":\"words\"}}]}}", ("Retry-After", "0"))));
        var e = await Assert.ThrowsAsync<ImageException>(() => PushAsync(image, "new/name:1"));

        Assert.Equal(kind, e.Kind);
        Assert.Contains("words", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Foreign_layers_stay_behind_unless_they_are_wanted_PU17()
    {
        var foreign = Blob(TestClients.Bytes(5000), ForeignLayer);
        var plain = Blob(TestClients.Bytes(6000, 2), MediaTypes.OciLayer);
        var (manifest, config) = Foreign(foreign, plain, withUrls: true);
        await TempStore.PutAsync(_store.Store, "win:1", manifest, [foreign, plain, config, manifest]);
        var source = _store.Store.OpenSource(ImageIdentity.Of("win:1"), _store.Observer);

        var counts = await CopyAsync(source, "new/win:1", r => r with { SkipForeign = true });
        Assert.Equal(plain.Descriptor.Size + config.Descriptor.Size, counts.Copied);
        Assert.Equal(manifest.Bytes, _registry.Content.Manifest("new/win", "1")!.Bytes.ToArray());

        counts = await CopyAsync(source, "new/win:2", r => r with { SkipForeign = false });
        Assert.Equal(foreign.Descriptor.Size, counts.Copied);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(500)]
    public async Task Registry_that_wants_a_foreign_layer_says_which_switch_uploads_it_PU17(int status)
    {
        var foreign = Blob(TestClients.Bytes(5000), ForeignLayer);
        var (manifest, config) = Foreign(foreign, null, withUrls: false);
        await TempStore.PutAsync(_store.Store, "win:1", manifest, [foreign, config, manifest]);
        _registry.Faults.Add(new Fault("^PUT .*manifests", FaultAction.Status(
            status,
            "{\"errors\":[{\"code\":\"UNKNOWN\",\"message\":\"unknown error\"},{\"code\":\"MANIFEST_BLOB_UNKNOWN\",\"message\":\"blob unknown\","
                + $"\"detail\":\"{foreign.Digest}\"}}]}}")));
        var e = await Assert.ThrowsAsync<ImageException>(() => CopyAsync(
            _store.Store.OpenSource(ImageIdentity.Of("win:1"), _store.Observer), "new/win:1", r => r with { SkipForeign = true }));

        Assert.Contains("-IncludeForeignLayer", e.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Push_to_a_digest_that_the_content_has_not_is_refused_PU18()
    {
        var image = await HaveAsync("team/app:1", 1);
        var e = await Assert.ThrowsAsync<ImageException>(() => PushAsync(image, "new/name@sha256:" + new string('a', 64)));
        Assert.Equal(ImageErrorKind.InvalidReference, e.Kind);
        var (copied, _) = await PushAsync(image, "new/name@" + image.Digest);
        Assert.Equal(image.Digest, copied.Root.Digest.ToString());
        Assert.NotNull(_registry.Content.Manifest("new/name", image.Digest));
    }

    private static string Text(LoggedRequest request) => Uri.UnescapeDataString(System.Text.Encoding.UTF8.GetString(request.Body.Span));

    private static (TestBlob Manifest, TestBlob Config) Foreign(TestBlob foreign, TestBlob? plain, bool withUrls)
    {
        var diffs = string.Join(",", new[] { foreign, plain }.OfType<TestBlob>().Select(b => $"\"{b.Digest}\""));
        var config = Blob(
            System.Text.Encoding.UTF8.GetBytes(
                $"{{\"architecture\":\"amd64\",\"os\":\"windows\",\"rootfs\":{{\"type\":\"layers\",\"diff_ids\":[{diffs}]}}}}"),
            MediaTypes.OciConfig);
        string Entry(TestBlob b, bool urls) => $"{{\"mediaType\":\"{b.Descriptor.MediaType}\",\"digest\":\"{b.Digest}\",\"size\":{b.Descriptor.Size}"
            + (urls ? ",\"urls\":[\"https://example.com/x\"]}" : "}");
        var layers = string.Join(",", new[] { Entry(foreign, withUrls) }.Concat(plain is null ? [] : new[] { Entry(plain, false) }));
        var manifest = Blob(
            System.Text.Encoding.UTF8.GetBytes(
                $"{{\"schemaVersion\":2,\"mediaType\":\"{MediaTypes.OciManifest}\",\"config\":{Entry(config, false)},\"layers\":[{layers}]}}"),
            MediaTypes.OciManifest);
        return (manifest, config);
    }

    private static TestBlob Blob(byte[] bytes, string type) => new(new Descriptor(type, Digest.Of(bytes), bytes.Length), bytes);

    private static ImageSpec Spec(int layers, int size = 20_000) =>
        new() { Layers = [.. Enumerable.Range(1, layers).Select(i => new LayerSpec(i, size) { Gzip = false })] };

    /// <summary>An image that was pulled from another registry.</summary>
    private async Task<BuiltImage> HaveAsync(string reference, int layers, int size = 20_000)
    {
        var image = _origin.AddImage(reference, Spec(layers, size));
        await PullAsync(image);
        return image;
    }

    private async Task PullAsync(BuiltDocument image, bool all = false, string platform = "linux/amd64")
    {
        var reference = ImageReference.Parse(image.Reference);
        using var client = TestClients.Client(reference.Registry);
        using var target = await _store.Store.BeginPullAsync(reference, NullObserver.Instance, CancellationToken.None);
        var request = new CopyRequest(reference)
        {
            Platform = Platform.Parse(platform),
            Extent = all ? CopyExtent.AllImages : CopyExtent.OnePlatform,
        };
        await ImageCopy.RunAsync(new RegistrySource(client, reference), target, request, NullObserver.Instance, CancellationToken.None);
    }

    private async Task<(CopiedImage Copied, TransferCounts Counts)> PushAsync(
        BuiltDocument image, string name, Func<CopyRequest, CopyRequest>? change = null, RegistryClient? client = null,
        CancellationToken cancellationToken = default)
    {
        var reference = ImageReference.Parse($"{_registry.Host}/{name}");
        var source = _store.Store.OpenSource(ImageIdentity.Of(image.Reference), _store.Observer);
        using var target = await RegistryTarget.BeginAsync(client ?? _client, reference, _store.Observer, cancellationToken);
        var request = new CopyRequest(reference) { Extent = CopyExtent.Whole, Words = CopyWords.Push };
        var copied = await ImageCopy.RunAsync(source, target, change?.Invoke(request) ?? request, _store.Observer, cancellationToken);
        return (copied, target.Counts);
    }

    private async Task<TransferCounts> CopyAsync(IImageSource source, string name, Func<CopyRequest, CopyRequest>? change = null)
    {
        var reference = ImageReference.Parse($"{_registry.Host}/{name}");
        using var target = await RegistryTarget.BeginAsync(_client, reference, _store.Observer, CancellationToken.None);
        var request = new CopyRequest(reference) { Extent = CopyExtent.Whole, Words = CopyWords.Push };
        await ImageCopy.RunAsync(source, target, change?.Invoke(request) ?? request, _store.Observer, CancellationToken.None);
        return target.Counts;
    }

    private List<string> Asked() => _registry.Requests.Select(r => r.ToString()).ToList();
}
