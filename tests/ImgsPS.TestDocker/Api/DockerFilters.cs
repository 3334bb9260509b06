using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace ImgsPS.Testing;

/// <summary>The <c>filters</c> of a query: a JSON object of name to values, as a list or as keys of an object. Immutable.</summary>
internal sealed class DockerFilters
{
    private readonly Dictionary<string, List<string>> _filters = new(StringComparer.Ordinal);
    private readonly string _invalid;

    /// <param name="json">The parameter; null or empty for none.</param>
    /// <param name="allowed">The names that may be there.</param>
    /// <param name="capital">Whether the engine says <c>Invalid filter</c> (up to API 1.41) or <c>invalid filter</c>.</param>
    /// <exception cref="DockerFailure">400: an unknown name. 500: not such JSON, where dockerd's words are Go's own.</exception>
    public DockerFilters(string? json, IReadOnlyCollection<string> allowed, bool capital)
    {
        _invalid = capital ? "Invalid filter" : "invalid filter";
        if (!string.IsNullOrEmpty(json))
        {
            Read(json);
        }

        foreach (var name in _filters.Keys.Where(k => !allowed.Contains(k)))
        {
            throw new DockerFailure(400, $"{_invalid} '{name}'");
        }
    }

    /// <summary>A filter's values; none when it is not there.</summary>
    public IReadOnlyList<string> this[string name] => _filters.TryGetValue(name, out var values) ? values : [];

    /// <summary>True when the filter is there.</summary>
    public bool Has(string name) => _filters.ContainsKey(name);

    /// <summary>A yes or no; null when the filter is not there. Both together are yes.</summary>
    /// <exception cref="DockerFailure">400: neither.</exception>
    public bool? Flag(string name)
    {
        if (!Has(name))
        {
            return null;
        }

        if (this[name].Contains("true") || this[name].Contains("1"))
        {
            return true;
        }

        return this[name].Contains("false") || this[name].Contains("0")
            ? false
            : throw new DockerFailure(400, $"{_invalid} '{name}=[{string.Join(' ', this[name])}]'");
    }

    /// <summary>All labels asked for are there (F7).</summary>
    public bool MatchLabels(DockerImage image) => this["label"].All(l => HasLabel(image, l));

    /// <summary>label and label! as a prune has them (F8): excluded only when all of label! fit.</summary>
    public bool MatchPruneLabels(DockerImage image) =>
        image.Config["config"] is null || (MatchLabels(image) && (!Has("label!") || !this["label!"].All(l => HasLabel(image, l))));

    /// <summary>The time of <c>until</c> as nanoseconds since 1970; null when it is not there (F5).</summary>
    /// <exception cref="DockerFailure">500 in dockerd's words.</exception>
    public long? Until()
    {
        if (!Has("until"))
        {
            return null;
        }

        if (this["until"].Count > 1)
        {
            throw new DockerFailure(500, "more than one until filter specified");
        }

        var text = this["until"][0];
        if (Duration(text) is { } duration)
        {
            return ((DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).Ticks - duration.Ticks) * 100;
        }

        if (decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds))
        {
            return (long)(seconds * 1_000_000_000);
        }

        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal, out var time)
            ? (time - DateTimeOffset.UnixEpoch).Ticks * 100
            : throw new DockerFailure(500, $"failed to parse value as time or duration: \"{text}\"");
    }

    private static bool HasLabel(DockerImage image, string label)
    {
        var parts = label.Split('=', 2);
        return image.Labels is { } labels && labels.TryGetPropertyValue(parts[0], out var value)
            && (parts.Length == 1 || value?.GetValue<string>() == parts[1]);
    }

    private static TimeSpan? Duration(string text)
    {
        var match = Regex.Match(text, @"^(?:([0-9.]+)h)?(?:([0-9.]+)m)?(?:([0-9.]+)s)?$", RegexOptions.CultureInvariant);
        if (!match.Success || text.Length == 0)
        {
            return null;
        }

        double Part(int group) => match.Groups[group].Success ? double.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture) : 0;
        return TimeSpan.FromSeconds((Part(1) * 3600) + (Part(2) * 60) + Part(3));
    }

    private void Read(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            foreach (var filter in document.RootElement.EnumerateObject())
            {
                // Docker's own clients send {"true":true}; the documented form is ["true"].
                _filters[filter.Name] = filter.Value.ValueKind == JsonValueKind.Array
                    ? filter.Value.EnumerateArray().Select(v => v.GetString() ?? "").ToList()
                    : filter.Value.EnumerateObject().Where(v => v.Value.GetBoolean()).Select(v => v.Name).ToList();
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new DockerFailure(500, $"invalid character '{json[0]}' looking for beginning of value");
        }
    }
}
