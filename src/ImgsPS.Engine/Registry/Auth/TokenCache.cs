using System;
using System.Collections.Concurrent;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Registry;

/// <summary>What a token was given for.</summary>
internal sealed record TokenKey(string Realm, string Service, string Scopes, RegistryCredential? Credential);

/// <summary>
/// The tokens of one client. However many requests need one at once, it is asked for once. Safe for any number of threads.
/// </summary>
internal sealed class TokenCache
{
    private readonly ConcurrentDictionary<TokenKey, Entry> _entries = new();
    private readonly ConcurrentDictionary<string, string> _wider = new(StringComparer.Ordinal);

    /// <summary>
    /// All scopes that a request for <paramref name="scope"/> needs: <paramref name="scopes"/> and what was remembered before.
    /// </summary>
    public string Remember(string scope, string scopes) =>
        _wider.AddOrUpdate(scope, scopes, (_, before) => TokenScope.Union(before, scopes));

    /// <summary>
    /// The token of a key, fetched when there is none, when it is due, or when it is the one that was <paramref name="refused"/>.
    /// </summary>
    /// <returns>The token (null when there is none to be had), and whether it was fetched by this call.</returns>
    public async Task<(AccessToken? Token, bool Fresh)> GetAsync(
        TokenKey key, string? refused, Func<AccessToken?, Task<AccessToken?>> fetch, CancellationToken cancellationToken)
    {
        var entry = _entries.GetOrAdd(key, _ => new Entry());
        await entry.Gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (entry.Token is { } token && token.RenewAt > DateTimeOffset.UtcNow && token.Value != refused)
            {
                return (token, false);
            }

            entry.Token = await fetch(entry.Token).ConfigureAwait(false);
            return (entry.Token, true);
        }
        finally
        {
            entry.Gate.Release();
        }
    }

    private sealed class Entry
    {
        public SemaphoreSlim Gate { get; } = new(1, 1);

        public AccessToken? Token { get; set; }
    }
}
