using System;
using ImgsPS.Stores.Registry;
using Xunit;

namespace ImgsPS.Engine.Tests.Registry;

/// <summary>Where a registry answers (N11, RN7).</summary>
public class RegistryEndpointTests
{
    [Theory]
    [InlineData("docker.io", "https://registry-1.docker.io/", "https://index.docker.io/v1/")]
    [InlineData("localhost:5000", "http://localhost:5000/", "localhost:5000")]
    [InlineData("127.1.2.3:5000", "http://127.1.2.3:5000/", "127.1.2.3:5000")]
    [InlineData("[::1]:5000", "http://[::1]:5000/", "[::1]:5000")]
    [InlineData("reg.localhost", "http://reg.localhost/", "reg.localhost")]
    [InlineData("reg.example.com", "https://reg.example.com/", "reg.example.com")]
    [InlineData("localhost.example.com", "https://localhost.example.com/", "localhost.example.com")]
    [InlineData("10.0.0.1:5000", "https://10.0.0.1:5000/", "10.0.0.1:5000")]
    public void Loopback_is_plain_and_all_else_is_tls(string registry, string uri, string key)
    {
        var endpoint = RegistryEndpoint.For(registry, RegistryOptions.Default);
        Assert.Equal((uri, key), (endpoint.BaseUri.AbsoluteUri, endpoint.CredentialKey));
    }

    [Fact]
    public void Plain_http_is_asked_for()
    {
        var plain = new RegistryOptions { PlainHttp = true };
        Assert.Equal("http://reg.example.com/", RegistryEndpoint.For("reg.example.com", plain).BaseUri.AbsoluteUri);
        Assert.Equal("https", RegistryEndpoint.For("docker.io", plain).BaseUri.Scheme);
    }

    [Theory]
    [InlineData("user@evil.com")]
    [InlineData("a/b")]
    [InlineData("reg:port")]
    [InlineData("")]
    public void What_is_no_host_is_refused(string registry) =>
        Assert.Equal(
            ImageErrorKind.InvalidArgument,
            Assert.Throws<ImageException>(() => RegistryEndpoint.For(registry, RegistryOptions.Default)).Kind);

    // RN3: the built-in list.
    [Theory]
    [InlineData("https://registry-1.docker.io/", "https://auth.docker.io/token", nameof(RealmTrust.Trusted))]
    [InlineData("https://registry.gitlab.com/", "https://gitlab.com/jwt/auth", nameof(RealmTrust.Trusted))]
    [InlineData("https://nvcr.io/", "https://authn.nvidia.com/token", nameof(RealmTrust.Trusted))]
    [InlineData("https://evil.example/", "https://auth.docker.io/token", nameof(RealmTrust.Anonymous))]
    [InlineData("https://nvcr.io/", "http://authn.nvidia.com/token", nameof(RealmTrust.Refused))]
    [InlineData("https://reg.example.com/", "https://127.0.0.1/token", nameof(RealmTrust.Refused))]
    [InlineData("https://reg.example.com/", "https://169.254.169.254/token", nameof(RealmTrust.Refused))]
    public void Some_realms_are_known(string registry, string realm, string trust) =>
        Assert.Equal(trust, RealmPolicy.Judge(new Uri(registry), new Uri(realm), RealmPolicy.TrustedHosts(new Uri(registry))).ToString());
}
