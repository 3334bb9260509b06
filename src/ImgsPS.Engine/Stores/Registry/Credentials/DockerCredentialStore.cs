using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Naming;

namespace ImgsPS.Stores.Registry;

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
        var (environment, fault) = ReadEnvironment();
        if (Find(environment.Entries, keys, e => e.Credential is not null)?.Credential is { } inEnvironment)
        {
            return inEnvironment;
        }

        var found = await FindInFileAsync(registry, keys, observer, cancellationToken).ConfigureAwait(false);
        if (fault is null)
        {
            return found;
        }

        if (found is null)
        {
            throw new ImageException(ImageErrorKind.InvalidData, fault, "Correct the variable, or take it away.");
        }

        // As docker does: the variable is set aside, loudly, and the file counts.
        observer.Warning(fault + "; it is not used.");
        return found;
    }

    private async Task<RegistryCredential?> FindInFileAsync(
        RegistryEndpoint registry, IReadOnlyList<string> keys, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var config = _file.Read();
        var stored = Find(config.Entries, keys, e => e.Credential is not null || e.Fault is not null);
        var name = HelperFor(config, keys);
        RegistryCredential? kept = null;
        try
        {
            kept = name is null ? null
                : await _helper.GetAsync(name, registry.CredentialKey, cancellationToken).ConfigureAwait(false);
        }
        catch (ImageException e) when (stored?.Credential is not null)
        {
            // A helper often fails in a logon session without a desktop; the file's entry is the user's own word for such times.
            observer.Warning($"{e.Message}; the entry in {_file.Path} is used.");
        }

        var fault = stored?.Fault ?? config.BrokenHelpers.Where(key => keys.Any(wanted => Means(key, wanted)))
            .Select(key => $"credHelpers has for '{DockerConfig.Shown(key)}' what is no name of a helper").FirstOrDefault();
        if (kept is null && fault is not null && stored?.Credential is null)
        {
            throw _file.Broken(fault);
        }

        if ((kept ??= stored?.Credential) is null)
        {
            TellOthers(config, registry, keys, observer);
        }

        return kept;
    }

    /// <summary>Tells of entries that look like the registry's and are not (FF17).</summary>
    private void TellOthers(DockerConfig config, RegistryEndpoint registry, IReadOnlyList<string> keys, IOperationObserver observer)
    {
        static string HostOf(string key) => HostNames.Normalize(HostNames.Split(CredentialHost.Of(key.Trim())).Host);
        var host = HostOf(registry.Registry);
        foreach (var key in config.Entries.Keys.Concat(config.CredHelpers.Keys).Distinct(StringComparer.Ordinal)
            .Where(key => HostOf(key) == host && !keys.Any(wanted => Means(key, wanted))).Take(10))
        {
            observer.Verbose($"{_file.Path} has an entry '{DockerConfig.Shown(key)}', which is not one for {keys[0]}");
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

    /// <summary>The helper that is asked for what the keys mean; null for none.</summary>
    internal static string? HelperFor(DockerConfig config, IReadOnlyList<string> keys) =>
        Find(config.CredHelpers, keys, helper => helper.Length > 0) ?? config.CredsStore;

    /// <summary>The best entry that counts: of the first key that one stands for.</summary>
    private static T? Find<T>(IReadOnlyDictionary<string, T> entries, IReadOnlyList<string> keys, Func<T, bool> counts)
        where T : class
    {
        foreach (var key in keys)
        {
            if (entries.TryGetValue(key, out var exact) && counts(exact))
            {
                return exact;
            }

            var match = entries.Where(e => counts(e.Value) && Means(e.Key, key)).OrderBy(e => e.Key, StringComparer.Ordinal).FirstOrDefault();
            if (match.Value is not null)
            {
                return match.Value;
            }
        }

        return null;
    }

    /// <summary>
    /// True when an entry's key stands for what is looked for: a host in the forms in which docker login and other tools have written one
    /// (<c>host/</c>, <c>https://host/v1/</c>, <c>https://host/api/v2/</c>, with blanks around), or a host with a path (FF17).
    /// </summary>
    internal static bool Means(string key, string wanted)
    {
        key = key.Trim();
        if (key.TrimEnd('/') == wanted)
        {
            return true;
        }

        var scheme = key.IndexOf("://", StringComparison.Ordinal);
        var path = string.Join("/", (scheme < 0 ? key : key.Substring(scheme + 3)).Split(['/'], StringSplitOptions.RemoveEmptyEntries).Skip(1));
        return path.ToLowerInvariant() is "" or "v1" or "v2" or "api" or "api/v1" or "api/v2"
            && string.Equals(CredentialHost.Of(key), wanted, StringComparison.OrdinalIgnoreCase);
    }

    private (DockerConfig Config, string? Fault) ReadEnvironment()
    {
        if (_environment("DOCKER_AUTH_CONFIG") is not { Length: > 0 } text || text.Trim().Length == 0)
        {
            return (DockerConfig.Empty, null);
        }

        try
        {
            return (DockerConfig.ParseEnvironment(text), null);
        }
        catch (FormatException e)
        {
            return (DockerConfig.Empty, $"Failed to parse credentials from DOCKER_AUTH_CONFIG: {e.Message}");
        }
    }
}
