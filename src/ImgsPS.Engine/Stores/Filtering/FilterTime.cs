using System;
using System.Globalization;
using System.Linq;

namespace ImgsPS.Stores.Filtering;

/// <summary>
/// A moment as filters name it (F5; moby, daemon/internal/timestamp): seconds since 1970 in UTC, and nanoseconds 0..999999999 after them,
/// which is more than DateTimeOffset keeps.
/// </summary>
internal readonly record struct FilterTime(long Seconds, int Nanoseconds) : IComparable<FilterTime>
{
    private const int MaxFractionDigits = 20;
    private static readonly DateTimeOffset Epoch = new(1970, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>The same moment.</summary>
    public static FilterTime From(DateTimeOffset time)
    {
        var ticks = time.UtcTicks - Epoch.UtcTicks;
        var seconds = ticks / TimeSpan.TicksPerSecond;
        var rest = ticks % TimeSpan.TicksPerSecond;
        return rest < 0
            ? new FilterTime(seconds - 1, (int)(rest + TimeSpan.TicksPerSecond) * 100)
            : new FilterTime(seconds, (int)rest * 100);
    }

    /// <summary>
    /// Reads a duration before <paramref name="now"/>, a date or time with or without zone (<paramref name="zone"/> when it has none), or a
    /// Unix time. False when the text is none of them.
    /// </summary>
    public static bool TryParse(string value, FilterTime now, TimeSpan zone, out FilterTime time)
    {
        time = default;
        if (string.IsNullOrWhiteSpace(value))
        {
            return false;
        }

        if (value != "0" && GoDuration.TryParse(value, out var duration))
        {
            time = now.Minus(duration);
            return true;
        }

        // What has a hyphen is a date, and a wrong one is no Unix time.
        return TryParseDate(value, zone, out time) || (value.IndexOf('-') < 0 && TryParseUnix(value, out time));
    }

    /// <summary>
    /// Reads a Unix time, <c>seconds[.fraction]</c>; more than nine digits of the fraction are cut. False when the text is none.
    /// </summary>
    public static bool TryParseUnix(string value, out FilterTime time)
    {
        time = default;
        var dot = value.IndexOf('.');
        var fraction = dot < 0 ? "" : value.Substring(dot + 1);
        if (!TryReadSeconds(dot < 0 ? value : value.Substring(0, dot), out var seconds)
            || fraction.Length > MaxFractionDigits
            || !fraction.All(c => c is >= '0' and <= '9'))
        {
            return false;
        }

        time = new FilterTime(seconds, GoTimeReader.Nanoseconds(fraction));
        return true;
    }

    /// <inheritdoc/>
    public int CompareTo(FilterTime other)
    {
        var result = Seconds.CompareTo(other.Seconds);
        return result != 0 ? result : Nanoseconds.CompareTo(other.Nanoseconds);
    }

    private FilterTime Minus(long duration)
    {
        var seconds = Seconds - (duration / GoDuration.Second);
        var nanoseconds = Nanoseconds - (int)(duration % GoDuration.Second);
        return nanoseconds < 0 ? new FilterTime(seconds - 1, nanoseconds + (int)GoDuration.Second)
            : nanoseconds >= GoDuration.Second ? new FilterTime(seconds + 1, nanoseconds - (int)GoDuration.Second)
            : new FilterTime(seconds, nanoseconds);
    }

    // moby picks one layout by what the text contains; a text that fits another is refused.
    private static bool TryParseDate(string value, TimeSpan zone, out FilterTime time)
    {
        var isUtc = value.IndexOf('Z') >= 0 || value.IndexOf('z') >= 0;
        var hasZone = isUtc || value.IndexOf('+') >= 0 || value.Count(c => c == '-') == 3;
        int clockParts;
        if (value.IndexOf('.') >= 0)
        {
            clockParts = 3;
        }
        else if (value.IndexOf('T') >= 0)
        {
            // One colon is the zone's own.
            var colons = value.Count(c => c == ':') - (hasZone && !isUtc ? 1 : 0);
            clockParts = Math.Min(Math.Max(colons, 0), 2) + 1;
        }
        else
        {
            clockParts = 0;
        }

        return new GoTimeReader(value).TryRead(clockParts, hasZone ? null : zone, out time);
    }

    private static bool TryReadSeconds(string text, out long seconds)
    {
        seconds = 0;
        var start = text.Length > 0 && text[0] is '+' or '-' ? 1 : 0;
        return start < text.Length
            && text.Skip(start).All(c => c is >= '0' and <= '9')
            && long.TryParse(
                text[0] == '+' ? text.Substring(1) : text,
                NumberStyles.AllowLeadingSign,
                CultureInfo.InvariantCulture,
                out seconds);
    }
}
