using System;
using System.Linq;
using System.Text.Json;
using ImgsPS.Stores.Registry;
using Xunit;

namespace ImgsPS.Engine.Tests.Registry.Login;

/// <summary>What a login changes in the text of config.json, and what it leaves (LG2, LG3).</summary>
public sealed class DockerConfigTextTests
{
    private static readonly RegistryCredential Bob = new("bob", "pw");

    // As docker 20.10 and 28 write it.
    [Fact]
    public void A_new_file_is_laid_out_as_docker_does() => Assert.Equal(
        "{\n\t\"auths\": {\n\t\t\"reg.example.com\": {\n\t\t\t\"auth\": \"Ym9iOnB3\"\n\t\t}\n\t}\n}", Set(""));

    [Fact]
    public void Where_a_helper_keeps_the_secret_an_empty_entry_stays_behind() => Assert.Equal(
        "{\n\t\"auths\": {\n\t\t\"reg.example.com\": {}\n\t},\n\t\"credsStore\": \"x\"\n}",
        Set("{\"auths\":{\"reg.example.com\":{\"auth\":\"dTpw\"}},\"credsStore\":\"x\"}", credential: null));

    [Theory]
    [InlineData("u", "p+/=\u00e9", null, "{\"auth\":\"dTpwKy89w6k=\"}")]
    [InlineData("", "", "to\"k/e+n", "{\"identitytoken\":\"to\\u0022k/e\\u002Bn\"}")]
    [InlineData("0000", "", "t", "{\"auth\":\"MDAwMDo=\",\"identitytoken\":\"t\"}")]
    public void An_entry_is_one_that_docker_reads(string user, string secret, string? identity, string expected)
    {
        var text = Set("{}", credential: new(user, secret, identity));
        Assert.Equal(
            JsonSerializer.Serialize(JsonDocument.Parse(expected)),
            JsonSerializer.Serialize(JsonDocument.Parse(text).RootElement.GetProperty("auths").GetProperty("reg.example.com")));
        Assert.Equal(new RegistryCredential(user, secret, identity), DockerConfig.Parse(text).Auths["reg.example.com"]);
    }

    // Members that nobody knows, numbers that no double holds, escapes, order, the same name twice, deep things.
    [Theory]
    [InlineData("\"HttpHeaders\": {\n\t\t\"a\": \"b\"\n\t}")]
    [InlineData("\"n\": 123456789012345678901234567890.10")]
    [InlineData("\"n\": 1e400")]
    [InlineData("\"n\": -0.0")]
    [InlineData("\"t\": \"\\u00e9\\/\\ud83d\\ude00\\u003c<\"")]
    [InlineData("\"t\": \"é😀\"")]
    [InlineData("\"\\u006b\": null")]
    [InlineData("\"z\": true,\n\t\"a\": false,\n\t\"m\": null")]
    [InlineData("\"x\": 1,\n\t\"x\": 2,\n\t\"X\": 3")]
    [InlineData("\"l\": [\n\t\t1,\n\t\t[],\n\t\t{},\n\t\t[\n\t\t\t\"a\",\n\t\t\t{\n\t\t\t\t\"b\": []\n\t\t\t}\n\t\t]\n\t]")]
    [InlineData("\"\": \"\"")]
    [InlineData("\"credHelpers\": {\n\t\t\"gcr.io\": \"gcloud\"\n\t}")]
    [InlineData("\"currentContext\": \"web1\",\n\t\"plugins\": {\n\t\t\"-x\": {\n\t\t\t\"hooks\": \"a,b\"\n\t\t}\n\t}")]
    public void All_else_stays_as_it_is(string others)
    {
        var before = "{\n\t" + others + "\n}";
        var after = Set(before);
        Assert.EndsWith("},\n\t" + others + "\n}", after, StringComparison.Ordinal);

        // Out again, nothing but the empty auths is new; in spaces instead of tabs or in one line it is the same.
        Assert.Equal(before.Replace("{\n\t" + others, "{\n\t\"auths\": {},\n\t" + others), Without(after));
        Assert.Equal(after, Set(before.Replace("\n\t", "\r\n  ")));
        Assert.Equal(after, Set(before.Replace("\n", "").Replace("\t", "")));
    }

