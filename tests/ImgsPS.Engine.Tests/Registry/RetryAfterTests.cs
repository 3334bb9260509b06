using System;
using System.Globalization;
using ImgsPS.Stores.Registry;
using Xunit;

namespace ImgsPS.Engine.Tests.Registry;

public class RetryAfterTests
{
    private static readonly DateTimeOffset Now = new(2024, 5, 6, 7, 8, 9, TimeSpan.Zero);

    [Theory]
    [InlineData("0", 0)]
    [InlineData(" 30 ", 30)]
    [InlineData("Mon, 06 May 2024 07:08:19 GMT", 10)]
    [InlineData("Monday, 06-May-24 07:08:19 GMT", 10)]
    [InlineData("Mon May  6 07:08:19 2024", 10)]
    [InlineData("Thu May 16 07:08:09 2024", 864000)]
    public void Seconds_and_all_forms_of_a_date_are_read(string header, int seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), RetryAfter.Parse(header, Now));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("-1")]
    [InlineData("+1")]
    [InlineData("1.5")]
    [InlineData("1e3")]
    [InlineData("\u0661")]
    [InlineData("soon")]
    [InlineData("Mon, 06 May 2024 07:08:09 GMT")]
    [InlineData("Mon, 06 May 2024 07:08:19 CET")]
    [InlineData("2024-05-06T07:08:19Z")]
    public void What_cannot_be_used_is_null(string? header) => Assert.Null(RetryAfter.Parse(header, Now));

    [Theory]
    [InlineData("99999999999")]
    [InlineData("999999999")]
    [InlineData("Fri, 31 Dec 9999 23:59:59 GMT")]
    public void Longest_wait_is_a_year(string header) => Assert.Equal(TimeSpan.FromDays(366), RetryAfter.Parse(header, Now));

    [Fact]
    public void Hostile_number_is_the_longest_wait() =>
        Assert.Equal(TimeSpan.FromDays(366), RetryAfter.Parse(new string('9', 100_000), Now));

    [Fact]
    public void Offset_of_now_does_not_count() =>
        Assert.Equal(
            TimeSpan.FromSeconds(10),
            RetryAfter.Parse(Now.AddSeconds(10).ToString("R", CultureInfo.InvariantCulture), Now.ToOffset(TimeSpan.FromHours(9))));
}
