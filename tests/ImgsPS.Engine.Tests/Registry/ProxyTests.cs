using System;
using System.Net;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores.Registry;
using ImgsPS.Testing;
using Xunit;
using Server = ImgsPS.Testing.TestRegistry;

namespace ImgsPS.Engine.Tests.Registry;

/// <summary>What a proxy gets, and what is said when that is not enough (SF13).</summary>
public class ProxyTests
{
    private static readonly RegistryCredential Ann = new("ann", "s3cret");

    // A system's proxy that has the logon already, as .NET Framework's has by its configuration file, does not get it either.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_systems_proxy_gets_the_users_logon_with_the_switch_alone(bool configured)
    {
        var system = new WebProxy("http://proxy:3128") { Credentials = configured ? CredentialCache.DefaultCredentials : null };
        Assert.Null(HttpHandlers.ProxyFor(RegistryOptions.Default, system).Credentials);
        Assert.Null(HttpHandlers.ProxyFor(new RegistryOptions { Credential = Ann }, system).Credentials);
        Assert.Same(
            CredentialCache.DefaultCredentials,
            HttpHandlers.ProxyFor(new RegistryOptions { ProxyUseDefaultCredentials = true }, system).Credentials);
    }

    [Fact]
    public void A_proxy_that_is_named_gets_the_users_logon_with_the_switch_alone()
    {
        var options = new RegistryOptions { Proxy = new Uri("http://proxy:3128") };
        Assert.Null(HttpHandlers.ProxyFor(options, null).Credentials);
        Assert.Same(
            CredentialCache.DefaultCredentials,
            HttpHandlers.ProxyFor(options with { ProxyUseDefaultCredentials = true }, null).Credentials);
    }

    // HTTPS_PROXY=http://bob:x@proxy is the user's own word, and so is -ProxyCredential.
    [Fact]
    public void Credentials_that_were_given_go_to_the_systems_proxy()
    {
        var own = new NetworkCredential("bob", "x");
        var system = new WebProxy("http://proxy:3128") { Credentials = own };
        Assert.Same(own, HttpHandlers.ProxyFor(RegistryOptions.Default, system).Credentials);
        var given = HttpHandlers.ProxyFor(new RegistryOptions { ProxyCredential = Ann }, system).Credentials!
            .GetCredential(new Uri("http://proxy:3128"), "Basic")!;
        Assert.Equal(("ann", "s3cret"), (given.UserName, given.Password));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [NotUnderMono("mono's HTTP client tells another status of a proxy")]
    public async Task A_proxy_that_wants_credentials_gets_none_and_the_error_names_the_switches(bool plainHttp)
    {
        await using var proxy = new RefusingProxy();
        var e = await AskAsync(new RegistryOptions { Proxy = new Uri("http://" + proxy.Address), PlainHttp = plainHttp });
        Assert.Equal(ImageErrorKind.Unavailable, e.Kind);
        Assert.Contains($"the proxy {proxy.Address} wants credentials (407)", e.Message, StringComparison.Ordinal);
        Assert.Contains("-ProxyUseDefaultCredentials", e.Advice, StringComparison.Ordinal);
        Assert.Contains("-ProxyCredential", e.Advice, StringComparison.Ordinal);

        // Asked once, and given nothing.
        var first = plainHttp ? "GET http://reg.example.com/" : "CONNECT reg.example.com:443";
        Assert.StartsWith(first, proxy.Asked, StringComparison.Ordinal);
        Assert.DoesNotContain("Authorization", proxy.Asked, StringComparison.OrdinalIgnoreCase);
        Assert.Single(proxy.Asked.Split(["Host:"], StringSplitOptions.None)[1..]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [NotUnderMono("mono's HTTP client tells another status of a proxy")]
    public async Task A_proxy_that_refuses_what_it_got_is_told_as_such(bool plainHttp)
    {
        await using var proxy = new RefusingProxy();
        var e = await AskAsync(new RegistryOptions
        {
            Proxy = new Uri("http://" + proxy.Address),
            ProxyCredential = Ann,
            PlainHttp = plainHttp,
        });
        Assert.Contains($"the proxy {proxy.Address} refuses the credentials that it got (407)", e.Message, StringComparison.Ordinal);
        Assert.Contains("Proxy-Authorization: ", proxy.Asked, StringComparison.Ordinal);
        SecretSearch.AssertNone(SecretSearch.Describe(e), Ann.Secret);
    }

    // Else it could ask for the user's logon in the name of a proxy that is not there.
    [Fact]
    public async Task A_registry_that_answers_407_is_no_proxy()
    {
        await using var server = Server.Start();
        server.Faults.Add(new Fault("manifests", FaultAction.Status(407, null, ("Proxy-Authenticate", "Basic realm=\"x\""))));
        using var client = TestClients.Client(server.Host);
        var e = await Assert.ThrowsAsync<ImageException>(() => client.GetManifestAsync(
            ImageReference.Parse(server.Host + "/app:1"), null, NullObserver.Instance, CancellationToken.None));
        Assert.Equal(ImageErrorKind.Denied, e.Kind);
        Assert.DoesNotContain("-Proxy", e.Message + e.Advice, StringComparison.Ordinal);
    }

    private static async Task<ImageException> AskAsync(RegistryOptions options)
    {
        using var client = TestClients.Client("reg.example.com", options);
        return await Assert.ThrowsAsync<ImageException>(() => client.GetManifestAsync(
            ImageReference.Parse("reg.example.com/app:1"), null, NullObserver.Instance, CancellationToken.None));
    }
}
