using System;
using System.Linq;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using ImgsPS.Naming;
using ImgsPS.Stores.Registry;
using Xunit;

namespace ImgsPS.Engine.Tests.Registry;

/// <summary>What of a server's text and of secrets may be shown (RN29, RN30).</summary>
public class PrintableTextTests
{
    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("two\r\nlines\t x ", "two lines x")]
    [InlineData("\u001b[2Jclear\u0007", "?[2Jclear?")]
    [InlineData("abc\u202egnp", "abc?gnp")]
    [InlineData("žluťoučký 🐳", "žluťoučký 🐳")]
    [InlineData(null, "")]
    public void Text_is_made_printable(string? text, string expected) => Assert.Equal(expected, PrintableText.OfServer(text));

    // Not as data: an attribute cannot hold it.
    [Fact]
    public void Half_a_character_is_replaced() => Assert.Equal("a?b", PrintableText.OfServer("a\ud83db"));

    [Fact]
    public void Whatever_comes_fits_in_a_line_and_in_the_limit() => Prop.ForAll<string>(text =>
    {
        var shown = PrintableText.Of(text, 64);
        Assert.DoesNotContain(shown, c => char.IsControl(c) || c is '\u2028' or '\u2029' or '\u202e');
        Assert.True(Encoding.UTF8.GetByteCount(shown) <= 64);
        Assert.Equal(shown, PrintableText.Of(shown, 64));
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_text_of_a_kibibyte_is_cut() =>
        Assert.Equal(1024, Encoding.UTF8.GetByteCount(PrintableText.OfServer(string.Concat(Enumerable.Repeat("x", 5000)))));

    [Theory]
    [InlineData("https://h/p?access_token=abc&scope=x", "https://h/p?access_token=REDACTED&scope=x")]
    [InlineData("https://h/p?X-Amz-Signature=abc&X-Amz-Date=1", "https://h/p?X-Amz-Signature=REDACTED&X-Amz-Date=1")]
    [InlineData("https://user:pw@h/p", "https://***@h/p")]
    [InlineData("see https://h/p?sig=abc for more", "see https://h/p?sig=REDACTED for more")]
    [InlineData("https://h/p?service=registry&scope=repository:a:pull", "https://h/p?service=registry&scope=repository:a:pull")]
    public void Secrets_in_addresses_are_masked(string text, string expected) => Assert.Equal(expected, new Secrets().Mask(text));

    [Fact]
    public void Known_secrets_are_masked_in_every_form()
    {
        var secrets = new Secrets();
        secrets.Add(new RegistryCredential("bob", "p@ss word", "identity-token", "registry-token"));
        var basic = Convert.ToBase64String(Encoding.UTF8.GetBytes("bob:p@ss word"));
        Assert.Equal("*** *** *** *** ***", secrets.Mask($"p@ss word p%40ss%20word identity-token registry-token {basic}"));
        secrets.Remove("identity-token");
        Assert.Equal("identity-token", secrets.Mask("identity-token"));
    }

    [Fact]
    public void Credentials_do_not_print_themselves()
    {
        var credential = new RegistryCredential("bob", "hunter2", "identity", "registry");
        var text = credential + " " + new TokenKey("r", "s", "x", credential.Key()) + " " + new RegistryOptions { Credential = credential }
            + " " + new AuthorizationHeader(TokenService.Basic(credential), "", true, credential);
        Assert.DoesNotContain("hunter2", text, StringComparison.Ordinal);
        Assert.DoesNotContain("identity", text, StringComparison.Ordinal);
        Assert.DoesNotContain(TokenService.Basic(credential).Parameter!, text, StringComparison.Ordinal);
    }
}
