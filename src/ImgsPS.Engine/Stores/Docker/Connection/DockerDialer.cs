using System;
using System.IO;
using System.IO.Pipes;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Security.Principal;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores.Docker;

/// <summary>Opens connections to a Docker Engine: a stream on which HTTP/1.1 is spoken, TLS done. Safe for any number of threads.</summary>
internal sealed partial class DockerDialer
{
    // Who is not there must be known within a second.
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromMilliseconds(900);

    private readonly DockerEndpoint _endpoint;
    private readonly Func<string, string?> _environment;
    private readonly TimeSpan _handshakeLimit;

    /// <param name="endpoint">Docker.</param>
    public DockerDialer(DockerEndpoint endpoint)
        : this(endpoint, Environment.GetEnvironmentVariable, TimeSpan.FromSeconds(10))
    {
    }

    /// <param name="endpoint">Docker.</param>
    /// <param name="environment">Gives an environment variable's value (PATH, for ssh).</param>
    /// <param name="handshakeLimit">The longest that a TLS handshake may take.</param>
    public DockerDialer(DockerEndpoint endpoint, Func<string, string?> environment, TimeSpan handshakeLimit)
    {
        _endpoint = endpoint;
        _environment = environment;
        _handshakeLimit = handshakeLimit;
    }

    /// <summary>A new connection; whoever disposes the stream closes it (and ends ssh).</summary>
    /// <exception cref="ImageException">
    /// StoreUnavailable, within a second for all but ssh: nobody answers at the address; the message says the address and where it came
    /// from. Denied: no right to the socket or pipe, or a client certificate that Docker refuses. Integrity: the certificate is not
    /// trusted. InvalidData: broken TLS material. InvalidArgument: a socket's path that is too long. NotSupported: not on this platform.
    /// The first read may throw StoreUnavailable (ssh ended, with its words) and Denied (TLS 1.3 refuses clients that late) too.
    /// </exception>
    public async Task<Stream> ConnectAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        switch (_endpoint.Kind)
        {
            case DockerAddressKind.Unix:
                return await UnixAsync(cancellationToken).ConfigureAwait(false);
            case DockerAddressKind.Pipe:
                return await PipeAsync(cancellationToken).ConfigureAwait(false);
            case DockerAddressKind.Ssh:
                return SshStream.Start(_endpoint, _environment("PATH"));
            default:
                var stream = await TcpAsync(cancellationToken).ConfigureAwait(false);
                return _endpoint.Tls is null
                    ? stream
                    : await new DockerTlsClient(_endpoint, _handshakeLimit).OpenAsync(stream, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// As <see cref="ConnectAsync"/>, for a connection that a password goes over: each is judged by the pipe that it opened.
    /// </summary>
    /// <exception cref="ImageException">Denied besides: the pipe is a stranger's (SF14).</exception>
    public async Task<Stream> ConnectForSecretsAsync(CancellationToken cancellationToken)
    {
        var stream = await ConnectAsync(cancellationToken).ConfigureAwait(false);
        if (StrangerAt(stream) is { } owner)
        {
            stream.Dispose();
            throw DockerFailure.Stranger(_endpoint, owner);
        }

        return stream;
    }

    /// <summary>Who owns the pipe that is at the address now, when it is a stranger; null for none, and where there is no pipe.</summary>
    /// <exception cref="ImageException">As <see cref="ConnectAsync"/>.</exception>
    public async Task<string?> StrangerAsync(CancellationToken cancellationToken)
    {
        if (!_endpoint.IsLocalPipe)
        {
            return null;
        }

        using var stream = await ConnectAsync(cancellationToken).ConfigureAwait(false);
        return StrangerAt(stream);
    }

    private static string? StrangerAt(Stream stream) => stream is NamedPipeClientStream pipe ? PipeOwner.Stranger(pipe) : null;

    private Task<Stream> TcpAsync(CancellationToken cancellationToken) => OpenAsync(
        () => new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true },
        socket => socket.ConnectAsync(_endpoint.Host!, _endpoint.Port!.Value),
        cancellationToken);

    private async Task<Stream> PipeAsync(CancellationToken cancellationToken)
    {
        if (!RuntimeInformation.IsOSPlatform(OSPlatform.Windows))
        {
            throw new ImageException(
                ImageErrorKind.NotSupported,
                $"{_endpoint.Address} (from {_endpoint.Source}) is a named pipe, which only Windows has: protocol not available",
                "Use unix://, tcp:// or ssh://.");
        }

        // Anonymous: whoever made the pipe does not get to act as this user (as docker).
        var pipe = new NamedPipeClientStream(
            _endpoint.Host!, _endpoint.Path!, PipeDirection.InOut, PipeOptions.Asynchronous, TokenImpersonationLevel.Anonymous);
        try
        {
            await pipe.ConnectAsync((int)ConnectLimit.TotalMilliseconds, cancellationToken).ConfigureAwait(false);
            return pipe;
        }
        catch (Exception e)
        {
            pipe.Dispose();
            throw e switch
            {
                TimeoutException => DockerFailure.Unreachable(_endpoint, null, e),
                UnauthorizedAccessException => DockerFailure.Denied(_endpoint, e),
                IOException => DockerFailure.Unreachable(_endpoint, e.Message, e),
                _ => e,
            };
        }
    }

    private async Task<Stream> OpenAsync(Func<Socket> create, Func<Socket, Task> connect, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(ConnectLimit);
        Socket? socket = null;
        try
        {
            socket = create();
            var work = connect(socket);
            if (await Task.WhenAny(work, Task.Delay(Timeout.Infinite, limit.Token)).ConfigureAwait(false) != work)
            {
                // It ends with the socket; its failure says no more than that.
                _ = work.ContinueWith(t => t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted,
                    TaskScheduler.Default);
                cancellationToken.ThrowIfCancellationRequested();
                throw DockerFailure.Unreachable(_endpoint, "no answer within a second");
            }

            limit.Cancel();
            await work.ConfigureAwait(false);
            var stream = new NetworkStream(socket, ownsSocket: true);
            socket = null;
            return stream;
        }
        catch (SocketException e)
        {
            throw DockerFailure.Of(_endpoint, e);
        }
        finally
        {
            socket?.Dispose();
        }
    }
}
