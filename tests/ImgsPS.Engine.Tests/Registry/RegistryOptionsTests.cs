using System;
using System.Collections;
using System.Linq;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using ImgsPS.Registry;
using Xunit;

namespace ImgsPS.Engine.Tests.Registry;

/// <summary>What the clients of a session are kept under (RC4).</summary>
public class RegistryOptionsTests
{
    private static readonly RegistryCredential Credential = new("ann", "s3cret");

    private static readonly RegistryOptions[] AllDiffer =
    [
        new(),
        new() { PlainHttp = true },
        new() { ProxyUseDefaultCredentials = true },
        new() { TrustedRealm = "ann" },
        new() { Proxy = new Uri("http://ann:s3cret@proxy:8080") },
        new() { Credential = Credential },
        new() { ProxyCredential = Credential },
        new() { Credential = new("anns3cret", "") },
        new() { Credential = new("", "anns3cret") },
        new() { Credential = Credential with { IdentityToken = "" } },
        new() { Credential = Credential with { IdentityToken = "s3cret" } },
        new() { Credential = Credential with { RegistryToken = "s3cret" } },
    ];

    [Fact]
    public void Other_options_have_another_key() => Assert.Equal(AllDiffer.Length, AllDiffer.Select(o => o.Key()).Distinct().Count());

    [Fact]
    public void Equal_options_have_one_key_and_one_client()
    {
        var again = new RegistryOptions { Credential = new("ann", new string("s3cret".ToCharArray())) };
        Assert.Equal(AllDiffer[5].Key(), again.Key());
        Assert.Same(RegistryClient.For("keys.example.com", AllDiffer[5]), RegistryClient.For("Keys.example.com", again));
        Assert.NotSame(RegistryClient.For("keys.example.com", AllDiffer[5]), RegistryClient.For("keys.example.com", AllDiffer[6]));
    }

    [Fact]
    public void Keys_of_clients_hold_no_password_RC4()
    {
        foreach (var options in AllDiffer)
        {
            _ = RegistryClient.For("keys.example.com", options);
        }

        var clients = (IDictionary)typeof(RegistryClient)
            .GetField("Clients", BindingFlags.NonPublic | BindingFlags.Static)!.GetValue(null)!;
        Assert.True(clients.Count >= AllDiffer.Length);
        foreach (ITuple key in clients.Keys)
        {
            Assert.All(Enumerable.Range(0, key.Length), i => Assert.IsType<string>(key[i]));
            var text = string.Join(' ', Enumerable.Range(0, key.Length).Select(i => key[i]));
            Assert.DoesNotContain("s3cret", text, StringComparison.Ordinal);
            Assert.DoesNotContain(Convert.ToBase64String(Encoding.UTF8.GetBytes("s3cret")), text, StringComparison.Ordinal);
        }
    }
}
