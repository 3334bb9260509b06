using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace ImgsPS.Stores.Registry;

/// <summary>
/// Changes entries of <c>auths</c> in the text of a config.json. Everything else stays with its order, its numbers and its escapes, also
/// what nobody here knows; the text is laid out as docker does, with tabs. Not thread-safe.
/// </summary>
internal sealed class DockerConfigText
{
    private const string Auths = "auths";

    private readonly Value _root;

    private DockerConfigText(Value root) => _root = root;

    /// <summary>Reads a text that <see cref="DockerConfig.Parse"/> takes; an empty one is an empty config.</summary>
    /// <exception cref="FormatException">It is no such text; the message has nothing of its content.</exception>
    public static DockerConfigText Parse(string text)
    {
        DockerConfig.Parse(text);
        if (text.Trim().Length == 0)
        {
            return new(Value.Object());
        }

        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(text), new JsonReaderOptions { MaxDepth = 64 });
        reader.Read();
        return new(ReadValue(ref reader));
    }

    /// <summary>
    /// Puts an entry in the place of the first one that is meant by <paramref name="isSame"/>, else at the end; the others that are meant
    /// go.
    /// </summary>
    /// <param name="key">The new entry's key.</param>
    /// <param name="isSame">Whether the key of an entry means the same registry.</param>
    /// <param name="credential">What it says; null for an empty entry, which docker leaves where a helper keeps the secret.</param>
    public void Set(string key, Func<string, bool> isSame, RegistryCredential? credential)
    {
        var entry = new Member(key, Entry(credential));
        var last = AuthsMembers().LastOrDefault();
        if (last is null)
        {
            _root.Members!.Insert(0, last = new Member(Auths, Value.Object()));
        }

        last.Value = last.Value.Members is null ? Value.Object() : last.Value;
        var members = last.Value.Members!;
        var at = members.FindIndex(member => isSame(member.Name));
        if (at >= 0)
        {
            members[at] = entry;
        }
        else
        {
            members.Add(entry);
        }

        Remove(isSame, except: entry);
    }

    /// <summary>Takes entries away; false when there is none.</summary>
    public bool Remove(Func<string, bool> isSame) => Remove(isSame, null);

    /// <summary>The whole text.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        Write(text, _root, "\n");
        return text.ToString();
    }

    private bool Remove(Func<string, bool> isSame, Member? except) =>
        AuthsMembers().Sum(auths => auths.Value.Members?.RemoveAll(member => member != except && isSame(member.Name)) ?? 0) > 0;

    // Names in any case, as Go reads them; of two the last one counts.
    private IEnumerable<Member> AuthsMembers() =>
        _root.Members!.Where(member => string.Equals(member.Name, Auths, StringComparison.OrdinalIgnoreCase));

    private static Value Entry(RegistryCredential? credential)
    {
        var entry = Value.Object();
        if (credential is { UserName: var user, Secret: var secret } && user.Length + secret.Length > 0)
        {
            entry.Members!.Add(new("auth", Value.Text(Convert.ToBase64String(Encoding.UTF8.GetBytes(user + ":" + secret)))));
        }

        if (credential?.IdentityToken is { } token)
        {
            entry.Members!.Add(new("identitytoken", Value.Text(token)));
        }

        return entry;
    }

    private static Value ReadValue(ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                var members = new List<Member>();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
                {
                    var (name, raw) = (reader.GetString()!, Quoted(ref reader));
                    reader.Read();
                    members.Add(new(name, ReadValue(ref reader)) { Raw = raw });
                }

                return new() { Members = members };
            case JsonTokenType.StartArray:
                var items = new List<Value>();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    items.Add(ReadValue(ref reader));
                }

                return new() { Items = items };
            case JsonTokenType.String:
                return new() { Raw = Quoted(ref reader) };
            default:
                return new() { Raw = RawText(ref reader) };
        }
    }

    private static string Quoted(ref Utf8JsonReader reader) => "\"" + RawText(ref reader) + "\"";

    // With its escapes as they stand.
    private static string RawText(ref Utf8JsonReader reader) => Encoding.UTF8.GetString(reader.ValueSpan.ToArray());

    private static string Encoded(string text) =>
        "\"" + JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping) + "\"";

    private static void Write(StringBuilder text, Value value, string newLine)
    {
        if (value.Raw is { } raw)
        {
            text.Append(raw);
            return;
        }

        var (open, close) = value.Members is null ? ('[', ']') : ('{', '}');
        var inner = newLine + "\t";
        var first = true;
        text.Append(open);
        void Next()
        {
            text.Append(first ? "" : ",").Append(inner);
            first = false;
        }

        foreach (var member in value.Members ?? [])
        {
            Next();
            text.Append(member.Raw).Append(": ");
            Write(text, member.Value, inner);
        }

        foreach (var item in value.Items ?? [])
        {
            Next();
            Write(text, item, inner);
        }

        text.Append(first ? "" : newLine).Append(close);
    }

    /// <summary>A value: an object, an array, or the text of anything else.</summary>
    private sealed class Value
    {
        public List<Member>? Members { get; init; }

        public List<Value>? Items { get; init; }

        public string? Raw { get; init; }

        public static Value Object() => new() { Members = [] };

        public static Value Text(string text) => new() { Raw = Encoded(text) };
    }

    private sealed class Member(string name, Value value)
    {
        public string Name { get; } = name;

        public string Raw { get; init; } = Encoded(name);

        public Value Value { get; set; } = value;
    }
}
