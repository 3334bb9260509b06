using System;
using System.Text;
using ImgsPS.Stores.Docker;
using ImgsPS.Stores.Registry;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Docker.Api;

/// <summary>The value of X-Registry-Auth (Engine API, "Authentication").</summary>
public sealed class DockerAuthTests
{
    [Theory]
    [InlineData("bob", "pass", null, null, "docker.io",
        """{"username":"bob","password":"pass","serveraddress":"https://index.docker.io/v1/"}""")]
    [InlineData("bob", "pass", null, null, "reg:5000", """{"username":"bob","password":"pass","serveraddress":"reg:5000"}""")]
    [InlineData("<token>", "", "idt", null, "reg", """{"identitytoken":"idt","serveraddress":"reg"}""")]
    [InlineData("", "", null, "rt", "reg", """{"registrytoken":"rt","serveraddress":"reg"}""")]
    public void Credential_is_written_as_docker_does(string user, string secret, string? identity, string? token, string registry,
        string json)
    {
        var value = DockerAuth.Encode(new RegistryCredential(user, secret, identity, token), registry);
        Assert.Equal(json, Encoding.UTF8.GetString(Convert.FromBase64String(value.Replace('-', '+').Replace('_', '/'))));
    }

    [Fact]
    public void Value_is_base64url()
    {
        var value = DockerAuth.Encode(new RegistryCredential("bob", "~~~???~~~???>>>>ÿÿÿ"), "reg");
        Assert.Matches("^[A-Za-z0-9_-]+=*$", value);
        Assert.Contains("~~~???~~~???>>>>ÿÿÿ", DockerAuth.SecretsOf(value));
    }
}
