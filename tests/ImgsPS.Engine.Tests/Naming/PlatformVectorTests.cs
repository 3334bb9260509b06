using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using ImgsPS.Naming;
using ImgsPS.Platforms;
using Xunit;

namespace ImgsPS.Engine.Tests.Naming;

/// <summary>tests/vectors/platforms.json: containerd/platforms' own cases (U5-U8).</summary>
public class PlatformVectorTests
{
    private const string File = "platforms.json";

    // The Windows cases hold on whatever Windows build; on other machines a real one stands in.
    private static readonly string HostBuild = HostPlatform.Current.OSVersion ?? "10.0.20348";

    public static IEnumerable<object[]> Rows => VectorFile.Rows(File);

    [SkippableTheory]
    [MemberData(nameof(Rows))]
    public void Vector(string op, string name, int index)
    {
        var vector = VectorFile.Get(File, index);
        Skip.If(vector.Has("skip"), "the suite skips it: " + vector.Text("skip"));
        Assert.NotEmpty(name);
        Run(op, vector.GetProperty("input"), vector.GetProperty("expect"));
    }

    private static void Run(string op, JsonElement input, JsonElement expect)
    {
        switch (op)
        {
            case "parse":
                Parse(input.GetString()!, expect);
                break;
            case "format" or "format-all":
                Format(Read(input), expect);
                break;
            case "match-only" or "match-only-strict" or "match-ordered" or "match-any":
                Assert.Equal(
                    expect.GetProperty("match").GetBoolean(),
                    Ranking(op.Substring("match-".Length), input).Matches(Read(input.GetProperty("candidate"))));
                break;
            case "match-only-os":
                Assert.Equal(
                    expect.GetProperty("match").GetBoolean(),
                    HasSystem(Read(input.GetProperty("want")), Read(input.GetProperty("candidate"))));
                break;
            case "match-windows-host":
                Assert.Equal(
                    expect.GetProperty("match").GetBoolean(),
                    PlatformRanking.OnlyStrict(Read(input.GetProperty("want"))).Matches(Read(input.GetProperty("candidate"))));
                break;
            case "order-only" or "order-only-strict" or "order-only-os" or "order-ordered" or "order-any":
                Order(input, expect, op.Substring("order-".Length));
                break;
            case "order":
                Assert.NotEmpty(input.Texts("comparers"));
                foreach (var comparer in input.Texts("comparers"))
                {
                    Order(input, expect, comparer);
                }

                break;
            case "windows-host-container-compat":
                Assert.True(WindowsVersion.TryParse(input.Text("hostBuild"), out var host));
                Assert.True(WindowsVersion.TryParse(input.Text("containerBuild"), out var container));
                Assert.Equal(expect.GetProperty("compatible").GetBoolean(), host.Runs(container));
                break;
            case "windows-select":
                WindowsSelect(input, expect);
                break;
            case "normalize-arch":
                var (architecture, variant) = PlatformNormalizer.NormalizeArchitecture(input.Text("architecture")
                    ?? "", input.Text("variant"));
                Assert.Equal(expect.Text("architecture"), architecture);
                Assert.Equal(expect.Text("variant"), variant);
                break;
            case "normalize-os":
                Assert.Equal(expect.Text("os"), PlatformNormalizer.NormalizeOS(input.GetString()!));
                break;
            default:
                Assert.Fail("no test for op " + op);
                break;
        }
    }

    private static void Parse(string text, JsonElement expect)
    {
        if (expect.Has("error"))
        {
            Assert.False(Platform.TryParse(text, out _));
            var error = Assert.Throws<ImageException>(() => Platform.Parse(text));
            Assert.Equal(ImageErrorKind.InvalidArgument, error.Kind);
            return;
        }

        var platform = Platform.Parse(Fill(text));
        var expected = Read(expect.GetProperty("platform"));
        Assert.Equal(expected.OS, platform.OS);
        Assert.Equal(expected.Architecture, platform.Architecture);
        Assert.Equal(expected.Variant, platform.Variant);
        Assert.Equal(expected.OSVersion, platform.OSVersion);
        Assert.Equal(expected.OSFeatures, platform.OSFeatures);
        Assert.Equal(Fill(expect.Text("formatted")!), platform.ToString());
        Assert.Equal(platform, Platform.Parse(platform.ToString()));
        Assert.True(PlatformRanking.OnlyStrict(platform).Matches(expected));
        Assert.All(
            expect.GetProperty("alsoMatches").EnumerateArray(),
            other => Assert.True(PlatformRanking.OnlyStrict(platform).Matches(Read(other))));
    }

