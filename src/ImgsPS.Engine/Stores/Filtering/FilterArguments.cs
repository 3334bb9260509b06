using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using ImgsPS.Naming;

namespace ImgsPS.Stores.Filtering;

/// <summary>
/// Filters as docker's CLI and Engine hand them on (docker/cli opts.FilterOpt; moby daemon/internal/filters): for each key the set of its
/// values, in the order given. What a key without values means is the same for all: it filters nothing.
/// </summary>
internal sealed class FilterArguments
{
    private readonly Dictionary<string, List<string>> _values = new(StringComparer.Ordinal);
    private readonly HashSet<(string Key, string Value)> _pairs = new();

    /// <summary>The keys that have values.</summary>
    public IEnumerable<string> Keys => _values.Keys;

    /// <summary>Reads <c>key=value</c> as the CLI does: white space around both goes, the key's case does not count.</summary>
    /// <exception cref="ImageException">InvalidArgument: there is no equals sign.</exception>
    public static KeyValuePair<string, string> ParseOne(string text)
    {
        var equals = text.IndexOf('=');
        return equals >= 0
            ? new KeyValuePair<string, string>(text.Substring(0, equals).Trim().ToLowerInvariant(), text.Substring(equals + 1).Trim())
            : throw new ImageException(
                ImageErrorKind.InvalidArgument,
                $"bad format of filter '{PrintableText.Of(text)}' (expected name=value)",
                "Write a filter as dangling=true, label=env=prod or until=24h.");
    }

    /// <summary>The filters as Docker API takes them.</summary>
    public string ToJson()
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartObject();
            foreach (var key in _values.OrderBy(k => k.Key, StringComparer.Ordinal))
            {
                writer.WriteStartObject(key.Key);
                foreach (var value in key.Value.OrderBy(v => v, StringComparer.Ordinal))
                {
                    writer.WriteBoolean(value, true);
                }

                writer.WriteEndObject();
            }

            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }

    /// <summary>Adds a value to a key's.</summary>
    public void Add(string key, string value)
    {
        if (!_values.TryGetValue(key, out var values))
        {
            _values.Add(key, values = new List<string>());
        }

        if (_pairs.Add((key, value)))
        {
            values.Add(value);
        }
    }

    /// <summary>The values of a key; empty when it has none.</summary>
    public IReadOnlyList<string> Get(string key) => _values.TryGetValue(key, out var values) ? values : Array.Empty<string>();

    /// <summary>Refuses keys that are not among <paramref name="accepted"/> (L9).</summary>
    /// <exception cref="ImageException">InvalidArgument: another key; the advice lists the accepted ones.</exception>
    public void Validate(IReadOnlyCollection<string> accepted)
    {
        foreach (var key in Keys)
        {
            if (!accepted.Contains(key))
            {
                throw new ImageException(
                    ImageErrorKind.InvalidArgument,
                    $"invalid filter '{PrintableText.Of(key)}'",
                    $"Valid filters are {string.Join(", ", accepted.OrderBy(k => k, StringComparer.Ordinal))}.");
            }
        }
    }

    /// <summary>
    /// The truth value of a key: <c>true</c>, <c>1</c>, <c>false</c> or <c>0</c>; <paramref name="otherwise"/> when it has none (L9).
    /// </summary>
    /// <exception cref="ImageException">InvalidArgument: another value, or two that contradict each other.</exception>
    public bool GetBool(string key, bool otherwise)
    {
        var values = Get(key);
        if (values.Count == 0)
        {
            return otherwise;
        }

        var isFalse = values.Any(v => v is "0" or "false");
        var isTrue = values.Any(v => v is "1" or "true");
        return isFalse != isTrue
            ? isTrue
            : throw new ImageException(
                ImageErrorKind.InvalidArgument,
                $"invalid filter '{PrintableText.Of(key)}=[{PrintableText.Of(string.Join(" ", values))}]'",
                $"Write {PrintableText.Of(key)}=true or {PrintableText.Of(key)}=false.");
    }
}
