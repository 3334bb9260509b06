using System;
using System.Linq;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using ImgsPS.Engine.Tests.Naming;
using ImgsPS.Stores.Filtering;
using Xunit;

namespace ImgsPS.Engine.Tests.Store;

public class FilteringTests
{
    // Go's path.Match (F9); the expectations follow its documentation.
    [Theory]
    [InlineData("abc", "abc", true)]
    [InlineData("*", "abc", true)]
    [InlineData("*", "", true)]
    [InlineData("*", "a/b", false)]
    [InlineData("*c", "abc", true)]
    [InlineData("a*/b", "abc/b", true)]
    [InlineData("a*/b", "a/c/b", false)]
    [InlineData("a*b*c*d*e*/f", "axbxcxdxe/f", true)]
    [InlineData("a*b*c*d*e*/f", "axbxcxdxexxx/fff", false)]
    [InlineData("a*b?c*x", "abxbbxdbxebxczzx", true)]
    [InlineData("a*b?c*x", "abxbbxdbxebxczzy", false)]
    [InlineData("a?b", "a/b", false)]
    [InlineData("a?b", "a\u263ab", true)]
    [InlineData("a?b", "a\U0001F600b", true)]
    [InlineData("a[^a]b", "a\u263ab", true)]
    [InlineData("ab[c]", "abc", true)]
    [InlineData("ab[b-d]", "abc", true)]
    [InlineData("ab[e-g]", "abc", false)]
    [InlineData("ab[^c]", "abc", false)]
    [InlineData("ab[^e-g]", "abc", true)]
    [InlineData("[\\]a]", "]", true)]
    [InlineData("[\\-]", "-", true)]
    [InlineData("[x\\-]", "-", true)]
    [InlineData("[\\-x]", "z", false)]
    [InlineData("a\\*b", "a*b", true)]
    [InlineData("a\\*b", "ab", false)]
    [InlineData("[*]", "*", true)]
    [InlineData("*x", "xxx", true)]
    [InlineData("", "", true)]
    [InlineData("", "a", false)]
    public void Glob_matches_as_gos(string pattern, string text, bool expected)
    {
        Assert.True(GoGlob.IsValid(pattern));
        Assert.Equal(expected, GoGlob.IsMatch(pattern, text));
    }

    [Theory]
    [InlineData("[]a]")]
    [InlineData("[-]")]
    [InlineData("[x-]")]
    [InlineData("[-x]")]
    [InlineData("[a-b-c]")]
    [InlineData("[")]
    [InlineData("[^")]
    [InlineData("[^bc")]
    [InlineData("a[")]
    [InlineData("[a")]
    [InlineData("\\")]
    [InlineData("*\\")]
    [InlineData("x/[")]
    public void Malformed_glob_is_an_error(string pattern)
    {
        Assert.False(GoGlob.IsValid(pattern));
        var error = Assert.Throws<ImageException>(() => ReferencePattern.Parse(pattern));
        Assert.Equal("syntax error in pattern", error.Message);
        Assert.Equal(ImageErrorKind.InvalidArgument, error.Kind);
    }

    [Fact]
    public void Glob_never_throws_when_it_is_valid_and_escaped_text_matches_itself() =>
        Prop.ForAll(NamingGenerators.Run("ab/*?[]^-\\", 0, 12).ToArbitrary(), NamingGenerators.Run("ab/*?[]^-\\", 0, 12)
            .ToArbitrary(), (pattern, text) =>
        {
            var escaped = string.Concat(text.Select(c => "\\" + c));
            return (!GoGlob.IsValid(pattern) || Record.Exception(() => GoGlob.IsMatch(pattern, text)) is null)
                && GoGlob.IsMatch(escaped, text)
                && GoGlob.IsMatch("*", text) != text.Contains('/', StringComparison.Ordinal);
        }).QuickCheckThrowOnFailure();

    // Many stars against a long text: backtracking to each star would not end.
    [Fact]
    public void Hostile_glob_ends() =>
        Assert.False(GoGlob.IsMatch(string.Concat(Enumerable.Repeat("*a", 2000)) + "b", new string('a', 5000)));

    [Theory]
    [InlineData("-0", 0)]
    [InlineData("5.s", 5_000_000_000)]
    [InlineData(".5s", 500_000_000)]
    [InlineData("12µs", 12_000)]
    [InlineData("9007199254740993ns", 9007199254740993)]
    [InlineData("-9223372036854775807ns", -9223372036854775807)]
    [InlineData("1.5h", 5_400_000_000_000)]
    public void Duration_is_read_as_go_reads_it(string text, long nanoseconds)
    {
        Assert.True(GoDuration.TryParse(text, out var actual));
        Assert.Equal(nanoseconds, actual);
    }

    [Theory]
    [InlineData("-")]
    [InlineData("+.s")]
    [InlineData("1d")]
    [InlineData("1 h")]
    [InlineData("1hh")]
    [InlineData("3000000h")]
    [InlineData("1h2")]
    [InlineData("1h-2m")]
    [InlineData("99999999999999999999999s")]
    public void Bad_duration_is_refused(string text) => Assert.False(GoDuration.TryParse(text, out _));

