using System;
using ImgsPS.Content;
using Xunit;
using static ImgsPS.Engine.Tests.Content.Documents;

namespace ImgsPS.Engine.Tests.Content;

/// <summary>What a manifest or index is and says: N10, T4, T5, U11, U12, U15, RN19, RN20, RN22-RN26.</summary>
public class ManifestDocumentTests
{
    private static ManifestDocument Parse(string text, string? contentType = null, Descriptor? expected = null) =>
        ManifestDocument.Parse(Utf8(text), contentType, expected);

    private static ImageException Refused(string text, string? contentType = null, Descriptor? expected = null) =>
        Assert.Throws<ImageException>(() => Parse(text, contentType, expected));

    // RFC 4648 section 3.3: no characters outside the alphabet. The data is {}.
    [Theory]
    [InlineData("e30=", true)]
    [InlineData("e3 0=", false)]
    [InlineData(" e30=", false)]
    [InlineData("e30=\\n", false)]
    [InlineData("e3\\t0=", false)]
    [InlineData("e30", false)]
    public void Embedded_data_is_base64_without_white_space(string data, bool accepted)
    {
        const string digest = "\"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a\"";
        var text = OciManifest(Entry(digest: digest, more: $"\"data\":\"{data}\""));

        if (accepted)
        {
            Assert.IsType<Manifest>(Parse(text));
        }
        else
        {
            Assert.Contains("layers[0].data is not base64", Refused(text).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Manifest_says_config_and_layers_and_keeps_its_bytes_T5()
    {
        var layer = Entry(MediaTypes.OciLayerZstd, size: "9007199254740992",
            more: "\"urls\":[\"https://x.test/a\"],\"annotations\":{\"k\":\"v\"}");
        var text = " " + OciManifest(layer + "," + Entry(), "\"annotations\":{\"a\":\"b\"},\"artifactType\":\"a/b\",\"subject\":" +
            Entry(MediaTypes.OciManifest));
        var manifest = Assert.IsType<Manifest>(Parse(text, MediaTypes.OciManifest + "; charset=utf-8"));

        Assert.Equal(Utf8(text), manifest.Bytes);
        Assert.Equal(Digest.Of(Utf8(text)), manifest.Digest);
        Assert.Equal(MediaTypes.OciManifest, manifest.MediaType);
        Assert.Equal("b", manifest.Annotations["a"]);
        Assert.Equal("a/b", manifest.ArtifactType);
        Assert.Equal(MediaTypes.OciManifest, manifest.Subject!.MediaType);
        Assert.Equal(MediaTypes.OciConfig, manifest.Config.MediaType);
        Assert.True(manifest.IsImage);
        Assert.Equal(2, manifest.Layers.Count);
        Assert.Equal(1L << 53, manifest.Layers[0].Size);
        Assert.Equal("https://x.test/a", Assert.Single(manifest.Layers[0].Urls));
        Assert.Equal("v", manifest.Layers[0].Annotations["k"]);
        Assert.Equal(text.Length, manifest.ToDescriptor().Size);
        Assert.Equal(manifest.Digest, manifest.ToDescriptor().Digest);
    }

    [Fact]
    public void Index_says_its_manifests_and_platforms()
    {
        var index = Assert.IsType<ImageIndex>(Parse(OciIndex(string.Join(
            ",",
            Entry(MediaTypes.OciManifest,
                more: "\"platform\":{\"os\":\"windows\",\"architecture\":\"amd64\",\"os.version\":\"10.0.20348.1\",\"os.features\":[\"win32k\"],\"variant\":\"v1\"}"),
            Entry(MediaTypes.OciManifest),
            Entry(MediaTypes.OciManifest, more: "\"platform\":{\"os\":\"\",\"architecture\":\"\"}")))));

        var platform = index.Manifests[0].Platform!;
        Assert.Equal("windows", platform.OS);
        Assert.Equal("amd64", platform.Architecture);
        Assert.Equal("10.0.20348.1", platform.OSVersion);
        Assert.Equal("v1", platform.Variant);
        Assert.Equal("win32k", Assert.Single(platform.OSFeatures));
        Assert.Null(index.Manifests[1].Platform);
        Assert.Null(index.Manifests[2].Platform);
    }

    [Fact]
    public void Wrong_digest_is_refused_before_anything_is_read_N10_RN20()
    {
        var asked = Digest.Parse(ZeroDigest);
        foreach (var text in new[] { OciManifest(), "<html>", "" })
        {
            var e = Refused(text, MediaTypes.OciManifest, new Descriptor(MediaTypes.OciManifest, asked, text.Length));
            Assert.Equal(ImageErrorKind.Integrity, e.Kind);
            Assert.Equal("manifest verification failed for digest " + ZeroDigest, e.Message);
            Assert.Equal(e.Message, Assert.Throws<ImageException>(() => ManifestDocument.ParseByDigest(Utf8(text), null, asked)).Message);
        }
    }

    [Fact]
    public void Wrong_size_is_refused_although_the_digest_is_right_RN19()
    {
        var bytes = Utf8(OciManifest());
        var e = Refused(OciManifest(), null, new Descriptor(MediaTypes.OciManifest, Digest.Of(bytes), bytes.Length + 1));
        Assert.Equal(ImageErrorKind.Integrity, e.Kind);
    }

    [Fact]
    public void Digest_is_of_the_algorithm_that_was_asked_for()
    {
        var bytes = Utf8(OciManifest());
        var sha512 = Digest.Of(bytes, "sha512");
        Assert.Equal(sha512, ManifestDocument.ParseByDigest(bytes, null, sha512).Digest);
        Assert.Equal(sha512, ManifestDocument.Parse(bytes, null, new Descriptor(MediaTypes.OciManifest, sha512, bytes.Length)).Digest);
        Assert.Equal("sha256", ManifestDocument.Parse(bytes, null).Digest.Algorithm);
    }

    [Fact]
    public void More_than_4_MiB_is_refused_and_3_MiB_read_U15_RN8()
    {
        var padding = new string(' ', 3 * 1024 * 1024);
        Assert.IsType<Manifest>(Parse(OciManifest() + padding));
        Assert.Equal(ImageErrorKind.TooLarge, Refused(OciManifest() + padding + padding).Kind);
    }

    [Theory]
    [InlineData(MediaTypes.OciManifest, true, true)]
    [InlineData(MediaTypes.OciManifest, true, false)]
    [InlineData(MediaTypes.OciManifest, false, true)]
    [InlineData("application/vnd.oci.image.manifest.v1+json;charset=UTF-8", false, false)]
    [InlineData("Application/VND.oci.image.manifest.v1+JSON", true, true)]
    [InlineData(null, true, false)]
    [InlineData(null, false, true)]
    [InlineData("application/json", true, false)]
    [InlineData("application/json", false, true)]
    [InlineData("text/plain; charset=utf-8", true, false)]
    [InlineData("application/vnd.example.unknown+json", true, false)]
    [InlineData("", true, true)]
    public void Type_is_what_header_member_and_descriptor_say_T4_RN22(string? contentType, bool member, bool descriptor)
    {
        var text = member ? OciManifest() : Manifest(ConfigMember + ",\"layers\":[]");
        var expected = descriptor ? new Descriptor(MediaTypes.OciManifest, Digest.Of(Utf8(text)), text.Length) : null;
        Assert.Equal(MediaTypes.OciManifest, Parse(text, contentType, expected).MediaType);
    }

    [Theory]
    [InlineData(MediaTypes.OciIndex, true, null)]
    [InlineData(MediaTypes.DockerManifest, true, null)]
    [InlineData(MediaTypes.OciManifest, true, MediaTypes.DockerManifest)]
    [InlineData(MediaTypes.OciManifest, false, MediaTypes.OciIndex)]
    [InlineData(null, true, MediaTypes.OciIndex)]
    [InlineData(null, true, MediaTypes.OciLayer)]
    [InlineData(MediaTypes.DockerManifestList, false, null)]
    [InlineData(null, false, null)]
    [InlineData("application/json", false, null)]
    [InlineData("", false, null)]
    public void Disagreement_and_silence_are_refused_RN22(string? contentType, bool member, string? descriptor)
    {
        var text = member ? OciManifest() : Manifest(ConfigMember + ",\"layers\":[]");
        var expected = descriptor is null ? null : new Descriptor(descriptor, Digest.Of(Utf8(text)), text.Length);
        Assert.Equal(ImageErrorKind.InvalidData, Refused(text, contentType, expected).Kind);
    }

    [Theory]
    [InlineData(MediaTypes.OciManifest, "\"manifests\":[]")]
    [InlineData(MediaTypes.OciManifest, "\"fsLayers\":[]")]
    [InlineData(MediaTypes.OciManifest, "\"history\":[]")]
    [InlineData(MediaTypes.OciManifest, "\"Manifests\":[]")]
    [InlineData(MediaTypes.OciManifest, "\"manife\u017Fts\":[]")]
    [InlineData(MediaTypes.OciIndex, ConfigMember)]
    [InlineData(MediaTypes.OciIndex, "\"layers\":[]")]
    [InlineData(MediaTypes.OciIndex, "\"layer\u017F\":[]")]
    [InlineData(MediaTypes.OciIndex, "\"fsLayers\":{}")]
    public void Members_of_another_kind_are_refused_CVE_2021_41190(string mediaType, string more)
    {
        var text = mediaType == MediaTypes.OciIndex ? OciIndex(null, more) : OciManifest(null, more);
        Assert.Equal(ImageErrorKind.InvalidData, Refused(text, mediaType).Kind);
    }

    [Theory]
    [InlineData("Config")]
    [InlineData("LAYERS")]
    [InlineData("mediatype")]
    [InlineData("SchemaVersion")]
    [InlineData("\\u0053ubject")]
    public void Case_variants_of_known_members_are_refused_RN23(string name) =>
        Assert.Contains("by case only", Refused(OciManifest(null, $"\"{name}\":null")).Message, StringComparison.Ordinal);

    [Fact]
    public void Case_variants_are_refused_in_descriptors_and_free_in_annotations_RN23()
    {
        Assert.Contains("layers[1].digest", Refused(OciManifest(Entry() + "," + Entry(more: "\"Digest\":\"x\""))).Message,
            StringComparison.Ordinal);
        Assert.Contains("by case only", Refused(
            OciIndex(Entry(more: "\"platform\":{\"os\":\"a\",\"architecture\":\"b\",\"OS\":\"c\"}"))).Message, StringComparison.Ordinal);
        Assert.Equal(2, Parse(OciManifest(null, "\"annotations\":{\"config\":\"a\",\"Config\":\"b\"}")).Annotations.Count);
    }

    [Theory]
    [InlineData(MediaTypes.DockerSchema1)]
    [InlineData(MediaTypes.DockerSchema1Signed)]
    public void Schema_1_is_refused_by_name_U12(string mediaType)
    {
        const string schema1 = "{\"schemaVersion\":1,\"name\":\"a\",\"fsLayers\":[],\"history\":[]}";
        foreach (var e in new[] { Refused(schema1, mediaType), Refused(OciManifest(), mediaType),
            Refused(Manifest($"\"mediaType\":\"{mediaType}\"")) })
        {
            Assert.Equal(ImageErrorKind.NotSupported, e.Kind);
            Assert.Contains(mediaType, e.Message, StringComparison.Ordinal);
        }

        var signed = mediaType == MediaTypes.DockerSchema1Signed ? ",\"signatures\":[]}" : "}";
        Assert.Contains(mediaType, Refused(schema1.TrimEnd('}') + signed, "application/json").Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Types_that_are_no_manifest_are_refused_by_name()
    {
        const string artifact = "application/vnd.oci.artifact.manifest.v1+json";
        var text = Manifest($"\"mediaType\":\"{artifact}\"");
        foreach (var e in new[] { Refused(text), Refused(text, artifact), Refused(Manifest("\"blobs\":[]"), artifact) })
        {
            Assert.Equal(ImageErrorKind.NotSupported, e.Kind);
            Assert.Contains(artifact, e.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("\"text\"")]
    [InlineData("{}")]
    [InlineData("")]
    [InlineData("<html></html>")]
    [InlineData("{\"schemaVersion\":2}")]
    [InlineData("{\"schemaVersion\":2,\"layers\":[]}")]
    [InlineData("{\"schemaVersion\":2,\"config\":null,\"layers\":[]}")]
    [InlineData("{\"schemaVersion\":2," + ConfigMember + "}")]
    [InlineData("{\"schemaVersion\":2," + ConfigMember + ",\"layers\":{}}")]
    [InlineData("{\"schemaVersion\":2," + ConfigMember + ",\"layers\":[[]]}")]
    [InlineData("{\"schemaVersion\":2.0," + ConfigMember + ",\"layers\":[]}")]
    [InlineData("{\"schemaVersion\":3," + ConfigMember + ",\"layers\":[]}")]
    [InlineData("{" + ConfigMember + ",\"layers\":[]}")]
    public void Documents_that_are_no_manifest_are_refused_and_the_content_type_is_named_RN24(string text)
    {
        var e = Refused(text, MediaTypes.OciManifest);
        Assert.Equal(ImageErrorKind.InvalidData, e.Kind);
        Assert.Contains(MediaTypes.OciManifest, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Null_lists_are_empty_lists()
    {
        Assert.Empty(Assert.IsType<Manifest>(
            Parse(Manifest(ConfigMember + ",\"layers\":null,\"annotations\":null,\"subject\":null"), MediaTypes.OciManifest)).Layers);
        Assert.Empty(Assert.IsType<ImageIndex>(Parse(Manifest("\"manifests\":null"), MediaTypes.OciIndex)).Manifests);
    }

    [Theory]
    [InlineData("\"\"")]
    [InlineData("null")]
    [InlineData("7")]
    [InlineData("\"sha256:../../../../etc/passwd\"")]
    [InlineData("\"sha256:..\\\\..\\\\windows\"")]
    [InlineData("\"sha256:00\"")]
    [InlineData("\"sha256:000000000000000000000000000000000000000000000000000000000000000A\"")]
    [InlineData("\"sha256:00000000000000000000000000000000000000000000000000000000000000000\"")]
    [InlineData("\"sha512:0000000000000000000000000000000000000000000000000000000000000000\"")]
    [InlineData("\"SHA256:0000000000000000000000000000000000000000000000000000000000000000\"")]
    [InlineData("\"0000000000000000000000000000000000000000000000000000000000000000\"")]
    [InlineData("\"sha256:0000000000000000000000000000000000000000000000000000000000000000\\u0000\"")]
    [InlineData("\"sha256:0000000000000000000000000000000000000000000000000000000000000000\\n\"")]
    [InlineData("\"+sha256:00\"")]
    [InlineData("\"sha256+:00\"")]
    [InlineData("\"md5:\"")]
    public void Digests_out_of_grammar_are_refused_on_parse_RN25(string digest)
    {
        var e = Refused(OciManifest(Entry(digest: digest)));
        Assert.Equal(ImageErrorKind.InvalidData, e.Kind);
        Assert.Contains("layers[0].digest", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("md5:d41d8cd98f00b204e9800998ecf8427e", "md5")]
    [InlineData("sha256+b64u:LCa0a2j_xo_5m0U8HTBBNBNCLXBkg7-g-YpeiGJm564=", "sha256+b64u")]
    public void Digests_of_other_algorithms_are_refused_by_name_RN25(string digest, string algorithm)
    {
        var e = Refused(OciManifest(Entry(digest: $"\"{digest}\"")));
        Assert.Equal(ImageErrorKind.NotSupported, e.Kind);
        Assert.Contains($"unsupported digest algorithm '{algorithm}'", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData("1.0")]
    [InlineData("1e3")]
    [InlineData("\"2\"")]
    [InlineData("null")]
    [InlineData("true")]
    [InlineData("9007199254740993")]
    [InlineData("9223372036854775807")]
    [InlineData("9223372036854775808")]
    [InlineData("1e400")]
    public void Sizes_that_are_no_whole_number_of_0_to_2_to_the_53_are_refused_RN25(string size)
    {
        var e = Refused(OciManifest(Entry(size: size)));
        Assert.Equal(ImageErrorKind.InvalidData, e.Kind);
        Assert.Contains("layers[0].size", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_number_of_layers_and_entries_is_read_and_too_many_are_not_followed_RN26_FF25()
    {
        Assert.IsType<Manifest>(Parse(OciManifest(Repeat(Entry(), 512)))).EnsurePulled();
        var manifest = Assert.IsType<Manifest>(Parse(OciManifest(Repeat(Entry(), 20_000))));
        Assert.Equal(20_000, manifest.Layers.Count);
        Told(Assert.Throws<ImageException>(manifest.EnsurePulled), "20000 layers", "512");

        var index = Assert.IsType<ImageIndex>(Parse(OciIndex(Repeat(Entry(), 20_000))));
        Assert.Equal(20_000, index.Manifests.Count);
        ImageIndex.EnsureFollowed(1000, 3);
        Told(Assert.Throws<ImageException>(() => ImageIndex.EnsureFollowed(1001, 1)), "1001 entries", "1000");
        Told(Assert.Throws<ImageException>(() => ImageIndex.EnsureFollowed(1001, 2)), "more than 1000 entries", "1000");
        Told(Assert.Throws<ImageException>(() => ImageIndex.EnsureFollowed(4, 4)), "more than 3 deep", "3");
    }

    /// <summary>A limit of ours says so, and blames nobody.</summary>
    private static void Told(ImageException e, string number, string limit)
    {
        Assert.Equal(ImageErrorKind.TooLarge, e.Kind);
        Assert.Contains(number, e.Message, StringComparison.Ordinal);
        Assert.Matches($"ImgsPS [a-z ]+ {limit}", e.Message);
        Assert.Contains("ImgsPS's own", e.Advice, StringComparison.Ordinal);
        Assert.DoesNotContain("at fault", e.Advice, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(MediaTypes.OciConfig, null, true)]
    [InlineData(MediaTypes.DockerConfig, null, true)]
    [InlineData("application/octet-stream", null, true)]
    [InlineData("application/json", null, true)]
    [InlineData("text/html", null, true)]
    [InlineData("application/json", "application/vnd.example", false)]
    [InlineData(MediaTypes.OciEmpty, "application/vnd.example", false)]
    [InlineData("application/vnd.cncf.helm.config.v1+json", null, false)]
    public void Config_types_tell_images_from_artifacts_U11(string configType, string? artifactType, bool image)
    {
        var artifact = artifactType is null ? "" : $",\"artifactType\":\"{artifactType}\"";
        var manifest = Parse(Manifest($"\"config\":{Entry(configType)},\"layers\":[]{artifact}"), MediaTypes.OciManifest);
        Assert.Equal(image, Assert.IsType<Manifest>(manifest).IsImage);
    }

    [Theory]
    [InlineData("\"mediaType\":\"\",")]
    [InlineData("")]
    public void Docker_manifests_of_old_registries_may_have_a_config_without_type_U11(string configType)
    {
        var text = Manifest($"\"config\":{{{configType}\"digest\":\"{ZeroDigest}\",\"size\":2}},\"layers\":[]");
        Assert.True(Assert.IsType<Manifest>(Parse(text, MediaTypes.DockerManifest)).IsImage);
        Assert.Equal(ImageErrorKind.InvalidData, Refused(text, MediaTypes.OciManifest).Kind);
    }

    [Theory]
    [InlineData("\"platform\":{\"os\":\"linux\"}")]
    [InlineData("\"platform\":{\"os\":\"linux\",\"architecture\":7}")]
    [InlineData("\"platform\":{\"os\":\"li\\u001b[31mnux\",\"architecture\":\"amd64\"}")]
    [InlineData("\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\",\"os.features\":[\"\\u202e\"]}")]
    [InlineData("\"platform\":[]")]
    [InlineData("\"annotations\":{\"a\":1}")]
    [InlineData("\"annotations\":[]")]
    [InlineData("\"urls\":[\"value\"]")]
    [InlineData("\"urls\":[\"/etc/passwd\"]")]
    [InlineData("\"urls\":[\"https://a b/\"]")]
    [InlineData("\"urls\":\"https://x.test/\"")]
    [InlineData("\"artifactType\":\"foo\"")]
    [InlineData("\"data\":\"e30\"")]
    [InlineData("\"data\":\"e30=\"")]
    [InlineData("\"data\":7")]
    public void Descriptors_with_broken_members_are_refused_where_they_are_followed(string more)
    {
        var entry = Assert.Single(Assert.IsType<ImageIndex>(Parse(OciIndex(Entry(more: more)), MediaTypes.OciIndex)).Entries);
        Assert.Null(entry.Descriptor);
        Assert.Equal(ImageErrorKind.InvalidData, Assert.Throws<ImageException>(entry.Follow).Kind);
        Assert.Equal(ImageErrorKind.InvalidData, Refused(OciManifest(Entry(more: more))).Kind);
    }

    [Fact]
    public void Messages_never_carry_control_characters_RN29()
    {
        var evil = "\u001b[31m\r\n\u202e" + new string('x', 2000);
        foreach (var text in new[]
        {
            evil,
            Manifest("\"mediaType\":\"\\u001b[31m\""),
            OciManifest(Entry(digest: "\"sha256:\\u001b[31m\"")),
            OciManifest(null, "\"annotations\":{\"\\u001b\":1}"),
            OciManifest(null, "\"\\u001b\":1,\"\\u001b\":1"),
        })
        {
            var e = Refused(text, evil);
            Assert.DoesNotContain(e.Message + e.Advice, c => char.IsControl(c) || c == '\u202e');
            Assert.InRange(e.Message.Length, 1, 500);
        }
    }
}
