using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores;
using ImgsPS.Testing;
using Xunit;

namespace ImgsPS.Engine.Tests.Pulling;

/// <summary>A registry in this process, a store in a folder, and pulls from the one to the other.</summary>
public sealed class PullTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly TestRegistry _registry = TestRegistry.Start();
    private readonly RecordingObserver _observer = new();

    public void Dispose()
    {
        _registry.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task First_pull_of_a_tag_gets_manifest_config_and_layers_once_each()
    {
        var image = _registry.AddImage("team/app:1", new ImageSpec { Layers = [new LayerSpec(1), new LayerSpec(2)] });

        var pulled = Assert.Single(await Pull(image.Reference));

        Assert.Equal(image.Reference, pulled.Reference);
        Assert.Equal(image.Config.Digest, pulled.Id);
        Assert.Equal(image.Digest, pulled.Digest);
        Assert.Equal("linux/amd64", pulled.Platform?.ToString());
        Assert.Equal(image.ContentSize, pulled.Size);
        Assert.False(pulled.Dangling);
        var expected = image.Layers.Select(l => "GET /v2/team/app/blobs/" + l.Blob.Digest)
            .Append("GET /v2/team/app/blobs/" + image.Config.Digest)
            .Append("GET /v2/team/app/manifests/1");
        Assert.Equal(expected.Order(StringComparer.Ordinal), Requests().Order(StringComparer.Ordinal));
        Assert.Equal(image.Manifest.Bytes.ToArray(), await File.ReadAllBytesAsync(BlobPath(image.Digest)));
    }

    [Fact]
    public async Task Second_pull_of_an_unchanged_tag_makes_one_HEAD_and_nothing_else()
    {
        var image = _registry.AddImage("team/app:1", new ImageSpec());
        await Pull(image.Reference);
        _registry.ClearRequests();

        var pulled = Assert.Single(await Pull(image.Reference));

        Assert.Equal(image.Digest, pulled.Digest);
        Assert.Equal(["HEAD /v2/team/app/manifests/1"], Requests());
        Assert.Contains($"Status: Image is up to date for {image.Reference}", _observer.VerboseLines);
    }

    [Fact]
    public async Task Second_pull_by_digest_asks_nothing()
    {
        var image = _registry.AddImage("team/app:1", new ImageSpec());
        await Pull(image.ReferenceByDigest);
        _registry.ClearRequests();

        var pulled = Assert.Single(await Pull(image.ReferenceByDigest));

        Assert.Empty(Requests());
        Assert.Null(pulled.Tag);
        Assert.Equal(image.ReferenceByDigest, pulled.Reference);
    }

    [Fact]
    public async Task Tag_and_digest_together_pull_the_digest_and_record_no_tag_N9()
    {
        var old = _registry.AddImage("team/app:1", new ImageSpec { Layers = [new LayerSpec(1)] });
        _registry.AddImage("team/app:1", new ImageSpec { Layers = [new LayerSpec(2)] });

        var pulled = Assert.Single(await Pull($"{_registry.Host}/team/app:1@{old.Digest}"));

        Assert.Equal(old.Digest, pulled.Digest);
        Assert.Null(pulled.Tag);
    }

    [Fact]
    public async Task Tag_that_moved_is_pulled_anew_without_the_layers_that_stayed_and_leaves_a_dangling_image()
    {
        var old = _registry.AddImage("team/app:1", new ImageSpec { Layers = [new LayerSpec(1), new LayerSpec(2)] });
        await Pull(old.Reference);
        var moved = _registry.AddImage("team/app:1", new ImageSpec { Layers = [new LayerSpec(1), new LayerSpec(3)] });
        _registry.ClearRequests();

        await Pull(moved.Reference);

        Assert.Equal(
            new[]
            {
                "HEAD /v2/team/app/manifests/1",
                "GET /v2/team/app/manifests/" + moved.Digest,
                "GET /v2/team/app/blobs/" + moved.Config.Digest,
                "GET /v2/team/app/blobs/" + moved.Layers[1].Blob.Digest,
            }.Order(StringComparer.Ordinal),
            Requests().Order(StringComparer.Ordinal));
        Assert.Contains(moved.Layers[0].Blob.Digest.Substring(7, 12) + ": Already exists", _observer.VerboseLines);
        var dangling = Assert.Single(await List(), i => i.Dangling);
        Assert.Equal(old.Digest, dangling.Digest);
        Assert.Equal(old.Config.Digest, dangling.Id);
        Assert.Null(dangling.Reference);
    }

    [Fact]
    public async Task Tag_that_moves_again_after_the_HEAD_gives_what_the_HEAD_said_RN21()
    {
        await Pull(_registry.AddImage("team/app:1", new ImageSpec { Layers = [new LayerSpec(1)] }).Reference);
        var second = _registry.AddImage("team/app:1", new ImageSpec { Layers = [new LayerSpec(2)] });
        _registry.Faults.Add(new Fault("^HEAD ", new FaultAction
        {
            OnResponse = (_, _) => _registry.AddImage("team/app:1", new ImageSpec { Layers = [new LayerSpec(3)] }),
        }, times: 1));

        Assert.Equal(second.Digest, Assert.Single(await Pull(second.Reference)).Digest);
    }

    [Fact]
    public async Task Unchanged_tag_whose_layer_is_gone_from_the_store_gets_that_layer_again()
    {
        var image = _registry.AddImage("team/app:1", new ImageSpec { Layers = [new LayerSpec(1), new LayerSpec(2)] });
        await Pull(image.Reference);
        File.Delete(BlobPath(image.Layers[1].Blob.Digest));
        _registry.ClearRequests();

        await Pull(image.Reference);

        Assert.Equal(["HEAD /v2/team/app/manifests/1", "GET /v2/team/app/blobs/" + image.Layers[1].Blob.Digest], Requests());
        Assert.True(File.Exists(BlobPath(image.Layers[1].Blob.Digest)));
    }

    [Fact]
    public async Task Index_is_kept_as_received_with_the_content_of_one_platform()
    {
        var index = _registry.AddIndex("team/app:1", [Spec("linux/amd64", 1), Spec("linux/arm64/v8", 2)]);
        _registry.ClearRequests();

        var pulled = Assert.Single(await Pull(index.Reference, "linux/arm64"));

        Assert.Equal(index.Digest, pulled.Digest);
        Assert.Equal(index.Images[1].Config.Digest, pulled.Id);
        Assert.Equal("linux/arm64/v8", pulled.Platform?.ToString());
        Assert.Equal(index.Manifest.Bytes.ToArray(), await File.ReadAllBytesAsync(BlobPath(index.Digest)));
        Assert.True(File.Exists(BlobPath(index.Images[1].Layers[0].Blob.Digest)));
        Assert.False(File.Exists(BlobPath(index.Images[0].Digest)));
        Assert.False(File.Exists(BlobPath(index.Images[0].Layers[0].Blob.Digest)));
        Assert.Contains("Digest: " + index.Digest, _observer.VerboseLines);
    }

    [Fact]
    public async Task Another_platform_of_an_unchanged_tag_is_added()
    {
        var index = _registry.AddIndex("team/app:1", [Spec("linux/amd64", 1), Spec("linux/arm64/v8", 2)]);
        await Pull(index.Reference, "linux/amd64");
        _registry.ClearRequests();

        var pulled = Assert.Single(await Pull(index.Reference, "linux/arm64"));

        Assert.Equal(index.Images[1].Config.Digest, pulled.Id);
        Assert.True(File.Exists(BlobPath(index.Images[0].Layers[0].Blob.Digest)));
        Assert.True(File.Exists(BlobPath(index.Images[1].Layers[0].Blob.Digest)));
        Assert.Equal("HEAD /v2/team/app/manifests/1", Requests()[0]);
        Assert.DoesNotContain(Requests(), r => r.EndsWith(index.Digest, StringComparison.Ordinal));

        // An image is one platform's (FF2).
        Assert.Equal(index.Images.Select(i => i.Config.Digest), (await List()).Select(i => i.Id));
    }

    [Fact]
    public async Task All_platforms_bring_every_image_of_the_index()
    {
        var index = _registry.AddIndex("team/app:1", [Spec("linux/amd64", 1), Spec("linux/arm64/v8", 2), Spec("windows/amd64", 3)]);

        var pulled = await Pull(new PullRequest(ImageReference.Parse(index.Reference)) { AllPlatforms = true });

        Assert.All(index.Images, image => Assert.True(File.Exists(BlobPath(image.Layers[0].Blob.Digest))));
        Assert.Equal(index.Images.Select(i => i.Config.Digest), pulled.Select(i => i.Id));
        Assert.Equal(index.Images.Select(i => i.Config.Digest), (await List()).Select(i => i.Id));
    }

    [Fact]
    public async Task Missing_platform_fails_in_dockers_words_with_the_platforms_that_exist_U5()
    {
        var index = _registry.AddIndex("team/app:1", [Spec("linux/amd64", 1), Spec("linux/arm64/v8", 2)]);

        var error = await Assert.ThrowsAsync<ImageException>(() => Pull(index.Reference, "linux/s390x"));

        Assert.Equal(ImageErrorKind.NotFound, error.Kind);
        Assert.Equal("no matching manifest for linux/s390x in the manifest list entries. Available: linux/amd64, linux/arm64/v8.",
            error.Message);
        Assert.Empty(await List());
    }

    [Fact]
    public async Task Plain_image_of_another_platform_than_asked_for_is_refused_before_its_layers()
    {
        var image = _registry.AddImage("team/app:1", Spec("linux/amd64", 1));

        var error = await Assert.ThrowsAsync<ImageException>(() => Pull(image.Reference, "linux/arm64"));

        Assert.Equal(
            $"image with reference {image.Reference} was found but does not match the specified platform: wanted linux/arm64, actual: " +
                "linux/amd64",
            error.Message);
        Assert.DoesNotContain(Requests(), r => r.Contains(image.Layers[0].Blob.Digest, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Plain_image_of_another_platform_is_pulled_when_none_is_asked_for()
    {
        var image = _registry.AddImage("team/app:1", Spec("linux/s390x", 1));

        Assert.Equal("linux/s390x", Assert.Single(await Pull(image.Reference)).Platform?.ToString());
    }

    [Fact]
    public async Task Artifact_is_refused_by_its_type_U11()
    {
        var artifact = _registry.AddImage("team/chart:1", new ImageSpec { ConfigMediaType = "application/vnd.cncf.helm.config.v1+json" });

        var error = await Assert.ThrowsAsync<ImageException>(() => Pull(artifact.Reference));

        Assert.Equal(ImageErrorKind.NotSupported, error.Kind);
        Assert.Contains("application/vnd.cncf.helm.config.v1+json", error.Message, StringComparison.Ordinal);
        Assert.Empty(await List());
    }

    [Fact]
    public async Task Unknown_tag_is_dockers_manifest_not_found_U13()
    {
        _registry.AddImage("team/app:1", new ImageSpec());

        var error = await Assert.ThrowsAsync<ImageException>(() => Pull($"{_registry.Host}/team/app:2"));

        Assert.Equal(ImageErrorKind.NotFound, error.Kind);
        Assert.Equal($"manifest for {_registry.Host}/team/app:2 not found: manifest unknown: manifest unknown", error.Message);
    }

    [Fact]
    public async Task All_tags_pull_each_tag_and_go_on_after_a_bad_one()
    {
        _registry.AddImage("team/app:1", Spec("linux/amd64", 1));
        _registry.AddImage("team/app:2", new ImageSpec { ConfigMediaType = "application/vnd.cncf.helm.config.v1+json" });
        _registry.AddImage("team/app:3", Spec("linux/amd64", 3));

        var pulled = await Pull(new PullRequest(ImageReference.Parse($"{_registry.Host}/team/app")) { AllTags = true });

        Assert.Equal(["1", "3"], pulled.Select(i => i.Tag));
        var error = Assert.Single(_observer.Errors);
        Assert.Equal($"{_registry.Host}/team/app:2", error.Target);
    }

    [Fact]
    public async Task All_tags_of_a_tagged_reference_is_an_error_N7()
    {
        var request = new PullRequest(ImageReference.Parse($"{_registry.Host}/team/app:1")) { AllTags = true };

        var error = await Assert.ThrowsAsync<ImageException>(() => Pull(request));

        Assert.Equal($"'{_registry.Host}/team/app:1' has a tag, which cannot be used with -AllTags", error.Message);
    }

    [Fact]
    public async Task Wrong_bytes_fail_the_pull_and_are_nowhere_in_the_store_RN18()
    {
        var image = _registry.AddImage("team/app:1", new ImageSpec { Layers = [new LayerSpec(1, 50_000), new LayerSpec(2)] });
        var bad = image.Layers[0].Blob.Digest;
        _registry.Faults.Add(new Fault("^GET .*/blobs/" + bad, FaultAction.WrongBytes()));

        var error = await Assert.ThrowsAsync<ImageException>(() => Pull(image.Reference));

        Assert.Equal(ImageErrorKind.Integrity, error.Kind);
        Assert.Contains(bad, error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(BlobPath(bad)));
        Assert.Empty(await List());
        _registry.Faults.Clear();
        Assert.Equal(image.Digest, Assert.Single(await Pull(image.Reference)).Digest);
    }

    [Fact]
    public async Task Body_that_breaks_off_goes_on_where_it_stopped_RN15()
    {
        var image = _registry.AddImage("team/app:1", new ImageSpec { Layers = [new LayerSpec(1, 300_000)] });
        var blob = image.Layers[0].Blob;
        _registry.Faults.Add(new Fault("^GET .*/blobs/" + blob.Digest, FaultAction.FinAfter(200_000), times: 1));

        await Pull(image.Reference);

        var requests = _registry.Requests.Where(r => r.Path.EndsWith(blob.Digest, StringComparison.Ordinal)).ToList();
        Assert.Equal(2, requests.Count);
        Assert.Equal("bytes=200000-", requests[1].Header("Range"));
        Assert.Equal(blob.Size, requests.Sum(r => r.BytesSent));
    }

    [Fact]
    public async Task Cancelled_pull_names_nothing_and_the_next_one_resumes_RS2()
    {
        var image = _registry.AddImage("team/app:1", new ImageSpec { Layers = [new LayerSpec(1, 300_000)] });
        var blob = image.Layers[0].Blob;
        _registry.Faults.Add(new Fault("^GET .*/blobs/" + blob.Digest, FaultAction.StallAfter(200_000), times: 1));
        using var stop = new CancellationTokenSource();
        var observer = new CancelAt(stop, blob.Digest.Substring(7, 12), 200_000);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            Pull(new PullRequest(ImageReference.Parse(image.Reference)), observer, stop.Token));

        Assert.Empty(await List());
        _registry.ClearRequests();
        await Pull(image.Reference);
        var resumed = Assert.Single(_registry.Requests, r => r.Path.EndsWith(blob.Digest, StringComparison.Ordinal));
        Assert.Equal("bytes=200000-", resumed.Header("Range"));
        Assert.Contains($"{blob.Digest.Substring(7, 12)}: Resumed at 200000 of {blob.Size} bytes", _observer.VerboseLines);
    }

    [Fact]
    public async Task Pulls_of_one_image_at_once_fetch_each_blob_once_U4()
    {
        var image = _registry.AddImage("team/app:1", new ImageSpec { Layers = [new LayerSpec(1, 200_000), new LayerSpec(2, 200_000)] });

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Pull(image.Reference)));

        var blobs = Requests().Where(r => r.Contains("/blobs/", StringComparison.Ordinal)).ToList();
        Assert.Equal(3, blobs.Count);
        Assert.Equal(blobs.Distinct(), blobs);
    }

    [Fact]
    public async Task Blob_that_goes_while_the_rest_is_fetched_is_fetched_again_RS5()
    {
        // Step 6: what a pull began to rely on after a collection had looked at the leases is found missing when it is to be named
        var kept = _registry.AddImage("team/app:1", new ImageSpec { Layers = [new LayerSpec(1)] });
        await Pull(kept.Reference);
        var image = _registry.AddImage("team/app:2", new ImageSpec { Layers = [new LayerSpec(1), new LayerSpec(2)] });
        var shared = image.Layers[0].Blob.Digest;
        _registry.Faults.Add(new Fault("^GET .*/blobs/" + image.Layers[1].Blob.Digest, new FaultAction
        {
            OnResponse = (_, _) => File.Delete(BlobPath(shared)),
        }, times: 1));
        _registry.ClearRequests();

        await Pull(image.Reference);

        Assert.Contains("Content was taken out of the store while it was pulled; fetching it again", _observer.VerboseLines);
        Assert.Single(Requests(), r => r.EndsWith(shared, StringComparison.Ordinal));
        Assert.True(File.Exists(BlobPath(shared)));
        Assert.Equal(2, (await List()).Count);
    }

    [Fact]
    public async Task Verbose_tells_what_docker_tells_U1_U2()
    {
        var image = _registry.AddImage("team/app:latest", new ImageSpec());
        var layer = image.Layers[0].Blob.Digest.Substring(7, 12);

        await Pull($"{_registry.Host}/team/app");

        Assert.Equal("Using default tag: latest", _observer.VerboseLines[0]);
        Assert.Contains("latest: Pulling from team/app", _observer.VerboseLines);
        Assert.Contains(layer + ": Pulling fs layer", _observer.VerboseLines);
        Assert.Contains(layer + ": Download complete", _observer.VerboseLines);
        Assert.Contains(layer + ": Pull complete", _observer.VerboseLines);
        Assert.Equal(
            ["Digest: " + image.Digest, "Status: Downloaded newer image for " + image.Reference, image.Reference],
            _observer.VerboseLines.TakeLast(3));
    }

    [Fact]
    public async Task Foreign_layer_that_the_registry_lacks_names_its_url_and_is_not_fetched_RN2()
    {
        using var elsewhere = TestRegistry.Start();
        var image = _registry.AddImage("team/win:1",
            new ImageSpec { Layers = [new LayerSpec(1) { Urls = [elsewhere.Origin + "/layer"] }] });
        _registry.DeleteBlob("team/win", image.Layers[0].Blob.Digest);

        var error = await Assert.ThrowsAsync<ImageException>(() => Pull(image.Reference));

        Assert.Contains(elsewhere.Origin + "/layer", error.Message, StringComparison.Ordinal);
        Assert.Empty(elsewhere.Requests);
    }

    private static ImageSpec Spec(string platform, int seed) => ImageSpec.For(platform) with { Layers = [new LayerSpec(seed)] };

    private List<string> Requests() => _registry.Requests.Select(r => r.ToString()).ToList();

    private string BlobPath(string digest) => Path.Combine(_folder, "blobs", digest.Replace(':', Path.DirectorySeparatorChar));

    private Task<List<Image>> Pull(string reference, string? platform = null) =>
        Pull(new PullRequest(ImageReference.Parse(reference)) { Platform = platform is null ? null : Platform.Parse(platform) });

    private async Task<List<Image>> Pull(PullRequest request, IOperationObserver? observer = null,
        CancellationToken cancellationToken = default)
    {
        using var store = ImageStores.Open(_folder);
        var images = new List<Image>();
        await foreach (var image in store.ForPull().PullAsync(request, observer ?? _observer, cancellationToken))
        {
            images.Add(image);
        }

        return images;
    }

    private async Task<IReadOnlyList<Image>> List()
    {
        using var store = ImageStores.Open(_folder);
        return await store.ListAsync(ListRequest.Default, _observer, CancellationToken.None);
    }

    /// <summary>Cancels when an item's transfer reaches a position.</summary>
    private sealed class CancelAt(CancellationTokenSource source, string item, long position) : IOperationObserver
    {
        public void Verbose(string message)
        {
        }

        public void Debug(string message)
        {
        }

        public void Warning(string message)
        {
        }

        public void Error(ImageException error, string target)
        {
        }

        public void Progress(TransferProgress progress)
        {
            if (progress.Item == item && progress.Current >= position)
            {
                source.Cancel();
            }
        }
    }
}
