using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Naming;

namespace ImgsPS.Stores.Registry;

/// <summary>Signs in at registries and out again (LG1-LG8). Safe for any number of threads and processes.</summary>
internal static class RegistryLogin
{
    // The user names that go with the access tokens of cloud registries, by the end of the registry's name, as their makers document them.
    private static readonly (string Host, string UserName)[] TokenUsers =
    [
        (".azurecr.io", "00000000-0000-0000-0000-000000000000"),
        (".azurecr.cn", "00000000-0000-0000-0000-000000000000"),
        (".azurecr.us", "00000000-0000-0000-0000-000000000000"),
        (".amazonaws.com", "AWS"),
        (".amazonaws.com.cn", "AWS"),
        ("public.ecr.aws", "AWS"),
        ("ghcr.io", "token"),
        ("gcr.io", "oauth2accesstoken"),
        ("-docker.pkg.dev", "oauth2accesstoken"),
        ("nvcr.io", "$oauthtoken"),
    ];

    /// <summary>
    /// A registry's name as references have it, by any form in which one is given: host and port, an address, one of Docker Hub's names
    /// (LG3).
    /// </summary>
    /// <exception cref="ImageException">InvalidArgument: it names no registry, a part of one, or has a password in it.</exception>
    public static string NameOf(string text)
    {
        text = text.Trim();
        var scheme = text.IndexOf("://", StringComparison.Ordinal);
        var rest = scheme < 0 ? text : text.Substring(scheme + 3);
        if (text.IndexOf('@') >= 0
            || (scheme >= 0 && text.Substring(0, scheme).ToLowerInvariant() is not ("http" or "https" or "registry")))
        {
            throw Refused();
        }

        var host = CredentialHost.Of(rest);
        if (!DockerCredentialStore.Means(rest, host))
        {
            throw new ImageException(
                ImageErrorKind.InvalidArgument,
                $"'{PrintableText.Of(text)}' is a part of a registry",
                $"Credentials are kept for a whole registry: give {PrintableText.Of(host)}.");
        }

        try
        {
            var name = RegistryAddress.Parse(RegistryAddress.For(host).Store).Registry;
            return name == DockerHub.Host ? DockerHub.Registry : name;
        }
        catch (ImageException)
        {
            // That one tells of the address of a store.
            throw Refused();
        }

        ImageException Refused() => new(
            ImageErrorKind.InvalidArgument,
            $"'{PrintableText.Of(text.Substring(text.LastIndexOf('@') + 1))}' is not the name of a registry",
            "Give its host as references name it, with its domain or its port: reg.example.com, reg.example.com:5000. Without a password.");
    }

    /// <summary>The user name that goes with an access token for a registry; null where it is the user's own.</summary>
    public static string? TokenUserOf(string registry) => TokenUsers
        .Where(known => registry == known.Host.TrimStart('.', '-') || registry.EndsWith(
            known.Host[0] is '.' or '-' ? known.Host : "." + known.Host, StringComparison.Ordinal))
        .Select(known => known.UserName).FirstOrDefault();

    /// <summary>
    /// Has the registry check the credentials, and keeps them where docker does. Nothing is stored unless the registry takes them, or asks
    /// for none.
    /// </summary>
    /// <param name="registry">The registry, as <see cref="NameOf"/> gives it.</param>
    /// <param name="credential">The credentials; null for those that the configured helper has, which stay there.</param>
    /// <param name="options">How to talk to the registry.</param>
    /// <param name="logins">Where credentials are kept.</param>
    /// <param name="observer">Told what the user should know.</param>
    /// <param name="cancellationToken">Ends it; what is stored then is stored whole.</param>
    /// <exception cref="ImageException">
    /// Unauthorized: the registry refuses them. Else as a question to a registry, and as <see cref="DockerLogins.StoreAsync"/>.
    /// </exception>
    public static async Task<ImageRegistryLogin> ConnectAsync(
        string registry, RegistryCredential? credential, RegistryOptions options, DockerLogins logins, IOperationObserver observer,
        CancellationToken cancellationToken)
    {
        logins.EnsureReadable();
        var storedIn = "";
        if (credential is null)
        {
            (credential, storedIn) = await logins.FromHelperAsync(RegistryEndpoint.For(registry, options), cancellationToken)
                .ConfigureAwait(false);
        }

        EnsureUsable(credential);
        var endpoint = RegistryEndpoint.For(registry, options);
        using var client = RegistryClient.Open(registry, options with { Credential = credential, Clients = null });
        return await client.GuardAsync(registry, observer, LogInAsync).ConfigureAwait(false);

        async Task<ImageRegistryLogin> LogInAsync(IOperationObserver masked)
        {
            var isVerified = await client.CheckLoginAsync(masked, cancellationToken).ConfigureAwait(false);
            if (!isVerified)
            {
                masked.Warning($"{registry}: the credentials were not checked: the registry asks for none.");
            }

            if (storedIn.Length == 0)
            {
                storedIn = await logins.StoreAsync(endpoint, credential, masked, cancellationToken).ConfigureAwait(false);
            }

            RegistryMemory.Forget(endpoint);
            return new ImageRegistryLogin
            {
                Registry = registry,
                UserName = credential.UserName.Length > 0 ? credential.UserName : null,
                StoredIn = storedIn,
                Verified = isVerified,
            };
        }
    }

    /// <summary>Forgets what is kept for a registry. No registry is asked.</summary>
    /// <exception cref="ImageException">As <see cref="DockerLogins.EraseAsync"/>.</exception>
    public static async Task DisconnectAsync(
        string registry, DockerLogins logins, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var endpoint = RegistryEndpoint.For(registry, RegistryOptions.Default);
        RegistryMemory.Forget(endpoint);
        observer.Verbose(await logins.EraseAsync(endpoint, observer, cancellationToken).ConfigureAwait(false)
            ? $"The credentials for {registry} were removed"
            : $"There were no credentials for {registry}");
    }

    /// <summary>Refuses what no header or file can carry (RFC 7617).</summary>
    private static void EnsureUsable(RegistryCredential credential)
    {
        var isToken = credential.IdentityToken is not null;
        var wrong = isToken && credential.IdentityToken!.Length == 0 ? "the identity token is empty"
            : !isToken && credential.UserName.Length == 0 ? "the user name is empty"
            : !isToken && credential.Secret.Length == 0 ? "the password is empty"
            : credential.UserName.IndexOf(':') >= 0 ? "a user name cannot have a colon"
            : Texts().Any(text => text.Any(char.IsControl)) ? "control characters cannot be in a user name or a password"
            : null;
        if (wrong is not null)
        {
            throw new ImageException(ImageErrorKind.InvalidArgument, $"The credentials cannot be used: {wrong}", "Give others.");
        }

        IEnumerable<string> Texts() => [credential.UserName, credential.Secret, credential.IdentityToken ?? ""];
    }
}
