using System;
using System.Collections.Generic;
using System.Text.Json;
using ImgsPS.Naming;

namespace ImgsPS.Content;

/// <summary>
/// An object of a document that <see cref="StrictJson"/> read: its members by name and type, and failures that name the place
/// (<c>layers[3].size</c>). What is null counts as absent, members and entries of lists and maps alike, since tools written in Go write
/// null for what is not there (FF11). All failures are <see cref="ImageException"/> of kind InvalidData unless a member says otherwise.
/// </summary>
internal sealed class StrictObject
{
    /// <summary>Largest whole number that every JSON reader keeps exactly: 2^53 (RN25).</summary>
    public const long MaxInteger = 1L << 53;

    private readonly JsonElement _element;
    private readonly string _document;
    private readonly string _path;

    /// <summary>Takes an element as an object.</summary>
    /// <param name="element">The element.</param>
    /// <param name="document">What the document is, for messages: <c>manifest</c>.</param>
    /// <param name="path">Where the object stands in the document; empty for the document itself.</param>
    /// <param name="known">The member names with a meaning here. A name that differs from one by case only is refused (RN23).</param>
    /// <exception cref="ImageException">InvalidData: the element is not an object, or has a case variant of a known member.</exception>
    public StrictObject(JsonElement element, string document, string path, string[] known)
    {
        _element = element;
        _document = document;
        _path = path;
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw Fail(null, "is not an object");
        }

