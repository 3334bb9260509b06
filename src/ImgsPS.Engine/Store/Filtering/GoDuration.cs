using System;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace ImgsPS.Store.Filtering;

/// <summary>
/// Go's durations (time.ParseDuration, Duration.String): <c>24h</c>, <c>1h30m</c>, <c>1.5h</c>, <c>-300ms</c>. A value is a number of
/// nanoseconds, 292 years at most.
/// </summary>
internal static class GoDuration
{
    public const long Second = 1_000_000_000;
    private const long Minute = 60 * Second;
    private const long Hour = 60 * Minute;

    /// <summary>Reads a duration; false when the text is none, or the duration is too long.</summary>
    public static bool TryParse(string text, out long nanoseconds)
    {
        nanoseconds = 0;
        var i = text.Length > 0 && text[0] is '-' or '+' ? 1 : 0;
        if (i == text.Length)
        {
            return false;
        }

        if (text.Length == i + 1 && text[i] == '0')
        {
            return true;
        }

        long total = 0;
        while (i < text.Length)
        {
            if (!TryReadPart(text, ref i, out var part) || total > long.MaxValue - part)
            {
                return false;
            }

            total += part;
        }

        nanoseconds = text[0] == '-' ? -total : total;
        return true;
    }

    /// <summary>Reads a duration as Go programs keep it in JSON: a text, or a number of nanoseconds, whose fraction is cut.</summary>
    public static bool TryParseJson(string json, out long nanoseconds)
    {
        nanoseconds = 0;
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            return root.ValueKind switch
            {
                JsonValueKind.String => TryParse(root.GetString()!, out nanoseconds),
                JsonValueKind.Number => root.TryGetInt64(out nanoseconds)
                    || (root.TryGetDouble(out var number) && TryTruncate(number, out nanoseconds)),
                _ => false,
            };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            // The answer is that the text is no duration.
            return false;
        }
    }

    private static bool TryTruncate(double number, out long nanoseconds)
    {
        // 2^63, the first number that is too large.
        const double limit = 9223372036854775808d;
        var fits = number is > -limit and < limit;
        nanoseconds = fits ? (long)number : 0;
        return fits;
    }

    /// <summary>The text of a duration: <c>1h30m0s</c>, <c>2.2ms</c>, <c>0s</c>.</summary>
    public static string Format(long nanoseconds)
    {
        var sign = nanoseconds < 0 ? "-" : "";
        var value = nanoseconds < 0 ? (ulong)-(nanoseconds + 1) + 1 : (ulong)nanoseconds;
        if (value < Second)
        {
            return sign + (value == 0 ? "0s"
                : value < 1_000 ? Number(value, 1) + "ns"
                : value < 1_000_000 ? Number(value, 1_000) + "µs"
                : Number(value, 1_000_000) + "ms");
        }

        var result = new StringBuilder(sign);
        if (value >= Hour)
        {
            result.Append(Number(value / Hour, 1)).Append('h');
        }

        if (value >= Minute)
        {
            result.Append(Number(value / Minute % 60, 1)).Append('m');
        }

        return result.Append(Number(value % Minute, Second)).Append('s').ToString();
    }

    // One number with its unit.
    private static bool TryReadPart(string text, ref int i, out long nanoseconds)
    {
        nanoseconds = 0;
        var start = i;
        if (!TryReadInteger(text, ref i, out var whole))
        {
            return false;
        }

        var digits = i - start;
        long fraction = 0;
        double scale = 1;
        if (i < text.Length && text[i] == '.')
        {
            start = ++i;
            ReadFraction(text, ref i, out fraction, out scale);
            digits += i - start;
        }

        start = i;
        while (i < text.Length && text[i] != '.' && text[i] is < '0' or > '9')
        {
            i++;
        }

        var unit = Unit(text, start, i - start);
        if (digits == 0 || unit == 0 || whole > long.MaxValue / unit)
        {
            return false;
        }

        // As Go counts, to the same nanosecond; the casts keep .NET Framework from computing with more bits.
        var rest = (long)(double)((double)fraction * (double)(unit / scale));
        nanoseconds = whole * unit;
        if (nanoseconds > long.MaxValue - rest)
        {
            return false;
        }

        nanoseconds += rest;
        return true;
    }

    private static bool TryReadInteger(string text, ref int i, out long value)
    {
        for (value = 0; i < text.Length && text[i] is >= '0' and <= '9'; i++)
        {
            var digit = text[i] - '0';
            if (value > (long.MaxValue - digit) / 10)
            {
                return false;
            }

            value = (value * 10) + digit;
        }

        return true;
    }

    // Digits that no longer fit are left out: they are far below a nanosecond.
    private static void ReadFraction(string text, ref int i, out long value, out double scale)
    {
        value = 0;
        scale = 1;
        var isFull = false;
        for (; i < text.Length && text[i] is >= '0' and <= '9'; i++)
        {
            var digit = text[i] - '0';
            isFull = isFull || value > (long.MaxValue - digit) / 10;
            if (!isFull)
            {
                value = (value * 10) + digit;
                scale *= 10;
            }
        }
    }

    private static long Unit(string text, int start, int length) => text.Substring(start, Math.Min(length, 3)) switch
    {
        "ns" => 1,
        "us" or "\u00b5s" or "\u03bcs" => 1_000,
        "ms" => 1_000_000,
        "s" => Second,
        "m" => Minute,
        "h" => Hour,
        _ => 0,
    };

    // value / unit with all its decimals and no zeros at the end.
    private static string Number(ulong value, ulong unit)
    {
        var text = (value / unit).ToString(CultureInfo.InvariantCulture);
        var rest = value % unit;
        if (rest == 0)
        {
            return text;
        }

        var width = unit.ToString(CultureInfo.InvariantCulture).Length - 1;
        return text + "." + rest.ToString(CultureInfo.InvariantCulture).PadLeft(width, '0').TrimEnd('0');
    }
}
