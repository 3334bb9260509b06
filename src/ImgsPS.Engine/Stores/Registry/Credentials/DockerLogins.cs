using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Naming;

namespace ImgsPS.Stores.Registry;

/// <summary>
/// Signs registries in and out where docker does (LG2, LG6): with the helper that config.json names for the registry, else in config.json
/// itself. The other half of <see cref="DockerCredentialStore"/>. Safe for any number of threads and processes.
/// </summary>
internal sealed class DockerLogins
{
    public static readonly DockerLogins Default = new(Environment.GetEnvironmentVariable, new CredentialHelper());

    // What docker's login by a browser leaves for Docker Hub.
    private static readonly string[] HubTokens = [DockerHub.CredentialKey + "access-token", DockerHub.CredentialKey + "refresh-token"];

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Func<string, string?> _environment;
    private readonly DockerConfigFile _file;
    private readonly CredentialHelper _helper;

    /// <param name="environment">Gives an environment variable's value.</param>
    /// <param name="helper">Runs credential helpers.</param>
    public DockerLogins(Func<string, string?> environment, CredentialHelper helper)
    {
        _environment = environment;
        _file = new DockerConfigFile(environment);
        _helper = helper;
    }

    /// <summary>Fails when nothing could be stored because the file is broken: before anybody is asked.</summary>
    /// <exception cref="ImageException">As <see cref="DockerConfigFile.Read"/>.</exception>
    public void EnsureReadable() => _file.Read();

    /// <summary>The registries that config.json has something for, as references name them; none where it cannot be read.</summary>
    public IReadOnlyList<string> Registries()
    {
        try
        {
            var config = _file.Read();
            return config.Entries.Keys.Concat(config.CredHelpers.Keys)
                .Where(key => DockerCredentialStore.Means(key, CredentialHost.Of(key.Trim())))
                .Select(key => CredentialHost.Of(key.Trim()).ToLowerInvariant())
                .Select(host => host is DockerHub.LegacyRegistry or DockerHub.Host ? DockerHub.Registry : host)
                .Distinct(StringComparer.Ordinal).OrderBy(host => host, StringComparer.Ordinal).ToList();
        }
        catch (ImageException)
        {
            // A command that needs the file says what is wrong with it.
            return [];
        }
    }

    /// <summary>Keeps a credential; what was kept for the registry goes.</summary>
    /// <returns>Where it is now: the helper's program, or the path of config.json.</returns>
    /// <exception cref="ImageException">
    /// Unauthorized: the helper fails. As <see cref="DockerConfigFile.ChangeAsync"/>. What was kept is kept.
    /// </exception>
    public async Task<string> StoreAsync(
        RegistryEndpoint registry, RegistryCredential credential, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var key = registry.CredentialKey;
        var config = _file.Read();
        var helper = HelperFor(config, registry);
        if (helper is not null)
        {
            await _helper.StoreAsync(helper, key, credential, cancellationToken).ConfigureAwait(false);
        }

        await _file.ChangeAsync(
            Patience,
            text =>
            {
                text.Set(key, found => IsOf(found, registry), helper is null ? credential : null);
                return true;
            },
            cancellationToken).ConfigureAwait(false);
        if (helper is null)
        {
            observer.Warning(
                $"Your credentials are stored unencrypted in '{_file.Path}'. "
                + "Configure a credential helper to remove this warning. See https://docs.docker.com/go/credential-store/");
        }

        if (AskedFor(config, registry) is { } asked && asked != helper)
        {
            observer.Warning(
                $"'{_file.Path}' names {Program(asked)} for another form of '{key}'. docker does not read that, so nothing was stored "
                + "there; what it has comes first when ImgsPS asks.");
        }

        if (_environment("DOCKER_AUTH_CONFIG") is { Length: > 0 })
        {
            observer.Warning(
                "DOCKER_AUTH_CONFIG is set and takes precedence: what it has for a registry hides what is stored. "
                + "Take the variable away to use what is stored.");
        }

        return helper is null ? _file.Path : Program(helper);
    }

    /// <summary>
    /// What the helper has that config.json names for the registry, and the helper's program. Nothing is stored: it is there already.
    /// </summary>
    /// <exception cref="ImageException">
    /// InvalidArgument: no helper is configured. NotFound: it has nothing. Unauthorized: it fails. As <see cref="DockerConfigFile.Read"/>.
    /// </exception>
    public async Task<(RegistryCredential Credential, string StoredIn)> FromHelperAsync(
        RegistryEndpoint registry, CancellationToken cancellationToken)
    {
        var helper = HelperFor(_file.Read(), registry) ?? throw new ImageException(
            ImageErrorKind.InvalidArgument,
            $"'{_file.Path}' names no credential helper for {registry.Registry}",
            $"Name one there: credHelpers for this registry, or credsStore for all. Or use -Credential.");
        return (await _helper.GetAsync(helper, registry.CredentialKey, cancellationToken).ConfigureAwait(false) ?? throw new ImageException(
            ImageErrorKind.NotFound,
            $"{Program(helper)} has no credentials for {registry.Registry}",
            "Sign in with the helper's own tool, or use -Credential."), Program(helper));
    }

