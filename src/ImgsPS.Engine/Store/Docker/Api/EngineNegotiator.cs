using System;
using System.Collections.Concurrent;
using System.Linq;
using System.Net.Http;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Naming;

namespace ImgsPS.Store.Docker;

/// <summary>
/// Finds the API version to speak with one Engine, by <c>/_ping</c>, once, however many ask at the same time. DOCKER_API_VERSION wins over what
/// the Engine says, as in docker. A ping that failed is forgotten when all who waited for it know. Safe for any number of threads.
/// </summary>
internal sealed class EngineNegotiator : IDisposable
{
    private readonly EngineEndpoint _endpoint;
    private readonly EngineTransport _transport;
    private readonly EngineErrors _errors;
    private readonly EngineLimits _limits;
    private readonly string? _fixed;
    private readonly CancellationTokenSource _life = new();
    private readonly object _gate = new();
    private Task<EngineVersion>? _ping;

    /// <param name="endpoint">The Engine.</param>
    /// <param name="transport">The way to it.</param>
    /// <param name="errors">Makes exceptions.</param>
    /// <param name="limits">How long a ping may take.</param>
    /// <param name="fixedVersion">DOCKER_API_VERSION; null or empty for none.</param>
    public EngineNegotiator(EngineEndpoint endpoint, EngineTransport transport, EngineErrors errors, EngineLimits limits, string? fixedVersion)
    {
        _endpoint = endpoint;
        _transport = transport;
        _errors = errors;
        _limits = limits;
        _fixed = string.IsNullOrEmpty(fixedVersion) ? null : fixedVersion;
    }

    /// <summary>The version to speak.</summary>
    /// <exception cref="ImageException">As <see cref="EngineClient.NegotiateAsync"/>.</exception>
    public async Task<EngineVersion> GetAsync(IOperationObserver observer, CancellationToken cancellationToken)
    {
        // The ping outlives an asker that gives up, so it must not speak to its observer: the asker passes on what it said meanwhile.
        var lines = new ConcurrentQueue<string>();
        Task<EngineVersion> ping;
        lock (_gate)
        {
            if (_ping is null || _ping.IsFaulted || _ping.IsCanceled)
            {
                _ping = Task.Run(() => PingAsync(lines.Enqueue, _life.Token), CancellationToken.None);
            }

            ping = _ping;
        }

        try
        {
            return await ping.WithCancellation(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            foreach (var line in lines.ToArray())
            {
                observer.Debug(line);
            }
        }
    }

    /// <summary>Takes the version that the Engine offered when it refused ours; false when there is nothing more to try.</summary>
    /// <param name="refused">The version that was spoken.</param>
    /// <param name="offered">What the Engine supports.</param>
    public bool TryChange(EngineVersion refused, Version offered)
    {
        if (_fixed is not null || !EngineVersions.IsKnown(offered) || offered == refused.Api)
        {
            return false;
        }

        lock (_gate)
        {
            // Somebody else may have changed it already; then that one is tried.
            if (_ping is { Status: TaskStatus.RanToCompletion } && _ping.Result == refused)
            {
                _ping = Task.FromResult(refused with { Api = offered });
            }
        }

        return true;
    }

    public void Dispose()
    {
        _life.Cancel();
        _life.Dispose();
    }

    private async Task<EngineVersion> PingAsync(Action<string> debug, CancellationToken cancellationToken)
    {
        var fixedVersion = EngineVersions.Parse(_fixed);
        if (_fixed is not null && fixedVersion is null)
        {
            throw new ImageException(
                ImageErrorKind.InvalidArgument,
                $"DOCKER_API_VERSION is '{PrintableText.Of(_fixed)}', which is no API version",
                "Unset it so that the version is negotiated, or write it like 1.41.");
        }

        // ssh asks other machines first, and knows its own limits.
        var limit = _endpoint.Kind == EngineAddressKind.Ssh ? _limits.Ping + _limits.Connect : _limits.Ping;
        var version = await AskAsync(HttpMethod.Head, limit, debug, cancellationToken).ConfigureAwait(false)
            ?? await AskAsync(HttpMethod.Get, limit, debug, cancellationToken).ConfigureAwait(false);
        var api = fixedVersion ?? version!.Api;
        if (api < EngineVersions.Oldest)
        {
            throw _errors.VersionRefused(
                $"API version {api} is not supported by this client: the minimum supported API version is {EngineVersions.Oldest}");
        }

        return version! with { Api = fixedVersion is null && api > EngineVersions.Newest ? EngineVersions.Newest : api };
    }

    /// <summary>The Engine's own version; null when this method did not tell and the other is to be tried.</summary>
    private async Task<EngineVersion?> AskAsync(HttpMethod method, TimeSpan limit, Action<string> debug, CancellationToken cancellationToken)
    {
        const string path = "/_ping";
        using var response = await _transport.SendAsync(method, path, null, limit, debug, cancellationToken).ConfigureAwait(false);
        var said = Header(response, "Api-Version");
        if (EngineVersions.Parse(said) is { } api)
        {
            return new(api, Header(response, "OSType"), Header(response, "Server"));
        }

        if (method == HttpMethod.Head)
        {
            return null;
        }

        var body = await EngineBody.OpenAsync(response, limit, _errors, cancellationToken).ConfigureAwait(false);
        var (bytes, _) = await body.ReadUpToAsync(_limits.ErrorBody, cancellationToken).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode)
        {
            var error = _errors.OfStatus(new EngineRequest(method, path), (int)response.StatusCode, bytes.ToArray());
            throw error.Kind is ImageErrorKind.NotFound or ImageErrorKind.NotSupported or ImageErrorKind.InvalidArgument
                ? _errors.NotAnEngine($"it has no {path}", error)
                : error;
        }

        if (said is null && bytes.SequenceEqual("OK"u8.ToArray()))
        {
            // docker's assumption about an Engine that does not say.
            return new(EngineVersions.Oldest, Header(response, "OSType"), Header(response, "Server"));
        }

        throw _errors.NotAnEngine(said is null ? $"{path} says neither OK nor a version" : $"its API version is '{PrintableText.Of(said)}'");
    }

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) && string.Join(" ", values) is { Length: > 0 } value ? PrintableText.Of(value) : null;
}
