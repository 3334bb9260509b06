using System;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Net.Sockets;
using System.Reflection;
using System.Security.Authentication;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Registry;

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
    private readonly RegistryLimits _limits;
    private readonly Secrets _secrets;
    private readonly ConcurrentDictionary<string, bool> _warnings = new(StringComparer.Ordinal);

    // 1 once any answer came: from then on a refused connection is a fault that may pass.
    private int _answered;

    public HttpSender(RegistryOptions options, RegistryLimits limits, Secrets secrets)
    {
        _limits = limits;
        _secrets = secrets;
        _http = new HttpClient(HttpHandlers.Create(options, _limits), disposeHandler: true) { Timeout = Timeout.InfiniteTimeSpan };
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
        request.Headers.ExpectContinue = false;
        Policy?.Attach(request);
        prepare(request);
        var watch = Stopwatch.StartNew();
        HttpResponseMessage message;
        using (var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken))
        {
            timer.CancelAfter(_limits.Headers);
            try
            {
                message = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, timer.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (e is OperationCanceledException or HttpRequestException or IOException)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (Causes(e).OfType<RefusedAddressException>().FirstOrDefault() is { } refused)
                {
                    throw new ImageException(
                        ImageErrorKind.InvalidData,
                        $"{HostNames.Display(uri)} is not connected to: {refused.Message}",
                        "The registry is misconfigured, or is not what it claims to be.",
                        e);
                }

                var fault = Classify(e);
                observer.Debug($"{method} {_secrets.Mask(uri)}: {_secrets.Printable(fault.Message)} ({watch.ElapsedMilliseconds} ms)");
                throw fault;
            }
        }

        Volatile.Write(ref _answered, 1);
        observer.Debug($"{method} {_secrets.Mask(uri)}: {(int)message.StatusCode} ({watch.ElapsedMilliseconds} ms)");
        var response = new RegistryResponse(method, uri, message);
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

    public void Dispose() => _http.Dispose();

    private TransferFault Classify(Exception e)
    {
        var causes = Causes(e).ToArray();
        var text = causes[causes.Length - 1].Message;
        if (e is OperationCanceledException)
        {
            return new(
                TransferFaultKind.Timeout,
                causes.OfType<TimeoutException>().Any()
                    ? $"no connection within {_limits.Connect.TotalSeconds:0.###} s"
                    : $"no answer within {_limits.Headers.TotalSeconds:0.###} s",
                e);
        }

        if (OfPlatform(e, causes) is { } known)
        {
            return known;
        }

        if (causes.OfType<SocketException>().FirstOrDefault() is { } socket
            && socket.SocketErrorCode is not (SocketError.ConnectionReset or SocketError.ConnectionAborted))
        {
            return new(TransferFaultKind.Connect, socket.Message, e);
        }

        return causes.OfType<AuthenticationException>().Any()
            ? new(TransferFaultKind.Tls, text, e)
            : new(TransferFaultKind.Broken, "the connection broke before the answer came", e);
    }

    private static System.Collections.Generic.IEnumerable<Exception> Causes(Exception e)
    {
        for (Exception? cause = e; cause is not null; cause = cause.InnerException)
        {
            yield return cause;
        }
    }
}
