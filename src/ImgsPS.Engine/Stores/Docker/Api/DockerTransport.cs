using System;
using System.Diagnostics;
using System.IO;
using System.Net.Http;
using System.Runtime.ExceptionServices;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores.Registry;

namespace ImgsPS.Stores.Docker;

/// <summary>
/// Sends one request to one Docker Engine and returns when the answer's head is there, whatever its status. Writes the Debug line of each
/// request. Safe for any number of threads.
/// </summary>
internal sealed class DockerTransport : IDisposable
{
    private readonly HttpMessageInvoker _http;
    private readonly DockerErrors _errors;
    private readonly Uri _base;

    /// <param name="endpoint">Docker, for the Host header.</param>
    /// <param name="handler">Speaks HTTP; disposed with this.</param>
    /// <param name="errors">Makes exceptions.</param>
    public DockerTransport(DockerEndpoint endpoint, HttpMessageHandler handler, DockerErrors errors)
    {
        // Where there is no host to name, docker's own clients name this one.
        _base = endpoint.Kind == DockerAddressKind.Tcp
            ? new UriBuilder("http", endpoint.Host!, endpoint.Port ?? -1).Uri
            : new Uri("http://api.moby.localhost/");
        _http = new HttpMessageInvoker(handler, disposeHandler: true);
        _errors = errors;
    }

    /// <summary>Sends a request.</summary>
    /// <param name="method">The method.</param>
    /// <param name="target">Path and query, escaped.</param>
    /// <param name="registryAuth">X-Registry-Auth, or null.</param>
    /// <param name="limit">Time to the answer's head, the connection included.</param>
    /// <param name="debug">Takes the Debug line.</param>
    /// <param name="cancellationToken">Closes the connection.</param>
    /// <param name="upload">The body; null for none. The limit counts from its end.</param>
    /// <exception cref="ImageException">There is no answer: what the dialer threw, Unavailable, Timeout, InvalidData.</exception>
    public async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string target, string? registryAuth, TimeSpan limit, Action<string> debug, CancellationToken cancellationToken,
        StreamedContent? upload = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(_base, target)) { Version = new Version(1, 1) };
        request.Headers.TryAddWithoutValidation("User-Agent", HttpSender.UserAgent);
        if (registryAuth is not null)
        {
            request.Headers.TryAddWithoutValidation("X-Registry-Auth", registryAuth);
        }

        if (method != HttpMethod.Get && method != HttpMethod.Head)
        {
            // With content, even an empty one, no handler sends the request a second time: it might take effect twice.
            request.Content = upload ?? (HttpContent)new ByteArrayContent(Array.Empty<byte>());
        }

        var watch = Stopwatch.StartNew();
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        StreamedContent.LimitAnswer(upload, timer, limit);
        try
        {
            var response = await _http.SendAsync(request, timer.Token).ConfigureAwait(false);
            debug($"{method} {target} {(int)response.StatusCode} ({watch.ElapsedMilliseconds} ms)");
            return response;
        }
        catch (Exception e) when (e is OperationCanceledException or HttpRequestException or IOException or ImageException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var error = upload?.Failure ?? Translate(e, timer.IsCancellationRequested, limit);
            debug($"{method} {target}: {error.Message} ({watch.ElapsedMilliseconds} ms)");
            if (!ReferenceEquals(error, e))
            {
                ExceptionDispatchInfo.Capture(error).Throw();
            }

            throw;
        }
    }

    public void Dispose() => _http.Dispose();

    private ImageException Translate(Exception e, bool expired, TimeSpan limit)
    {
        for (Exception? cause = e; cause is not null; cause = cause.InnerException)
        {
            if (cause is ImageException known)
            {
                return known;
            }

            if (cause is HttpFormatException)
            {
                return _errors.NotDocker(cause.Message, e);
            }
        }

        if (e is OperationCanceledException)
        {
            return expired
                ? _errors.TimedOut("did not answer", limit)
                : _errors.Broken("before it was made", e);
        }

        if (DockerHandlers.IsNoHttp(e))
        {
            return _errors.NotDocker("the answer is not HTTP, or its head is too large", e);
        }

        return _errors.Broken("before it answered", e);
    }
}
