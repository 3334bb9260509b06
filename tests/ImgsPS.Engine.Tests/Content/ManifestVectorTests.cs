using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.Json;
using ImgsPS.Content;
using ImgsPS.Stores.Layout;
using Xunit;

namespace ImgsPS.Engine.Tests.Content;

/// <summary>
/// vectors/manifests.json: the schemas of the OCI image-spec, containers/image's and ggcr's tests, and documents that must be refused.
/// </summary>
public class ManifestVectorTests
{
    private const string File = "manifests.json";

    public static IEnumerable<object[]> Cases => VectorFile.Rows(File);

    [SkippableTheory]
    [MemberData(nameof(Cases))]
    public void Vector(string op, string name, int index)
    {
        _ = name;
        var test = VectorFile.Get(File, index);
        var input = test.GetProperty("input");
        var expect = test.GetProperty("expect");
        switch (op)
        {
            case "schema-manifest":
                // The schema also asks for one layer at least (manifest.md: SHOULD). Images made from scratch have none, so the reader
                // takes them.
                // A subject is passed by: a wrong one is as good as none (FF11).
                CheckValid(expect, () =>
                {
                    var manifest = Assert.IsType<Manifest>(Parse(Bytes(input), test));
                    Assert.NotEmpty(manifest.Layers);
                    Assert.Equal(Encoding.UTF8.GetString(Bytes(input)).Contains("\"subject\"", StringComparison.Ordinal),
                        manifest.Subject is not null);
                });
                break;
            case "schema-index":
                // Entries are judged where they are followed (FF11): here all are.
                CheckValid(expect, () => Assert.IsType<ImageIndex>(Parse(Bytes(input), test)).Entries.ToList().ForEach(e => e.Follow()));
                break;
            case "schema-descriptor":
                CheckValid(expect, () => DescriptorDocument.Parse(Bytes(input)));
                break;
            case "schema-config":
                CheckValid(expect, () => Assert.Empty(ConfigDocument.Parse(Bytes(input)).Deviations));
                break;
            case "schema-oci-layout":
                CheckValid(expect, () => LayoutHeader.Parse(Bytes(input)));
                break;
            case "docker-compat-manifest":
            case "docker-compat-index":
                CheckValid(expect, () =>
                {
                    var document = ManifestDocument.Parse(Bytes(input), contentType: null);
                    Assert.Equal(expect.GetProperty("digest").GetString(), document.Digest.ToString());
                    Assert.Equal(
                        op == "docker-compat-index" ? MediaTypeKind.Index : MediaTypeKind.Manifest,
                        MediaTypes.Classify(document.MediaType).Kind);
                });
                break;
            case "docker-compat-config":
                CheckValid(expect, () =>
                {
                    Assert.Equal(expect.Text("digest"), Digest.Of(Bytes(input)).ToString());
                    _ = ConfigDocument.Parse(Bytes(input));
                });
                break;
            case "ambiguous-fields":
                Assert.Equal(expect.Has("error") || expect.Holds("ambiguous"), IsAmbiguous(input));
                break;
            case "guess-media-type":
                Assert.Equal(expect.Text("mediaType") ?? "", ManifestFormat.Detect(Bytes(input)) ?? "");
                break;
            case "matches-digest":
                MatchesDigest(input, expect.Holds("match"));
                break;
            case "parse-digest":
                Assert.Equal(expect.Holds("valid"), Digest.TryParse(input.GetString(), out _));
                break;
            case "strict-load":
                StrictLoad(input, expect.Holds("accepted"));
                break;
            default:
                Assert.Fail($"unknown op {op}");
                break;
        }
    }

    private static ManifestDocument Parse(byte[] bytes, JsonElement test) =>
        ManifestDocument.Parse(bytes, test.GetProperty("mediaType").GetString());

    /// <summary>
    /// The schemas take a well-formed digest of any algorithm. The reader refuses those other than sha256 and sha512 (RN25), but must say
    /// so and not call them broken.
    /// </summary>
    private static void CheckValid(JsonElement expect, Action read)
    {
        var failure = Record.Exception(read);
        Assert.True(failure is null or ImageException or Xunit.Sdk.XunitException, failure?.ToString());
        if (expect.Holds("valid"))
        {
            var unsupported = failure is ImageException { Kind: ImageErrorKind.NotSupported } e
                && e.Message.StartsWith("unsupported digest algorithm", StringComparison.Ordinal);
            Assert.True(failure is null || unsupported, failure?.ToString());
        }
        else
        {
            Assert.NotNull(failure);
        }
    }

    private static bool IsAmbiguous(JsonElement input)
    {
        var mediaType = input.GetProperty("kind").GetString() switch
        {
            "oci-manifest" => MediaTypes.OciManifest,
            "oci-index" => MediaTypes.OciIndex,
            "docker-schema1" => MediaTypes.DockerSchema1,
            "docker-schema2" => MediaTypes.DockerManifest,
            "docker-list" => MediaTypes.DockerManifestList,
            var kind => throw new ArgumentException("unknown kind " + kind),
        };
        try
        {
            using var json = StrictJson.Parse(Bytes(input.GetProperty("document")), "manifest");
            return ManifestFormat.ForeignMember(new StrictObject(json.RootElement, "manifest", "", ManifestFormat.Known),
                mediaType) is not null;
        }
        catch (ImageException e) when (e.Kind == ImageErrorKind.InvalidData)
        {
            // Not JSON, or with members that two readers could take for different ones (RN23): refused all the more.
            return true;
        }
    }

    private static void MatchesDigest(JsonElement input, bool expected)
    {
        var bytes = Bytes(input.GetProperty("document"));
        var schema1 = ManifestFormat.Detect(bytes) is MediaTypes.DockerSchema1 or MediaTypes.DockerSchema1Signed;
        Skip.If(schema1, "The digest of schema 1 is one of its payload without signatures; schema 1 is refused (U12).");
        var match = Digest.TryParse(input.GetProperty("digest").GetString(), out var digest)
            && new Descriptor("", digest, bytes.Length).Describes(bytes);
        Assert.Equal(expected, match);
    }

    private static void StrictLoad(JsonElement input, bool accepted)
    {
        var contentType = input.TryGetProperty("contentType", out var header) ? header.GetString() : null;
        var failure = Record.Exception(() => ManifestDocument.Parse(Bytes(input.GetProperty("document")), contentType));
        Assert.True(accepted == failure is null, failure?.ToString() ?? "taken");
        Assert.True(failure is null or ImageException, failure?.ToString());
    }

    /// <summary>A text's bytes, or those of <c>{"base64": …}</c>.</summary>
    private static byte[] Bytes(JsonElement input) => input.ValueKind == JsonValueKind.String
        ? Encoding.UTF8.GetBytes(input.GetString()!)
        : input.GetProperty("base64").GetBytesFromBase64();
}
