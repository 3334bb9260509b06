using System;
using System.Linq;
using System.Management.Automation;
using ImgsPS.Naming;
using ImgsPS.Parameters;
using ImgsPS.Stores;
using ImgsPS.Stores.Registry;

namespace ImgsPS.Cmdlets;

/// <summary>The parameters of the cmdlets that talk to a registry.</summary>
public abstract class RegistryCmdlet : StoreCmdlet
{
    /// <summary>What the platform's HTTP client can speak to a proxy. "proxy:3128" is an address too, of the scheme "proxy".</summary>
    private static readonly string[] s_proxySchemes =
        Environment.Version.Major < 5 ? ["http"] : ["http", "https", "socks4", "socks4a", "socks5"];

    private static readonly TimeSpan s_longestWait = TimeSpan.FromDays(7);

    /// <summary>User name and password (or access token) for the registry. They beat the Docker config file.</summary>
    [Parameter]
    [Credential]
    [ValidateNotNull]
    public virtual PSCredential? Credential { get; set; }

    /// <summary>
    /// Talks plain HTTP to a registry that is not on this machine; on this machine it is talked where the server speaks no TLS.
    /// -PlainHttp:$false talks TLS alone.
    /// </summary>
    [Parameter]
    public SwitchParameter PlainHttp { get; set; }

    /// <summary>
    /// A host that gives tokens for the registry and may see the password: <c>auth.example.com</c> or <c>https://auth.example.com</c>.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? TrustedRealm { get; set; }

    /// <summary>The proxy for the requests; without it the system's.</summary>
    [Parameter]
    [ValidateNotNull]
    public Uri? Proxy { get; set; }

    /// <summary>User name and password for the proxy: that of -Proxy, else the system's.</summary>
    [Parameter]
    [Credential]
    [ValidateNotNull]
    public PSCredential? ProxyCredential { get; set; }

    /// <summary>Gives the proxy, that of -Proxy or else the system's, the current user's logon. Without it no proxy gets that.</summary>
    [Parameter]
    public SwitchParameter ProxyUseDefaultCredentials { get; set; }

    /// <summary>
    /// How long one request may wait in all when a registry has had too many requests (429) or is busy (503) and says when to come back: up
    /// to 7 days. Without it a minute, as often as it is tried.
    /// </summary>
    [Parameter]
    public TimeSpan MaximumWait { get; set; }

    private readonly RegistryClients _clients = new();

    private RegistryOptions _options = RegistryOptions.Default;

    private protected override RegistryOptions Options => _options;

    /// <summary>Lets go of what the command knew of registries, its passwords above all (SF12).</summary>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
        {
            _clients.Dispose();
            _options = RegistryOptions.Default;
        }
    }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        // The stores are opened with them.
        _options = Require(Proxy, ReadOptions);
        base.BeginProcessing();
    }

    /// <summary>The image's own registry as a store, and the image in it: what -Remote is short for.</summary>
    /// <param name="image">The image.</param>
    /// <param name="whole">True for the index that lists the image, where that is known.</param>
    /// <exception cref="ImageException">InvalidReference: nothing that a registry knows.</exception>
    private protected (StoreLink Store, ImageIdentity Image) InRegistry(ImageName image, bool whole)
    {
        var reference = image.RemoteReference(whole);
        return (OpenStore(RegistryAddress.Of(reference).Store), ImageIdentity.Of(reference.Canonical));
    }

    private RegistryOptions ReadOptions()
    {
        if (ProxyCredential is not null && ProxyUseDefaultCredentials)
        {
            throw new ImageException(
                ImageErrorKind.InvalidArgument,
                "-ProxyCredential and -ProxyUseDefaultCredentials cannot be used together",
                "Leave one of them out.");
        }

        if (Proxy is not null && !(Proxy.IsAbsoluteUri && s_proxySchemes.Contains(Proxy.Scheme)))
        {
            throw new ImageException(ImageErrorKind.InvalidArgument,
                $"'{PrintableText.WithoutPassword(Proxy.OriginalString)}' is not the address of a proxy", "Give it as http://proxy:3128.");
        }

        // PowerShell takes 300 for 300 ticks.
        if (MaximumWait != TimeSpan.Zero && (MaximumWait < TimeSpan.FromSeconds(1) || MaximumWait > s_longestWait))
        {
            throw new ImageException(
                ImageErrorKind.InvalidArgument,
                $"-MaximumWait {MaximumWait} is not between one second and {s_longestWait.Days} days",
                "Give hours, minutes and seconds: -MaximumWait 00:30:00.");
        }

        return new RegistryOptions
        {
            Credential = ToRegistry(Credential),
            PlainHttp = MyInvocation.BoundParameters.ContainsKey(nameof(PlainHttp)) ? PlainHttp.ToBool() : null,
            TrustedRealm = ReadRealm(),
            Proxy = Proxy,
            ProxyCredential = ToRegistry(ProxyCredential),
            ProxyUseDefaultCredentials = ProxyUseDefaultCredentials,
            Timeout = Patience,
            MaximumWait = MaximumWait,
            Clients = _clients,
        };
    }

    /// <summary>The host of -TrustedRealm, which may stand there as an address.</summary>
    private string? ReadRealm()
    {
        if (TrustedRealm is null)
        {
            return null;
        }

        var address = TrustedRealm.IndexOf("://", StringComparison.Ordinal) < 0 ? "https://" + TrustedRealm : TrustedRealm;
        return Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme == "https" && uri.Host.Length > 0
            && uri.UserInfo.Length == 0
            ? uri.Authority
            : throw new ImageException(
                ImageErrorKind.InvalidArgument,
                $"'{PrintableText.WithoutPassword(address)}' is not the host of a token service",
                "Give it as auth.example.com or https://auth.example.com: passwords go there over HTTPS only.");
    }

    private protected static RegistryCredential? ToRegistry(PSCredential? credential) =>
        credential is null || ReferenceEquals(credential, PSCredential.Empty)
            ? null
            : new RegistryCredential(credential.UserName, credential.GetNetworkCredential().Password);
}
