using System;
using System.Net;
using System.Net.Http;

namespace ImgsPS.Registry;

/// <summary>
/// Makes the handler below a client: no redirects, no cookies, no decompression by itself; the proxy as the user wants it.
/// </summary>
internal static partial class HttpHandlers
{
    public static HttpMessageHandler Create(RegistryOptions options, RegistryLimits limits)
    {
        return Create(CreateProxy(options), limits);
    }

    private static IWebProxy CreateProxy(RegistryOptions options)
    {
        ICredentials? credentials = options.ProxyCredential is { } given ? new NetworkCredential(given.UserName, given.Secret)
            : options.ProxyUseDefaultCredentials ? CredentialCache.DefaultCredentials
            : options.Proxy is null ? null : ProxyAddress.CredentialOf(options.Proxy);
        if (options.Proxy is not null)
        {
            return new NamedProxy(ProxyAddress.WithoutCredential(options.Proxy), credentials);
        }

        return new SystemProxy(DefaultProxy, credentials);
    }

    /// <summary>A proxy that the user names is used for every address; .NET Framework's own passes this machine over.</summary>
    private sealed class NamedProxy(Uri address, ICredentials? credentials) : IWebProxy
    {
        public ICredentials? Credentials { get; set; } = credentials;

        public Uri GetProxy(Uri destination) => address;

        public bool IsBypassed(Uri host) => false;
    }

    /// <summary>The system's proxy with the user's own credentials unless others are given; loopback goes without one.</summary>
    private sealed class SystemProxy(IWebProxy? inner, ICredentials? credentials) : IWebProxy
    {
        public ICredentials? Credentials { get; set; } = credentials ?? inner?.Credentials ?? CredentialCache.DefaultCredentials;

        // Without the password of HTTPS_PROXY=http://user:password@proxy: messages of the platform name the proxy's address.
        public Uri? GetProxy(Uri destination) =>
            !IsBypassed(destination) && inner!.GetProxy(destination) is { } proxy ? ProxyAddress.WithoutCredential(proxy) : null;

        public bool IsBypassed(Uri host) => inner is null || HostNames.IsLoopback(host.Host) || inner.IsBypassed(host);
    }
}
