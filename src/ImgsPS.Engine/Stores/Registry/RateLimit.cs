using System;
using System.Globalization;
using System.Linq;

namespace ImgsPS.Stores.Registry;

/// <summary>
/// What a registry's answer said of how often it may be asked: Docker Hub's and the IETF draft's <c>RateLimit-Limit: 100;w=21600</c>,
/// GitLab's and GitHub's forms of it, and the <c>Retry-After</c> of a 429. Immutable. What was not said is null.
/// </summary>
internal sealed record RateLimit
{
    /// <summary>
    /// From here on a number of <c>RateLimit-Reset</c> is a Unix time (GitLab, GitHub), below it seconds from now (IETF draft).
    /// </summary>
    private const long FirstUnixTime = 1_000_000_000;

    private static readonly TimeSpan Longest = TimeSpan.FromDays(366);

    /// <summary>How many requests, or at Docker Hub pulls, are allowed in a window.</summary>
    public long? Limit { get; init; }

    /// <summary>How many are left; 0 after a 429 that does not say it.</summary>
    public long? Remaining { get; init; }

    /// <summary>How long the window is.</summary>
    public TimeSpan? Window { get; init; }

    /// <summary>
    /// When all are allowed again: what the registry said, else the answer's time and a whole window, which is the latest that it can be.
    /// Null when neither is known, and when nothing was used.
    /// </summary>
    public DateTimeOffset? ResetsAt { get; init; }

    /// <summary>Who the limit counts for, as Docker Hub says it: an address, or a user's number.</summary>
    public string? Source { get; init; }

    /// <summary>True while none are left: the last answer left none, and the time when they come back is known and not there.</summary>
    public bool IsSpent(DateTimeOffset now) => Remaining == 0 && ResetsAt > now;

    /// <summary>Reads the headers of an answer; null when it says nothing of a limit.</summary>
    public static RateLimit? Of(RegistryResponse response, DateTimeOffset now)
    {
        var isRefused = (int)response.Status == 429;
        var (limit, window) = Number(Find("Limit"));
        var (remaining, sameWindow) = Number(Find("Remaining"));
        if (limit is null && remaining is null && !isRefused)
        {
            return null;
        }

        window ??= sameWindow;
        remaining ??= isRefused ? 0 : null;
        var known = (isRefused ? After(RetryAfter.Parse(response.First("Retry-After"), now)) : null)
            ?? Reset(Find("Reset"), now) ?? After(RetryAfter.Parse(Find("ResetTime"), now));
        return new RateLimit
        {
            Limit = limit,
            Remaining = remaining,
            Window = window,
            ResetsAt = known ?? (remaining is null || remaining < limit || remaining == 0 ? After(window) : null),
            Source = response.First("Docker-RateLimit-Source"),
        };

        string? Find(string name) => response.First("RateLimit-" + name) ?? response.First("X-RateLimit-" + name);

        DateTimeOffset? After(TimeSpan? time) => now + time;
    }

    /// <summary>This answer's words, and an earlier one's for what a bare 429 leaves out.</summary>
    public RateLimit Following(RateLimit? earlier) => this with
    {
        Limit = Limit ?? earlier?.Limit,
        Window = Window ?? earlier?.Window,
        Source = Source ?? earlier?.Source,
        ResetsAt = ResetsAt ?? earlier?.ResetsAt,
    };

    /// <summary>
    /// The number and the window of <c>100;w=21600</c>, or of <c>10, 10;w=1, 50;w=60</c>: the first is the limit that is nearest.
    /// </summary>
    private static (long? Value, TimeSpan? Window) Number(string? text)
    {
        var items = (text ?? "").Split(',').Select(item => item.Split(';').Select(part => part.Trim()).ToArray()).ToArray();
        if (Parse(items[0][0]) is not { } value)
        {
            return (null, null);
        }

        var window = items.Where(item => Parse(item[0]) == value).SelectMany(item => item.Skip(1))
            .FirstOrDefault(part => part.StartsWith("w=", StringComparison.OrdinalIgnoreCase));
        return (value, window is null ? null : Seconds(Parse(window.Substring(2))));
    }

    private static DateTimeOffset? Reset(string? text, DateTimeOffset now)
    {
        var (value, _) = Number(text);
        if (value is not >= FirstUnixTime)
        {
            return now + Seconds(value);
        }

        // Some count in milliseconds.
        var seconds = value.Value >= FirstUnixTime * 1000 ? value.Value / 1000 : value.Value;
        return seconds < (now + Longest).ToUnixTimeSeconds() ? DateTimeOffset.FromUnixTimeSeconds(seconds) : now + Longest;
    }

    private static TimeSpan? Seconds(long? value) =>
        value is { } seconds ? seconds < Longest.TotalSeconds ? TimeSpan.FromSeconds(seconds) : Longest : null;

    private static long? Parse(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
