using System;
using System.Collections.Concurrent;
using System.Linq;
using System.Net.Http;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Naming;

namespace ImgsPS.Stores.Docker;

/// <summary>
/// Finds the API version to speak with one Docker Engine, by <c>/_ping</c>, once, however many ask at the same time. DOCKER_API_VERSION
/// wins over what Docker says, as in docker. A ping that failed is forgotten when all who waited for it know. Safe for any number of
/// threads.
/// </summary>
internal sealed class DockerNegotiator : IDisposable
{
    private readonly DockerEndpoint _endpoint;
    private readonly DockerTransport _transport;
    private readonly DockerErrors _errors;
    private readonly DockerLimits _limits;
    private readonly string? _fixed;
    private readonly CancellationTokenSource _life = new();
    private readonly object _gate = new();
    private Task<DockerVersion>? _ping;

    /// <param name="endpoint">Docker.</param>
    /// <param name="transport">The way to it.</param>
    /// <param name="errors">Makes exceptions.</param>
    /// <param name="limits">How long a ping may take.</param>
    /// <param name="fixedVersion">DOCKER_API_VERSION; null or empty for none.</param>
    public DockerNegotiator(DockerEndpoint endpoint, DockerTransport transport, DockerErrors errors, DockerLimits limits,
        string? fixedVersion)
    {
        _endpoint = endpoint;
        _transport = transport;
        _errors = errors;
        _limits = limits;
        _fixed = string.IsNullOrEmpty(fixedVersion) ? null : fixedVersion;
    }

    /// <summary>The version to speak.</summary>
    /// <exception cref="ImageException">As <see cref="DockerClient.NegotiateAsync"/>.</exception>
    public async Task<DockerVersion> GetAsync(IOperationObserver observer, CancellationToken cancellationToken)
    {
        // The ping outlives an asker that gives up, so it must not speak to its observer: the asker passes on what it said meanwhile.
        var lines = new ConcurrentQueue<string>();
        Task<DockerVersion> ping;
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

    /// <summary>Takes the version that Docker offered when it refused ours; false when there is nothing more to try.</summary>
    /// <param name="refused">The version that was spoken.</param>
    /// <param name="offered">What Docker supports.</param>
    public bool TryChange(DockerVersion refused, Version offered)
    {
        if (_fixed is not null || !DockerVersions.IsKnown(offered) || offered == refused.Api)
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

    private async Task<DockerVersion> PingAsync(Action<string> debug, CancellationToken cancellationToken)
    {
        var fixedVersion = DockerVersions.Parse(_fixed);
        if (_fixed is not null && fixedVersion is null)
        {
            throw new ImageException(
                ImageErrorKind.InvalidArgument,
                $"DOCKER_API_VERSION is '{PrintableText.Of(_fixed)}', which is no API version",
                "Unset it so that the version is negotiated, or write it like 1.41.");
        }

        // ssh asks other machines first, and knows its own limits.
        var limit = _endpoint.Kind == DockerAddressKind.Ssh ? _limits.Ping + _limits.Connect : _limits.Ping;
        var version = await AskAsync(HttpMethod.Head, limit, debug, cancellationToken).ConfigureAwait(false)
            ?? await AskAsync(HttpMethod.Get, limit, debug, cancellationToken).ConfigureAwait(false);
        var api = fixedVersion ?? version!.Api;
        if (api < DockerVersions.Oldest)
        {
            throw _errors.VersionRefused(
                $"API version {api} is not supported by this client: the minimum supported API version is {DockerVersions.Oldest}");
        }

        return version! with { Api = fixedVersion is null && api > DockerVersions.Newest ? DockerVersions.Newest : api };
    }

    /// <summary>Docker's own version; null when this method did not tell and the other is to be tried.</summary>
    private async Task<DockerVersion?> AskAsync(HttpMethod method, TimeSpan limit, Action<string> debug,
        CancellationToken cancellationToken)
    {
        const string path = "/_ping";
        using var response = await _transport.SendAsync(method, path, null, limit, debug, cancellationToken).ConfigureAwait(false);
        var said = Header(response, "Api-Version");
        if (DockerVersions.Parse(said) is { } api)
        {
            return new(api, Header(response, "OSType"), Header(response, "Server"));
        }

        if (method == HttpMethod.Head)
        {
            return null;
        }

        var body = await DockerBody.OpenAsync(response, _limits with { Silence = limit }, _errors, cancellationToken).ConfigureAwait(false);
        var (bytes, _) = await body.ReadUpToAsync(_limits.ErrorBody, cancellationToken).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode)
        {
            var error = _errors.OfStatus(new DockerRequest(method, path), (int)response.StatusCode, bytes.ToArray());
            throw error.Kind is ImageErrorKind.NotFound or ImageErrorKind.NotSupported or ImageErrorKind.InvalidArgument
                ? _errors.NotDocker($"it has no {path}", error)
                : error;
        }

        if (said is null && bytes.SequenceEqual("OK"u8.ToArray()))
        {
            // docker's assumption about a Docker Engine that does not say.
            return new(DockerVersions.Oldest, Header(response, "OSType"), Header(response, "Server"));
        }

        throw _errors.NotDocker(said is null ? $"{path} says neither OK nor a version" : $"its API version is '{PrintableText.Of(said)}'");
    }

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) && string.Join(" ", values) is { Length: > 0 } value ? PrintableText.Of(value)
            : null;
}
