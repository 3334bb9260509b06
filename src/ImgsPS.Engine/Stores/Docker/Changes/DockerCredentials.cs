using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Naming;
using ImgsPS.Stores.Registry;

namespace ImgsPS.Stores.Docker;

/// <summary>What X-Registry-Auth says: the credential of the command line, else the user's own for the registry (RC5).</summary>
internal sealed class DockerCredentials(DockerClient client, ICredentialStore store)
{
    /// <summary>
    /// The header's value, a secret; null for none. Stored credentials go to a Docker Engine that is private only, and given ones not where
    /// all can read them; a Warning says what is left out or risked (RC5, SF14).
    /// </summary>
    /// <param name="registry">The registry.</param>
    /// <param name="repository">The repository, or null.</param>
    /// <param name="options">What the user wants.</param>
    /// <param name="observer">Who is told.</param>
    /// <param name="cancellationToken">Stops a credential helper.</param>
    /// <exception cref="ImageException">
    /// Denied: a given credential for a stranger's pipe. One for a Docker Engine that is open
    /// to all is refused by <see cref="DockerClient.SendAsync"/>.
    /// </exception>
    public async Task<string?> FindAsync(
        string registry, string? repository, RegistryOptions options, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var endpoint = RegistryEndpoint.For(registry, RegistryOptions.Default);
        var credential = options.Credential
            ?? await StoredAsync(endpoint, repository, observer, cancellationToken).ConfigureAwait(false);
        if (credential is null)
        {
            return null;
        }

        var stranger = await client.StrangerAsync(cancellationToken).ConfigureAwait(false);
        if (options.Credential is not null)
        {
            if (stranger is not null)
            {
                throw DockerFailure.Stranger(client.Endpoint, stranger);
            }

            if (client.Endpoint.Privacy == DockerPrivacy.Unproven)
            {
                observer.Warning($"The credentials of -Credential go to {client.Endpoint.Address}, and {Unproven}.");
            }
        }
        else if (Risk(stranger) is { } risk)
        {
            observer.Warning(
                $"Your credentials for {endpoint.Registry} are not sent to {client.Endpoint.Address}: {risk.Why}. {risk.Advice}");
            return null;
        }

        return DockerAuth.Encode(credential, endpoint.Registry);
    }

    /// <summary>The user's own; null, with a warning, when they cannot be read: what is public needs none (FF16).</summary>
    private async Task<RegistryCredential?> StoredAsync(
        RegistryEndpoint endpoint, string? repository, IOperationObserver observer, CancellationToken cancellationToken)
    {
        try
        {
            return await store.FindAsync(endpoint, repository, observer, cancellationToken).ConfigureAwait(false);
        }
        catch (ImageException e)
        {
            observer.Warning(CredentialSource.Unread(e, endpoint));
            return null;
        }
    }

    private const string Unproven = "its certificate is not checked: whoever answers there can read them";

    /// <summary>Why stored credentials don't go to this Docker, and what to do; null when they do.</summary>
    private (string Why, string Advice)? Risk(string? stranger) =>
        stranger is not null
            ? ($"the pipe belongs to {PrintableText.Of(stranger)}", "Find out who made the pipe of Docker's name.")
            : client.Endpoint.Privacy switch
            {
                DockerPrivacy.Open => ("everybody on the network could read them", "Reach Docker with TLS or ssh:// to use them."),
                DockerPrivacy.Unproven => (
                    Unproven,
                    "Have it checked (DOCKER_TLS_VERIFY, or a context without SkipTLSVerify), or pass -Credential for this command."),
                _ => null,
            };

    /// <summary>Refuses what only Docker's own configuration can decide.</summary>
    /// <exception cref="ImageException">NotSupported.</exception>
    public void Refuse(RegistryOptions options)
    {
        if (options.PlainHttp == true)
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
