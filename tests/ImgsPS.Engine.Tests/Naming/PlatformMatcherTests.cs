using System;
using System.Linq;
using FsCheck;
using FsCheck.Fluent;
using ImgsPS.Platforms;
using Xunit;

namespace ImgsPS.Engine.Tests.Naming;

public class PlatformMatcherTests
{
    // U6, on the hosts that there are.
    [Theory]
    [InlineData("linux/amd64", "linux/arm64 linux/386 linux/amd64", "linux/amd64 linux/386")]
    [InlineData("linux/amd64/v3", "linux/amd64 linux/amd64/v2 linux/amd64/v4 linux/amd64/v3", "linux/amd64/v3 linux/amd64/v2 linux/amd64")]
    [InlineData("linux/arm64/v8", "linux/amd64 linux/arm/v5 linux/arm/v7 linux/arm64/v9 linux/arm64",
        "linux/arm64 linux/arm/v7 linux/arm/v5")]
    [InlineData("linux/arm64/v9.2", "linux/arm64 linux/arm64/v8.7 linux/arm64/v8.8 linux/arm64/v9",
        "linux/arm64/v9 linux/arm64/v8.7 linux/arm64")]
    [InlineData("linux/arm/v7", "linux/arm/v5 linux/arm/v8 linux/arm/v6 linux/arm", "linux/arm linux/arm/v6 linux/arm/v5")]
    [InlineData("linux/s390x", "linux/amd64 linux/s390x", "linux/s390x")]
    public void U6_host_takes_what_it_can_run_best_first(string host, string candidates, string expected)
    {
        Assert.Equal(expected, Choose(PlatformMatcher.ForHost(Platform.Parse(host)), candidates));
        Assert.Equal(expected, Choose(PlatformMatcher.For(Platform.Parse(host)), candidates));
    }

    [Fact]
    public void This_machine_takes_its_own_platform()
    {
        var matcher = PlatformMatcher.ForHost();
        var other = new Platform(matcher.Wanted.OS, matcher.Wanted.Architecture == "s390x" ? "ppc64le" : "s390x");

        Assert.Equal(new[] { 1 }, matcher.Choose(new[] { other, matcher.Wanted }));
    }

    [Fact]
    public void Mac_takes_linux_images_after_its_own()
    {
        var matcher = PlatformMatcher.ForHost(Platform.Parse("darwin/arm64/v8"));

        Assert.Equal("linux/arm64/v8", matcher.Wanted.ToString());
        Assert.Equal("darwin/arm64 linux/arm64 linux/arm/v7", Choose(matcher, "linux/amd64 linux/arm/v7 linux/arm64 darwin/arm64"));
    }

    [Fact]
    public void U8_descriptor_without_platform_is_last_and_attestations_never_match()
    {
        var candidates = new[] { null, Platform.Parse("unknown/unknown"), new Platform("linux", "386"), null,
            new Platform("linux", "amd64") };

        Assert.Equal(new[] { 4, 2, 0, 3 }, PlatformMatcher.For(Platform.Parse("linux/amd64")).Choose(candidates));
        Assert.False(PlatformMatcher.For(new Platform("unknown", "unknown")).Matches(candidates[1]!));
        Assert.Empty(PlatformMatcher.For(new Platform("unknown", "unknown")).Choose(new[] { candidates[1] }));
    }

    [Fact]
    public void Ties_keep_the_order_given()
    {
        var candidates = Enumerable.Repeat(new Platform("linux", "amd64"), 50).ToArray();

        Assert.Equal(Enumerable.Range(0, 50), PlatformMatcher.For(candidates[0]).Choose(candidates));
    }

    // U7: the host's build first, then the newest that runs; a build that does not run never.
    [Theory]
    [InlineData("10.0.26100", "10.0.20348.1 10.0.26100.9 10.0.17763.5 10.0.26100.10 10.0.27000.1",
        "10.0.26100.10 10.0.26100.9 10.0.20348.1")]
    [InlineData("10.0.20348", "10.0.17763.1 10.0.20348.1 10.0.26100.1", "10.0.20348.1")]
    [InlineData("10.0.17763", "10.0.14393.1 10.0.17763.9", "10.0.17763.9")]
    [InlineData("10.0.19045", "10.0.17763.1", "")]
    public void U7_windows_host_takes_builds_it_runs(string build, string candidates, string expected)
    {
        var host = new Platform("windows", "amd64", null, build);
        var platforms = candidates.Split(' ').Select(v => new Platform("windows", "amd64", null, v)).ToArray();

        var chosen = PlatformMatcher.ForHost(host).Choose(platforms).Select(i => platforms[i].OSVersion);

        Assert.Equal(expected, string.Join(" ", chosen));
        var withoutVersion = PlatformMatcher.For(new Platform("windows", "amd64"), host);
        Assert.Equal(expected, string.Join(" ", withoutVersion.Choose(platforms).Select(i => platforms[i].OSVersion)));
    }

    [Fact]
    public void U7_host_takes_the_newest_revision_and_an_image_without_version_last()
    {
        var candidates = new[] { null, "10.0.26100.2894", "10.0.26100.3000" }.Select(v => new Platform("windows", "amd64", null, v))
            .ToArray();

        Assert.Equal(new[] { 2, 1, 0 }, PlatformMatcher.ForHost(candidates[1]).Choose(candidates));
    }

