using System;
using System.Collections.Generic;
using System.Linq;
using ImgsPS.Naming;
using Xunit;

namespace ImgsPS.Engine.Tests.Naming;

/// <summary>Tags as versions: TG2 to TG5, and the ranges of TG6.</summary>
public class TagVersionTests
{
    private const string File = "ranges.json";

    public static IEnumerable<object[]> Rows => VectorFile.Rows(File);

    [Theory]
    [MemberData(nameof(Rows))]
    public void Vector_TG6(string op, string name, int index)
    {
        Assert.NotEmpty(name);
        var (input, expect) = (VectorFile.Get(File, index).GetProperty("input"), VectorFile.Get(File, index).GetProperty("expect"));
        if (op == "compare")
        {
            Assert.True(Read(input.Text("greater")!).ComparePrecedence(Read(input.Text("lower")!)) > 0);
            return;
        }

        Assert.Equal("satisfies", op);
        var range = TagRange.Parse(input.Text("range") ?? "");
        var isVersion = TagVersion.TryParse(input.Text("version"), out var version);
        Assert.Equal(expect.GetProperty("match").GetBoolean(), isVersion && range.Has(version!));
    }

    [Theory]
    [InlineData("1.27.3", "1.27.3", null, null)]
    [InlineData("v1.27.3", "1.27.3", null, null)]
    [InlineData("1", "1", null, null)]
    [InlineData("1.27.3-alpine", "1.27.3", null, "alpine")]
    [InlineData("1.27.3-alpine3.20-slim", "1.27.3", null, "alpine3.20-slim")]
    [InlineData("ltsc2022", null, null, null)]
    [InlineData("10.0.20348.2322", "10.0.20348.2322", null, null)]
    [InlineData("4.8.1-windowsservercore-ltsc2022", "4.8.1", null, "windowsservercore-ltsc2022")]
    [InlineData("2.0.0-rc.1", "2.0.0", "rc.1", null)]
    [InlineData("2.0.0-rc.1-alpine", "2.0.0", "rc.1", "alpine")]
    [InlineData("2.0.0-alpine-rc1", "2.0.0", "rc1", "alpine")]
    [InlineData("3.13.0rc2-slim-bookworm", "3.13.0", "rc2", "slim-bookworm")]
    [InlineData("3.14.0a7", "3.14.0", "a7", null)]
    [InlineData("3.14.0b1-slim", "3.14.0", "b1", "slim")]
    [InlineData("1.1.1w", "1.1.1", null, "w")]
    [InlineData("8.4.0RC1-fpm", "8.4.0", "RC1", "fpm")]
    [InlineData("17beta1", "17", "beta1", null)]
    [InlineData("1.0-SNAPSHOT", "1.0", "SNAPSHOT", null)]
    [InlineData("10.0.0-preview.5.25277.114-alpine3.21", "10.0.0", "preview.5.25277.114", "alpine3.21")]
    [InlineData("1.0-nightly-20240101", "1.0", "nightly-20240101", null)]
    [InlineData("1.0-dev-abc1234", "1.0", "dev-abc1234", null)]
    [InlineData("1.0-beta-2-slim", "1.0", "beta-2", "slim")]
    [InlineData("1.0-prefork", "1.0", null, "prefork")]
    [InlineData("1.0-developer", "1.0", null, "developer")]
    [InlineData("1.0-rc1a", "1.0", null, "rc1a")]
    [InlineData("2.1.RELEASE", "2.1", null, "RELEASE")]
    [InlineData("1.2.3_build1", "1.2.3", null, null)]
    [InlineData("1.2.3-rc.1_build", "1.2.3", "rc.1", null)]
    [InlineData("1.2.3-alpine_7", "1.2.3", null, "alpine")]
    [InlineData("1.2.3-x86_64", "1.2.3", null, "x86_64")]
    [InlineData("20260101", "20260101", null, null)]
    [InlineData("1234567", "1234567", null, null)]
    [InlineData("123456a", null, null, null)]
    [InlineData("12345a", "12345", null, "a")]
    [InlineData("0123456789abcdef0123456789abcdef01234567", null, null, null)]
    [InlineData("0123456789abcdef0123456789abcdef012345678", "0123456789", null, "abcdef0123456789abcdef012345678")]
    [InlineData("latest", null, null, null)]
    [InlineData("v", null, null, null)]
    [InlineData("version1", null, null, null)]
    [InlineData("vv1", null, null, null)]
    [InlineData("sha256-0123.sig", null, null, null)]
    [InlineData("", null, null, null)]
    [InlineData("1.", "1", null, null)]
    [InlineData("1..2", "1", null, "2")]
    public void Tag_says_a_version_a_prerelease_and_a_variant_TG2_TG3_TG4_TG5(
        string tag, string? number, string? prerelease, string? variant)
    {
        Assert.Equal(number is not null, TagVersion.TryParse(tag, out var version));
        Assert.Equal((number, prerelease, variant), (version?.Number, version?.Prerelease, version?.Variant));
    }