    [Fact]
    public void Entries_of_other_registries_stay_whatever_is_in_them()
    {
        const string others = "\"other\":{\"auth\":\"broken!\",\"email\":1},\"x\":null,\"reg.example.com:5000\":{\"auth\":\"dTpw\"},"
            + "\"reg.example.com/team\":{\"auth\":\"dTpw\"},\"example.com\":{},\"reg.example.com.evil.org\":{}";
        var after = Compact(Set("{\"auths\":{" + others + "}}"));
        Assert.Equal("{\"auths\":{" + others + ",\"reg.example.com\":{\"auth\":\"Ym9iOnB3\"}}}", after);
    }

    // LG3
    [Theory]
    [InlineData("reg.example.com")]
    [InlineData("https://reg.example.com")]
    [InlineData("http://reg.example.com/")]
    [InlineData("https://reg.example.com/v1/")]
    [InlineData("https://reg.example.com/v2/")]
    [InlineData("reg.example.com/v1/")]
    [InlineData("REG.example.com")]
    [InlineData(" reg.example.com ")]
    public void Older_forms_of_the_key_are_replaced_in_their_place(string key)
    {
        var entry = JsonSerializer.Serialize(key) + ":{\"auth\":\"dTpw\",\"email\":\"x\"}";
        Assert.Equal(
            "{\"auths\":{\"a\":{},\"reg.example.com\":{\"auth\":\"Ym9iOnB3\"},\"z\":{}}}",
            Compact(Set("{\"auths\":{\"a\":{}," + entry + ",\"z\":{},\"https://reg.example.com/v1/\":{}}}")));
        Assert.Equal("{\"auths\":{\"a\":{}}}", Compact(Without("{\"auths\":{\"a\":{}," + entry + "}}")));
    }

    [Theory]
    [InlineData("{\"auths\":null}")]
    [InlineData("{\"AUTHS\":{}}")]
    [InlineData("{\"auths\":{\"reg.example.com\":{\"auth\":\"dTpw\"}},\"Auths\":{\"x\":{}}}")]
    [InlineData("{\"auths\":{},\"auths\":{\"https://reg.example.com\":{\"auth\":\"dTpw\"}}}")]
    public void The_member_that_counts_gets_the_entry(string before)
    {
        var after = Set(before);
        Assert.Equal(Bob, DockerConfig.Parse(after).Auths["reg.example.com"]);
        Assert.Single(after.Split("Ym9iOnB3").Skip(1));
        Assert.DoesNotContain("dTpw", after, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("{} {}")]
    [InlineData("{\"auths\":[]}")]
    [InlineData("{/* docker takes no comments */}")]
    [InlineData("{\"a\":1,}")]
    [InlineData("{'a':1}")]
    [InlineData("{\"auths\":{\"\\ud800\":{}}}")]
    [InlineData("{\"credsStore\":1}")]
    public void What_docker_does_not_read_is_not_written(string text) => Assert.Throws<FormatException>(() => DockerConfigText.Parse(text));

    [Fact]
    public void Taking_away_what_is_not_there_changes_nothing() =>
        Assert.False(DockerConfigText.Parse("{\"auths\":{\"other\":{}}}").Remove(key => key == "reg.example.com"));

    private static string Set(string before) => Set(before, Bob);

    private static string Set(string before, RegistryCredential? credential)
    {
        var text = DockerConfigText.Parse(before);
        text.Set("reg.example.com", IsSame, credential);
        return text.ToString();
    }

    private static string Without(string before)
    {
        var text = DockerConfigText.Parse(before);
        Assert.True(text.Remove(IsSame));
        return text.ToString();
    }

    private static bool IsSame(string key) => DockerCredentialStore.Means(key, "reg.example.com");

    private static string Compact(string text) => text.Replace("\n", "").Replace("\t", "").Replace(": ", ":");
}
