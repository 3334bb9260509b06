using System;
using System.Text;
using System.Text.Json;
using Xunit;

namespace ImgsPS.Engine.Tests;

/// <summary>The search that other tests rely on finds what is planted.</summary>
public sealed class SecretSearchTests
{
    private const string Secret = "k\"7/Zp+9 \u00fc?=aB";

    [Theory]
    [InlineData("")]
    [InlineData("b")]
    [InlineData("bo")]
    [InlineData("bob:")]
    [InlineData("{\"username\":\"bob\",\"password\":\"")]
    public void A_planted_secret_is_found_in_base64_behind_anything(string before)
    {
        var base64 = Convert.ToBase64String(Encoding.UTF8.GetBytes(before + Secret + "\"}"));
        Assert.NotEmpty(SecretSearch.Find("Basic " + base64, Secret));
        Assert.NotEmpty(SecretSearch.Find(base64.Replace('+', '-').Replace('/', '_').TrimEnd('='), Secret));
    }

    [Fact]
    public void A_planted_secret_is_found_in_other_forms()
    {
        Assert.NotEmpty(SecretSearch.Find("a" + Secret + "b", "other", Secret));
        Assert.NotEmpty(SecretSearch.Find("https://x/?t=" + Uri.EscapeDataString(Secret), Secret));
        Assert.NotEmpty(SecretSearch.Find(JsonSerializer.Serialize(new { Secret }), Secret));
        Assert.NotEmpty(SecretSearch.Find(
            SecretSearch.Describe(new InvalidOperationException("x", new InvalidOperationException("y") { Data = { ["k"] = Secret } })),
            Secret));
        Assert.Empty(SecretSearch.Find("nothing of it", Secret));
    }
}
