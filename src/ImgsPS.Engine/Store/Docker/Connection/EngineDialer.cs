using System;
using System.IO;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Store.Docker;

/// <summary>Opens connections to an Engine: a stream on which HTTP/1.1 is spoken, TLS done. Safe for any number of threads.</summary>
internal sealed class EngineDialer
{
    // Who is not there must be known within a second.
    private static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(900);

    private readonly EngineEndpoint _endpoint;

    public EngineDialer(EngineEndpoint endpoint) => _endpoint = endpoint;

    /// <summary>A new connection; whoever disposes the stream closes it (and ends ssh).</summary>
    /// <exception cref="ImageException">
    /// StoreUnavailable, within a second for all but ssh: nobody answers at the address; the message says the address and where it came from. Denied: no
    /// right to the socket or pipe. Integrity: the certificate is not trusted. InvalidData: broken TLS material. NotSupported: not on this platform.
    /// </exception>
    public Task<Stream> ConnectAsync(CancellationToken cancellationToken) => _endpoint.Kind switch
    {
        EngineAddressKind.Unix => UnixAsync(cancellationToken),
        _ => throw new ImageException(ImageErrorKind.NotSupported, $"{_endpoint.Address} cannot be reached yet."),
    };

#if NET472
    private Task<Stream> UnixAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        throw new ImageException(
            ImageErrorKind.NotSupported,
            $"{_endpoint.Address} (from {_endpoint.Source}) is a Unix socket, which Windows PowerShell cannot open.",
            "Use PowerShell 7.4 or later, or a named pipe (npipe:////./pipe/docker_engine), tcp:// or ssh://.");
    }
#else
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
                ImageErrorKind.InvalidArgument, $"The socket's path in {_endpoint.Address} (from {_endpoint.Source}) is too long.", "Name it by a shorter path.", e);
        }

        return await OpenAsync(
            () => new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified),
            (socket, limit) => socket.ConnectAsync(point, limit).AsTask(),
            cancellationToken).ConfigureAwait(false);
    }
#endif

    private async Task<Stream> OpenAsync(
        Func<Socket> create, Func<Socket, CancellationToken, Task> connect, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        Socket? socket = null;
        try
        {
            socket = create();
            await connect(socket, limit.Token).ConfigureAwait(false);
            var stream = new NetworkStream(socket, ownsSocket: true);
            socket = null;
            return stream;
        }
        catch (SocketException e)
        {
            throw EngineFailure.Of(_endpoint, e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw EngineFailure.Unreachable(_endpoint, "no answer within a second", e);
        }
        finally
        {
            socket?.Dispose();
        }
    }
}
