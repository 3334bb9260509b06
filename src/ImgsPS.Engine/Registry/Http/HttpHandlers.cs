using System;
using System.Net;
using System.Net.Http;
#if NET472
using System.Security.Authentication;
#else
using System.Text;
#endif

namespace ImgsPS.Registry;

/// <summary>
/// Makes the handler below a client: no redirects, no cookies, no decompression by itself; the proxy as the user wants it.
/// </summary>
internal static class HttpHandlers
{
    public static HttpMessageHandler Create(RegistryOptions options, RegistryLimits limits)
    {
        var proxy = CreateProxy(options);
#if NET472
        return new HttpClientHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            UseCookies = false,
            UseProxy = true,
            Proxy = proxy,
            SslProtocols = SslProtocols.Tls12,
            MaxConnectionsPerServer = limits.Connections,
            UseDefaultCredentials = false,
        };
#else
        return new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            UseCookies = false,
            UseProxy = true,
            Proxy = proxy,
            ConnectTimeout = limits.Connect,
            MaxConnectionsPerServer = limits.Connections,

            // A host's traces are nothing to a registry.
            ActivityHeadersPropagator = null,

            // What nobody reads of an answer is worth no more than what is read of an error (RN11).
            MaxResponseDrainSize = limits.ErrorBody,
            PooledConnectionLifetime = TimeSpan.FromMinutes(10),

            // Warning headers may be UTF-8; for ASCII it is the same.
            ResponseHeaderEncodingSelector = static (_, _) => Encoding.UTF8,
        };
#endif
    }

    private static IWebProxy CreateProxy(RegistryOptions options)
    {
        ICredentials? credentials = options.ProxyCredential is { } given ? new NetworkCredential(given.UserName, given.Secret)
            : options.ProxyUseDefaultCredentials ? CredentialCache.DefaultCredentials
            : options.Proxy is null ? null : ProxyAddress.CredentialOf(options.Proxy);
        if (options.Proxy is not null)
        {
            return new WebProxy(ProxyAddress.WithoutCredential(options.Proxy)) { Credentials = credentials };
        }

#if NET472
        return new SystemProxy(WebRequest.DefaultWebProxy, credentials);
#else
        return new SystemProxy(HttpClient.DefaultProxy, credentials);
#endif
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
