using System;
using System.Linq;
using System.Net;

namespace ImgsPS.Stores.Registry;

internal sealed partial class HttpSender
{
    /// <summary>True where a proxy's 407 for a tunnel comes as the answer to the request.</summary>
    private static bool TunnelRefusalIsAnswer => true;

    private static bool IsTunnelRefused(Exception e) => e.InnerException is WebException
    {
        Response: HttpWebResponse { StatusCode: HttpStatusCode.ProxyAuthenticationRequired },
    };

    // .NET Framework tells everything in a WebException's status.
    internal static TransferFault? OfPlatform(Exception e, Exception[] causes)
    {
        if (causes.OfType<WebException>().FirstOrDefault() is not { } web)
        {
            return null;
        }

        return web.Status switch
        {
            WebExceptionStatus.MessageLengthLimitExceeded => new(TransferFaultKind.Protocol, TooLarge, e),
            WebExceptionStatus.ServerProtocolViolation => new(TransferFaultKind.Protocol, NotHttp, e),
            WebExceptionStatus.NameResolutionFailure or WebExceptionStatus.ConnectFailure
                or WebExceptionStatus.ProxyNameResolutionFailure => Fault(TransferFaultKind.Connect),
            WebExceptionStatus.TrustFailure or WebExceptionStatus.SecureChannelFailure => Fault(TransferFaultKind.Tls),
            WebExceptionStatus.Timeout => Fault(TransferFaultKind.Timeout),
            _ => Fault(TransferFaultKind.Broken),
        };

        TransferFault Fault(TransferFaultKind kind) => new(kind, causes[causes.Length - 1].Message, e);
    }
}
