using System;
using System.Linq;
using FsCheck;
using FsCheck.Fluent;
using ImgsPS.Content;
using ImgsPS.Stores.Layout;
using Xunit;
using static ImgsPS.Engine.Tests.Content.Documents;

namespace ImgsPS.Engine.Tests.Content;

/// <summary>Whatever bytes come, reading ends in a document or an ImageException.</summary>
public class ManifestDocumentPropertyTests
{
    private static readonly string[] ContentTypes =
        { "", "text/html", MediaTypes.OciIndex, MediaTypes.OciManifest, MediaTypes.DockerManifest, MediaTypes.DockerManifestList };

    private static readonly byte[][] Documents = new[]
    {
        OciManifest(Entry(more: "\"urls\":[\"https://x.test/a\"],\"annotations\":{\"k\":\"\\u00e9\"},\"data\":\"e30=\"")),
        OciIndex(Entry(MediaTypes.OciManifest, more: "\"platform\":{\"os\":\"linux\",\"architecture\":\"arm\",\"os.features\":[\"f\"]}")),
        Manifest($"\"mediaType\":\"{MediaTypes.DockerManifest}\",{ConfigMember},\"layers\":[{Entry()}]"),
        "{\"created\":\"2015-10-31T22:22:56.01Z\",\"os\":\"linux\",\"architecture\":\"arm\",\"config\":{\"Labels\":{\"a\":\"b\"},\"Env\":[\"A=B\"]},"
            + "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" + ZeroDigest +
                "\"]},\"history\":[{\"created\":\"2015-10-31T22:22:56+01:00\"}]}",
    }.Select(Utf8).ToArray();

    [Fact]
    public void Arbitrary_bytes() => Prop
        .ForAll<byte[]>(bytes => Array.TrueForAll(ContentTypes, contentType => EndsWell(bytes ?? Array.Empty<byte>(), contentType)))
        .QuickCheckThrowOnFailure();

    [Fact]
    public void Documents_with_a_piece_replaced()
    {
        var mutated =
            from document in Gen.Elements(Documents)
            from start in Gen.Choose(0, document.Length)
            from length in Gen.Choose(0, 8)
            from piece in Gen.Elements("", "null", "\"", "{", "}", "[", "]", ",", ":", "0", "-1", "1e9", "\\", "\\ud800", "\u0000",
                "\u017F", "A", "true", "{}", "[]", "\"\"")
            select document[..start].Concat(Utf8(piece)).Concat(document[Math.Min(start + length, document.Length)..]).ToArray();
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(3000),
            Prop.ForAll(mutated.ToArbitrary(), bytes => EndsWell(bytes, MediaTypes.OciManifest)));
    }

    [Fact]
    public void Documents_with_a_byte_changed()
    {
        var mutated =
            from document in Gen.Elements(Documents)
            from position in Gen.Choose(0, document.Length - 1)
            from value in Gen.Choose(0, 255)
            select document.Select((b, i) => i == position ? (byte)value : b).ToArray();
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(3000),
            Prop.ForAll(mutated.ToArbitrary(), bytes => EndsWell(bytes, MediaTypes.OciIndex)));
    }

    private static bool EndsWell(byte[] bytes, string contentType)
    {
        foreach (var read in new Action[]
        {
            () => ManifestDocument.Parse(bytes, contentType),
            () => ManifestDocument.Parse(bytes, contentType, new Descriptor(MediaTypes.OciManifest, Digest.Of(bytes), bytes.Length)),
            () => ConfigDocument.Parse(bytes),
            () => DescriptorDocument.Parse(bytes),
            () => LayoutHeader.Parse(bytes),
        })
        {
            // Any other exception than ImageException goes through to FsCheck, which reports it with the bytes.
            try
            {
                read();
            }
            catch (ImageException e) when (!e.Message.Any(char.IsControl))
            {
            }
        }

        _ = ManifestFormat.Detect(bytes);
        return true;
    }
}