        foreach (var member in element.EnumerateObject())
        {
            foreach (var name in known)
            {
                if (IsCaseVariant(member.Name, name))
                {
                    var variant = PrintableText.Of(member.Name);
                    throw StrictJson.Invalid(document, $"member '{variant}' differs from '{Place(name)}' by case only");
                }
            }
        }
    }

    /// <summary>True when the member is there, whatever its value; null is not.</summary>
    public bool Has(string name) => _element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null;

    /// <summary>True when the member is there, also when it is null.</summary>
    public bool Mentions(string name) => _element.TryGetProperty(name, out _);

    /// <summary>True when the member is there and a text.</summary>
    public bool IsText(string name) => _element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String;

    /// <summary>True when the member is there and an object.</summary>
    public bool IsObject(string name) => _element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object;

    /// <summary>A text; null when absent.</summary>
    public string? Text(string name) => TryGet(name, JsonValueKind.String, "a text", out var value) ? value.GetString() : null;

    /// <summary>A text that must be there.</summary>
    public string RequiredText(string name) => Text(name) ?? throw Missing(name);

    /// <summary>A media type; null when absent.</summary>
    /// <param name="name">The member.</param>
    /// <param name="mayBeEmpty">True where an empty text counts as absent, as Go writes and reads it.</param>
    public string? MediaType(string name, bool mayBeEmpty = false)
    {
        var text = Text(name);
        text = mayBeEmpty && text?.Length == 0 ? null : text;
        return text is null || MediaTypes.IsValid(text) ? text : throw Fail(name, $"is not a media type: '{PrintableText.Of(text)}'");
    }

    /// <summary>A whole number of 0 to 2^53 that must be there (RN25).</summary>
    public long Integer(string name) => OptionalInteger(name) ?? throw Missing(name);

    /// <summary>A whole number of 0 to 2^53 (RN25); null when absent.</summary>
    public long? OptionalInteger(string name)
    {
        if (!TryGet(name, JsonValueKind.Number, "a whole number", out var value))
        {
            return null;
        }

        return value.TryGetInt64(out var number) && number is >= 0 and <= MaxInteger
            ? number
            : throw Fail(name, "is not a whole number of 0 to 2^53");
    }

    /// <summary>True or false; false when absent.</summary>
    public bool Flag(string name)
    {
        if (!_element.TryGetProperty(name, out var value) || value.ValueKind is JsonValueKind.Null or JsonValueKind.False)
        {
            return false;
        }

        return value.ValueKind == JsonValueKind.True ? true : throw Fail(name, "is neither true nor false");
    }

    /// <summary>A digest that must be there (RN25).</summary>
    /// <exception cref="ImageException">
    /// InvalidData, or NotSupported: a well-formed digest of an algorithm that is not supported.
    /// </exception>
    public Digest Digest(string name) => ParseDigest(RequiredText(name), name);

    /// <summary>A list of digests; empty when absent.</summary>
    /// <exception cref="ImageException">
    /// InvalidData, or NotSupported: a well-formed digest of an algorithm that is not supported.
    /// </exception>
    public IReadOnlyList<Digest> Digests(string name)
    {
        var texts = TextList(name);
        var digests = new Digest[texts.Count];
        for (var i = 0; i < digests.Length; i++)
        {
            digests[i] = ParseDigest(texts[i], $"{name}[{i}]");
        }

        return digests;
    }

    /// <summary>A list of texts; empty when absent.</summary>
    public IReadOnlyList<string> TextList(string name)
    {
        if (!TryGet(name, JsonValueKind.Array, "a list", out var value))
        {
            return Array.Empty<string>();
        }

        var texts = new List<string>(value.GetArrayLength());
        foreach (var (item, position) in Items(value))
        {
            texts.Add(item.ValueKind == JsonValueKind.String ? item.GetString()! : throw Fail($"{name}[{position}]", "is not a text"));
        }

        return texts;
    }

    /// <summary>Names with a text each; empty when absent.</summary>
    public IReadOnlyDictionary<string, string> TextMap(string name)
    {
        if (!TryGet(name, JsonValueKind.Object, "an object", out var value))
        {
            return Descriptor.Empty;
        }

        var map = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var member in value.EnumerateObject())
        {
            if (member.Value.ValueKind == JsonValueKind.Null)
            {
                continue;
            }

            map.Add(member.Name, member.Value.ValueKind == JsonValueKind.String
                ? member.Value.GetString()!
                : throw Fail(name, $"has a value that is not a text: '{PrintableText.Of(member.Name)}'"));
        }

        return map;
    }

    /// <summary>The names of a set, which JSON writes as an object of empty objects; empty when absent.</summary>
    public IReadOnlyList<string> NameSet(string name)
    {
        if (!TryGet(name, JsonValueKind.Object, "an object", out var value))
        {
            return Array.Empty<string>();
        }

        var names = new List<string>();
        foreach (var member in value.EnumerateObject())
        {
            names.Add(member.Value.ValueKind is JsonValueKind.Object or JsonValueKind.Null
                ? member.Name
                : throw Fail(name, $"has a value that is not an object: '{PrintableText.Of(member.Name)}'"));
        }

        return names;
    }

    /// <summary>An object; null when absent.</summary>
    public StrictObject? Object(string name, string[] known) =>
        TryGet(name, JsonValueKind.Object, "an object", out var value) ? new StrictObject(value, _document, Place(name), known) : null;

    /// <summary>A list of objects that must be there; null counts as an empty one.</summary>
    public IReadOnlyList<StrictObject> RequiredObjects(string name, string[] known) =>
        Mentions(name) ? Objects(name, known) : throw Missing(name);

    /// <summary>A list of objects; empty when absent.</summary>
    public IReadOnlyList<StrictObject> Objects(string name, string[] known)
    {
        var objects = new List<StrictObject>();
        foreach (var (item, place) in Entries(name))
        {
            objects.Add(new StrictObject(item, _document, place, known));
        }

        return objects;
    }

    /// <summary>
    /// The entries of a list of objects that must be there, each judged by itself: an entry that is no object is null, with what is wrong
    /// with it. Null counts as an empty list.
    /// </summary>
    /// <exception cref="ImageException">InvalidData: no list, or an entry has a case variant of a known member (RN23).</exception>
    public IEnumerable<(StrictObject? Entry, ImageException? Fault)> RequiredEntries(string name, string[] known)
    {
        if (!Mentions(name))
        {
            throw Missing(name);
        }

        foreach (var (item, place) in Entries(name))
        {
            yield return item.ValueKind == JsonValueKind.Object
                ? (new StrictObject(item, _document, place, known), null)
                : (null, StrictJson.Invalid(_document, place + " is not an object"));
        }
    }

    private IEnumerable<(JsonElement Item, string Place)> Entries(string name)
    {
        if (!TryGet(name, JsonValueKind.Array, "a list", out var value))
        {
            yield break;
        }

        foreach (var (item, position) in Items(value))
        {
            yield return (item, $"{Place(name)}[{position}]");
        }
    }

    /// <summary>The entries of a list that are not null, with their positions.</summary>
    private static IEnumerable<(JsonElement Item, int Position)> Items(JsonElement list)
    {
        var position = 0;
        foreach (var item in list.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Null)
            {
                yield return (item, position);
            }

            position++;
        }
    }

    /// <summary>The bytes of a base64 text (with padding, RFC 4648 section 4); null when absent.</summary>
    public byte[]? Base64(string name)
    {
        if (!TryGet(name, JsonValueKind.String, "a text", out var value))
        {
            return null;
        }

        // .NET's decoders pass over white space, some of them; RFC 4648 section 3.3 has it refused.
        var spaced = value.GetString()!.IndexOfAny(new[] { ' ', '\t', '\r', '\n' }) >= 0;
        return !spaced && value.TryGetBytesFromBase64(out var bytes) ? bytes : throw Fail(name, "is not base64");
    }

    /// <summary>The exception for a member that is not as it must be; of the object itself when <paramref name="name"/> is null.</summary>
    public ImageException Fail(string? name, string problem)
    {
        var place = name is null ? _path : Place(name);
        return StrictJson.Invalid(_document, (place.Length == 0 ? "it" : place) + " " + problem);
    }

    private ImageException Missing(string name) => StrictJson.Invalid(_document, Place(name) + " is missing");

    private string Place(string name) => _path.Length == 0 ? name : _path + "." + name;

    private bool TryGet(string name, JsonValueKind kind, string kindName, out JsonElement value)
    {
        if (!_element.TryGetProperty(name, out value) || value.ValueKind == JsonValueKind.Null)
        {
            return false;
        }

        return value.ValueKind == kind ? true : throw Fail(name, "is not " + kindName);
    }

    private Digest ParseDigest(string text, string name)
    {
        if (ImgsPS.Digest.TryParse(text, out var digest))
        {
            return digest;
        }

        var algorithm = UnknownAlgorithm(text) ?? throw Fail(name, $"is not a digest: '{PrintableText.Of(text)}'");
        throw new ImageException(
            ImageErrorKind.NotSupported,
            $"unsupported digest algorithm '{PrintableText.Of(algorithm)}' in {Place(name)} of the {_document}",
            "ImgsPS checks sha256 and sha512 digests only.");
    }

    /// <summary>
    /// The algorithm of a digest that is well-formed (OCI image-spec, descriptor.md "Digests") but not of sha256 or sha512; null when the
    /// text is no digest, or a wrong one of those two.
    /// </summary>
    private static string? UnknownAlgorithm(string text)
    {
        var colon = text.IndexOf(':');
        if (colon <= 0 || colon == text.Length - 1)
        {
            return null;
        }

        var separator = true;
        for (var i = 0; i < colon; i++)
        {
            var component = text[i] is (>= 'a' and <= 'z') or (>= '0' and <= '9');
            if (!component && (separator || text[i] is not ('+' or '.' or '_' or '-')))
            {
                return null;
            }

            separator = !component;
        }

        for (var i = colon + 1; i < text.Length; i++)
        {
            if (text[i] is not ((>= 'a' and <= 'z') or (>= 'A' and <= 'Z') or (>= '0' and <= '9') or '=' or '_' or '-'))
            {
                return null;
            }
        }

        var algorithm = text.Substring(0, colon);
        return separator || algorithm is "sha256" or "sha512" ? null : algorithm;
    }

    /// <summary>
    /// True when a reader that ignores case (Go's folds by Unicode, so the long s and the Kelvin sign too) takes one name for the other.
    /// Known names are ASCII.
    /// </summary>
    private static bool IsCaseVariant(string name, string known)
    {
        if (name.Length != known.Length || name == known)
        {
            return false;
        }

        for (var i = 0; i < name.Length; i++)
        {
            if (Fold(name[i]) != Fold(known[i]))
            {
                return false;
            }
        }

        return true;
    }

    private static char Fold(char c) => c switch
    {
        >= 'A' and <= 'Z' => (char)(c | 0x20),
        '\u017F' => 's',
        '\u212A' => 'k',
        _ => c,
    };
}
