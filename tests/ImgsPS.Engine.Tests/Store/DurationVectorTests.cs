using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.Json;
using ImgsPS.Naming;
using ImgsPS.Stores.Filtering;
using ImgsPS.Stores.Registry;
using Xunit;

namespace ImgsPS.Engine.Tests.Store;

/// <summary>tests/vectors/durations.json: Go's durations, moby's times (F5), Retry-After, versions (TG2, TG3, TG6).</summary>
public class DurationVectorTests
{
    private const string File = "durations.json";

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
            case "parse-duration":
                Nanoseconds(expect, GoDuration.TryParse(input.GetString()!, out var duration), duration);
                break;
            case "parse-positive-duration":
                var isDuration = GoDuration.TryParse(input.GetString()!, out var positive);
                Nanoseconds(expect, isDuration && positive >= 0, positive);
                break;
            case "parse-json-duration":
                Json(input.GetString()!, expect);
                break;
            case "format-duration":
                // Nothing here writes a duration; what Go writes is read.
                Assert.True(GoDuration.TryParse(expect.Text("text")!, out var written));
                Assert.Equal(long.Parse(input.GetString()!, CultureInfo.InvariantCulture), written);
                break;
            case "parse-timestamp-or-duration":
                TimeOrDuration(input, expect);
                break;
            case "parse-unix-timestamp":
                Unix(input.GetString()!, expect);
                break;
            case "retry-after":
                Wait(input.GetString()!, expect);
                break;
            case "semver-parse":
                Version(input.GetString()!, expect);
                break;
            case "semver-compare":
                Assert.Equal(
                    expect.GetProperty("result").GetInt32(),
                    Math.Sign(Version(input.Text("a")!).ComparePrecedence(Version(input.Text("b")!))));
                break;
            case "semver-constraint-parse":
                var failure = Record.Exception(() => TagRange.Parse(input.GetString()!));
                Assert.Equal(expect.GetProperty("error").GetBoolean(), failure is ImageException { Kind: ImageErrorKind.InvalidArgument });
                break;
            case "semver-constraint":
                Assert.Equal(
                    expect.GetProperty("match").GetBoolean(),
                    TagRange.Parse(input.Text("constraint")!).Has(Version(input.Text("version")!)));
                break;
            default:
                Assert.Fail("no test for op " + op);
                break;
        }
    }

    private static TagVersion Version(string tag) =>
        TagVersion.TryParse(tag, out var version) ? version : throw new InvalidOperationException(tag + " is no version");

    private static void Version(string tag, JsonElement expect)
    {
        Assert.Equal(!expect.Has("error"), TagVersion.TryParse(tag, out var version));
        if (version is not null)
        {
            var wanted = new[] { "major", "minor", "patch" }
                .Select(part => expect.GetProperty(part).GetInt32().ToString(CultureInfo.InvariantCulture));
            Assert.Equal(wanted, version.Number.Split('.').Take(3));
            Assert.Equal(expect.Text("prerelease"), version.Prerelease);
        }
    }

    private static void Nanoseconds(JsonElement expect, bool isDuration, long actual)
    {
        Assert.Equal(!expect.Has("error"), isDuration);
        if (isDuration)
        {
            Assert.Equal(long.Parse(expect.Text("nanoseconds")!, CultureInfo.InvariantCulture), actual);
        }
    }

    // Nothing here reads a duration from JSON; the text in it is read.
    private static void Json(string json, JsonElement expect)
    {
        var (isDuration, nanoseconds) = (false, 0L);
        try
        {
            using var document = JsonDocument.Parse(json);
            isDuration = document.RootElement.ValueKind == JsonValueKind.String
                ? GoDuration.TryParse(document.RootElement.GetString()!, out nanoseconds)
                : document.RootElement.TryGetInt64(out nanoseconds);
        }
        catch (JsonException)
        {
            // Not JSON, so no duration in it.
        }

        Nanoseconds(expect, isDuration, nanoseconds);
    }

    private static void TimeOrDuration(JsonElement input, JsonElement expect)
    {
        var isTime = FilterTime.TryParse(input.Text("value") ?? "", Time(input.Text("now")!), TimeSpan.Zero, out var time);

        Assert.Equal(!expect.Has("error"), isTime);
        if (isTime)
        {
            Assert.Equal(Time(expect.Text("utc")!), time);
        }
    }

    // A time in UTC, taken apart without the code under test.
    private static FilterTime Time(string text)
    {
        var dot = text.IndexOf('.', StringComparison.Ordinal);
        var fraction = dot < 0 ? "" : text.Substring(dot + 1).TrimEnd('Z');
        var seconds = DateTimeOffset.Parse(
            (dot < 0 ? text.TrimEnd('Z') : text.Substring(0, dot)) + "Z",
            CultureInfo.InvariantCulture).ToUnixTimeSeconds();
        return new FilterTime(seconds, int.Parse(fraction.PadRight(9, '0'), CultureInfo.InvariantCulture));
    }

    private static void Unix(string text, JsonElement expect)
    {
        var isTime = FilterTime.TryParseUnix(text, out var time);
        if (expect.Has("zero"))
        {
            // Go's zero time stands for an empty text; here an empty text is no time.
            Assert.False(isTime);
            return;
        }

        Assert.Equal(!expect.Has("error"), isTime);
        if (isTime)
        {
            Assert.Equal(new FilterTime(expect.GetProperty("seconds").GetInt64(), expect.GetProperty("nanoseconds").GetInt32()), time);
        }
    }

    private static void Wait(string header, JsonElement expect)
    {
        var now = DateTimeOffset.UtcNow;
        var wait = RetryAfter.Parse(header, now);

        if (expect.Has("delaySeconds"))
        {
            Assert.Equal(TimeSpan.FromSeconds(expect.GetProperty("delaySeconds").GetDouble()), wait);
        }
        else if (expect.Has("error") || expect.Text("delay")?.StartsWith("fallback", StringComparison.Ordinal) == true)
        {
            Assert.Null(wait);
        }
        else
        {
            // The time left until a date to come; a year at most, whatever the date.
            var left = DateTimeOffset.Parse(header, CultureInfo.InvariantCulture) - now;
            Assert.Equal(left < TimeSpan.FromDays(366) ? left : TimeSpan.FromDays(366), wait);
        }
    }
}