    [Fact]
    public void Parts_of_a_duration_are_added() =>
        Prop.ForAll(ArbMap.Default.GeneratorFor<long>().ToArbitrary(), value =>
        {
            // -1h2m3s and so on: the sign stands before all.
            var (hours, rest) = (Math.Abs(value / 3_600_000_000_000), Math.Abs(value % 3_600_000_000_000));
            var text = $"{(value < 0 ? "-" : "")}{hours}h{rest / 60_000_000_000}m{rest % 60_000_000_000}ns";
            return GoDuration.TryParse(text, out var read) && read == value;
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("9223372036854775807ns", long.MaxValue)]
    [InlineData("-9223372036854775808ns", long.MinValue)]
    [InlineData("9223372036854775808ns", null)]
    [InlineData("-9223372036854775809ns", null)]
    public void Longest_durations_are_292_years(string text, long? expected) =>
        Assert.Equal(expected, GoDuration.TryParse(text, out var read) ? read : null);

    [Fact]
    public void Time_is_the_one_that_dotnet_reads() =>
        Prop.ForAll(
            Gen.Choose(0, int.MaxValue).Select(s => DateTimeOffset.FromUnixTimeSeconds(((long)s * 40) - 20_000_000_000)).ToArbitrary(),
            Gen.Choose(-14 * 60, 14 * 60).ToArbitrary(),
            (time, minutes) =>
            {
                var zone = TimeSpan.FromMinutes(minutes);
                var there = time.ToOffset(zone);
                var local = there.ToString("yyyy-MM-ddTHH:mm:ss", System.Globalization.CultureInfo.InvariantCulture);
                var zoned = there.ToString("yyyy-MM-ddTHH:mm:sszzz", System.Globalization.CultureInfo.InvariantCulture);
                return FilterTime.TryParse(local, default, zone, out var fromLocal) && fromLocal == FilterTime.From(time)
                    && FilterTime.TryParse(zoned, default, TimeSpan.FromHours(5), out var fromZoned) && fromZoned == fromLocal
                    && fromLocal.Seconds == time.ToUnixTimeSeconds();
            }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("2023-02-29")]
    [InlineData("2023-13-01")]
    [InlineData("2023-00-01")]
    [InlineData("2023-1-01")]
    [InlineData("23-01-01")]
    [InlineData("2023-01-01T24")]
    [InlineData("2023-01-01T12:60")]
    [InlineData("2023-01-01T12:00:60")]
    [InlineData("2023-01-01T12:00:00+25:00")]
    [InlineData("2023-01-01T12:00:00 ")]
    [InlineData("2023-01-01 12:00:00")]
    [InlineData("2023-01-01T12:00:00z")]
    [InlineData("2023-01-01T12:00:00Zx")]
    [InlineData("99999999999999999999")]
    [InlineData("yesterday")]
    [InlineData(" ")]
    [InlineData("\u0662\u0660\u0662\u0663-01-01")]
    public void Bad_time_is_refused(string text) => Assert.False(FilterTime.TryParse(text, default, TimeSpan.Zero, out _));

    [Theory]
    [InlineData("0000-03-01", -62162035200)]
    [InlineData("0000-01-01", -62167219200)]
    [InlineData("1970-01-01", 0)]
    [InlineData("2024-02-29", 1709164800)]
    [InlineData("9999-12-31", 253402214400)]
    [InlineData("0", 0)]
    [InlineData("-0s", 0)]
    [InlineData("+5", 5)]
    public void Time_is_seconds_since_1970(string text, long seconds)
    {
        Assert.True(FilterTime.TryParse(text, default, TimeSpan.Zero, out var time));
        Assert.Equal(new FilterTime(seconds, 0), time);
    }

    [Fact]
    public void Fraction_may_follow_a_comma()
    {
        Assert.True(FilterTime.TryParse("1970-01-01T00:00:01,25Z", default, TimeSpan.Zero, out var time));
        Assert.Equal(new FilterTime(1, 250_000_000), time);
    }

    [Fact]
    public void Moments_before_1970_have_positive_nanoseconds() =>
        Assert.Equal(new FilterTime(-1, 999_999_900), FilterTime.From(DateTimeOffset.FromUnixTimeSeconds(0).AddTicks(-1)));

    [Fact]
    public void Filters_are_sent_as_objects_of_flags()
    {
        var arguments = new FilterArguments();
        arguments.Add("label", "a=<b>&\"c\" é");
        arguments.Add("label", "d");
        arguments.Add("label", "d");
        arguments.Add("dangling", "true");

        var sent = JsonNode.Parse(arguments.ToJson());

        var expected = new JsonObject
        {
            ["dangling"] = new JsonObject { ["true"] = true },
            ["label"] = new JsonObject { ["a=<b>&\"c\" é"] = true, ["d"] = true },
        };
        Assert.True(JsonNode.DeepEquals(expected, sent), sent!.ToJsonString());
        Assert.Equal("{}", new FilterArguments().ToJson());
    }
}
