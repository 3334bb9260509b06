using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.Json;
using ImgsPS.Naming;

namespace ImgsPS.Stores.Registry;

/// <summary>
/// What Docker's config.json says about credentials and contexts (docker CLI, cli/config/configfile). Member names in any case, as Go reads
/// them; all else in the file is not looked at. Immutable.
/// </summary>
internal sealed class DockerConfig
{
    public static readonly DockerConfig Empty = new();

    private static readonly JsonDocumentOptions Json = new() { MaxDepth = 64 };

    /// <summary>
    /// The entries of <c>auths</c> as they stand, by their keys: hosts, hosts with paths, or URLs. One that is broken is a matter of its own
    /// host alone (FF16).
    /// </summary>
    public IReadOnlyDictionary<string, ConfigEntry> Entries { get; private init; } =
        new Dictionary<string, ConfigEntry>(StringComparer.Ordinal);

    /// <summary>The credentials of the entries that can be read.</summary>
    public IReadOnlyDictionary<string, RegistryCredential?> Auths => Entries.Where(e => e.Value.Fault is null)
        .ToDictionary(e => e.Key, e => e.Value.Credential, StringComparer.Ordinal);

    /// <summary>Names of helpers by registry.</summary>
    public IReadOnlyDictionary<string, string> CredHelpers { get; private init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>The keys of <c>credHelpers</c> that have no text.</summary>
    public IReadOnlyList<string> BrokenHelpers { get; private init; } = [];

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
            var broken = new List<string>();
            foreach (var helper in Members(root, "credHelpers").Where(h => h.Value.ValueKind != JsonValueKind.Null))
            {
                if (helper.Value.ValueKind == JsonValueKind.String)
                {
                    helpers[helper.Name] = helper.Value.GetString()!;
                }
                else
                {
                    broken.Add(helper.Name);
                }
            }

            return new DockerConfig
            {
                Entries = ReadEntries(root, strict: false),
                CredHelpers = helpers,
                BrokenHelpers = broken,
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
            return new DockerConfig { Entries = ReadEntries(document.RootElement, strict: true) };
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

    private static Dictionary<string, ConfigEntry> ReadEntries(JsonElement root, bool strict)
    {
        var entries = new Dictionary<string, ConfigEntry>(StringComparer.Ordinal);
        foreach (var entry in Members(root, "auths").Where(e => e.Value.ValueKind != JsonValueKind.Null))
        {
            try
            {
                entries[entry.Name] = new(ReadEntry(entry, strict), null);
            }
            catch (FormatException e) when (!strict)
            {
                entries[entry.Name] = new(null, $"auths has for '{Shown(entry.Name)}' what is no credential: {e.Message}");
            }
        }

        return entries;
    }

    private static RegistryCredential? ReadEntry(JsonProperty entry, bool strict)
    {
        if (entry.Value.ValueKind != JsonValueKind.Object)
        {
            throw new FormatException("an entry of auths is not an object");
        }

        if (strict)
        {
            AllowOnly(entry.Value, "auth");
        }

        var credential = Credential(entry.Value);
        return credential is not null || !strict ? credential
            : throw new FormatException($"is missing key `auth` for {Shown(entry.Name)}");
    }

    /// <summary>A key for messages; one may be an address with a password in it.</summary>
    internal static string Shown(string key) => PrintableText.Of(PrintableText.WithoutPassword(key), 100);

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

/// <summary>An entry of <c>auths</c>.</summary>
/// <param name="Credential">What it says; null when it says nothing, as where a helper keeps the secret.</param>
/// <param name="Fault">Why it cannot be read, without anything of its content; null when it can.</param>
internal sealed record ConfigEntry(RegistryCredential? Credential, string? Fault)
{
    // The compiler's own would say more than anybody needs.
    public override string ToString() => Fault ?? Credential?.ToString() ?? "";
}
