using System.Net;
using System.Net.Http;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores.Registry;

internal sealed partial class ConnectionGuard
{
    private static Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken) => Dns.GetHostAddressesAsync(host);

    /// <summary>
    /// Judges the addresses of a request's host before it is sent: .NET Framework connects by itself, and asks the name server again for
    /// that. What a name server changes between the two is not seen here. Through a proxy only names are judged.
    /// </summary>
    public sealed class Handler(ConnectionGuard guard, IWebProxy proxy, HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var uri = request.RequestUri;
            if (ConnectionPolicy.Of(request) is { } policy && ProxyAddress.Of(proxy, uri) is null)
            {
                var addresses = await guard.FindAsync(policy, uri.IdnHost, uri.Port, cancellationToken).ConfigureAwait(false);
                if (addresses.Length > 0)
                {
                    guard.Connected(policy, uri.IdnHost, uri.Port, addresses[0]);
                }
            }

            return await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        }
    }
}
