using System;
using System.Linq;
using System.Text;
using ImgsPS.Stores.Registry;
using Xunit;

namespace ImgsPS.Engine.Tests.Registry;

/// <summary>What clients, connections and tokens are kept under (RC4, SF12).</summary>
public class RegistryOptionsTests
{
    private static readonly RegistryCredential Credential = new("ann", "s3cret");

    private static readonly RegistryCredential[] AllDiffer =
    [
        Credential,
        new("anns3cret", ""),
        new("", "anns3cret"),
        new("ann", "s3cret "),
        Credential with { IdentityToken = "" },
        Credential with { IdentityToken = "s3cret" },
        Credential with { RegistryToken = "s3cret" },
    ];

    [Fact]
    public void Other_credentials_have_another_key_and_equal_ones_the_same()
    {
        Assert.Equal(AllDiffer.Length, AllDiffer.Select(c => c.Key()).Distinct().Count());
        Assert.Equal(Credential.Key(), new RegistryCredential("ann", new string("s3cret".ToCharArray())).Key());
    }

    [Fact]
    public void Keys_of_credentials_hold_no_password_RC4()
    {
        foreach (var key in AllDiffer.Select(c => c.Key()))
        {
            Assert.DoesNotContain("s3cret", key, StringComparison.Ordinal);
            Assert.DoesNotContain(Convert.ToBase64String(Encoding.UTF8.GetBytes("s3cret")), key, StringComparison.Ordinal);

            // As long for every credential: 32 bytes.
            Assert.Equal(32, Convert.FromBase64String(key).Length);
        }
    }

    [Fact]
    public void One_client_serves_a_command_and_another_command_has_its_own_SF12()
    {
        using var first = new RegistryClients();
        using var second = new RegistryClients();
        var options = new RegistryOptions { PlainHttp = true, Clients = first };
        var client = RegistryClient.For("Reg.example.com:5000", options);
        Assert.Same(client, RegistryClient.For("reg.example.com:5000", options));
        Assert.NotSame(client, RegistryClient.For("reg.example.com:5001", options));
        Assert.NotSame(client, RegistryClient.For("reg.example.com:5000", options with { Clients = second }));
        Assert.NotSame(client, RegistryClient.For("reg.example.com:5000", options with { Clients = null }));
    }

    [Fact]
    public void Connections_are_shared_unless_a_proxy_gets_credentials_SF12()
    {
        var endpoint = RegistryEndpoint.For("reg.example.com:5000", RegistryOptions.Default);
        var proxy = new Uri("http://proxy:3128");
        var shared = HttpHandlers.Shared(endpoint, RegistryOptions.Default);
        Assert.NotNull(shared);
        using var clients = new RegistryClients();
        Assert.Same(shared, HttpHandlers.Shared(endpoint, new RegistryOptions { Credential = Credential, Clients = clients }));
        Assert.NotSame(shared, HttpHandlers.Shared(endpoint, new RegistryOptions { Proxy = proxy }));

        // SF15: what a command may connect to because of its options stays with those.
        Assert.NotSame(shared, HttpHandlers.Shared(endpoint, new RegistryOptions { TrustedRealm = "auth.example.com" }));
        Assert.NotSame(shared, HttpHandlers.Shared(endpoint, new RegistryOptions { PlainHttp = true }));
        Assert.NotSame(shared, HttpHandlers.Shared(RegistryEndpoint.For("reg.example.com:5001", RegistryOptions.Default),
            RegistryOptions.Default));
        Assert.Null(HttpHandlers.Shared(endpoint, new RegistryOptions { Proxy = proxy, ProxyCredential = Credential }));
        Assert.Null(HttpHandlers.Shared(endpoint, new RegistryOptions { Proxy = proxy, ProxyUseDefaultCredentials = true }));
        Assert.Null(HttpHandlers.Shared(endpoint, new RegistryOptions { Proxy = new Uri("http://ann:s3cret@proxy:3128") }));
    }
}
