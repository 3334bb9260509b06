using System;
using System.Globalization;
using System.Text.RegularExpressions;

namespace ImgsPS.Testing;

/// <summary>Times as Go writes them (RFC 3339, up to nine digits of a second), as nanoseconds since 1970.</summary>
internal static class GoTime
{
    /// <summary>Go's zero time.</summary>
    public const string Zero = "0001-01-01T00:00:00Z";

    /// <summary>Seconds from 1970 to Go's zero time.</summary>
    public const long ZeroSeconds = -62_135_596_800;

    private const long Second = 1_000_000_000;
    private static readonly Regex Pattern =
        new(@"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?(Z|[+-]\d\d:\d\d)$", RegexOptions.CultureInvariant);

    /// <summary>Nanoseconds since 1970; null for no time, Go's zero time and what is no time.</summary>
    public static long? Parse(string? text)
    {
        var match = Pattern.Match(text ?? "");
        if (!match.Success || text == Zero)
        {
            return null;
        }

        var whole = DateTimeOffset.Parse(match.Groups[1].Value + match.Groups[3].Value, CultureInfo.InvariantCulture).ToUnixTimeSeconds();
        var fraction = long.Parse("0" + match.Groups[2].Value.PadRight(9, '0'), CultureInfo.InvariantCulture);
        return (whole * Second) + fraction;
    }

    /// <summary>The time's text; null is Go's zero time.</summary>
    public static string Format(long? nanoseconds)
    {
        if (nanoseconds is not { } n)
        {
            return Zero;
        }

        var seconds = DateTimeOffset.FromUnixTimeSeconds(Seconds(n)).ToString("yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture);
        var rest = n - (Seconds(n) * Second);
        return seconds + (rest == 0 ? "" : "." + rest.ToString("d9", CultureInfo.InvariantCulture).TrimEnd('0')) + "Z";
    }

    /// <summary>Whole seconds since 1970, rounded down; null is Go's zero time.</summary>
    public static long Seconds(long? nanoseconds) => nanoseconds is { } n ? (long)Math.Floor((decimal)n / Second) : ZeroSeconds;
}
