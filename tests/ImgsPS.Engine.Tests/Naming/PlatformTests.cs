using System;
using System.Linq;
using FsCheck;
using FsCheck.Fluent;
using ImgsPS.Naming;
using ImgsPS.Platforms;
using Xunit;

namespace ImgsPS.Engine.Tests.Naming;

public class PlatformTests
{
    [Theory]
    [InlineData("linux/amd64", "linux/amd64")]
    [InlineData("Linux/x86_64", "linux/amd64")]
    [InlineData("linux/aarch64", "linux/arm64")]
    [InlineData("linux/arm64/8", "linux/arm64/v8")]
    [InlineData("linux/armhf", "linux/arm")]
    [InlineData("macos/arm64", "darwin/arm64")]
    [InlineData("windows(10.0.20348.2322+win32k)/amd64", "windows(10.0.20348.2322+win32k)/amd64")]
    public void Spellings_become_one(string text, string expected) => Assert.Equal(expected, Platform.Parse(text).ToString());

    [Theory]
    [InlineData("", "does not begin with an operating system")]
    [InlineData("toaster", "no known operating system or architecture")]
    [InlineData("linux/", "empty")]
    [InlineData("linux/amd64/", "empty")]
    [InlineData("linux/amd 64", "'amd 64'")]
    [InlineData("linux/*", "wildcards")]
    [InlineData("linux/arm/v7/x", "three parts")]
    [InlineData("windows(10.0.20348/amd64", "')'")]
    [InlineData("windows(10.0.20348)x/amd64", "')'")]
    [InlineData("linux(+)/amd64", "feature is empty")]
    [InlineData("linux(1%2)/amd64", "'%'")]
    [InlineData("linux(%ff)/amd64", "UTF-8")]
    [InlineData("linux(a b)/amd64", "'a b'")]
    public void Wrong_text_is_an_error_that_says_what_is_wrong(string text, string reason)
    {
        var error = Assert.Throws<ImageException>(() => Platform.Parse(text));

        Assert.Equal(ImageErrorKind.InvalidArgument, error.Kind);
        Assert.StartsWith($"invalid platform '{text}'", error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.Contains("linux/arm64/v8", error.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public void Null_is_no_platform()
    {
        Assert.False(Platform.TryParse(null, out _));
        Assert.Throws<ImageException>(() => Platform.Parse(null!));
    }

    [Fact]
    public void Host_is_a_known_platform()
    {
        Assert.True(PlatformNormalizer.IsKnownOS(Platform.Host.OS));
        Assert.True(PlatformNormalizer.IsKnownArchitecture(Platform.Host.Architecture));
        Assert.Equal(Platform.Host.OS == "windows", Platform.Host.OSVersion is not null);
        Assert.Equal(Platform.Host, Platform.Parse(Platform.Host.ToString()));
    }

    [Theory]
    [InlineData("X64", "amd64")]
    [InlineData("X86", "386")]
    [InlineData("Arm64", "arm64")]
    [InlineData("Arm", "arm")]
    [InlineData("Armv6", "arm")]
    [InlineData("S390x", "s390x")]
    [InlineData("Ppc64le", "ppc64le")]
    [InlineData("LoongArch64", "loong64")]
    [InlineData("RiscV64", "riscv64")]
    [InlineData("Wasm", "wasm")]
    public void Dotnets_architectures_have_gos_names(string dotnet, string go)
    {
        Assert.Equal(go, HostPlatform.ArchitectureOf(dotnet));
        Assert.True(PlatformNormalizer.IsKnownArchitecture(go));
    }

    [Fact]
    public void Platforms_are_equal_when_their_texts_are()
    {
        Assert.True(Platform.Parse("linux/amd64") == new Platform("linux", "amd64"));
        Assert.True(Platform.Parse("linux/amd64") != new Platform("linux", "arm64"));
        Assert.Equal(Platform.Parse("linux/amd64").GetHashCode(), new Platform("linux", "amd64", "").GetHashCode());
        Assert.False(Platform.Parse("linux/amd64").Equals(null));
        Assert.Equal("unknown", new Platform("", "amd64").ToString());
    }

    [Fact]
    public void Text_reads_back() =>
        Prop.ForAll(NamingGenerators.Platform.ToArbitrary(), platform =>
        {
            var text = platform.ToString();
            var again = Platform.Parse(text);
            return again.OSVersion == platform.OSVersion
                && again.OSFeatures.SequenceEqual(platform.OSFeatures.Distinct().OrderBy(f => f, StringComparer.Ordinal))
                && Platform.Parse(again.ToString()) == again
                && PlatformRanking.OnlyStrict(again).Matches(platform) == PlatformRanking.OnlyStrict(platform).Matches(again);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Try_parse_never_throws() =>
        Prop.ForAll(
            Gen.OneOf(NamingGenerators.Run("linux/()+%2Bamd64 *\0", 0, 20), ArbMap.Default.GeneratorFor<string>()).ToArbitrary(),
            text => Platform.TryParse(text, out var platform) == (platform is not null)).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("a")]
    [InlineData("/")]
    [InlineData("+")]
    [InlineData("%2")]
    public void Hostile_megabyte_is_refused(string unit)
    {
        var text = string.Concat(Enumerable.Repeat(unit, 1_000_000 / unit.Length));
        Assert.False(Platform.TryParse(text, out _));
        Assert.False(Platform.TryParse("linux(" + text, out _));
        Assert.InRange(Assert.Throws<ImageException>(() => Platform.Parse("linux(" + text)).Message.Length, 1, 1000);
    }
}
