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

    [SkippableTheory]
    [MemberData(nameof(Cases))]
    public void Vector(string op, string name, int index)
    {
        _ = name;
        var test = VectorFile.Get(File, index);
        var input = test.GetProperty("input").GetString()!;
        var expect = test.GetProperty("expect");
        Skip.If(op == "c-image-normalize",
            "containers/image's legacy: an unknown Content-Type counts as schema 1. Here it is refused (RN22).");
        switch (op)
        {
            case "classify":
                Classify(input, expect);
                break;
            case "docker-to-oci":
                Assert.Equal(expect.GetProperty("mediaType").GetString(), MediaTypes.ToOci(input));
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
