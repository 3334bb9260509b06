using System;
using System.Linq;
using FsCheck;
using FsCheck.Fluent;
using ImgsPS.Stores.Registry;
using Xunit;

namespace ImgsPS.Engine.Tests.Registry;

/// <summary>Headers of a hostile server are read or refused, and nothing else happens.</summary>
public class HeaderReaderTests
{
    private static readonly Arbitrary<string> Headers = Gen.ArrayOf(Gen.Elements("Bearer realm=<>;,\"\\ \t\u0001é=rel\"\"".ToCharArray()))
        .Select(c => new string(c)).ToArbitrary();

    [Fact]
    public void Any_text_is_challenges_or_malformed() =>
        Prop.ForAll(Headers, text => ChallengeParser.TryParse([text], out _) || true).QuickCheckThrowOnFailure();

    [Fact]
    public void Any_text_is_links_or_malformed() =>
        Prop.ForAll(Headers, text => LinkHeader.TryParse([text], out _) || true).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("Bearer realm=\"abc")]
    [InlineData("Bearer realm=\"abc\\")]
    [InlineData("Bearer realm=\"abc\\\"")]
    public void Quoted_string_that_does_not_end_is_malformed(string header)
    {
        Assert.False(ChallengeParser.TryParse([header], out _));
        Assert.False(LinkHeader.TryParse(["</next>; " + header.Split(' ').Last()], out _));
    }
}
