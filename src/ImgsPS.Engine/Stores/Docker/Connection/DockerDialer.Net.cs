using System;
using System.IO;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores.Docker;

internal sealed partial class DockerDialer
{
    private async Task<Stream> UnixAsync(CancellationToken cancellationToken)
    {
        UnixDomainSocketEndPoint point;
        try
        {
            point = new(_endpoint.Path!);
        }
        catch (ArgumentException e)
        {
            // Longer than the system's sockaddr_un (107 bytes on Linux).
            throw new ImageException(
                ImageErrorKind.InvalidArgument, $"The socket's path in {_endpoint.Address} (from {_endpoint.Source}) is too long.",
                "Name it by a shorter path.", e);
        }

        return await OpenAsync(
            () => new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified),
            socket => socket.ConnectAsync(point),
            cancellationToken).ConfigureAwait(false);
    }
}
