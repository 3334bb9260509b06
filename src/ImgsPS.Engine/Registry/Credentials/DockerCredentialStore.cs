using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Naming;

namespace ImgsPS.Registry;

/// <summary>
/// Docker's credentials: DOCKER_AUTH_CONFIG, then config.json in $DOCKER_CONFIG or ~/.docker; there credHelpers before credsStore before
/// auths, the longest path first (RC2). Reads the file anew each time. Safe for any number of threads.
/// </summary>
internal sealed class DockerCredentialStore : ICredentialStore
{
    public static readonly DockerCredentialStore Default = new(Environment.GetEnvironmentVariable, new CredentialHelper());

    private readonly Func<string, string?> _environment;
    private readonly DockerConfigFile _file;
    private readonly ICredentialHelper _helper;

    /// <param name="environment">Gives an environment variable's value.</param>
    /// <param name="helper">Runs credential helpers.</param>
    public DockerCredentialStore(Func<string, string?> environment, ICredentialHelper helper)
    {
        _environment = environment;
        _file = new DockerConfigFile(environment);
        _helper = helper;
    }

    /// <inheritdoc/>
    public string State() =>
        SecretHash.Of(_environment("DOCKER_AUTH_CONFIG"), _environment("PATH"), _file.Path, _file.Content());

    /// <inheritdoc/>
    public async Task<RegistryCredential?> FindAsync(
        RegistryEndpoint registry, string? repository, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var keys = Keys(registry, repository);
        if (FromAuths(ReadEnvironment(observer).Auths, keys) is { } inEnvironment)
        {
            return inEnvironment;
        }

        var config = _file.Read();
        var stored = FromAuths(config.Auths, keys);
        var name = FindHelper(config, keys) ?? config.CredsStore;
        if (name is null)
        {
            return stored;
        }

        try
        {
            return await _helper.GetAsync(name, registry.CredentialKey, cancellationToken).ConfigureAwait(false) ?? stored;
        }
        catch (ImageException e) when (stored is not null)
        {
            // A helper often fails in a logon session without a desktop; the file's entry is the user's own word for such times.
            observer.Warning($"{e.Message}; the entry in {_file.Path} is used.");
            return stored;
        }
    }

    /// <summary>
    /// The keys that mean a repository, best first: its path, each path above it, the registry; for Docker Hub also docker's key and names
    /// of old.
    /// </summary>
    internal static IReadOnlyList<string> Keys(RegistryEndpoint registry, string? repository)
    {
        var keys = new List<string>();
        for (var path = repository ?? ""; path.Length > 0; path = path.Substring(0, Math.Max(path.LastIndexOf('/'), 0)))
        {
            keys.Add(registry.Registry + "/" + path);
        }

        if (registry.IsHub)
        {
            keys.Add(registry.CredentialKey);
            keys.Add(DockerHub.LegacyRegistry);
        }

        keys.Add(registry.Registry);
        return keys;
    }

    private static RegistryCredential? FromAuths(IReadOnlyDictionary<string, RegistryCredential?> auths, IReadOnlyList<string> keys)
    {
        foreach (var key in keys)
        {
            if (auths.TryGetValue(key, out var exact) && exact is not null)
            {
                return exact;
            }

            // docker login of old wrote URLs; a key with a path of its own is not one of them.
            var match = auths.Where(a => a.Value is not null && IsHostKey(a.Key) && HostEquals(CredentialHost.Of(a.Key), key))
                .OrderBy(a => a.Key, StringComparer.Ordinal).FirstOrDefault();
            if (match.Value is not null)
            {
                return match.Value;
            }
        }

        return null;
    }

    // example.com, https://example.com, https://example.com/v1/, https://example.com/v2/
    private static bool IsHostKey(string key)
    {
        var scheme = key.IndexOf("://", StringComparison.Ordinal);
        var rest = scheme < 0 ? key : key.Substring(scheme + 3);
        var slash = rest.IndexOf('/');
        return slash < 0 || (rest.Substring(slash).Trim('/') is "" or "v1" or "v2" && scheme >= 0);
    }

    private static bool HostEquals(string left, string right) => string.Equals(left, right, StringComparison.OrdinalIgnoreCase);

    private static string? FindHelper(DockerConfig config, IReadOnlyList<string> keys)
    {
        foreach (var key in keys)
        {
            if (config.CredHelpers.TryGetValue(key, out var exact) && exact.Length > 0)
            {
                return exact;
            }

            var match = config.CredHelpers.Where(h => h.Value.Length > 0 && IsHostKey(h.Key) && HostEquals(CredentialHost.Of(h.Key), key))
                .OrderBy(h => h.Key, StringComparer.Ordinal).FirstOrDefault();
            if (match.Value is not null)
            {
                return match.Value;
            }
        }

        return null;
    }

    private DockerConfig ReadEnvironment(IOperationObserver observer)
    {
        if (_environment("DOCKER_AUTH_CONFIG") is not { Length: > 0 } text || text.Trim().Length == 0)
        {
            return DockerConfig.Empty;
        }

        try
        {
            return DockerConfig.ParseEnvironment(text);
        }
        catch (FormatException e)
        {
            // As docker does: the variable is set aside, loudly, and the file counts.
            observer.Warning($"Failed to parse credentials from DOCKER_AUTH_CONFIG: {e.Message}; it is not used.");
            return DockerConfig.Empty;
        }
    }
}
