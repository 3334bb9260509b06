using System.Collections.Generic;
using System.Text.Json;
using ImgsPS.Content;
using Xunit;

namespace ImgsPS.Engine.Tests.Content;

/// <summary>vectors/mediatypes.json (T1-T3).</summary>
public class MediaTypeVectorTests
{
    private const string File = "mediatypes.json";

    public static IEnumerable<object[]> Cases => VectorFile.Rows(File);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Vector(string op, string name, int index)
    {
        _ = name;
        var test = VectorFile.Get(File, index);
        var input = test.GetProperty("input").GetString()!;
        var expect = test.GetProperty("expect");
        switch (op)
        {
            case "classify":
                Classify(input, expect);
                break;
            case "docker-to-oci":
                // Documents stay as they are; the two types mean the same.
                Assert.Equal(
                    MediaTypes.Classify(expect.GetProperty("mediaType").GetString()!),
                    MediaTypes.Classify(input) with { Vendor = MediaTypeVendor.Oci });
                break;
            case "strip-parameters":
                Assert.Equal(expect.GetProperty("mediaType").GetString(), MediaTypes.WithoutParameters(input));
                break;
            case "valid-media-type":
                Assert.Equal(expect.Holds("valid"), MediaTypes.IsValid(input));
                break;
            default:
                Assert.Fail($"unknown op {op}");
                break;
        }
    }

    private static void Classify(string input, JsonElement expect)
    {
        var info = MediaTypes.Classify(input);
        Assert.Equal(expect.GetProperty("kind").GetString(), Name(info.Kind.ToString()));
        Assert.Equal(expect.GetProperty("vendor").GetString(), Name(info.Vendor.ToString()));
        Assert.Equal(expect.GetProperty("distributable").GetBoolean(), info.Distributable);
        Assert.Equal(
            expect.TryGetProperty("compression", out var compression) ? compression.GetString() : null,
            info.Compression is null ? null : Name(info.Compression.ToString()!));
    }

    private static string Name(string value) => char.ToLowerInvariant(value[0]) + value.Substring(1);
}
