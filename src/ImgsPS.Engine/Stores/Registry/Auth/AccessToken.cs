using System;
using System.Globalization;
using System.Linq;
using System.Text.Json;

namespace ImgsPS.Stores.Registry;

/// <summary>A token of a token service (distribution, docs/spec/auth/token). Safe for any number of threads.</summary>
internal sealed class AccessToken
{
    private static readonly TimeSpan ShortestLifetime = TimeSpan.FromSeconds(60);

    private volatile bool _isShared;

    private AccessToken(string value, DateTimeOffset expires, DateTimeOffset renewAt)
    {
        Value = value;
        Expires = expires;
        RenewAt = renewAt;
    }

    /// <summary>True once more than one request has had it.</summary>
    public bool IsShared
    {
        get => _isShared;
        set => _isShared = value;
    }

    /// <summary>The token, as it stands in the header.</summary>
    public string Value { get; }

    /// <summary>When it ends by the service's clock.</summary>
    public DateTimeOffset Expires { get; }

    /// <summary>When it should be renewed by our clock: before it ends.</summary>
    public DateTimeOffset RenewAt { get; }

    /// <summary>Reads a token service's answer; <c>token</c> or <c>access_token</c> is there and fit for a header (RN5).</summary>
    /// <exception cref="FormatException">It is not; the message says what is wrong, without the token.</exception>
    public static AccessToken Parse(byte[] json, DateTimeOffset now)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 32 });
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
            {
                throw new FormatException("the token service's answer is not a JSON object");
            }

            var value = Text(root, "token") ?? Text(root, "access_token")
                ?? throw new FormatException("the token service's answer has no token");
            if (!IsValid(value))
            {
                throw new FormatException("the token has characters that no token has");
            }

            var lifetime = ShortestLifetime;
            if (root.TryGetProperty("expires_in", out var seconds) && seconds.ValueKind == JsonValueKind.Number
                && seconds.TryGetDouble(out var number)
                && number > ShortestLifetime.TotalSeconds)
            {
                lifetime = TimeSpan.FromSeconds(Math.Min(number, TimeSpan.FromDays(365).TotalSeconds));
            }

            return Create(value, IssuedAt(root) ?? now, lifetime, now);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new FormatException("the token service's answer is not JSON", e);
        }
    }

    /// <summary>RFC 6750's b68token: what may stand after <c>Bearer</c>.</summary>
    public static bool IsValid(string value) =>
        value.Length > 0
        && value.All(c => c is (>= 'a' and <= 'z') or (>= 'A' and <= 'Z') or (>= '0' and <= '9') || "-._~+/=".IndexOf(c) >= 0);

    private static AccessToken Create(string value, DateTimeOffset issued, TimeSpan lifetime, DateTimeOffset now)
    {
        // A service can write any time, also one after which no calendar goes on.
        var expires = issued < DateTimeOffset.MaxValue - lifetime ? issued + lifetime : DateTimeOffset.MaxValue;

        // A token that is over as it comes means that the clocks differ; one from the future would be used too long.
        var remaining = expires > now && expires - now < lifetime ? expires - now : expires <= now ? ShortestLifetime : lifetime;
        var margin = TimeSpan.FromTicks(Math.Min(remaining.Ticks / 4, TimeSpan.FromSeconds(30).Ticks));
        return new(value, expires, now + remaining - margin);
    }

    private static DateTimeOffset? IssuedAt(JsonElement root) =>
        Text(root, "issued_at") is { } text
        && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var issued)
        && issued.Year > 1970
            ? issued.ToUniversalTime()
            : null;

    private static string? Text(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            && value.GetString() is { Length: > 0 } text ? text : null;
}
