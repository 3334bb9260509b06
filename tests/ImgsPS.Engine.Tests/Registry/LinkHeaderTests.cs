using System;
using ImgsPS.Registry;
using Xunit;

namespace ImgsPS.Engine.Tests.Registry;

/// <summary>Link headers beyond the vectors (RFC 8288; RN27).</summary>
public class LinkHeaderTests
{
    private static readonly Uri Page = new("https://reg.example.com/v2/app/tags/list?n=2");

    [Theory]
    [InlineData("</p>; r&d=\"nope\"")]
    [InlineData("</p>; r\u00e9l=next")]
    [InlineData("</p>; =next")]
    [InlineData("</p>; rel=a\\b")]
    public void A_parameter_that_is_none_is_malformed(string header) => Assert.False(LinkHeader.TryParse([header], out _));

    [Theory]
    [InlineData("</p>; title*=UTF-8''x; rel=next")]
    [InlineData("</p>; x-vendor_2.y=1; rel=next")]
    public void Parameters_of_others_are_read_over(string header)
    {
        Assert.True(LinkHeader.TryParse([header], out var links));
        Assert.True(Assert.Single(links).HasRelation("next"));
    }

    [Theory]
    [InlineData("</v2/app/tags/list?n=2>; rel=next")]
    [InlineData("</v2/app/tags/list?n=2#more>; rel=next")]
    public void A_page_that_follows_itself_is_an_error(string header) =>
        Assert.Throws<FormatException>(() => LinkHeader.NextPage([header], Page));
}