    [Theory]
    [InlineData("1.10 1.9.9 1.9 1.2.10 1.2.9 1")]
    [InlineData("1.2.0 1.2")]
    [InlineData("1.2.0.1 1.2.0.0 1.2.0 1.2 1.2-rc1")]
    [InlineData("2.0.0 2.0.0-rc.10 2.0.0-rc.2 2.0.0-rc.1 2.0.0-rc 1.9.9")]
    [InlineData("2.0.0 2.0.0-rc10 2.0.0-rc2 2.0.0-rc 2.0.0-beta.11 2.0.0-beta.2 2.0.0-beta 2.0.0-alpha.beta 2.0.0-alpha.1 2.0.0-alpha")]
    [InlineData("1.0 1.0-snapshot 1.0-rc1 1.0-preview1 1.0-pre1 1.0-nightly 1.0-dev 1.0-beta 1.0-alpha")]
    [InlineData("3.14.0 3.14.0rc1 3.14.0b2 3.14.0b1 3.14.0a10 3.14.0a7 3.13.9")]
    [InlineData("1.27.1 1.27.0 1.27.0-alpine 1.27.0-bookworm 1.27.0-slim 1.26.9")]
    [InlineData("1.27-alpine3.20 1.27-alpine3.9 1.27-slim")]
    [InlineData("1.27.0-alpine 1.27.0-rc.1-alpine 1.26.0-alpine")]
    [InlineData("99999999999999999999999999 20260101 2026 3")]
    public void Versions_have_a_natural_order_TG2_TG3(string descending)
    {
        var tags = descending.Split(' ');
        var versions = tags.Select(Read).ToList();
        for (var i = 0; i < tags.Length; i++)
        {
            for (var j = 0; j < tags.Length; j++)
            {
                Assert.True(
                    Math.Sign(versions[i].CompareTo(versions[j])) == Math.Sign(j - i), $"{tags[i]} and {tags[j]}");
                Assert.Equal(i == j, versions[i] == versions[j]);
            }
        }
    }

    [Theory]
    [InlineData("1.2.3", "v1.2.3")]
    [InlineData("1.2.3", "1.2.3_build7")]
    [InlineData("1.2.3_build1", "1.2.3_build2")]
    [InlineData("1.0-rc1", "1.0-rc.1")]
    [InlineData("1.0-RC1", "1.0-rc1")]
    [InlineData("1.02", "1.2")]
    public void What_differs_in_writing_alone_is_one_version_TG2_TG5(string left, string right)
    {
        Assert.Equal(0, Read(left).CompareTo(Read(right)));
        Assert.Equal(Read(left), Read(right));
        Assert.Equal(Read(left).GetHashCode(), Read(right).GetHashCode());
    }

    [Theory]
    [InlineData("1.2", "1.2.0")]
    [InlineData("1.27.0", "1.27.0-alpine")]
    [InlineData("1.27.0-slim", "1.27.0-alpine")]
    public void Variants_and_missing_parts_do_not_count_in_precedence_TG2_TG3(string left, string right) =>
        Assert.Equal(0, Read(left).ComparePrecedence(Read(right)));

