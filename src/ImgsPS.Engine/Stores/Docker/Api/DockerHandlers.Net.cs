using System;
using System.IO;
using System.Net;
using System.Net.Http;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores.Docker;

/// <summary>
/// Makes the message handler of a client: HTTP/1.1 over connections of our own; no proxy, redirects, cookies or decompression.
/// </summary>
internal static class DockerHandlers
{
    /// <param name="connect">Opens a connection.</param>
    /// <param name="limits">How long and how many.</param>
    public static HttpMessageHandler Create(Func<CancellationToken, Task<Stream>> connect, DockerLimits limits) =>
        new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellationToken) => await connect(cancellationToken).ConfigureAwait(false),
            ConnectTimeout = limits.Connect,
            MaxConnectionsPerServer = limits.Connections,
            PooledConnectionIdleTimeout = limits.IdleConnection,
            MaxResponseHeadersLength = limits.HeadBytes / 1024,

            // An answer that nobody wants any more closes its connection, which makes Docker stop its work.
            MaxResponseDrainSize = 0,
            UseProxy = false,
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,
            ActivityHeadersPropagator = null,
        };

    /// <summary>True when the handler says that what came is no HTTP/1.1.</summary>
    public static bool IsNoHttp(Exception failure) => failure is HttpRequestException
    {
        HttpRequestError: HttpRequestError.InvalidResponse or HttpRequestError.ConfigurationLimitExceeded,
    };
}
