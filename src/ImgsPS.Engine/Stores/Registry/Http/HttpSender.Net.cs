using System;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Net.Sockets;

namespace ImgsPS.Stores.Registry;

internal sealed partial class HttpSender
{
    /// <summary>True where a proxy's 407 for a tunnel comes as the answer to the request.</summary>
    private static bool TunnelRefusalIsAnswer => false;

    private static bool IsTunnelRefused(Exception e) => e is HttpRequestException
    {
        HttpRequestError: HttpRequestError.ProxyTunnelError,
        StatusCode: HttpStatusCode.ProxyAuthenticationRequired,
    };

    internal static TransferFault? OfPlatform(Exception e, Exception[] causes)
    {
        if (e is not HttpRequestException request)
        {
            return null;
        }

        var text = causes[causes.Length - 1].Message;
        return request.HttpRequestError switch
        {
            HttpRequestError.ConfigurationLimitExceeded => new(TransferFaultKind.Protocol, TooLarge, e),
            HttpRequestError.InvalidResponse => new(TransferFaultKind.Protocol, NotHttp, e),
            HttpRequestError.SecureConnectionError when
                !causes.OfType<SocketException>().Any() && !causes.OfType<EndOfStreamException>().Any() =>
                new(TransferFaultKind.Tls, text, e),
            HttpRequestError.NameResolutionError or HttpRequestError.ConnectionError or HttpRequestError.ProxyTunnelError =>
                new(TransferFaultKind.Connect, text, e),
            _ => null,
        };
    }
}
