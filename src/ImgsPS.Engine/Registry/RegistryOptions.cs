using System;

namespace ImgsPS.Registry;

/// <summary>How a user wants to talk to registries. Immutable; equal options share a client.</summary>
internal sealed record RegistryOptions
{
    public static readonly RegistryOptions Default = new();

    /// <summary>Credentials given on the command line; they beat the Docker config file.</summary>
    public RegistryCredential? Credential { get; init; }

    /// <summary>Plain HTTP although the host is not loopback (RN7). Loopback is plain HTTP by itself.</summary>
    public bool PlainHttp { get; init; }

    /// <summary>
    /// A host (or host:port) beside the registry's own that may have the credentials when the registry sends there for a token (RN3); null
    /// for none.
    /// </summary>
    public string? TrustedRealm { get; init; }

    /// <summary>The proxy to use; null for the system's.</summary>
    public Uri? Proxy { get; init; }

    /// <summary>Credentials for the proxy.</summary>
    public RegistryCredential? ProxyCredential { get; init; }

    /// <summary>The user's own credentials for the proxy.</summary>
    public bool ProxyUseDefaultCredentials { get; init; }
}

/// <summary>
/// A user name and a secret, or an identity token (a refresh token for OAuth2). <see cref="ToString"/> never shows the secret.
/// </summary>
internal sealed record RegistryCredential(string UserName, string Secret, string? IdentityToken = null, string? RegistryToken = null)
{
    public override string ToString() => UserName + ":***";
}
