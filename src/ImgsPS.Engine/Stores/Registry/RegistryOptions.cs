using System;

namespace ImgsPS.Stores.Registry;

/// <summary>How a user wants to talk to registries. Immutable.</summary>
internal sealed record RegistryOptions
{
    public static readonly RegistryOptions Default = new();

    /// <summary>Credentials given on the command line; they beat the Docker config file.</summary>
    public RegistryCredential? Credential { get; init; }

    /// <summary>
    /// True for plain HTTP although the host is not loopback (RN7), false for TLS alone, null to go by the host: TLS, and on loopback plain
    /// HTTP where the server does not speak TLS (FF15).
    /// </summary>
    public bool? PlainHttp { get; init; }

    /// <summary>
    /// A host (or host:port) beside the registry's own that may have the credentials when the registry sends there for a token (RN3); null
    /// for none.
    /// </summary>
    public string? TrustedRealm { get; init; }

    /// <summary>The proxy to use; null for the system's.</summary>
    public Uri? Proxy { get; init; }

    /// <summary>Credentials for the proxy, the system's too.</summary>
    public RegistryCredential? ProxyCredential { get; init; }

    /// <summary>The user's own logon for the proxy, the system's too. Without it no proxy gets that (SF13).</summary>
    public bool ProxyUseDefaultCredentials { get; init; }

    /// <summary>How long an operation may go without progress; null for two minutes (<see cref="RegistryLimits.Patience"/>).</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>
    /// How long one request may wait in all where a registry that has had too many requests, or is busy, says when to come back
    /// (<see cref="RegistryLimits.MaximumWait"/>).
    /// </summary>
    public TimeSpan MaximumWait { get; init; }

    /// <summary>
    /// The clients of the command, all with these options; null for a client of its own for each operation. The command disposes them.
    /// </summary>
    public RegistryClients? Clients { get; init; }

    /// <summary>The way to a registry alone: without the credentials for it, and without what belongs to the command.</summary>
    public RegistryOptions WithoutSecrets() => this with { Credential = null, Clients = null };

    /// <summary>True when a proxy gets credentials: connections through it are this command's alone (SF12).</summary>
    public bool HasProxyCredentials =>
        ProxyCredential is not null || ProxyUseDefaultCredentials || (Proxy is not null && ProxyAddress.CredentialOf(Proxy) is not null);
}

/// <summary>
/// A user name and a secret, or an identity token (a refresh token for OAuth2). <see cref="ToString"/> never shows the secret.
/// </summary>
internal sealed record RegistryCredential(string UserName, string Secret, string? IdentityToken = null, string? RegistryToken = null)
{
    /// <summary>The user name that stands for "the secret is an identity token" (docker-credential-helpers).</summary>
    public const string TokenUser = "<token>";

    /// <summary>A text that is equal for equal credentials of this process and shows nothing of them.</summary>
    public string Key() => SecretHash.Of(UserName, Secret, IdentityToken, RegistryToken);

    public override string ToString() => UserName + ":***";
}