    /// <summary>Forgets what is kept for a registry, in the helper and in the file. None is no failure.</summary>
    /// <returns>True when something was there.</returns>
    /// <exception cref="ImageException">
    /// Unauthorized: the helper fails; what the file has is gone all the same. As <see cref="DockerConfigFile.ChangeAsync"/>.
    /// </exception>
    public async Task<bool> EraseAsync(RegistryEndpoint registry, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var config = _file.Read();
        var had = config.Entries.Any(entry => entry.Value.Credential is not null && IsOf(entry.Key, registry));
        await _file.ChangeAsync(
            Patience, text => text.Remove(found => IsOf(found, registry) || IsHubToken(found, registry)), cancellationToken)
            .ConfigureAwait(false);
        foreach (var helper in new[] { HelperFor(config, registry), AskedFor(config, registry) }.OfType<string>().Distinct())
        {
            had |= await EraseInHelperAsync(helper, registry, observer, cancellationToken).ConfigureAwait(false);
        }

        TellRest(config, registry, observer);
        return had;
    }

    private async Task<bool> EraseInHelperAsync(
        string helper, RegistryEndpoint registry, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var had = await _helper.EraseAsync(helper, registry.CredentialKey, cancellationToken).ConfigureAwait(false);
        foreach (var key in OlderKeys(registry))
        {
            try
            {
                await _helper.EraseAsync(helper, key, cancellationToken).ConfigureAwait(false);
            }
            catch (ImageException e)
            {
                observer.Verbose($"{Program(helper)}, asked to erase the older form {key}: {e.Message}");
            }
        }

        return had;
    }

    /// <summary>Tells of credentials that are still used for the registry, or a part of it.</summary>
    private void TellRest(DockerConfig config, RegistryEndpoint registry, IOperationObserver observer)
    {
        foreach (var key in config.Entries.Keys.Where(key => !IsOf(key, registry) && !IsHubToken(key, registry)
            && key.IndexOf('/') > 0 && key.Trim().StartsWith(registry.Registry + "/", StringComparison.OrdinalIgnoreCase)))
        {
            observer.Warning($"'{_file.Path}' still has credentials for '{DockerConfig.Shown(key)}', a part of the registry.");
        }

        if (_environment("DOCKER_AUTH_CONFIG") is { Length: > 0 } text && IsInEnvironment(text, registry))
        {
            observer.Warning($"DOCKER_AUTH_CONFIG is set, and what it has for {registry.Registry} is still used.");
        }
    }

    private static bool IsInEnvironment(string text, RegistryEndpoint registry)
    {
        try
        {
            return DockerConfig.ParseEnvironment(text).Entries.Keys.Any(key => IsOf(key, registry));
        }
        catch (FormatException)
        {
            // Nothing of it is used.
            return false;
        }
    }

    /// <summary>docker's own choice: the helper of exactly the key, else the one for all; null for none.</summary>
    /// <exception cref="ImageException">InvalidData: what is there for the key is no name.</exception>
    private string? HelperFor(DockerConfig config, RegistryEndpoint registry)
    {
        var key = registry.CredentialKey;
        if (config.BrokenHelpers.Contains(key))
        {
            throw _file.Broken($"credHelpers has for '{key}' what is no name of a helper");
        }

        var helper = config.CredHelpers.TryGetValue(key, out var own) ? own : config.CredsStore;
        return string.IsNullOrEmpty(helper) ? null : helper;
    }

    /// <summary>The helper that ImgsPS asks, also by a form of the key that docker does not read; null for none.</summary>
    private static string? AskedFor(DockerConfig config, RegistryEndpoint registry) =>
        DockerCredentialStore.HelperFor(config, DockerCredentialStore.Keys(registry, null));

    /// <summary>True for an entry's key that means the registry itself, in any form that docker and other tools wrote (LG3).</summary>
    private static bool IsOf(string key, RegistryEndpoint registry) =>
        DockerCredentialStore.Keys(registry, null).Append(registry.IsHub ? DockerHub.Host : registry.Registry)
            .Any(wanted => DockerCredentialStore.Means(key, wanted));

    private static bool IsHubToken(string key, RegistryEndpoint registry) => registry.IsHub && HubTokens.Contains(key);

    private static string[] OlderKeys(RegistryEndpoint registry) =>
        registry.IsHub ? HubTokens : [$"http://{registry.Registry}", $"https://{registry.Registry}"];

    private static string Program(string helper) => "docker-credential-" + helper;
}
