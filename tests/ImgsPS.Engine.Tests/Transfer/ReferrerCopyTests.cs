using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Stores;
using ImgsPS.Testing;
using ImgsPS.Transfer;
using Xunit;

namespace ImgsPS.Engine.Tests.Pulling;

/// <summary>Copies with what refers to the image, and the list that a registry without the API gets (CP3, PU20, RF6).</summary>
public sealed class ReferrerCopyTests : IDisposable
{
    private readonly ReferrerWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task Referrers_and_theirs_go_along_with_digest_and_subject_CP3(bool fromStore, bool api)
    {
        var (image, all) = Signed();
        _world.Target.Options.Referrers = api;
        if (fromStore)
        {
            await _world.PullAsync(image);
        }

        await _world.PushAsync(image, "new/name:2", fromStore);
        var found = await _world.ListAsync($"{_world.Target.Host}/new/name:2", recurse: true);
        Assert.Equal(all.Select(a => a.Digest).OrderBy(d => d), found.Select(f => f.Digest).OrderBy(d => d));
        Assert.All(all, a => Assert.Equal(a.Bytes.ToArray(), _world.Target.Manifest("new/name", a.Digest)!.Value.ToArray()));
        Assert.All(
            found.Where(f => f.Source != ImageReferrerSource.CosignTag),
            f => Assert.Equal(api ? ImageReferrerSource.Api : ImageReferrerSource.FallbackTag, f.Source));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Without_the_switch_they_stay_behind_CP3(bool fromStore)
    {
        var (image, all) = Signed();
        await _world.PullAsync(image);
        await _world.PushAsync(image, "new/name:2", fromStore, referrers: false);
        Assert.All(all, a => Assert.Null(_world.Target.Manifest("new/name", a.Digest)));
        Assert.Equal(["2"], _world.Target.Content.Tags("new/name"));
    }

    [Fact]
    public async Task Pull_without_the_switch_has_none_of_them_CP3()
    {
        var (image, all) = Signed();
        await _world.PullAsync(image, referrers: false);
        Assert.Empty(await _world.ListLocalAsync(image.Reference));
        Assert.All(all, a => Assert.DoesNotContain(a.Digest, _world.Store.Blobs()));
    }

    [Fact]
    public async Task Image_that_did_not_change_gets_new_referrers_CP3()
    {
        var image = _world.Origin.AddImage("team/app:1", new ImageSpec());
        await _world.PushAsync(image, "new/name:2", fromStore: false);
        var signature = ReferrerWorld.Attach(_world.Origin, "team/app", image.Manifest);
        var copied = await _world.PushAsync(image, "new/name:2", fromStore: false);
        Assert.True(copied.UpToDate);
        Assert.Equal(signature.Digest, Assert.Single(await _world.ListAsync($"{_world.Target.Host}/new/name:2")).Digest);

        await _world.PullAsync(image, referrers: false);
        await _world.PullAsync(image);
        Assert.Equal(signature.Digest, Assert.Single(await _world.ListLocalAsync(image.Reference)).Digest);
    }

    [Fact]
    public async Task Referrers_of_an_indexs_children_go_along_and_of_one_platform_its_own_alone_CP3()
    {
        var index = _world.Origin.AddIndex("team/app:1", [ImageSpec.For("linux/amd64"), ImageSpec.For("linux/arm64")]);
        var ofIndex = ReferrerWorld.Attach(_world.Origin, "team/app", index.Manifest, content: "0");
        var ofFirst = ReferrerWorld.Attach(_world.Origin, "team/app", index.Images[0].Manifest, content: "1");
        var ofOther = ReferrerWorld.Attach(_world.Origin, "team/app", index.Images[1].Manifest, content: "2");
        await _world.PushAsync(index, "new/name:2", fromStore: false);
        Assert.Equal(3, (await _world.ListAsync($"{_world.Target.Host}/new/name:2")).Count);

        await _world.PullAsync(index, extent: CopyExtent.OnePlatform);
        Assert.True(_world.Store.Blobs().IsSupersetOf([ofIndex.Digest, ofFirst.Digest]));
        Assert.DoesNotContain(ofOther.Digest, _world.Store.Blobs());
    }

    [Fact]
    public async Task Referrer_that_is_listed_and_gone_is_a_warning_and_the_others_go_CP3()
    {
        var image = _world.Origin.AddImage("team/app:1", new ImageSpec());
        var gone = ReferrerWorld.Attach(_world.Origin, "team/app", image.Manifest, content: "gone");
        var there = ReferrerWorld.Attach(_world.Origin, "team/app", image.Manifest, content: "there");
        _world.Origin.Faults.Add(new Fault($"^GET .*/manifests/{gone.Digest}", FaultAction.Status(404)));
        await _world.PushAsync(image, "new/name:2", fromStore: false);
        Assert.Equal(there.Digest, Assert.Single(await _world.ListAsync($"{_world.Target.Host}/new/name:2")).Digest);
        Assert.Contains(_world.Observer.Warnings, w => w.Contains(gone.Digest, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Registry_that_does_not_tell_ends_the_copy_before_the_name_CP3_RF1()
    {
        var (image, _) = Signed();
        _world.Origin.Faults.Add(new Fault("^GET .*/referrers/", FaultAction.Status(500)));
        await Assert.ThrowsAsync<ImageException>(() => _world.PushAsync(image, "new/name:2", fromStore: false));
        Assert.Null(_world.Target.Manifest("new/name", "2"));
    }

    [Fact]
    public async Task Fallback_tag_gets_the_type_and_all_annotations_once_PU20_RF6()
    {
        var image = _world.Origin.AddImage("team/app:1", new ImageSpec());
        var annotations = new Dictionary<string, string> { ["b"] = "2", ["a"] = "1 \u00e4 <&>" };
        var sbom = ReferrerWorld.Attach(_world.Origin, "team/app", image.Manifest, ReferrerWorld.Sbom, annotations: annotations);
        var typed = ReferrerWorld.Attach(_world.Origin, "team/app", image.Manifest, null, "x", configType: "application/vnd.config+json");
        _world.Target.Options.Referrers = false;
        for (var i = 0; i < 3; i++)
        {
            await _world.PushAsync(image, "new/name:2", fromStore: false);
        }

        var entries = _world.Fallback("new/name", image.Digest);
        Assert.Equal(2, entries.Count);
        var entry = entries.Single(e => (string?)e["digest"] == sbom.Digest);
        Assert.Equal(ReferrerWorld.Sbom, (string?)entry["artifactType"]);
        Assert.Equal(sbom.Size, (long)entry["size"]!);
        Assert.Equal(annotations, entry["annotations"]!.AsObject().ToDictionary(p => p.Key, p => (string)p.Value!));
        Assert.Equal("application/vnd.config+json", (string?)entries.Single(e => (string?)e["digest"] == typed.Digest)["artifactType"]);
    }

    [Fact]
    public async Task Image_with_a_subject_is_listed_without_the_switch_too_PU20()
    {
        // Its own subject need not be there.
        var base_ = _world.Origin.AddImage("team/base:1", new ImageSpec());
        var image = _world.Origin.AddImage("team/base:2", ImageSpec.For("linux/arm64") with { Subject = base_.Digest });
        _world.Target.Options.Referrers = false;
        await _world.PushAsync(image, "new/name:2", fromStore: false, referrers: false);
        Assert.Equal(image.Digest, (string?)Assert.Single(_world.Fallback("new/name", base_.Digest))["digest"]);
    }

    [Fact]
    public async Task Registry_that_answers_with_the_subject_gets_no_fallback_tag_PU20()
    {
        var (image, _) = Signed();
        await _world.PushAsync(image, "new/name:2", fromStore: false);
        Assert.DoesNotContain(
            _world.Target.Requests,
            r => r.Method == "PUT" && r.Path.EndsWith(ReferrerWorld.FallbackTag(image.Digest), StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_others_wrote_into_the_list_stays_as_it_is_RF6()
    {
        var image = _world.Origin.AddImage("team/app:1", new ImageSpec());
        var other = ReferrerWorld.Attach(_world.Target, "new/name", image.Manifest, content: "other");
        var entry = ReferrerWorld.Descriptor(other);
        entry["annotations"] = new System.Text.Json.Nodes.JsonObject { ["x"] = "y" };
        entry["org.example.own"] = 7;
        ReferrerWorld.PutIndex(_world.Target, "new/name", ReferrerWorld.FallbackTag(image.Digest), entry);
        ReferrerWorld.Attach(_world.Origin, "team/app", image.Manifest);
        _world.Target.Options.Referrers = false;
        await _world.PushAsync(image, "new/name:2", fromStore: false);
        var entries = _world.Fallback("new/name", image.Digest);
        Assert.Equal(2, entries.Count);
        Assert.Equal(7, (int)entries[0]["org.example.own"]!);
        Assert.Equal("y", (string?)entries[0]["annotations"]!["x"]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Writer_that_comes_between_costs_another_write_RF6(int races)
    {
        var (image, signature, other, lost) = Race(races);
        await _world.PushAsync(image, "new/name:2", fromStore: false);
        Assert.Equal(races, lost.Hits);
        Assert.Equal(
            new[] { other.Digest, signature.Digest }.OrderBy(d => d),
            _world.Fallback("new/name", image.Digest).Select(e => (string)e["digest"]!).OrderBy(d => d));
    }

    [Fact]
    public async Task Writer_that_always_comes_between_is_an_error_after_three_writes_RF6()
    {
        var (image, _, _, lost) = Race(int.MaxValue);
        var e = await Assert.ThrowsAsync<ImageException>(() => _world.PushAsync(image, "new/name:2", fromStore: false));
        Assert.Equal(ImageErrorKind.Conflict, e.Kind);
        Assert.Equal(3, lost.Hits);
    }

    [Fact]
    public async Task Many_referrers_pushed_at_once_are_all_listed_RF6()
    {
        var image = _world.Origin.AddImage("team/app:1", new ImageSpec());
        for (var i = 0; i < 20; i++)
        {
            ReferrerWorld.Attach(_world.Origin, "team/app", image.Manifest, content: $"{i}");
        }

        _world.Target.Options.Referrers = false;
        await _world.PushAsync(image, "new/name:2", fromStore: false);
        Assert.Equal(20, _world.Fallback("new/name", image.Digest).Count);
    }

    [Fact]
    public async Task Tag_that_is_something_else_is_not_replaced_RF6()
    {
        var image = _world.Origin.AddImage("team/app:1", new ImageSpec());
        ReferrerWorld.Attach(_world.Origin, "team/app", image.Manifest);
        var other = _world.Target.AddImage($"new/name:{ReferrerWorld.FallbackTag(image.Digest)}", ImageSpec.For("linux/s390x"));
        _world.Target.Options.Referrers = false;
        await _world.PushAsync(image, "new/name:2", fromStore: false);
        var now = _world.Target.Manifest("new/name", ReferrerWorld.FallbackTag(image.Digest))!.Value;
        Assert.Equal(other.Manifest.Bytes.ToArray(), now.ToArray());
        Assert.Contains(_world.Observer.Warnings, w => w.Contains("no OCI index", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Entry_that_the_registry_has_lost_goes_out_of_the_list_RF6()
    {
        var image = _world.Origin.AddImage("team/app:1", new ImageSpec());
        var signature = ReferrerWorld.Attach(_world.Origin, "team/app", image.Manifest);
        ReferrerWorld.PutIndex(
            _world.Target, "new/name", ReferrerWorld.FallbackTag(image.Digest),
            ReferrerWorld.Descriptor("application/vnd.oci.image.manifest.v1+json", "sha256:" + new string('9', 64), 3));
        _world.Target.Options.Referrers = false;
        await _world.PushAsync(image, "new/name:2", fromStore: false);
        Assert.Equal(signature.Digest, (string?)Assert.Single(_world.Fallback("new/name", image.Digest))["digest"]);
    }

    [Fact]
    public async Task Plan_counts_the_content_of_referrers_CP3()
    {
        var (image, _) = Signed();
        await _world.PullAsync(image);
        var request = new CopyRequest(ImageReference.Parse("example.com/a:1")) { Extent = CopyExtent.Whole };
        var source = _world.Store.Store.OpenSource(ImageIdentity.Of(image.Reference), _world.Observer);
        var without = await ImageCopy.PlanAsync(source, request, _world.Observer, CancellationToken.None);
        var with = await ImageCopy.PlanAsync(source, request with { IncludeReferrers = true }, _world.Observer, CancellationToken.None);
        Assert.Equal(without.Count + 4, with.Count);
    }

    /// <summary>An image with a bill of materials that is signed, and a signature under cosign's older tag.</summary>
    private (BuiltImage Image, IReadOnlyList<BuiltBlob> Referrers) Signed()
    {
        var image = _world.Origin.AddImage("team/app:1", new ImageSpec());
        var sbom = ReferrerWorld.Attach(_world.Origin, "team/app", image.Manifest, ReferrerWorld.Sbom, "sbom");
        var signature = ReferrerWorld.Attach(_world.Origin, "team/app", sbom, content: "signature");
        var cosign = ReferrerWorld.Attach(
            _world.Origin, "team/app", null, null, "cosign", tag: ReferrerWorld.FallbackTag(image.Digest) + ".sig",
            configType: "application/vnd.oci.image.config.v1+json", layerType: ReferrerWorld.SimpleSigning);
        return (image, [sbom, signature, cosign]);
    }

    /// <summary>A target where another writer replaces the list behind each of the first writes.</summary>
    private (BuiltImage Image, BuiltBlob Signature, BuiltBlob Other, Fault Lost) Race(int races)
    {
        var image = _world.Origin.AddImage("team/app:1", new ImageSpec());
        var signature = ReferrerWorld.Attach(_world.Origin, "team/app", image.Manifest, content: "mine");
        var other = ReferrerWorld.Attach(_world.Target, "new/name", image.Manifest, content: "other");
        var tag = ReferrerWorld.FallbackTag(image.Digest);
        _world.Target.Options.Referrers = false;
        var lost = _world.Target.Faults.Add(new Fault($"^PUT .*/manifests/{tag}$", new FaultAction
        {
            OnResponse = (_, _) => ReferrerWorld.PutIndex(_world.Target, "new/name", tag, ReferrerWorld.Descriptor(other)),
        }, races));
        return (image, signature, other, lost);
    }
}
