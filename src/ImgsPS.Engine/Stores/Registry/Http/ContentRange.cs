using System;
using System.Collections.Generic;
using System.Globalization;

namespace ImgsPS.Stores.Registry;

/// <summary>A Content-Range header (RFC 9110 14.4): <c>bytes first-last/complete</c>.</summary>
/// <param name="First">Position of the first byte.</param>
/// <param name="Last">Position of the last byte, inclusive.</param>
/// <param name="CompleteLength">Size of the whole; -1 for <c>*</c>.</param>
internal readonly record struct ContentRange(long First, long Last, long CompleteLength)
{
    /// <summary>Reads the header's values: exactly one, well-formed; null otherwise (RN16).</summary>
    public static ContentRange? Parse(IReadOnlyList<string> values)
    {
        const string unit = "bytes ";
        if (values.Count != 1 || !values[0].StartsWith(unit, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var text = values[0].Substring(unit.Length).Trim();
        var dash = text.IndexOf('-');
        var slash = text.IndexOf('/');
        if (dash < 0 || slash < dash
            || !TryNumber(text.Substring(0, dash), out var first)
            || !TryNumber(text.Substring(dash + 1, slash - dash - 1), out var last)
            || last < first)
        {
            return null;
        }

        var total = text.Substring(slash + 1);
        var complete = -1L;
        return total == "*" || (TryNumber(total, out complete) && complete > last) ? new(first, last, complete) : null;
    }

    private static bool TryNumber(string text, out long number) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
