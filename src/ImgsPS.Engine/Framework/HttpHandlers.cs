using System.Net;
using System.Net.Http;
using System.Security.Authentication;

namespace ImgsPS.Stores.Registry;

internal static partial class HttpHandlers
{
    private static IWebProxy? DefaultProxy => WebRequest.DefaultWebProxy;

    private static ConnectionGuard.Handler Create(IWebProxy proxy, RegistryLimits limits) =>
        new(new ConnectionGuard(limits), proxy, new HttpClientHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            UseCookies = false,
            UseProxy = true,
            Proxy = proxy,
            SslProtocols = SslProtocols.Tls12,
            MaxConnectionsPerServer = limits.Connections,
            UseDefaultCredentials = false,
        });
}
