using System;
using System.IO;
using System.Security.Cryptography;

namespace ImgsPS.Registry;

/// <summary>How a user wants to talk to registries. Immutable; equal options share a client.</summary>
internal sealed record RegistryOptions
{
    public static readonly RegistryOptions Default = new();

    // Another one in each process, so that a key cannot be looked up for the password in it.
    private static readonly byte[] KeySecret = MakeKeySecret();

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

    /// <summary>A text that is the same for equal options of this process and shows nothing of them: they may hold passwords.</summary>
    public string Key()
    {
        using var content = new MemoryStream();
        using (var writer = new BinaryWriter(content))
        {
            Write(writer, Credential);
            writer.Write(PlainHttp);
            Write(writer, TrustedRealm);
            Write(writer, Proxy?.OriginalString);
            Write(writer, ProxyCredential);
            writer.Write(ProxyUseDefaultCredentials);
        }

        using var hash = new HMACSHA256(KeySecret);
        return Convert.ToBase64String(hash.ComputeHash(content.ToArray()));
    }

    private static byte[] MakeKeySecret()
    {
        using var hash = new HMACSHA256();
        return hash.Key;
    }

    private static void Write(BinaryWriter writer, RegistryCredential? credential)
    {
        writer.Write(credential is not null);
        Write(writer, credential?.UserName);
        Write(writer, credential?.Secret);
        Write(writer, credential?.IdentityToken);
        Write(writer, credential?.RegistryToken);
    }

    // With its length, so that no two sets of texts are written alike.
    private static void Write(BinaryWriter writer, string? text)
    {
        writer.Write(text is not null);
        writer.Write(text ?? "");
    }
}

/// <summary>
/// A user name and a secret, or an identity token (a refresh token for OAuth2). <see cref="ToString"/> never shows the secret.
/// </summary>
internal sealed record RegistryCredential(string UserName, string Secret, string? IdentityToken = null, string? RegistryToken = null)
{
    public override string ToString() => UserName + ":***";
}
