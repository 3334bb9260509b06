using System;
using System.Collections.Generic;
using System.Linq;

namespace ImgsPS.Naming;

/// <summary>Names and values that print as <c>name=value;name=value</c>, so that a CSV file is readable (FF26). Names by their case.</summary>
internal sealed class TextMap : Dictionary<string, string>
{
    /// <summary>No names.</summary>
    public static readonly TextMap None = new(0);

    public TextMap(int capacity)
        : base(capacity, StringComparer.Ordinal)
    {
    }

    /// <summary>The names and values, each fit for a terminal (<see cref="DataText"/>).</summary>
    public static TextMap Of(IReadOnlyDictionary<string, string> pairs)
    {
        if (pairs is TextMap || pairs.Count == 0)
        {
            return pairs as TextMap ?? None;
        }

        var map = new TextMap(pairs.Count);
        foreach (var pair in DataText.Of(pairs))
        {
            map[pair.Key] = pair.Value;
        }

        return map;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Join(";", this.Select(pair => pair.Key + "=" + pair.Value));
}
