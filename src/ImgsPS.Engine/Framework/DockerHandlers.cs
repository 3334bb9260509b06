using System;
using System.IO;
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
        new StreamHttpHandler(connect, limits);

    /// <summary>True when the handler says that what came is no HTTP/1.1.</summary>
    public static bool IsNoHttp(Exception failure) => failure is HttpFormatException;
}
