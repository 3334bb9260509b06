using System;

namespace ImgsPS.Stores.Filtering;

/// <summary>
/// Go's durations (time.ParseDuration): <c>24h</c>, <c>1h30m</c>, <c>1.5h</c>, <c>-300ms</c>. A value is a number of nanoseconds, 292
/// years at most.
/// </summary>
internal static class GoDuration
{
    public const long Second = 1_000_000_000;
    private const long Minute = 60 * Second;
    private const long Hour = 60 * Minute;

    // The digits of the longest negative duration; positive ones end one nanosecond before.
    private const ulong Longest = 1UL << 63;

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

        ulong total = 0;
        while (i < text.Length)
        {
            if (!TryReadPart(text, ref i, out var part) || total > Longest - part)
            {
                return false;
            }

            total += part;
        }

        var isNegative = text[0] == '-';
        nanoseconds = unchecked(isNegative ? (long)(0 - total) : (long)total);
        return isNegative || total < Longest;
    }

    // One number with its unit.
    private static bool TryReadPart(string text, ref int i, out ulong nanoseconds)
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

        var unit = (ulong)Unit(text, start, i - start);
        if (digits == 0 || unit == 0 || whole > Longest / unit)
        {
            return false;
        }

        // As Go counts, to the same nanosecond; the casts keep .NET Framework from computing with more bits.
        var rest = (ulong)(double)((double)fraction * (double)(unit / scale));
        nanoseconds = whole * unit;
        if (nanoseconds > Longest - rest)
        {
            return false;
        }

        nanoseconds += rest;
        return true;
    }

    private static bool TryReadInteger(string text, ref int i, out ulong value)
    {
        for (value = 0; i < text.Length && text[i] is >= '0' and <= '9'; i++)
        {
            var digit = (ulong)(text[i] - '0');
            if (value > (Longest - digit) / 10)
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
}
