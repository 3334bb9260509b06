using System;
using System.IO;
using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores.Registry;

internal sealed partial class ConnectionGuard
{
    /// <summary>
    /// Connects for a handler: what was judged is what is connected to. A proxy is the user's own choice and is not judged; the addresses
    /// behind it are its business, and only names are judged then (<see cref="RedirectPolicy"/>).
    /// </summary>
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var (host, port) = (context.DnsEndPoint.Host, context.DnsEndPoint.Port);
        var target = context.InitialRequestMessage.RequestUri!;
        var isTarget = target.Port == port && string.Equals(target.IdnHost, host, StringComparison.OrdinalIgnoreCase);
        var policy = isTarget ? ConnectionPolicy.Of(context.InitialRequestMessage) : null;
        var addresses = await FindAsync(policy, host, port, cancellationToken).ConfigureAwait(false);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, port, cancellationToken).ConfigureAwait(false);
            Connected(policy, host, port, ((IPEndPoint)socket.RemoteEndPoint!).Address);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken) =>
        Dns.GetHostAddressesAsync(host, cancellationToken);
}
