using System;
using System.Collections.Generic;

namespace ImgsPS.Stores.Filtering;

/// <summary>One value of <c>label=</c> or <c>label!=</c>: a label that is there, or has a value; or is not, or has not (F7, F8).</summary>
/// <param name="Key">The label.</param>
/// <param name="Value">The value it must have; null when it only must be there.</param>
/// <param name="Negated">True when it must not.</param>
internal sealed record LabelCondition(string Key, string? Value, bool Negated)
{
    /// <summary>Reads <c>key</c>, <c>key=value</c>, or <c>key!=value</c>, which turns <paramref name="negated"/> round.</summary>
    public static LabelCondition Parse(string text, bool negated)
    {
        var equals = text.IndexOf('=');
        var key = equals < 0 ? text : text.Substring(0, equals);
        var value = equals < 0 ? null : text.Substring(equals + 1);
        return key.EndsWith("!", StringComparison.Ordinal)
            ? new LabelCondition(key.Substring(0, key.Length - 1), value, !negated)
            : new LabelCondition(key, value, negated);
    }

    /// <summary>True when the labels are as they must be.</summary>
    public bool Holds(IReadOnlyDictionary<string, string> labels) => IsAmong(labels) != Negated;

    /// <summary>True when the label is there, with the value if there is one.</summary>
    public bool IsAmong(IReadOnlyDictionary<string, string> labels) =>
        labels.TryGetValue(Key, out var value) && (Value is null || Value == value);
}
