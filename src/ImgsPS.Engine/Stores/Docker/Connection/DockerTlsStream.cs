using System;
using System.Collections.Generic;
using System.IO;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores.Docker;

/// <summary>
/// A TLS connection to an Engine. In TLS 1.3 a Docker Engine refuses the client's certificate after the handshake, by an alert or by
/// breaking off: when no byte of an answer has come, the failure says so in docker's words ("probably"). One reader and one writer at a
/// time, as any network stream.
/// </summary>
internal sealed class DockerTlsStream : WrappedStream
{
    private readonly DockerEndpoint _endpoint;
    private readonly IReadOnlyList<X509Certificate2> _own;
    private bool _answered;

    /// <param name="stream">The connection after its handshake; it is owned.</param>
    /// <param name="endpoint">For messages.</param>
    /// <param name="own">The client's certificates; they are owned.</param>
    public DockerTlsStream(SslStream stream, DockerEndpoint endpoint, IReadOnlyList<X509Certificate2> own)
        : base(stream, stream)
    {
        _endpoint = endpoint;
        _own = own;
    }

    /// <summary>Docker broke off after it had shown its certificate: it did not like ours.</summary>
    public static ImageException ClientRefused(DockerEndpoint endpoint, Exception? cause) => DockerFailure.During(
        endpoint,
        ImageErrorKind.Denied,
        "The server probably has client authentication (--tlsverify) enabled; check your TLS client certification settings: "
        + (cause is null ? "EOF" : (cause.InnerException ?? cause).Message),
        endpoint.Tls is { CertificatePath: not null, KeyPath: not null }
            ? "Docker does not accept the certificate in cert.pem."
            : "Put cert.pem and key.pem beside ca.pem.",
        cause);

    /// <inheritdoc/>
    protected override Task<int> AfterReadAsync(int read)
    {
        if (read == 0 && !_answered)
        {
            throw ClientRefused(_endpoint, null);
        }

        _answered = true;
        return Task.FromResult(read);
    }

    /// <inheritdoc/>
    protected override Task<Exception> FailureAsync(Exception failure) => Task.FromResult(
        _answered || failure is not IOException
            || failure.InnerException is SocketException { SocketErrorCode: SocketError.OperationAborted }
            ? failure
            : ClientRefused(_endpoint, failure));

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
        {
            foreach (var certificate in _own)
            {
                certificate.Dispose();
            }
        }
    }
}