    private static void Format(Platform platform, JsonElement expect)
    {
        Assert.Equal(Fill(expect.Text("formatted")!), platform.ToString());
        if (expect.Has("roundTrips"))
        {
            var again = Platform.Parse(platform.ToString());
            Assert.Equal(platform.OSVersion, again.OSVersion);
            Assert.Equal(platform.OSFeatures, again.OSFeatures);
        }
    }

    private static void Order(JsonElement input, JsonElement expect, string comparer)
    {
        var candidates = input.GetProperty("candidates").EnumerateArray().Select(Read);
        var ordered = comparer == "only-os" ? OrderBySystem(candidates, Read(input.GetProperty("want")))
            : comparer == "any" ? candidates.OrderBy(c => Ranking(comparer, input).Rank(c) with { Position = 0 })
            : candidates.OrderBy(Ranking(comparer, input).Rank);
        Assert.Equal(
            expect.GetProperty("order").EnumerateArray().Select(p => Read(p).ToString()),
            ordered.Select(p => p.ToString()));
    }

    // containerd's OnlyOS, which nothing here asks for: its halves are the engine's.
    private static IOrderedEnumerable<Platform> OrderBySystem(IEnumerable<Platform> candidates, Platform want) =>
        candidates.OrderBy(c => HasSystem(want, c) ? 0 : 1).ThenBy(c => PlatformRanking.OnlyStrict(want).Matches(c) ? 0 : 1);

    private static bool HasSystem(Platform want, Platform candidate) => PlatformRanking.OnlyStrict(want).Matches(
        new Platform(candidate.OS, want.Architecture, want.Variant, candidate.OSVersion, candidate.OSFeatures));

    private static void WindowsSelect(JsonElement input, JsonElement expect)
    {
        var candidates = input.GetProperty("candidates").EnumerateArray().Select(Read).ToArray();
        var chosen = PlatformMatcher.ForHost(Read(input.GetProperty("host"))).Choose(candidates);
        Assert.Equal(Read(expect.GetProperty("selected")), candidates[chosen[0]]);
    }

    private static PlatformRanking Ranking(string comparer, JsonElement input)
    {
        var want = input.GetProperty("want");
        var platforms = want.ValueKind == JsonValueKind.Array ? want.EnumerateArray().Select(Read).ToArray() : new[] { Read(want) };
        return comparer switch
        {
            "only" => PlatformRanking.Only(Assert.Single(platforms)),
            "only-strict" => PlatformRanking.OnlyStrict(Assert.Single(platforms)),
            // Any of them, in whatever order.
            "ordered" or "any" => PlatformRanking.Ordered(platforms),
            _ => throw new InvalidOperationException("no test for comparer " + comparer),
        };
    }

    // A platform stands as a text or as a document's object.
    private static Platform Read(JsonElement element) => element.ValueKind == JsonValueKind.String
        ? Platform.Parse(Fill(element.GetString()!))
        : new Platform(
            Fill(element.Text("os") ?? ""),
            Fill(element.Text("architecture") ?? ""),
            element.Text("variant"),
            element.Text("os.version") is { } version ? Fill(version) : null,
            element.Texts("os.features"));

    private static string Fill(string text) => text
        .Replace("<host-os>", HostPlatform.OS, StringComparison.Ordinal)
        .Replace("<host-arch>", HostPlatform.Architecture, StringComparison.Ordinal)
        .Replace("<host-build>", HostBuild, StringComparison.Ordinal);
}
