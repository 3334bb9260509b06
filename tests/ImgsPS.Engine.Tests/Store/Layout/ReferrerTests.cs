using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Disk;
using ImgsPS.Engine.Tests.Pulling;
using ImgsPS.Stores;
using ImgsPS.Stores.Archive;
using ImgsPS.Testing;
using ImgsPS.Transfer;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Layout;

/// <summary>What refers to an image in a layout: how it is found, listed, kept, removed, exported and imported (RF7, CP3, AR19).</summary>
public sealed class ReferrerTests : IDisposable
{
    private readonly ReferrerWorld _world = new();

    private TempStore Store => _world.Store;

    public void Dispose() => _world.Dispose();

    [Fact]
    public async Task Referrer_is_an_entry_without_a_name_and_no_image_RF7()
    {
        var (image, signature, _) = await SignedAsync();
        Assert.Equal(image.Reference, Assert.Single(await Store.ListAsync()).Reference);
        Assert.Contains(Store.Entries(), e => (string?)e["digest"] == signature.Digest && e["annotations"] is null);
        var found = await _world.ListLocalAsync(image.Reference);
        Assert.Contains(found, f => (f.Digest, f.Source, f.ArtifactType)
            == (signature.Digest, ImageReferrerSource.Subject, ReferrerWorld.Signature));
        Assert.Contains(found, f => f.Source == ImageReferrerSource.CosignTag && f.Tag!.EndsWith(".sig", StringComparison.Ordinal));
        Assert.Equal((1, 0), ((await Store.InfoAsync()).Images, (await Store.InfoAsync()).Dangling));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Second_copy_adds_nothing_RF7(bool reopen)
    {
        var (image, _, _) = await SignedAsync();
        var before = Store.Entries().Count;
        _ = reopen ? Store.Reopen() : null;
        await _world.PullAsync(image);
        Assert.Equal(before, Store.Entries().Count);
    }

    [Fact]
    public async Task Removal_of_the_image_takes_what_refers_to_it_and_to_that_RF7()
    {
        var (image, signature, cosign) = await SignedAsync();
        var ofSignature = ReferrerWorld.Attach(_world.Origin, "team/app", signature, content: "2");
        await _world.PullAsync(image);
        Assert.Contains(ofSignature.Digest, Store.Blobs());
        var plan = await Store.Store.PlanRemovalsAsync(measure: true, Store.Observer, CancellationToken.None);
        var planned = plan.Plan(new RemovalRequest(ImageIdentity.Of(image.Reference))).Removal;
        var removal = await Store.RemoveAsync(image.Reference);

        Assert.Empty(Store.Entries());
        Assert.Empty(Store.Blobs());
        Assert.Equal(planned.BytesFreed, removal.BytesFreed);
        Assert.Equal(planned.Deleted, removal.Deleted);
        Assert.Contains(signature.Digest, removal.Deleted);
        Assert.Contains(removal.Untagged, name => name.EndsWith(".sig", StringComparison.Ordinal));
        Assert.NotNull(cosign);
    }

    [Fact]
    public async Task Referrers_stay_while_another_name_or_an_index_keeps_the_image_RF7()
    {
        var (image, signature, cosign) = await SignedAsync();
        await Store.TagAsync(image.Reference, "example.com/other:1");
        await Store.RemoveAsync(image.Reference);
        Assert.True(Store.Blobs().IsSupersetOf([signature.Digest, cosign.Digest]));
        Assert.Equal(2, (await _world.ListLocalAsync("example.com/other:1")).Count);
        await Store.RemoveAsync("example.com/other:1");
        Assert.Empty(Store.Blobs());
    }

    [Fact]
    public async Task Referrers_of_a_dangling_image_live_with_it_and_go_with_it_RF7()
    {
        var (image, signature, _) = await SignedAsync();
        var moved = _world.Origin.AddImage("team/app:1", ImageSpec.For("linux/amd64") with { Layers = [new LayerSpec(9, 900)] });
        await _world.PullAsync(moved);
        var dangling = Assert.Single(await Store.ListAsync(), i => i.Dangling);
        Assert.Equal(image.Digest, dangling.Digest);
        Assert.Contains(signature.Digest, Store.Blobs());
        await Store.RemoveAsync(dangling);
        Assert.DoesNotContain(signature.Digest, Store.Blobs());
        Assert.Equal(moved.Digest, Assert.Single(Store.Entries(), e => true)["digest"]!.ToString());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Referrer_that_looks_like_an_image_is_not_dangling_while_its_subject_is_there_RF7(bool isIndex)
    {
        var image = _world.Origin.AddImage("team/app:1", new ImageSpec());
        BuiltDocument referrer = _world.Origin.AddImage("team/app", ImageSpec.For("linux/arm64") with { Subject = image.Digest });
        if (isIndex)
        {
            var index = new JsonObject
            {
                ["schemaVersion"] = 2,
                ["mediaType"] = ImgsPS.Content.MediaTypes.OciIndex,
                ["manifests"] = new JsonArray(ReferrerWorld.Descriptor(referrer.Manifest)),
                ["subject"] = ReferrerWorld.Descriptor(image.Manifest),
            };
            _world.Origin.DeleteManifest("team/app", referrer.Digest);
            var child = _world.Origin.AddImage("team/app", ImageSpec.For("linux/arm64"));
            index["manifests"] = new JsonArray(ReferrerWorld.Descriptor(child.Manifest));
            _world.Origin.PutManifest(
                "team/app", System.Text.Encoding.UTF8.GetBytes(index.ToJsonString()), ImgsPS.Content.MediaTypes.OciIndex);
        }

        await _world.PullAsync(image);
        for (var i = 0; i < 2; i++)
        {
            // From the documents, and from the catalog.
            Assert.Equal(image.Reference, Assert.Single(await Store.ListAsync()).Reference);
            Assert.Equal(2, (await Store.Store.ListAsync(new ListRequest { All = true }, Store.Observer, CancellationToken.None)).Count);
        }

        Assert.Single(await _world.ListLocalAsync(image.Reference));
        await Store.RemoveAsync(image.Reference);
        Assert.Empty(Store.Blobs());
    }

    [Fact]
    public async Task Referrer_whose_subject_was_never_there_stays_as_an_image_without_a_name_RF7()
    {
        // Another tool put it there: nobody knows what it wants with it.
        var subject = _world.Origin.AddImage("team/app:1", new ImageSpec());
        var referrer = _world.Origin.AddImage("team/app:2", ImageSpec.For("linux/arm64") with { Subject = subject.Digest });
        await _world.PullAsync(referrer, referrers: false);
        Store.EditIndex(index => index["manifests"]!.AsArray().ToList().ForEach(e => e!.AsObject().Remove("annotations")));
        Assert.True(Assert.Single(await Store.ListAsync()).Dangling);
    }

    [Fact]
    public async Task Optimization_takes_no_referrer_of_an_image_that_is_there_RF7()
    {
        var (image, signature, cosign) = await SignedAsync();
        var before = Store.Blobs();
        await Store.Store.OptimizeAsync(new StoreOptimizeRequest { Grace = TimeSpan.Zero }, Store.Observer, CancellationToken.None);
        Assert.Equal(before, Store.Blobs());
        Assert.True(before.IsSupersetOf([image.Digest, signature.Digest, cosign.Digest]));
    }

    [Fact]
    public async Task Platform_that_is_removed_from_an_index_takes_its_referrers_RF7()
    {
        var index = _world.Origin.AddIndex("team/app:1", [ImageSpec.For("linux/amd64"), ImageSpec.For("linux/arm64")]);
        var first = ReferrerWorld.Attach(_world.Origin, "team/app", index.Images[0].Manifest, content: "1");
        var other = ReferrerWorld.Attach(_world.Origin, "team/app", index.Images[1].Manifest, content: "2");
        await _world.PullAsync(index);
        await Store.RemoveAsync((await Store.ListAsync()).Single(i => i.Architecture == "arm64"));
        Assert.Contains(first.Digest, Store.Blobs());
        Assert.DoesNotContain(other.Digest, Store.Blobs());
        Assert.Equal(first.Digest, Assert.Single(await _world.ListLocalAsync(index.Reference)).Digest);
    }

    [Fact]
    public async Task Several_removals_in_one_call_take_each_its_own_RF7()
    {
        var (image, _, _) = await SignedAsync();
        var second = _world.Origin.AddImage("team/other:1", ImageSpec.For("linux/amd64") with { Layers = [new LayerSpec(5, 500)] });
        ReferrerWorld.Attach(_world.Origin, "team/other", second.Manifest, content: "second");
        await _world.PullAsync(second);
        var done = await Store.Store.RemoveAsync(
            [new RemovalRequest(ImageIdentity.Of(image.Reference)), new RemovalRequest(ImageIdentity.Of(second.Reference))], Store.Observer,
            CancellationToken.None);
        Assert.Null(done.Failure);
        Assert.Empty(Store.Blobs());
        Assert.Empty(Store.Entries());
    }

    [Fact]
    public async Task Fallback_tag_that_another_tool_wrote_is_read_RF3()
    {
        var image = _world.Origin.AddImage("team/app:1", new ImageSpec());
        var loose = ReferrerWorld.Attach(_world.Origin, "team/app", null, content: "loose");
        var tag = ReferrerWorld.FallbackTag(image.Digest);
        var entry = ReferrerWorld.Descriptor(loose);
        entry["artifactType"] = ReferrerWorld.Sbom;
        ReferrerWorld.PutIndex(_world.Origin, "team/app", tag, entry);
        _world.Origin.Options.Referrers = false;
        await _world.PullAsync(image);

        // As a tool that keeps the tags of a repository as words.
        var index = _world.Origin.Manifest("team/app", tag)!.Value.ToArray();
        var digest = ImgsPS.Digest.Of(index);
        File.WriteAllBytes(Store.Paths.Blob(digest), index);
        Store.EditIndex(root => root["manifests"]!.AsArray().Add((JsonNode)new JsonObject
        {
            ["mediaType"] = ImgsPS.Content.MediaTypes.OciIndex,
            ["digest"] = digest.ToString(),
            ["size"] = index.Length,
            ["annotations"] = new JsonObject { ["org.opencontainers.image.ref.name"] = tag },
        }));
        var found = await _world.ListLocalAsync(image.Reference);
        Assert.Contains(found, f => (f.Digest, f.Source, f.ArtifactType)
            == (loose.Digest, ImageReferrerSource.FallbackTag, ReferrerWorld.Sbom));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Archive_has_them_as_entries_with_their_subject_and_an_import_takes_them_AR19(bool byId)
    {
        var (image, signature, cosign) = await SignedAsync();
        var (tar, members) = await ExportAsync(byId ? image.Config.Digest : image.Reference, referrers: true);
        var entries = JsonNode.Parse(members["index.json"])!["manifests"]!.AsArray().Select(e => e!.AsObject()).ToList();
        Assert.Equal(3, entries.Count);
        var entry = entries.Single(e => (string?)e["digest"] == signature.Digest);
        Assert.Equal(image.Digest, (string?)entry["annotations"]!["io.containerd.manifest.subject"]);
        Assert.Equal(signature.Bytes.ToArray(), members["blobs/sha256/" + signature.Digest.Substring(7)]);
        Assert.Single(JsonNode.Parse(members["manifest.json"])!.AsArray());

        using var other = new TempStore();
        var input = new ImportInput("x.tar") { Open = () => new MemoryStream(tar) };
        var imported = await other.Store.ImportAsync(new ImportRequest(input), other.Observer, CancellationToken.None);
        Assert.Equal(image.Digest, Assert.Single(imported).Digest);
        Assert.Single(await other.ListAsync());
        var found = await ReferrerReader.ListAsync(
            other.Store, new ReferrerRequest(ImageIdentity.Of(image.Config.Digest)), other.Observer, CancellationToken.None);
        Assert.Equal(new[] { signature.Digest, cosign.Digest }.OrderBy(d => d), found.Select(f => f.Digest).OrderBy(d => d));
        await other.RemoveAsync(image.Config.Digest, force: true);
        Assert.Empty(other.Blobs());
    }

    [Fact]
    public async Task Archive_without_the_switch_has_none_of_them_AR19()
    {
        var (image, signature, cosign) = await SignedAsync();
        var (_, members) = await ExportAsync(image.Reference, referrers: false);
        Assert.Single(JsonNode.Parse(members["index.json"])!["manifests"]!.AsArray());
        Assert.DoesNotContain("blobs/sha256/" + signature.Digest.Substring(7), members.Keys);
        Assert.DoesNotContain("blobs/sha256/" + cosign.Digest.Substring(7), members.Keys);
    }

    [Theory]
    [InlineData("application/json", "{\"a\":[1,2.5,null,true,\"x\"],\"b\":{}}", true)]
    [InlineData("application/vnd.in-toto+json", "{}", true)]
    [InlineData("text/plain", "{}", false)]
    [InlineData("application/jsonlines", "{}", false)]
    public async Task Content_is_objects_or_bytes_by_its_media_type_RF8(string mediaType, string text, bool isJson)
    {
        var image = _world.Origin.AddImage("team/app:1", new ImageSpec());
        ReferrerWorld.Attach(_world.Origin, "team/app", image.Manifest, content: text, layerType: mediaType);
        await _world.PullAsync(image);
        var (read, failures) = await ReadAsync(image.Reference);
        Assert.Empty(failures);
        if (!isJson)
        {
            Assert.Equal(System.Text.Encoding.UTF8.GetBytes(text), Assert.Single(read));
            return;
        }

        var members = Assert.IsType<System.Collections.Specialized.OrderedDictionary>(Assert.Single(read));
        if (members.Count > 0)
        {
            Assert.Equal(new object?[] { 1L, 2.5m, null, true, "x" }, Assert.IsType<object?[]>(members["a"]));
        }
    }

    [Fact]
    public async Task Content_that_is_too_large_or_no_JSON_is_an_error_and_the_others_are_read_RF8()
    {
        var image = _world.Origin.AddImage("team/app:1", new ImageSpec());
        ReferrerWorld.Attach(_world.Origin, "team/app", image.Manifest, content: "{", layerType: "application/json");
        ReferrerWorld.Attach(_world.Origin, "team/app", image.Manifest, content: "good");
        await _world.PullAsync(image);

        // Nothing of so many bytes is read, so nothing needs to have them.
        var large = ReferrerWorld.Attach(
            _world.Origin, "team/app", image.Manifest, content: "large", layerSize: ReferrerReader.MaxContent + 1L);
        var bytes = large.Bytes.ToArray();
        File.WriteAllBytes(Store.Paths.Blob(Digest.Parse(large.Digest)), bytes);
        Store.EditIndex(root => root["manifests"]!.AsArray().Add((JsonNode)ReferrerWorld.Descriptor(large)));
        var (read, failures) = await ReadAsync(image.Reference);
        Assert.Equal("good"u8.ToArray(), Assert.Single(read));
        Assert.Equal(
            [ImageErrorKind.InvalidData, ImageErrorKind.TooLarge],
            failures.Select(f => f.Kind).OrderBy(k => k.ToString(), StringComparer.Ordinal));
    }

    private async Task<(List<object?> Read, List<ImageException> Failures)> ReadAsync(string image)
    {
        var read = new List<object?>();
        var failures = new List<ImageException>();
        await ReferrerReader.ReadAsync(
            Store.Store, new ReferrerRequest(ImageIdentity.Of(image)), content =>
            {
                read.Add(content);
                return Task.CompletedTask;
            }, failures.Add, Store.Observer, CancellationToken.None);
        return (read, failures);
    }

    private async Task<(BuiltImage Image, BuiltBlob Signature, BuiltBlob Cosign)> SignedAsync()
    {
        var image = _world.Origin.AddImage("team/app:1", new ImageSpec());
        var signature = ReferrerWorld.Attach(_world.Origin, "team/app", image.Manifest, content: "signature");
        var cosign = ReferrerWorld.Attach(
            _world.Origin, "team/app", null, null, "cosign", tag: ReferrerWorld.FallbackTag(image.Digest) + ".sig",
            configType: "application/vnd.oci.image.config.v1+json", layerType: ReferrerWorld.SimpleSigning);
        await _world.PullAsync(image);
        return (image, signature, cosign);
    }

    private async Task<(byte[] Tar, Dictionary<string, byte[]> Members)> ExportAsync(string image, bool referrers)
    {
        var rows = new PlainImageRows(await Store.Store.ListAsync(new ListRequest { All = true }, Store.Observer, CancellationToken.None));
        var selection = new ExportSelection();
        selection.Add(Store.Store, rows, ImageIdentity.Of(image));
        var plan = await ArchivePlanner.RunAsync(
            selection.Open(Store.Observer), new ExportRequest { IncludeReferrers = referrers }, Store.Observer, CancellationToken.None);
        using var tar = new MemoryStream();
        using (var sink = new TarStreamSink(tar))
        {
            await ArchiveWriter.WriteAsync(plan, sink, "test", Store.Observer, CancellationToken.None);
        }

        Assert.Equal(plan.TarSize, tar.Length);
        var members = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        var bytes = tar.ToArray();
        for (var at = 0; bytes[at] != 0;)
        {
            var name = System.Text.Encoding.ASCII.GetString(bytes, at, 100).TrimEnd('\0');
            var size = Convert.ToInt32(System.Text.Encoding.ASCII.GetString(bytes, at + 124, 11), 8);
            members[name] = bytes.Skip(at + 512).Take(size).ToArray();
            at += 512 + ((size + 511) / 512 * 512);
        }

        return (bytes, members);
    }
}