    [Fact]
    public void U7_chosen_version_overrides_the_host()
    {
        var host = Platform.Parse("windows(10.0.26100)/amd64");
        var candidates = new[] { "10.0.26100.1", "10.0.17763.1", "10.0.17763.2", "10.0.17763.3" }
            .Select(v => new Platform("windows", "amd64", null, v)).ToArray();

        Assert.Equal(new[] { 2, 3, 1 }, PlatformMatcher.For(candidates[2], host).Choose(candidates));

        // FF20: away from Windows, without a version, the newest.
        Assert.Equal(new[] { 0, 3, 2, 1 }, PlatformMatcher.For(Platform.Parse("windows/amd64"), Platform.Parse("linux/amd64"))
            .Choose(candidates));
    }

    [Fact]
    public void U7_win32k_is_no_obstacle_and_no_merit()
    {
        var candidates = new[]
        {
            new Platform("windows", "amd64", null, "10.0.20348.1", new[] { "win32k" }),
            new Platform("windows", "amd64", null, "10.0.26100.1"),
        };

        Assert.Equal(new[] { 1, 0 }, PlatformMatcher.ForHost(Platform.Parse("windows(10.0.26100)/amd64")).Choose(candidates));
    }

    [Fact]
    public void Wrong_windows_version_is_an_error()
    {
        var error = Assert.Throws<ImageException>(() => PlatformMatcher.For(Platform.Parse("windows(ltsc2022)/amd64")));

        Assert.Equal(ImageErrorKind.InvalidArgument, error.Kind);
        Assert.Contains("'ltsc2022' is not a version of Windows", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("windows(10.0.20348)/amd64", "10.0.26100.1",
        "a Windows version 10.0.26100-based image is incompatible with a 10.0.20348 host")]
    [InlineData("windows(10.0.26100)/amd64", "10.0.20348.1", null)]
    [InlineData("linux/amd64", "10.0.26100.1", null)]
    public void U7_single_windows_image_is_checked_too(string host, string version, string? expected) =>
        Assert.Equal(
            expected,
            PlatformMatcher.ForHost(Platform.Parse(host)).WindowsMismatch(new Platform("windows", "amd64", null, version)));

    // U5
    [Fact]
    public void No_match_has_dockers_words_and_lists_what_there_is()
    {
        var available = new[] { "linux/amd64", "unknown/unknown", "linux/arm64/v8", "linux/amd64" }.Select(Platform.Parse).Append(null);

        var error = PlatformMatcher.For(Platform.Parse("linux/s390x")).NoMatch(available);

        Assert.Equal(ImageErrorKind.NotFound, error.Kind);
        Assert.Equal("no matching manifest for linux/s390x in the manifest list entries. Available: linux/amd64, linux/arm64/v8.",
            error.Message);
    }

    [Fact]
    public void No_match_on_windows_names_the_version() =>
        Assert.Equal(
            "no matching manifest for windows(10.0.19044)/amd64 in the manifest list entries. The index names no platform.",
            PlatformMatcher.ForHost(Platform.Parse("windows(10.0.19044)/amd64")).NoMatch(Array.Empty<Platform>()).Message);

    [Fact]
    public void No_match_shows_hostile_platforms_as_plain_text()
    {
        var platforms = Enumerable.Range(0, 500).Select(i => new Platform($"li\u001b[31mnux\n{i}", new string('x', 5000)));

        var error = PlatformMatcher.ForHost().NoMatch(platforms);

        Assert.InRange(error.Message.Length, 1, 5000);
        Assert.DoesNotContain(error.Message, char.IsControl);
    }

    [Fact]
    public void Chosen_are_candidates_that_match_each_once() =>
        Prop.ForAll(
            NamingGenerators.Platform.ToArbitrary(),
            Gen.ListOf(Gen.OneOf(NamingGenerators.Platform.Select(p => (Platform?)p), Gen.Constant<Platform?>(null))).ToArbitrary(),
            (wanted, candidates) =>
            {
                if (wanted.OS == "windows" && wanted.OSVersion is not null && !WindowsVersion.TryParse(wanted.OSVersion, out _))
                {
                    return Record.Exception(() => PlatformMatcher.For(wanted)) is ImageException;
                }

                var list = candidates.Append(wanted).ToList();
                var matcher = PlatformMatcher.For(wanted);
                var chosen = matcher.Choose(list);
                return chosen.Distinct().Count() == chosen.Count
                    && list.Select((c, i) => (c, i)).All(x => chosen.Contains(x.i) == (x.c is null || matcher.Matches(x.c)));
            }).QuickCheckThrowOnFailure();

    [Fact]
    public void Wanted_platform_matches_itself_and_nothing_is_before_it() =>
        Prop.ForAll(NamingGenerators.Platform.ToArbitrary(), NamingGenerators.Platform.ToArbitrary(), (wanted, other) =>
        {
            var ranking = PlatformRanking.Only(wanted);
            var isVersionOfItsOwn = wanted.OS != "windows" || wanted.OSVersion is null || WindowsVersion.TryParse(wanted.OSVersion, out _);
            return !isVersionOfItsOwn
                || (ranking.Matches(wanted) && (other.OSFeatures.Count > 0 || wanted.OSFeatures.Count > 0
                    || ranking.Rank(other).CompareTo(ranking.Rank(wanted)) >= 0));
        }).QuickCheckThrowOnFailure();

    private static string Choose(PlatformMatcher matcher, string candidates)
    {
        var platforms = candidates.Split(' ').Select(Platform.Parse).ToArray();
        return string.Join(" ", matcher.Choose(platforms).Select(i => platforms[i].ToString()));
    }
}
