using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using System.Text.Json;
using ImgsPS.Naming;
using ImgsPS.Stores.Registry;

namespace ImgsPS.Stores.Docker;

/// <summary>The value of X-Registry-Auth: padded base64url of a JSON object (Engine API, "Authentication"). It is a secret.</summary>
internal static class DockerAuth
{
    private const string UserName = "username";
    private const string Password = "password";
    private const string IdentityToken = "identitytoken";
    private const string RegistryToken = "registrytoken";

    /// <summary>The header's value for a pull from a registry.</summary>
    /// <param name="credential">Whose.</param>
    /// <param name="registry">The registry as references name it: <c>docker.io</c>, <c>reg.example.com:5000</c>.</param>
    public static string Encode(RegistryCredential credential, string registry)
    {
        using var json = new MemoryStream();
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            if (!string.IsNullOrEmpty(credential.RegistryToken))
            {
                writer.WriteString(RegistryToken, credential.RegistryToken);
            }
            else if (!string.IsNullOrEmpty(credential.IdentityToken))
            {
                if (IsName(credential.UserName))
                {
                    writer.WriteString(UserName, credential.UserName);
                }

                writer.WriteString(IdentityToken, credential.IdentityToken);
            }
            else
            {
                writer.WriteString(UserName, credential.UserName);
                writer.WriteString(Password, credential.Secret);
            }

            writer.WriteString(
                "serveraddress", registry is DockerHub.Registry or DockerHub.LegacyRegistry ? DockerHub.CredentialKey : registry);
            writer.WriteEndObject();
        }

        return Convert.ToBase64String(json.ToArray()).Replace('+', '-').Replace('/', '_');
    }

    /// <summary>What must not be seen of a header's value: itself, and the secrets in it in all their forms.</summary>
    public static Secrets Hide(string? value)
    {
        var secrets = new Secrets();
        foreach (var secret in SecretsOf(value))
        {
            secrets.Add(secret);
        }

        using var document = value is null ? null : Decode(value);
        if (document?.RootElement.ValueKind == JsonValueKind.Object)
        {
            secrets.Add(new RegistryCredential(Text(document, UserName), Text(document, Password)));
        }

        return secrets;
    }

    /// <summary>The secrets of a header's value as they are.</summary>
    public static IEnumerable<string> SecretsOf(string? value)
    {
        if (value is null)
        {
            yield break;
        }

        yield return value;
        using var document = Decode(value);
        if (document?.RootElement.ValueKind != JsonValueKind.Object)
        {
            yield break;
        }

        foreach (var name in new[] { Password, IdentityToken, RegistryToken })
        {
            if (document.RootElement.TryGetProperty(name, out var secret) && secret.ValueKind == JsonValueKind.String)
            {
                yield return secret.GetString()!;
            }
        }
    }

    private static string Text(JsonDocument document, string name) =>
        document.RootElement.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    // Credential helpers put this in the place of a name when the secret is an identity token.
    private static bool IsName(string userName) => userName.Length > 0 && userName != "<token>";

    private static JsonDocument? Decode(string value)
    {
        try
        {
            return JsonText.Parse(new ArraySegment<byte>(Convert.FromBase64String(value.Replace('-', '+').Replace('_', '/'))));
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            // Not of our making: it has no parts.
            return null;
        }
    }
}
