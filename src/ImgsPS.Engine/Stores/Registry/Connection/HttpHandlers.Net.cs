using System;
using System.Net;
using System.Net.Http;
using System.Text;

namespace ImgsPS.Stores.Registry;

internal static partial class HttpHandlers
{
    private static IWebProxy DefaultProxy => HttpClient.DefaultProxy;

    private static SocketsHttpHandler Create(IWebProxy proxy, RegistryLimits limits) =>
        new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            UseCookies = false,
            UseProxy = true,
            Proxy = proxy,
            ConnectTimeout = limits.Connect,
            ConnectCallback = new ConnectionGuard(limits).ConnectAsync,
            MaxConnectionsPerServer = limits.Connections,

            // A host's traces are nothing to a registry.
            ActivityHeadersPropagator = null,

            // What nobody reads of an answer is worth no more than what is read of an error (RN11).
            MaxResponseDrainSize = limits.ErrorBody,
            PooledConnectionLifetime = TimeSpan.FromMinutes(10),

            // Warning headers may be UTF-8; for ASCII it is the same.
            ResponseHeaderEncodingSelector = static (_, _) => Encoding.UTF8,
        };
}
