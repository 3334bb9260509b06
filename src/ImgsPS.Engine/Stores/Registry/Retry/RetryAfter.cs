using System;
using System.Globalization;

namespace ImgsPS.Stores.Registry;

/// <summary>The Retry-After header (RFC 9110 section 10.2.3): a number of seconds, or a date in one of HTTP's three forms.</summary>
internal static class RetryAfter
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(366);

    // RFC 9110 section 5.6.7: IMF-fixdate, RFC 850, asctime.
    private static readonly string[] DateForms =
        { "ddd, dd MMM yyyy HH:mm:ss 'GMT'", "dddd, dd-MMM-yy HH:mm:ss 'GMT'", "ddd MMM d HH:mm:ss yyyy" };

    /// <summary>
    /// How long the server asks to wait: zero or more, a year at most. Null when there is no such header, it is neither number nor date, or
    /// the date is not after <paramref name="now"/>: the caller's own backoff holds then.
    /// </summary>
    public static TimeSpan? Parse(string? value, DateTimeOffset now)
    {
        var text = value?.Trim() ?? "";
        if (IsNumber(text))
        {
            return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds < Longest.TotalSeconds
                ? TimeSpan.FromSeconds(seconds)
                : Longest;
        }

        const DateTimeStyles style = DateTimeStyles.AssumeUniversal | DateTimeStyles.AllowInnerWhite;
        return DateTimeOffset.TryParseExact(text, DateForms, CultureInfo.InvariantCulture, style, out var date) && date > now
            ? (date - now < Longest ? date - now : Longest)
            : null;
    }

    private static bool IsNumber(string text)
    {
        foreach (var c in text)
        {
            if (c is < '0' or > '9')
            {
                return false;
            }
        }

        return text.Length > 0;
    }
}
