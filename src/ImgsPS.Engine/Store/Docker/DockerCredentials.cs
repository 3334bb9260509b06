using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Registry;

namespace ImgsPS.Store.Docker;

/// <summary>What X-Registry-Auth says: the credential of the command line, else the user's own for the registry (RC5).</summary>
internal sealed class DockerCredentials(DockerClient client, ICredentialStore store)
{
    /// <summary>
    /// The header's value, a secret; null for none. Stored credentials do not go to a Docker Engine that is not private; a Warning says so.
    /// </summary>
    /// <param name="registry">The registry.</param>
    /// <param name="repository">The repository, or null.</param>
    /// <param name="options">What the user wants.</param>
    /// <param name="observer">Who is told.</param>
    /// <param name="cancellationToken">Stops a credential helper.</param>
    /// <exception cref="ImageException">
    /// As <see cref="ICredentialStore.FindAsync"/>. An explicit credential for a Docker Engine that is not private is refused by
    /// <see cref="DockerClient.SendAsync"/>.
    /// </exception>
    public async Task<string?> FindAsync(
        string registry, string? repository, RegistryOptions options, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var endpoint = RegistryEndpoint.For(registry, RegistryOptions.Default);
        if (options.Credential is { } given)
        {
            return DockerAuth.Encode(given, endpoint.Registry);
        }

        var stored = await store.FindAsync(endpoint, repository, observer, cancellationToken).ConfigureAwait(false);
        if (stored is null)
        {
            return null;
        }

        if (!client.Endpoint.IsPrivate)
        {
            observer.Warning(
                $"Your credentials for {endpoint.Registry} are not sent to {client.Endpoint.Address}: everybody on the network could " +
                    "read them. "
                + "Reach Docker with TLS or ssh:// to use them.");
            return null;
        }

        return DockerAuth.Encode(stored, endpoint.Registry);
    }

    /// <summary>Refuses what only Docker's own configuration can decide.</summary>
    /// <exception cref="ImageException">NotSupported.</exception>
    public void Refuse(RegistryOptions options)
    {
        if (options.PlainHttp)
        {
            throw NotHere("-PlainHttp", "List the registry under insecure-registries in Docker's configuration (daemon.json).");
        }

        if (options.TrustedRealm is not null)
        {
            throw NotHere("-TrustedRealm", "Docker follows the registry to its token service by itself; use the local store to choose.");
        }

        if (options.Proxy is not null || options.ProxyCredential is not null || options.ProxyUseDefaultCredentials)
        {
            throw NotHere("a proxy", "Set the proxy in Docker's configuration (proxies in daemon.json, or HTTPS_PROXY of its service).");
        }
    }

    private ImageException NotHere(string what, string advice) => new(
        ImageErrorKind.NotSupported,
        $"The store '{client.Endpoint.Store}' cannot use {what}: the Docker Engine talks to registries, not this command.",
        advice);
}
