using System;
using System.Linq;
using ImgsPS.Naming;

namespace ImgsPS.Stores.Registry;

/// <summary>
/// Where a registry answers and how that was decided. On loopback that is decided when the first request is sent (FF15); else nothing
/// changes. Safe for any number of threads.
/// </summary>
internal sealed class RegistryEndpoint
{
    private readonly string _choice;
    private volatile Uri _baseUri;

    private RegistryEndpoint(string registry, Uri baseUri, string credentialKey, string choice, Uri? secure = null)
    {
        Registry = registry;
        _baseUri = baseUri;
        PlainUri = baseUri;
        SecureUri = secure;
        CredentialKey = credentialKey;
        _choice = choice;
    }

    /// <summary>The registry's name, as in references.</summary>
    public string Registry { get; }

    /// <summary>Scheme, host and port, with path <c>/</c>.</summary>
    public Uri BaseUri => _baseUri;

    /// <summary>The address with TLS of a registry of which it has to be found out whether it speaks that; null for all others.</summary>
    public Uri? SecureUri { get; }

    private Uri PlainUri { get; }

    /// <summary>The name under which the Docker config keeps credentials.</summary>
    public string CredentialKey { get; }

    /// <summary>How the address was chosen: a part of a sentence for error messages.</summary>
    public string Choice => SecureUri is null || _baseUri == PlainUri ? _choice : "the server on this machine speaks TLS";

    public bool IsHub => Registry == DockerHub.Registry;

    /// <summary>Decides for TLS or plain HTTP.</summary>
    public void Decide(bool speaksTls) => _baseUri = speaksTls ? SecureUri! : PlainUri;

    /// <summary>An address of the registry with the scheme that was decided for.</summary>
    public Uri Of(Uri uri) =>
        SecureUri is not null && !HostNames.SameOrigin(uri, _baseUri)
            && (HostNames.SameOrigin(uri, PlainUri) || HostNames.SameOrigin(uri, SecureUri))
            ? new Uri(_baseUri, uri.PathAndQuery) : uri;

    /// <summary>
    /// Plain HTTP on request and, unless TLS alone is, for loopback without TLS; HTTPS elsewhere; Docker Hub answers at registry-1.docker.io
    /// (N11, RN7).
    /// </summary>
    /// <exception cref="ImageException">InvalidArgument: the text is not a registry's host and port.</exception>
    public static RegistryEndpoint For(string registry, RegistryOptions options)
    {
        if (registry is DockerHub.Registry or DockerHub.LegacyRegistry or DockerHub.Host)
        {
            return new(
                DockerHub.Registry,
                new Uri($"https://{DockerHub.Host}/"),
                DockerHub.CredentialKey,
                $"{DockerHub.Registry} is served by {DockerHub.Host}");
        }

        var loopback = HostNames.IsLoopback(registry);
        var plain = options.PlainHttp ?? loopback;
        // Names in other scripts: the address would be taken now and refused when it is asked.
        if (registry.IndexOfAny(['/', '@', '?', '#', '\\']) >= 0
            || !registry.All(c => c is > ' ' and <= '~')
            || !Uri.TryCreate((plain ? "http://" : "https://") + registry + "/", UriKind.Absolute, out var uri)
            || uri.Host.Length == 0)
        {
            throw new ImageException(
                ImageErrorKind.InvalidArgument,
                $"'{PrintableText.OfServer(registry)}' is not the name of a registry.",
                "A registry is a host and, if needed, a port: reg.example.com:5000.");
        }

        var choice = options.PlainHttp is null && loopback ? "a loopback address is asked in plain HTTP where it does not speak TLS"
            : plain ? "plain HTTP was asked for"
            : options.PlainHttp is false ? "TLS alone was asked for"
            : "the host stands in the reference; HTTPS is used unless plain HTTP is asked for";
        return new(registry, uri, registry, choice, options.PlainHttp is null && loopback ? new Uri("https://" + registry + "/") : null);
    }
}
