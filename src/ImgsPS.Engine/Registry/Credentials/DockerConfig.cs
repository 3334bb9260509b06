using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.Json;
using ImgsPS.Naming;

namespace ImgsPS.Registry;

/// <summary>
/// What Docker's config.json says about credentials and contexts (docker CLI, cli/config/configfile). Member names in any case, as Go reads
/// them; all else in the file is not looked at. Immutable.
/// </summary>
internal sealed class DockerConfig
{
    public static readonly DockerConfig Empty = new();

    private static readonly JsonDocumentOptions Json = new() { MaxDepth = 64 };

    /// <summary>The entries of <c>auths</c> as they stand, by their keys: hosts, hosts with paths, or URLs.</summary>
    public IReadOnlyDictionary<string, RegistryCredential?> Auths { get; private init; } =
        new Dictionary<string, RegistryCredential?>(StringComparer.Ordinal);

    /// <summary>Names of helpers by registry.</summary>
    public IReadOnlyDictionary<string, string> CredHelpers { get; private init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>The helper for all registries; null when there is none.</summary>
    public string? CredsStore { get; private init; }

    /// <summary>The context that <c>docker context use</c> chose; null when none was.</summary>
    public string? CurrentContext { get; private init; }

    /// <summary>Reads a config.json. An empty text is an empty config, as for docker.</summary>
    /// <exception cref="FormatException">The text is no such document; the message has nothing of its content.</exception>
    public static DockerConfig Parse(string text)
    {
        if (text.Trim().Length == 0)
        {
            return Empty;
        }

        using var document = Read(text);
        return WithTexts(() =>
        {
            var root = document.RootElement;
            var helpers = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var helper in Members(root, "credHelpers"))
            {
                helpers[helper.Name] = Text(helper.Value, "credHelpers") ?? "";
            }

            return new DockerConfig
            {
                Auths = Entries(root, strict: false),
                CredHelpers = helpers,
                CredsStore = Member(root, "credsStore") is { } store ? Text(store, "credsStore") : null,
                CurrentContext = Member(root, "currentContext") is { } context ? Text(context, "currentContext") : null,
            };
        });
    }

    /// <summary>
    /// Reads the variable DOCKER_AUTH_CONFIG, which is stricter: one object with <c>auths</c>, whose entries have <c>auth</c> and nothing
    /// else. An empty text is an empty config.
    /// </summary>
    /// <exception cref="FormatException">The text is something else.</exception>
    public static DockerConfig ParseEnvironment(string text)
    {
        if (text.Trim().Length == 0)
        {
            return Empty;
        }

        using var document = Read(text);
        return WithTexts(() =>
        {
            AllowOnly(document.RootElement, "auths");
            return new DockerConfig { Auths = Entries(document.RootElement, strict: true) };
        });
    }

    private static DockerConfig WithTexts(Func<DockerConfig> read)
    {
        try
        {
            return read();
        }
        catch (InvalidOperationException)
        {
            // The JSON reader's way to say that an escape like \ud800 stands for no character.
            throw new FormatException("a text in it is not valid Unicode");
        }
    }

    private static Dictionary<string, RegistryCredential?> Entries(JsonElement root, bool strict)
    {
        var entries = new Dictionary<string, RegistryCredential?>(StringComparer.Ordinal);
        foreach (var entry in Members(root, "auths"))
        {
            if (entry.Value.ValueKind == JsonValueKind.Null)
            {
                continue;
            }

            if (entry.Value.ValueKind != JsonValueKind.Object)
            {
                throw new FormatException("an entry of auths is not an object");
            }

            if (strict)
            {
                AllowOnly(entry.Value, "auth");
            }

            entries[entry.Name] = Credential(entry.Value);
            if (strict && entries[entry.Name] is null)
            {
                throw new FormatException($"is missing key `auth` for {PrintableText.Of(entry.Name, 100)}");
            }
        }

        return entries;
    }

    private static void AllowOnly(JsonElement element, string name)
    {
        foreach (var member in element.EnumerateObject())
        {
            if (!Is(member.Name, name))
            {
                throw new FormatException($"unknown field \"{PrintableText.Of(member.Name, 100)}\"");
            }
        }
    }

    private static RegistryCredential? Credential(JsonElement entry)
    {
        string? Find(string name) => Member(entry, name) is { } value ? Text(value, name) : null;

        var (user, secret) = Find("auth") is { } auth ? Decode(auth) : (Find("username") ?? "", Find("password") ?? "");
        var identity = Find("identitytoken");
        var registry = Find("registrytoken");

        // docker login leaves an empty entry behind when a helper keeps the secret.
        return user.Length == 0 && secret.Length == 0 && identity is null && registry is null ? null
            : new(user, secret, identity, registry);
    }

    private static (string User, string Secret) Decode(string auth)
    {
        try
        {
            var text = Encoding.UTF8.GetString(Convert.FromBase64String(auth));
            var colon = text.IndexOf(':');
            if (colon < 1)
            {
                throw new FormatException();
            }

            // docker's file format of old padded the password with NUL.
            return (text.Substring(0, colon), text.Substring(colon + 1).Trim('\0'));
        }
        catch (FormatException)
        {
            // Its own message would show the text.
            throw new FormatException("a member auth is not the base64 of user:password");
        }
    }

    private static JsonDocument Read(string text)
    {
        try
        {
            var document = JsonDocument.Parse(text, Json);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return document;
            }

            document.Dispose();
        }
        catch (JsonException e) when (text.TrimStart().StartsWith("{", StringComparison.Ordinal)
            && e.Message.IndexOf("after a single JSON value", StringComparison.Ordinal) >= 0)
        {
            throw new FormatException("does not support more than one JSON object");
        }
        catch (ArgumentException)
        {
            throw new FormatException("it is not valid Unicode");
        }
        catch (JsonException e)
        {
            // The exception's message may quote the text, which may be a secret.
            throw new FormatException($"unmarshaling JSON failed at line {e.LineNumber + 1}");
        }

        throw new FormatException("unmarshaling JSON failed: it is not an object");
    }

    private static List<JsonProperty> Members(JsonElement root, string name)
    {
        if (Member(root, name) is not { } value || value.ValueKind == JsonValueKind.Null)
        {
            return [];
        }

        return value.ValueKind == JsonValueKind.Object
            ? value.EnumerateObject().ToList()
            : throw new FormatException($"{name} is not an object");
    }

    private static JsonElement? Member(JsonElement element, string name)
    {
        JsonElement? found = null;
        foreach (var member in element.EnumerateObject())
        {
            if (Is(member.Name, name))
            {
                found = member.Value;
            }
        }

        return found;
    }

    private static bool Is(string name, string expected) => string.Equals(name, expected, StringComparison.OrdinalIgnoreCase);

    private static string? Text(JsonElement value, string name) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString() is { Length: > 0 } text ? text : null,
        JsonValueKind.Null => null,
        _ => throw new FormatException($"{name} is not a text"),
    };
}
