using System;
using System.Globalization;

namespace ImgsPS.Content;

/// <summary>Points in time as documents write them: RFC 3339 section 5.6, <c>2015-10-31T22:22:56.015925234Z</c>.</summary>
internal static class Rfc3339
{
    /// <summary>
    /// Reads a point in time; what is finer than .NET's 100 ns is cut off. False when the text is not one, or names a moment outside of the
    /// years 1 to 9999 (in UTC).
    /// </summary>
    public static bool TryParse(string text, out DateTimeOffset time)
    {
        time = default;
        var zone = text.Length > 0 && text[text.Length - 1] is ('Z' or 'z') ? text.Length - 1 : text.Length - 6;
        if (zone < 19
            || !TryParseOffset(text.Substring(zone), out var offset)
            || !TryParseFraction(text.Substring(19, zone - 19), out var ticks)
            || !DateTime.TryParseExact(
                text.Substring(0, 19).ToUpperInvariant(),
                "yyyy-MM-dd'T'HH:mm:ss",
                CultureInfo.InvariantCulture,
                DateTimeStyles.None,
                out var local))
        {
            return false;
        }

        var utc = local.Ticks + ticks - offset.Ticks;
        if (utc < DateTime.MinValue.Ticks || utc > DateTime.MaxValue.Ticks)
        {
            return false;
        }

        // RFC 3339 knows zones up to 23:59, .NET up to 14:00: beyond, the same moment in UTC.
        time = new DateTimeOffset(utc, TimeSpan.Zero);
        time = offset.Duration() <= TimeSpan.FromHours(14) ? time.ToOffset(offset) : time;
        return true;
    }

    private static bool TryParseOffset(string text, out TimeSpan offset)
    {
        offset = TimeSpan.Zero;
        if (text is "Z" or "z")
        {
            return true;
        }

        if (text[0] is not ('+' or '-')
            || !TimeSpan.TryParseExact(text.Substring(1), "hh':'mm", CultureInfo.InvariantCulture, out var duration))
        {
            return false;
        }

        offset = text[0] == '-' ? duration.Negate() : duration;
        return true;
    }

    private static bool TryParseFraction(string text, out long ticks)
    {
        ticks = 0;
        if (text.Length == 0)
        {
            return true;
        }

        if (text[0] != '.' || text.Length == 1)
        {
            return false;
        }

        var unit = TimeSpan.TicksPerSecond;
        for (var i = 1; i < text.Length; i++)
        {
            if (text[i] is < '0' or > '9')
            {
                return false;
            }

            unit /= 10;
            ticks += (text[i] - '0') * unit;
        }

        return true;
    }
}
