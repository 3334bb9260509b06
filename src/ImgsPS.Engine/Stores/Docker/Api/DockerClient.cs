using System;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Naming;

namespace ImgsPS.Stores.Docker;

/// <summary>
/// Speaks Docker's API over HTTP/1.1 with one Docker Engine. The version is negotiated with <c>/_ping</c> before the first request, once.
/// Safe for any number of threads.
/// </summary>
internal sealed class DockerClient : IDisposable
{
    /// <summary>X-Registry-Auth of nobody: <c>{}</c>. No secret, so it may go over any connection.</summary>
    private const string Nobody = "e30=";

    private readonly DockerLimits _limits;
    private readonly DockerErrors _errors;
    private readonly DockerTransport _transport;
    private readonly DockerTransport _secretTransport;
    private readonly Func<CancellationToken, Task<string?>> _stranger;
    private readonly DockerNegotiator _negotiator;

    /// <param name="endpoint">Docker.</param>
    /// <param name="connect">Opens a connection; null for <see cref="DockerDialer"/>.</param>
    /// <param name="timeout">How long Docker may be quiet; null for the defaults (<see cref="DockerLimits"/>).</param>
    public DockerClient(DockerEndpoint endpoint, Func<CancellationToken, Task<Stream>>? connect = null, TimeSpan? timeout = null)
        : this(endpoint, new DockerDialer(endpoint), connect, DockerLimits.For(timeout))
    {
    }

    private DockerClient(
        DockerEndpoint endpoint, DockerDialer dialer, Func<CancellationToken, Task<Stream>>? connect, DockerLimits limits)
        : this(
            endpoint,
            DockerHandlers.Create(connect ?? dialer.ConnectAsync, limits),
            limits,
            Environment.GetEnvironmentVariable("DOCKER_API_VERSION"),
            endpoint.IsLocalPipe && connect is null ? DockerHandlers.Create(dialer.ConnectForSecretsAsync, limits) : null,
            connect is null ? dialer.StrangerAsync : null)
    {
    }

    /// <param name="endpoint">Docker.</param>
    /// <param name="handler">Speaks HTTP with it; disposed with this.</param>
    /// <param name="limits">How long and how much.</param>
    /// <param name="fixedVersion">What DOCKER_API_VERSION says; null to negotiate.</param>
    /// <param name="secretHandler">As the handler, for requests with a password; null for the same one. Disposed with this.</param>
    /// <param name="stranger">As <see cref="DockerDialer.StrangerAsync"/>; null for none.</param>
    internal DockerClient(
        DockerEndpoint endpoint, HttpMessageHandler handler, DockerLimits limits, string? fixedVersion,
        HttpMessageHandler? secretHandler = null, Func<CancellationToken, Task<string?>>? stranger = null)
    {
        Endpoint = endpoint;
        _limits = limits;
        _errors = new DockerErrors(endpoint);
        _transport = new DockerTransport(endpoint, handler, _errors);
        _secretTransport = secretHandler is null ? _transport : new DockerTransport(endpoint, secretHandler, _errors);
        _stranger = stranger ?? (_ => Task.FromResult<string?>(null));
        _negotiator = new DockerNegotiator(endpoint, _transport, _errors, limits, fixedVersion);
    }

    /// <summary>Docker.</summary>
    public DockerEndpoint Endpoint { get; }

    /// <summary>As <see cref="DockerDialer.StrangerAsync"/>.</summary>
    public Task<string?> StrangerAsync(CancellationToken cancellationToken) => _stranger(cancellationToken);

    /// <summary>The version that is spoken, and what the ping said.</summary>
    /// <exception cref="ImageException">
    /// As <see cref="SendAsync"/>; NotSupported: Docker's API is older than 1.24; InvalidArgument: DOCKER_API_VERSION is no version.
    /// </exception>
    public Task<DockerVersion> NegotiateAsync(IOperationObserver observer, CancellationToken cancellationToken) =>
        _negotiator.GetAsync(observer, cancellationToken);

    /// <summary>Sends a request and returns when the answer's head is there. Only 2xx answers come back.</summary>
    /// <exception cref="ImageException">
    /// What <see cref="DockerDialer.ConnectAsync"/> throws. Docker's own words (member "message", made printable) otherwise: NotFound
    /// (404), Conflict or, when containers or child images are the cause, InUse (409), InvalidArgument (400), Unauthorized, Denied (401,
    /// 403), NotSupported (501, or a version that Docker refuses), StoreUnavailable (502 to 504, a connection that broke), DockerError
    /// (other 5xx), Timeout, InvalidData (no answer of a Docker Engine). Denied, before anything is sent: a credential for an endpoint that
    /// is open to all (RC5), or for a stranger's pipe (SF14).
    /// </exception>
    public async Task<DockerResponse> SendAsync(DockerRequest request, IOperationObserver observer, CancellationToken cancellationToken)
    {
        EnsureMayHave(request.RegistryAuth);
        for (var first = true; ; first = false)
        {
            var version = await NegotiateAsync(observer, cancellationToken).ConfigureAwait(false);
            var transport = request.RegistryAuth is null ? _transport : _secretTransport;
            var response = await transport.SendAsync(
                request.Method,
                $"/v{version.Api}{request.Path}{Query(request)}",
                request.RegistryAuth ?? (request.IsAuthNeeded ? Nobody : null),
                request.IsList ? _limits.List : _limits.Silence,
                observer.Debug,
                cancellationToken,
                request.Upload?.Invoke()).ConfigureAwait(false);
            try
            {
                if (response.IsSuccessStatusCode)
                {
                    return response.Content?.Headers.ContentType?.MediaType is "text/html"
                        ? throw _errors.NotDocker("the answer is a web page")
                        : new DockerResponse(response, _limits, _errors);
                }

                var error = await ErrorAsync(request, response, cancellationToken).ConfigureAwait(false);
                if (!first || (int)response.StatusCode != 400
                    || !DockerVersions.TryReadMismatch(error.Message, out var offered) || !_negotiator.TryChange(version, offered))
                {
                    throw error;
                }

                response.Dispose();
            }
            catch
            {
                response.Dispose();
                throw;
            }
        }
    }

    /// <summary>Refuses a credential for an endpoint that is open to all (RC5), before anything is sent; null is none.</summary>
    /// <exception cref="ImageException">Denied.</exception>
    public void EnsureMayHave(string? registryAuth)
    {
        if (registryAuth is not null && Endpoint.Privacy == DockerPrivacy.Open)
        {
            throw _errors.CredentialWithheld();
        }
    }

    public void Dispose()
    {
        _negotiator.Dispose();
        _transport.Dispose();
        _secretTransport.Dispose();
    }

    private async Task<ImageException> ErrorAsync(DockerRequest request, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var body = await DockerBody.OpenAsync(response, _limits, _errors, cancellationToken).ConfigureAwait(false);
        var (bytes, _) = await body.ReadUpToAsync(_limits.ErrorBody, cancellationToken).ConfigureAwait(false);
        return _errors.OfStatus(request, (int)response.StatusCode, bytes.ToArray());
    }

    private static string Query(DockerRequest request)
    {
        var pairs = request.Query.Where(p => p.Value is not null)
            .Select(p => PercentEncoding.Escape(p.Key) + "=" + PercentEncoding.Escape(p.Value!)).ToArray();
        return pairs.Length == 0 ? "" : "?" + string.Join("&", pairs);
    }
}
