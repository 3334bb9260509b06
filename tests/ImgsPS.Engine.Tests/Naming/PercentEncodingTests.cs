using System;
using System.Linq;
using ImgsPS.Naming;
using Xunit;

namespace ImgsPS.Engine.Tests.Naming;

public class PercentEncodingTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("azAZ09-._~", "azAZ09-._~")]
    [InlineData(" !\"#$%&'()*+,/:;<=>?@[\\]^`{|}",
        "%20%21%22%23%24%25%26%27%28%29%2A%2B%2C%2F%3A%3B%3C%3D%3E%3F%40%5B%5C%5D%5E%60%7B%7C%7D")]
    [InlineData("\0\n\u007f", "%00%0A%7F")]
    [InlineData("\u00e9\u20ac\ud83d\ude00", "%C3%A9%E2%82%AC%F0%9F%98%80")]
    public void All_but_unreserved_characters_are_escaped(string text, string expected) =>
        Assert.Equal(expected, PercentEncoding.Escape(text));

    [Fact]
    public void Half_a_surrogate_pair_is_no_reason_to_fail() => Assert.Equal("a%EF%BF%BD", PercentEncoding.Escape("a" + (char)0xd83d));

    // Uri.EscapeDataString of .NET Framework throws from 65,520 characters on: a token may be longer.
    [Fact]
    public void A_text_may_be_longer_than_an_address() => Assert.Equal(
        string.Concat(Enumerable.Repeat("a%2F", 100_000)), PercentEncoding.Escape(string.Concat(Enumerable.Repeat("a/", 100_000))));
}
