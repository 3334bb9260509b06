using System;
using ImgsPS.Stores.Registry;
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
    [InlineData("</p>", "https://reg.example.com:5000/p", false)]
    [InlineData("<?last=b>; title=more", "https://reg.example.com:5000/v2/app/tags/list?last=b", false)]
    [InlineData("</p>; rel=\"\"", "https://reg.example.com:5000/p", false)]
    [InlineData("<http://reg.example.com/p>; rel=next", "https://reg.example.com:5000/p", false)]
    [InlineData("<https://REG.example.com:8443/p?x=1>; rel=next", "https://reg.example.com:5000/p?x=1", false)]
    [InlineData("//reg.example.com/p; rel=next", "https://reg.example.com:5000/p", false)]
    [InlineData("</p>; rel=prev", null, false)]
    [InlineData("</p>, </q>", null, true)]
    [InlineData("</p>; rel=first, </q>", null, true)]
    [InlineData("next please", null, true)]
    [InlineData("</p", null, true)]
    public void The_next_page_is_found_or_something_is_said_FF19(string header, string? expected, bool said)
    {
        var page = new Uri("https://reg.example.com:5000/v2/app/tags/list?n=2");
        Assert.Equal(expected, LinkHeader.NextPage([header], page, out var problem)?.AbsoluteUri);
        Assert.Equal(said, problem is not null);
    }

    [Theory]
    [InlineData("<https://example.com/p>; rel=next")]
    [InlineData("<https://reg.example.com.evil.example/p>; rel=next")]
    [InlineData("<https://bob:pw@reg.example.com:5000/p>; rel=next")]
    [InlineData("<ftp://reg.example.com/p>; rel=next")]
    [InlineData("<file:///p>; rel=next")]
    public void Another_host_stays_another_host_FF19(string header) => Assert.Throws<FormatException>(
        () => LinkHeader.NextPage([header], new Uri("https://reg.example.com:5000/v2/app/tags/list"), out _));

    [Theory]
    [InlineData("</v2/app/tags/list?n=2>; rel=next")]
    [InlineData("</v2/app/tags/list?n=2#more>; rel=next")]
    public void A_page_that_follows_itself_is_an_error(string header) =>
        Assert.Throws<FormatException>(() => LinkHeader.NextPage([header], Page, out _));
}