    [Theory]
    [InlineData(">=1.2 <2", "1.2 1.2.0 1.9.9-alpine", "1.1.9 2 2.0.0 2.0.0-rc.1 1.5-rc1 latest")]
    [InlineData("^1.25", "1.25 1.25.3-alpine 1.99", "1.24.9 2.0 1.26.0-rc.1 1.25-rc1")]
    [InlineData("~1.25", "1.25 1.25.3-alpine", "1.26 1.24")]
    [InlineData("1.*", "1 1.0 1.99.9", "0.9 2 1.1-beta")]
    [InlineData("1.25.x", "1.25.0 1.25", "1.26.0")]
    [InlineData("1.2 - 2.3", "1.2 2.3.9 2.3.9-slim", "1.1 2.4 2.4-rc1")]
    [InlineData("1.9 || >=1.26", "1.9.1 1.26.0 20260101", "1.10 1.25.9")]
    [InlineData(">=1.27.0-rc.2", "1.27.0-rc.2 1.27.0-rc.10 1.27.0 1.28", "1.27.0-rc.1 1.28.0-rc.1")]
    [InlineData("3.13-rc", "3.13-rc 3.13.0-rc", "3.13 3.13-rc1")]
    [InlineData(">=2.0.0-0", "2.0.0-alpha 2.0.0 3", "1.9 2.0.1-alpha")]
    [InlineData("10.0.20348.*", "10.0.20348.2322 10.0.20348", "10.0.20349.1 10.0.17763.1")]
    [InlineData(">=10.0.20348.2300", "10.0.20348.2322 10.0.26100.1", "10.0.20348.2299")]
    [InlineData("^1-alpine", "1.27.3-alpine", "1.27.3 1.27.3-alpine-slim 1.27.3-slim")]
    [InlineData("1.x-alpine", "1.27.3-alpine", "1.27.3")]
    [InlineData("*", "1 20260101 1-alpine", "1-rc1 latest abc1234 edge")]
    [InlineData("<*", "", "0 1")]
    [InlineData(">*", "", "0 1")]
    [InlineData(">=1.2<2", "1.2 1.9", "1.1 2")]
    [InlineData(">=99999999999999999999999999", "99999999999999999999999999", "1")]
    public void Range_has_what_it_says_TG6(string text, string inside, string outside)
    {
        var range = TagRange.Parse(text);
        Assert.All(Words(inside), tag => Assert.True(range.Has(Read(tag)), tag));
        Assert.All(Words(outside), tag => Assert.False(TagVersion.TryParse(tag, out var version) && range.Has(version), tag));
    }

    [Theory]
    [InlineData("foo")]
    [InlineData(">=")]
    [InlineData("1.2 -")]
    [InlineData("- 2")]
    [InlineData("1 - 2 - 3")]
    [InlineData("1 - 2 3")]
    [InlineData("=> 1")]
    [InlineData("!1")]
    [InlineData("1.")]
    [InlineData("1.2.")]
    [InlineData(".1")]
    [InlineData("1..2")]
    [InlineData("1,2")]
    [InlineData("1.x5")]
    [InlineData(">=1.2, <2")]
    [InlineData("^^1")]
    [InlineData("> = 1")]
    [InlineData("1 || latest")]
    [InlineData("1 | 2")]
    [InlineData("1\u001b[2J")]
    public void Text_that_is_no_range_is_refused_with_the_forms_TG6(string text)
    {
        var error = Assert.Throws<ImageException>(() => TagRange.Parse(text));
        Assert.Equal(ImageErrorKind.InvalidArgument, error.Kind);
        Assert.Contains("'^1.2'", error.Advice, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', error.Message);
    }

    [Theory]
    [InlineData("v2.0.0-rc.1-alpine", "2.0.0-rc.1")]
    [InlineData("3.14.0b1-slim", "3.14.0b1")]
    [InlineData("1.27-alpine", "1.27")]
    [InlineData("1.2.3_build", "1.2.3")]
    public void Text_of_a_version_is_that_of_the_tag_without_its_variant_TG2(string tag, string text) =>
        Assert.Equal(text, Read(tag).ToString());

    [Fact]
    public void Text_that_is_too_long_for_a_tag_is_no_version()
    {
        Assert.True(TagVersion.TryParse(new string('9', 128), out _));
        Assert.False(TagVersion.TryParse(new string('9', 129), out _));
        Assert.Throws<ImageException>(() => TagRange.Parse(">" + new string('9', 129)));
    }

    private static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static TagVersion Read(string tag) =>
        TagVersion.TryParse(tag, out var version) ? version : throw new InvalidOperationException(tag + " is no version");
}
