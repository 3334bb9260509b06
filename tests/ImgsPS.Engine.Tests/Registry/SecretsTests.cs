using System;
using ImgsPS.Stores.Registry;
using Xunit;

namespace ImgsPS.Engine.Tests.Registry;

/// <summary>What is masked and what is not (RN30, RC4).</summary>
public class SecretsTests
{
    private const string Named = "registry.test/team/app:1";

    [Theory]
    [InlineData("it begins with 'Correct-Horse-Battery'", "it begins with '***'")]
    [InlineData("type 'text/correct-horse-battery'", "type 'text/***'")]
    [InlineData("cut: Correct-Hor…", "cut: ***…")]
    [InlineData("twice Correct-Horse-Battery Correct-Horse", "twice *** ***")]
    [InlineData("Correct it", "Correct it")]
    public void A_message_shows_neither_a_secret_nor_its_beginning_in_any_case_RN30(string message, string expected)
    {
        var secrets = new Secrets();
        secrets.Add("Correct-Horse-Battery");
        Assert.Equal(expected, secrets.MaskMessage(message, Named));
    }

    // To mask an ordinary word in our own sentence would tell what the password is.
    [Fact]
    public void A_password_that_is_an_ordinary_word_is_masked_in_a_servers_text_only()
    {
        var secrets = new Secrets();
        secrets.Add("linux");
        Assert.Equal("no manifest for linux/amd64", secrets.MaskMessage("no manifest for linux/amd64", Named));
        Assert.Equal("you said ***", secrets.Printable("you said Linux"));
    }

    [Fact]
    public void What_the_user_named_is_no_secret()
    {
        var secrets = new Secrets();
        secrets.Add("postgresql");
        Assert.Equal("Pulling from postgresql", secrets.MaskMessage("Pulling from postgresql", "registry.test/postgresql:1"));
        Assert.Equal("Pulling from ***", secrets.MaskMessage("Pulling from postgresql", Named));
    }

    [Fact]
    public void A_failure_with_a_secret_anywhere_loses_it_and_its_cause()
    {
        var secrets = new Secrets();
        secrets.Add("Correct-Horse-Battery");
        var cause = new InvalidOperationException("said correct-horse-battery");
        var masked = secrets.Mask(new ImageException(ImageErrorKind.InvalidData, "bad", "ask for Correct-Horse-Battery", cause), Named);
        Assert.Equal((ImageErrorKind.InvalidData, "bad", "ask for ***"), (masked!.Kind, masked.Message, masked.Advice));
        Assert.Null(masked.InnerException);
        Assert.Null(secrets.Mask(new ImageException(ImageErrorKind.InvalidData, "bad", "advice"), Named));
    }
}
