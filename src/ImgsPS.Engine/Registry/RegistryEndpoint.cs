using System;
using System.Linq;
using ImgsPS.Naming;

namespace ImgsPS.Registry;

/// <summary>Where a registry answers and how that was decided. Immutable.</summary>
internal sealed class RegistryEndpoint
{
    private RegistryEndpoint(string registry, Uri baseUri, string credentialKey, string choice)
    {
        Registry = registry;
        BaseUri = baseUri;
        CredentialKey = credentialKey;
        Choice = choice;
    }

    /// <summary>The registry's name, as in references.</summary>
    public string Registry { get; }

    /// <summary>Scheme, host and port, with path <c>/</c>.</summary>
    public Uri BaseUri { get; }

    /// <summary>The name under which the Docker config keeps credentials.</summary>
    public string CredentialKey { get; }

    /// <summary>How the address was chosen: a part of a sentence for error messages.</summary>
    public string Choice { get; }

    public bool IsHub => Registry == DockerHub.Registry;

    /// <summary>Plain HTTP for loopback and on request, HTTPS elsewhere; Docker Hub answers at registry-1.docker.io (N11, RN7).</summary>
    /// <exception cref="ImageException">InvalidArgument: the text is not a registry's host and port.</exception>
    public static RegistryEndpoint For(string registry, RegistryOptions options)
    {
        if (registry is DockerHub.Registry or DockerHub.LegacyRegistry)
        {
            return new(
                DockerHub.Registry,
                new Uri($"https://{DockerHub.Host}/"),
                DockerHub.CredentialKey,
                $"{DockerHub.Registry} is served by {DockerHub.Host}");
        }

        var loopback = HostNames.IsLoopback(registry);
        var plain = options.PlainHttp || loopback;
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

        var choice = loopback ? "a loopback address is asked in plain HTTP"
            : plain ? "plain HTTP was asked for"
            : "the host stands in the reference; HTTPS is used unless plain HTTP is asked for";
        return new(registry, uri, registry, choice);
    }
}
