using System;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Http;

namespace ImgsPS.Stores.Registry;

/// <summary>
/// Makes the handler below a client: no redirects, no cookies, no decompression by itself; the proxy as the user wants it.
/// </summary>
internal static partial class HttpHandlers
{
    private static readonly ConcurrentDictionary<(Uri Registry, RegistryOptions Options), Lazy<HttpMessageHandler>> All = new();

    public static HttpMessageHandler Create(RegistryOptions options, RegistryLimits limits) => Create(ProxyFor(options), limits);

    /// <summary>
    /// The connections that all commands share that reach a registry in the same way: an address that one may connect to because of its
    /// options is not another's (SF15). Null when a proxy gets credentials: what a proxy has let through for one user is not another's
    /// (SF12). They live as long as the process.
    /// </summary>
    public static HttpMessageHandler? Shared(RegistryEndpoint endpoint, RegistryOptions options) =>
        options.HasProxyCredentials
            ? null
            : All.GetOrAdd(
                (endpoint.BaseUri, options.WithoutSecrets()),
                key => new(() => Create(key.Options, RegistryLimits.For(key.Options)))).Value;

    /// <summary>The proxy that the user wants: the named one, else the system's, and what it gets (SF13).</summary>
    public static IWebProxy ProxyFor(RegistryOptions options) => ProxyFor(options, DefaultProxy);

    /// <summary>As the other form, with a system's proxy.</summary>
    internal static IWebProxy ProxyFor(RegistryOptions options, IWebProxy? system)
    {
        ICredentials? credentials = options.ProxyCredential is { } given ? new NetworkCredential(given.UserName, given.Secret)
            : options.ProxyUseDefaultCredentials ? CredentialCache.DefaultCredentials
            : options.Proxy is null ? null : ProxyAddress.CredentialOf(options.Proxy);
        return options.Proxy is not null
            ? new NamedProxy(ProxyAddress.WithoutCredential(options.Proxy), credentials)
            : new SystemProxy(system, credentials);
    }

    /// <summary>A proxy that the user names is used for every address; .NET Framework's own passes this machine over.</summary>
    private sealed class NamedProxy(Uri address, ICredentials? credentials) : IWebProxy
    {
        public ICredentials? Credentials { get; set; } = credentials;

        public Uri GetProxy(Uri destination) => address;

        public bool IsBypassed(Uri host) => false;
    }

    /// <summary>
    /// The system's proxy; loopback goes without one. Whoever answers as a proxy, by WPAD too, gets what the options give, else what stands
    /// in its own configuration (HTTPS_PROXY=http://user:password@proxy), and never the user's logon by itself (SF13).
    /// </summary>
    private sealed class SystemProxy(IWebProxy? inner, ICredentials? credentials) : IWebProxy
    {
        public ICredentials? Credentials { get; set; } = credentials ?? Configured(inner?.Credentials);

        // Without the password of HTTPS_PROXY=http://user:password@proxy: messages of the platform name the proxy's address.
        public Uri? GetProxy(Uri destination) =>
            !IsBypassed(destination) && inner!.GetProxy(destination) is { } proxy ? ProxyAddress.WithoutCredential(proxy) : null;

        public bool IsBypassed(Uri host) => inner is null || HostNames.IsLoopback(host.Host) || inner.IsBypassed(host);

        private static ICredentials? Configured(ICredentials? configured) =>
            ReferenceEquals(configured, CredentialCache.DefaultCredentials) ? null : configured;
    }
}
