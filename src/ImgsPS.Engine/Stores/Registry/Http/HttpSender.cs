using System;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using System.Reflection;
using System.Security.Authentication;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores.Registry;

/// <summary>
/// Sends one request over one connection and returns when the headers are there: no redirects, no retries, no credentials of its own.
/// Writes the Debug line of each request and shows a registry's warnings once. Safe for any number of threads.
/// </summary>
internal sealed partial class HttpSender : IDisposable
{
    /// <summary>The User-Agent header of every request, to registries and to Docker Engines.</summary>
    public static readonly string UserAgent = "ImgsPS/" + (typeof(HttpSender).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0").Split('+')[0];

    private const string TooLarge = "the answer's headers are larger than 64 KiB";
    private const string NotHttp = "the answer is not HTTP";

    private readonly HttpClient _http;
    private readonly IWebProxy _proxy;
    private readonly bool _hasProxyCredentials;
    private readonly RegistryLimits _limits;
    private readonly Secrets _secrets;
    private readonly ConcurrentDictionary<string, bool> _warnings = new(StringComparer.Ordinal);

    // 1 once any answer came: from then on a refused connection is a fault that may pass.
    private int _answered;

    /// <param name="options">What the user wants.</param>
    /// <param name="limits">How long and how much.</param>
    /// <param name="secrets">Learns the proxy's password.</param>
    /// <param name="connections">Connections that others use too; null for some of its own.</param>
    public HttpSender(RegistryOptions options, RegistryLimits limits, Secrets secrets, HttpMessageHandler? connections = null)
    {
        _limits = limits;
        _secrets = secrets;
        _http = new HttpClient(connections ?? HttpHandlers.Create(options, _limits), disposeHandler: connections is null)
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        _proxy = HttpHandlers.ProxyFor(options);
        _hasProxyCredentials = _proxy.Credentials is not null;
        if (options.ProxyCredential is { } proxy)
        {
            _secrets.Add(proxy);
        }

        if (options.Proxy is not null && ProxyAddress.CredentialOf(options.Proxy) is { } inAddress)
        {
            _secrets.Add(new RegistryCredential(inAddress.UserName, inAddress.Password));
        }
    }

    /// <summary>Where connections may go (SF15); set before the first request, null for anywhere.</summary>
    public ConnectionPolicy? Policy { get; set; }

    /// <summary>True once any server answered.</summary>
    public bool Answered => Volatile.Read(ref _answered) != 0;

    /// <summary>Sends a request made by <paramref name="prepare"/> (which sets headers and content) and waits for the headers.</summary>
    /// <exception cref="TransferFault">There is no answer.</exception>
    public async Task<RegistryResponse> SendAsync(
        HttpMethod method, Uri uri, Action<HttpRequestMessage> prepare, IOperationObserver observer, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, uri) { Version = new Version(1, 1) };
        request.Headers.TryAddWithoutValidation("User-Agent", UserAgent);
        request.Headers.TryAddWithoutValidation("Accept-Encoding", "identity");
        request.Headers.ExpectContinue = false;
        Policy?.Attach(request);
        prepare(request);
        var watch = Stopwatch.StartNew();
        HttpResponseMessage message;
        using (var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken))
        {
            StreamedContent.LimitAnswer(request.Content, timer, _limits.Headers);
            try
            {
                message = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, timer.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (e is OperationCanceledException or HttpRequestException or IOException)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (request.Content is StreamedContent { Failure: { } failure })
                {
                    throw failure;
                }

                if (Causes(e).OfType<RefusedAddressException>().FirstOrDefault() is { } refused)
                {
                    throw NotConnected(uri, refused.Message, e);
                }

                var fault = IsTunnelRefused(e) ? ProxyFault(uri, e) : Classify(uri, e);
                observer.Debug($"{method} {_secrets.Mask(uri)}: {_secrets.Printable(fault.Message)} ({watch.ElapsedMilliseconds} ms)");
                throw fault;
            }
        }

        if (message.StatusCode == HttpStatusCode.ProxyAuthenticationRequired && IsOfProxy(uri))
        {
            message.Dispose();
            observer.Debug($"{method} {_secrets.Mask(uri)}: 407 of the proxy ({watch.ElapsedMilliseconds} ms)");
            throw ProxyFault(uri, null);
        }

        Volatile.Write(ref _answered, 1);
        observer.Debug($"{method} {_secrets.Mask(uri)}: {(int)message.StatusCode} ({watch.ElapsedMilliseconds} ms)");
        var response = new RegistryResponse(method, uri, message);
        if (response.HasTwoLengths && method != HttpMethod.Head)
        {
            response.Dispose();
            throw new ImageException(
                ImageErrorKind.InvalidData,
                $"{HostNames.Display(uri)} answered with two different Content-Length headers",
                "Two readers would see two answers: the registry, or a proxy before it, is broken.");
        }

        foreach (var warning in response.Header("Warning").Select(WarningHeader.Parse).Where(w => !string.IsNullOrEmpty(w)))
        {
            // A server may not fill the memory with warnings.
            if (_warnings.Count < 100 && _warnings.TryAdd(warning!, true))
            {
                observer.Warning($"{HostNames.Display(uri)}: {_secrets.Printable(warning)}");
            }
        }

        return response;
    }

    /// <summary>The failure of an address that is not connected to (SF15).</summary>
    public static ImageException NotConnected(Uri uri, string why, Exception cause) => new(
        ImageErrorKind.InvalidData, $"{HostNames.Display(uri)} is not connected to: {why}",
        "The registry is misconfigured, or is not what it claims to be.", cause);

    public void Dispose() => _http.Dispose();

    // A registry that answers 407 itself is no proxy.
    private bool IsOfProxy(Uri uri) => (uri.Scheme == "http" || TunnelRefusalIsAnswer) && ProxyAddress.Of(_proxy, uri) is not null;

    private TransferFault ProxyFault(Uri uri, Exception? cause)
    {
        var proxy = ProxyAddress.Of(_proxy, uri) is { } address ? "the proxy " + HostNames.Display(address) : "the proxy";
        return new(TransferFaultKind.ProxyCredentials,
            _hasProxyCredentials ? $"{proxy} refuses the credentials that it got (407)" : $"{proxy} wants credentials (407)", cause)
        { At = uri };
    }

    private TransferFault Classify(Uri uri, Exception e)
    {
        var causes = Causes(e).ToArray();
        var (kind, message) = e is OperationCanceledException
            ? (TransferFaultKind.Timeout, causes.OfType<TimeoutException>().Any()
                ? $"no connection within {_limits.Connect.TotalSeconds:0.###} s"
                : $"no answer within {_limits.Headers.TotalSeconds:0.###} s")
            : OfPlatform(e, causes) is { } known ? (known.Kind, known.Message)
            : causes.OfType<SocketException>().FirstOrDefault() is { } socket
                && socket.SocketErrorCode is not (SocketError.ConnectionReset or SocketError.ConnectionAborted)
                ? (TransferFaultKind.Connect, socket.Message)
            : causes.OfType<AuthenticationException>().Any() ? (TransferFaultKind.Tls, causes[causes.Length - 1].Message)
            : (TransferFaultKind.Broken, "the connection broke before the answer came");
        return new(kind, message, e) { At = uri };
    }

    private static System.Collections.Generic.IEnumerable<Exception> Causes(Exception e)
    {
        for (Exception? cause = e; cause is not null; cause = cause.InnerException)
        {
            yield return cause;
        }
    }
}
