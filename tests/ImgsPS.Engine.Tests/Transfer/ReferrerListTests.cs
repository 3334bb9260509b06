using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Testing;
using Xunit;

namespace ImgsPS.Engine.Tests.Pulling;

/// <summary>
/// What refers to an image of a registry: each way to find it, and what registries do instead of telling (RF1-RF5, RF7, RF8).
/// </summary>
public sealed class ReferrerListTests : IDisposable
{
    private readonly ReferrerWorld _world = new();

    private TestRegistry Registry => _world.Origin;

    public void Dispose() => _world.Dispose();

    [Fact]
    public async Task Api_lists_them_page_by_page_with_type_and_annotations_RF1()
    {
        var image = Registry.AddImage("team/app:1", new ImageSpec());
        var all = Enumerable.Range(0, 7).Select(i => ReferrerWorld.Attach(
            Registry, "team/app", image.Manifest, content: $"{i}", annotations: new() { ["number"] = $"{i}" })).ToList();
        Registry.Options.MaxPageSize = 3;
        var found = await _world.ListAsync(image.Reference);

        Assert.Equal(all.Select(a => a.Digest).OrderBy(d => d), found.Select(f => f.Digest).OrderBy(d => d));
        Assert.All(found, f => Assert.Equal(
            (ImageReferrerSource.Api, ReferrerWorld.Signature, image.Digest, 1), (f.Source, f.ArtifactType, f.Subject, f.Depth)));
        Assert.Equal(Enumerable.Range(0, 7).Select(i => $"{i}"), found.Select(f => f.Annotations["number"]).OrderBy(n => n));
        Assert.Equal(3, Registry.Requests.Count(r => r.Path.Contains("/referrers/", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Image_without_referrers_has_none_RF1()
    {
        var image = Registry.AddImage("team/app:1", new ImageSpec());
        Assert.Empty(await _world.ListAsync(image.Reference));
        Registry.Options.Referrers = false;
        Assert.Empty(await _world.ListAsync(image.Reference));
    }

    [Theory]
    [InlineData(401)]
    [InlineData(403)]
    [InlineData(405)]
    [InlineData(406)]
    [InlineData(410)]
    [InlineData(500)]
    [InlineData(503)]
    public async Task Answer_that_does_not_tell_is_an_error_and_never_none_RF1(int status)
    {
        var image = Registry.AddImage("team/app:1", new ImageSpec());
        Registry.Faults.Add(new Fault("^GET .*/referrers/", FaultAction.Status(status)));
        await Assert.ThrowsAsync<ImageException>(() => _world.ListAsync(image.Reference));
    }

    [Theory]
    [InlineData("fallback", 500)]
    [InlineData("fallback", 403)]
    [InlineData(".sig", 500)]
    [InlineData(".att", 403)]
    public async Task Tag_that_cannot_be_read_is_an_error_and_never_none_RF1(string tag, int status)
    {
        var image = Registry.AddImage("team/app:1", new ImageSpec());
        Registry.Options.Referrers = false;
        var name = ReferrerWorld.FallbackTag(image.Digest) + (tag == "fallback" ? "$" : tag);
        Registry.Faults.Add(new Fault($"^GET .*/manifests/{name}", FaultAction.Status(status)));
        await Assert.ThrowsAsync<ImageException>(() => _world.ListAsync(image.Reference));
    }

    [Fact]
    public async Task Digest_that_the_registry_does_not_take_is_told_as_that_RF1()
    {
        var image = Registry.AddImage("team/app:1", new ImageSpec());
        Registry.Faults.Add(new Fault("^GET .*/referrers/", FaultAction.Status(400)));
        var e = await Assert.ThrowsAsync<ImageException>(() => _world.ListAsync(image.Reference));
        Assert.Equal(ImageErrorKind.InvalidData, e.Kind);
        Assert.Contains(image.Digest, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<html>no</html>")]
    [InlineData("[]")]
    [InlineData("{\"schemaVersion\":2,\"manifests\":{}}")]
    [InlineData("{\"tags\":[]}")]
    public async Task Answer_that_is_no_index_is_an_error_RF1(string body)
    {
        var image = Registry.AddImage("team/app:1", new ImageSpec());
        Registry.Faults.Add(new Fault("^GET .*/referrers/", FaultAction.Body(Encoding.UTF8.GetBytes(body))));
        await Assert.ThrowsAsync<ImageException>(() => _world.ListAsync(image.Reference));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Type_is_asked_for_and_filtered_here_where_the_registry_does_not_RF2(bool filters)
    {
        var image = Registry.AddImage("team/app:1", new ImageSpec());
        var sbom = ReferrerWorld.Attach(Registry, "team/app", image.Manifest, ReferrerWorld.Sbom);
        ReferrerWorld.Attach(Registry, "team/app", image.Manifest, ReferrerWorld.Signature);
        Registry.Options.FilterReferrers = filters;
        Registry.Options.MaxPageSize = 1;

        Assert.Equal(sbom.Digest, Assert.Single(await _world.ListAsync(image.Reference, ReferrerWorld.Sbom)).Digest);
        Assert.Empty(await _world.ListAsync(image.Reference, "application/other"));
        Assert.Contains(Registry.Requests, r => r.Target.Contains(
            "artifactType=" + Uri.EscapeDataString(ReferrerWorld.Sbom), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Without_the_api_the_fallback_tag_lists_them_and_the_api_is_asked_once_RF1_RF3_RF5()
    {
        var image = Registry.AddImage("team/app:1", new ImageSpec());
        var signature = ReferrerWorld.Attach(Registry, "team/app", image.Manifest);
        var entry = ReferrerWorld.Descriptor(signature);
        entry["artifactType"] = ReferrerWorld.Signature;
        ReferrerWorld.PutIndex(Registry, "team/app", ReferrerWorld.FallbackTag(image.Digest), entry);
        Registry.Options.Referrers = false;
        var client = _world.Client(Registry.Host);
        for (var i = 0; i < 3; i++)
        {
            var found = Assert.Single(await _world.ListAsync(image.Reference, client: client));
            Assert.Equal(
                (signature.Digest, ImageReferrerSource.FallbackTag, ReferrerWorld.FallbackTag(image.Digest)),
                (found.Digest, found.Source, found.Tag));
        }

        Assert.Single(Registry.Requests, r => r.Path.Contains("/referrers/", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("NAME_UNKNOWN")]
    [InlineData("MANIFEST_UNKNOWN")]
    public async Task Registry_that_does_not_know_the_image_yet_is_asked_again_RF5(string code)
    {
        var image = Registry.AddImage("team/app:1", new ImageSpec());
        var body = $"{{\"errors\":[{{\"code\":\"{code}\",\"message\":\"unknown\"}}]}}";
        Registry.Faults.Add(new Fault("^GET .*/referrers/", FaultAction.Status(404, body), 1));
        var client = _world.Client(Registry.Host);
        Assert.Empty(await _world.ListAsync(image.Reference, client: client));
        ReferrerWorld.Attach(Registry, "team/app", image.Manifest);
        Assert.Equal(ImageReferrerSource.Api, Assert.Single(await _world.ListAsync(image.Reference, client: client)).Source);
    }

    [Fact]
    public async Task Fallback_tag_that_is_no_index_is_a_warning_and_none_RF3()
    {
        var image = Registry.AddImage("team/app:1", new ImageSpec());
        Registry.Options.Referrers = false;
        Registry.AddImage($"team/app:{ReferrerWorld.FallbackTag(image.Digest)}", ImageSpec.For("linux/arm64"));
        Assert.Empty(await _world.ListAsync(image.Reference));
        Assert.Contains(_world.Observer.Warnings, w => w.Contains("no OCI index", StringComparison.Ordinal));

        Registry.PutManifest(
            "team/app", "{\"schemaVersion\":2}"u8.ToArray(), "application/vnd.oci.image.index.v1+json",
            ReferrerWorld.FallbackTag(image.Digest));
        Assert.Empty(await _world.ListAsync(image.Reference));
        Assert.Contains(_world.Observer.Warnings, w => w.Contains("cannot be read", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("sha256", 64)]
    [InlineData("sha512", 128)]
    public void Fallback_tag_has_the_algorithm_and_64_digits_RF3(string algorithm, int digits)
    {
        var digest = Digest.Parse(algorithm + ":" + new string('a', digits));
        Assert.Equal(algorithm + "-" + new string('a', 64), ReferrerNames.FallbackTag(digest));
    }

    [Theory]
    [InlineData("application/own", "application/vnd.oci.empty.v1+json", "application/own")]
    [InlineData(null, "application/vnd.cncf.helm.config.v1+json", "application/vnd.cncf.helm.config.v1+json")]
    [InlineData(null, "application/vnd.oci.image.config.v1+json", "application/vnd.oci.image.config.v1+json")]
    public async Task Entry_without_a_type_has_its_manifests_or_its_configs_RF4(string? own, string config, string expected)
    {
        var image = Registry.AddImage("team/app:1", new ImageSpec());
        var artifact = ReferrerWorld.Attach(Registry, "team/app", image.Manifest, own, configType: config);
        Registry.Options.Referrers = false;
        ReferrerWorld.PutIndex(Registry, "team/app", ReferrerWorld.FallbackTag(image.Digest), ReferrerWorld.Descriptor(artifact));

        Assert.Equal(expected, Assert.Single(await _world.ListAsync(image.Reference)).ArtifactType);
        Assert.Single(await _world.ListAsync(image.Reference, expected));
    }

    [Fact]
    public async Task Index_without_a_type_has_none_and_an_entry_that_is_gone_is_listed_RF4()
    {
        var image = Registry.AddImage("team/app:1", new ImageSpec());
        Registry.Options.Referrers = false;
        var index = ReferrerWorld.PutIndex(Registry, "team/app", null);
        var gone = "sha256:" + new string('9', 64);
        ReferrerWorld.PutIndex(
            Registry, "team/app", ReferrerWorld.FallbackTag(image.Digest),
            ReferrerWorld.Descriptor("application/vnd.oci.image.index.v1+json", index, Registry.Manifest("team/app", index)!.Value.Length),
            ReferrerWorld.Descriptor("application/vnd.oci.image.manifest.v1+json", gone, 3));
        var found = await _world.ListAsync(image.Reference);
        Assert.Equal([index, gone], found.Select(f => f.Digest));
        Assert.All(found, f => Assert.Null(f.ArtifactType));
    }

    [Fact]
    public async Task Older_tags_of_cosign_are_listed_with_what_they_contain_RF7()
    {
        var image = Registry.AddImage("team/app:1", new ImageSpec());
        var tag = ReferrerWorld.FallbackTag(image.Digest);
        var types = new[]
        {
            (".sig", ReferrerWorld.SimpleSigning), (".att", "application/vnd.dsse.envelope.v1+json"), (".sbom", "text/spdx+json"),
        };
        foreach (var (suffix, type) in types)
        {
            ReferrerWorld.Attach(
                Registry, "team/app", null, null, suffix, tag: tag + suffix, configType: "application/vnd.oci.image.config.v1+json",
                layerType: type);
        }

        var found = await _world.ListAsync(image.Reference);
        Assert.Equal([tag + ".sig", tag + ".att", tag + ".sbom"], found.Select(f => f.Tag));
        Assert.All(found, f => Assert.Equal((ImageReferrerSource.CosignTag, image.Digest), (f.Source, f.Subject)));
        Assert.Equal(ReferrerWorld.SimpleSigning, found[0].ArtifactType);
        Assert.Equal(tag + ".sig", Assert.Single(await _world.ListAsync(image.Reference, ReferrerWorld.SimpleSigning)).Tag);
    }

    [Fact]
    public async Task Attestations_of_BuildKit_are_listed_about_their_image_RF7()
    {
        var image = Registry.AddImage("team/app", new ImageSpec());
        var other = Registry.AddImage("team/app", ImageSpec.For("linux/arm64"));
        var attestation = ReferrerWorld.Attach(
            Registry, "team/app", null, null, "{}", configType: "application/vnd.oci.image.config.v1+json",
            layerType: "application/vnd.in-toto+json");
        var digest = ReferrerWorld.PutIndex(
            Registry, "team/app", "1", ReferrerWorld.Descriptor(image.Manifest), ReferrerWorld.Descriptor(other.Manifest),
            Unknown(attestation, image));
        var found = Assert.Single(await _world.ListAsync($"{Registry.Host}/team/app:1"));
        Assert.Equal(
            (attestation.Digest, ImageReferrerSource.Attestation, image.Digest, "application/vnd.in-toto+json"),
            (found.Digest, found.Source, found.Subject, found.ArtifactType));
        Assert.NotEqual(digest, found.Subject);
    }

    [Fact]
    public async Task Children_of_an_index_have_referrers_of_their_own_RF7()
    {
        var index = Registry.AddIndex("team/app:1", [ImageSpec.For("linux/amd64"), ImageSpec.For("linux/arm64")]);
        var ofIndex = ReferrerWorld.Attach(Registry, "team/app", index.Manifest);
        var ofChild = ReferrerWorld.Attach(Registry, "team/app", index.Images[1].Manifest);
        var found = await _world.ListAsync(index.Reference);

        Assert.Equal(
            [(ofIndex.Digest, index.Digest, null), (ofChild.Digest, index.Images[1].Digest, "linux/arm64")],
            found.Select(f => (f.Digest, f.Subject, f.Platform?.ToString())));
        Assert.Equal(ofChild.Digest, Assert.Single(await _world.ListAsync(index.Images[1].ReferenceByDigest)).Digest);
        Assert.Empty(await _world.ListAsync(index.Images[0].ReferenceByDigest));
    }

    [Fact]
    public async Task Referrers_of_referrers_are_listed_three_deep_RF8()
    {
        var image = Registry.AddImage("team/app:1", new ImageSpec());
        var chain = new List<BuiltBlob> { image.Manifest };
        for (var i = 0; i < 5; i++)
        {
            chain.Add(ReferrerWorld.Attach(Registry, "team/app", chain[^1], i == 1 ? ReferrerWorld.Sbom : ReferrerWorld.Signature, $"{i}"));
        }

        Assert.Single(await _world.ListAsync(image.Reference));
        var found = await _world.ListAsync(image.Reference, recurse: true);
        Assert.Equal(chain.Skip(1).Take(3).Select((c, i) => (c.Digest, i + 1)), found.Select(f => (f.Digest, f.Depth)));

        // Those of other types are followed all the same.
        Assert.Equal([1, 3], (await _world.ListAsync(image.Reference, ReferrerWorld.Signature, recurse: true)).Select(f => f.Depth));
    }

    [Fact]
    public async Task Referrers_that_refer_to_each_other_are_asked_for_once_RF8()
    {
        // Only lists that somebody writes can make a ring.
        var image = Registry.AddImage("team/app:1", new ImageSpec());
        var one = ReferrerWorld.Attach(Registry, "team/app", null, content: "1");
        var other = ReferrerWorld.Attach(Registry, "team/app", null, content: "2");
        Registry.Options.Referrers = false;
        ReferrerWorld.PutIndex(Registry, "team/app", ReferrerWorld.FallbackTag(image.Digest), ReferrerWorld.Descriptor(one));
        ReferrerWorld.PutIndex(
            Registry, "team/app", ReferrerWorld.FallbackTag(one.Digest), ReferrerWorld.Descriptor(other), ReferrerWorld.Descriptor(one));
        ReferrerWorld.PutIndex(Registry, "team/app", ReferrerWorld.FallbackTag(other.Digest), ReferrerWorld.Descriptor(one));
        var found = await _world.ListAsync(image.Reference, recurse: true);
        Assert.Equal(4, found.Count);
        Assert.Single(Registry.Requests, r => r.Path.EndsWith(ReferrerWorld.FallbackTag(one.Digest), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Hostile_texts_are_fit_for_a_terminal_RF7()
    {
        var image = Registry.AddImage("team/app:1", new ImageSpec());
        ReferrerWorld.Attach(
            Registry, "team/app", image.Manifest, annotations: new() { ["a\u001b[2J"] = "b\u0007c\u202e", ["org.example"] = "fine" });
        var found = Assert.Single(await _world.ListAsync(image.Reference));
        Assert.Equal("fine", found.Annotations["org.example"]);
        Assert.All(found.Annotations, pair => Assert.DoesNotContain(
            pair.Key + pair.Value, c => char.IsControl(c) || c == '\u202e'));
    }

    private static System.Text.Json.Nodes.JsonObject Unknown(BuiltBlob attestation, BuiltImage about)
    {
        var entry = ReferrerWorld.Descriptor(attestation);
        entry["platform"] = new System.Text.Json.Nodes.JsonObject { ["os"] = "unknown", ["architecture"] = "unknown" };
        entry["annotations"] = new System.Text.Json.Nodes.JsonObject
        {
            ["vnd.docker.reference.type"] = "attestation-manifest",
            ["vnd.docker.reference.digest"] = about.Digest,
        };
        return entry;
    }
}
