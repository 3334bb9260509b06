using System.IO;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Store.Docker;

/// <summary>Opens connections to an Engine: a stream on which HTTP/1.1 is spoken, TLS done. Safe for any number of threads.</summary>
internal sealed class EngineDialer
{
    private readonly EngineEndpoint _endpoint;

    public EngineDialer(EngineEndpoint endpoint) => _endpoint = endpoint;

    /// <summary>A new connection; whoever disposes the stream closes it (and ends ssh).</summary>
    /// <exception cref="ImageException">
    /// StoreUnavailable, within a second for all but ssh: nobody answers at the address; the message says the address and where it came from. Denied: no
    /// right to the socket or pipe. Integrity: the certificate is not trusted. InvalidData: broken TLS material. NotSupported: not on this platform.
    /// </exception>
    public Task<Stream> ConnectAsync(CancellationToken cancellationToken) =>
        throw new ImageException(ImageErrorKind.NotSupported, $"{_endpoint.Address} cannot be reached yet.");
}
