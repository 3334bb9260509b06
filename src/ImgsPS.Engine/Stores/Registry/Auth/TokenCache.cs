using System;
using System.Collections.Concurrent;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores.Registry;

/// <summary>What a token was given for.</summary>
/// <param name="Realm">The token service's address.</param>
/// <param name="Service">The registry's name there.</param>
/// <param name="Scopes">What it allows.</param>
/// <param name="Identity"><see cref="RegistryCredential.Key"/> of whose it is; null for an anonymous one.</param>
internal sealed record TokenKey(string Realm, string Service, string Scopes, string? Identity);

/// <summary>
/// The tokens of one registry. However many requests need one at once, it is asked for once. Safe for any number of threads.
/// </summary>
internal sealed class TokenCache
{
    private readonly ConcurrentDictionary<TokenKey, Entry> _entries = new();
    private readonly ConcurrentDictionary<string, string> _wider = new(StringComparer.Ordinal);
    private int _room = 64;

    /// <summary>
    /// All scopes that a request for <paramref name="scope"/> needs: <paramref name="scopes"/> and what was remembered before.
    /// </summary>
    public string Remember(string scope, string scopes) =>
        _wider.AddOrUpdate(scope, scopes, (_, before) => TokenScope.Union(before, scopes));

    /// <summary>
    /// The token of a key, fetched when there is none, when it is due, or when it is the one that was <paramref name="refused"/>.
    /// </summary>
    /// <param name="key">What it is for.</param>
    /// <param name="refused">The token that the registry refused, or null.</param>
    /// <param name="isOwn">
    /// True to fetch one that no other request gets: a registry may take a token for one request only.
    /// </param>
    /// <param name="fetch">Asks for a token in place of the one it is given.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The token (null when there is none to be had), and whether it was fetched by this call.</returns>
    public async Task<(AccessToken? Token, bool Fresh)> GetAsync(
        TokenKey key, string? refused, bool isOwn, Func<AccessToken?, Task<AccessToken?>> fetch, CancellationToken cancellationToken)
    {
        if (isOwn)
        {
            return (await fetch(null).ConfigureAwait(false), true);
        }

        if (!_entries.TryGetValue(key, out var entry))
        {
            DropExpired();
            entry = _entries.GetOrAdd(key, _ => new Entry());
        }

        await entry.Gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (entry.Token is { } token && token.RenewAt > DateTimeOffset.UtcNow && token.Value != refused)
            {
                token.IsShared = true;
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

    // Tokens that ran out are nobody's any more. Looked for when there are twice as many as were left the last time.
    private void DropExpired()
    {
        if (_entries.Count < Volatile.Read(ref _room))
        {
            return;
        }

        foreach (var entry in _entries)
        {
            if (entry.Value.Token is { } token && token.RenewAt <= DateTimeOffset.UtcNow)
            {
                _entries.TryRemove(entry.Key, out _);
            }
        }

        Volatile.Write(ref _room, Math.Max(64, _entries.Count * 2));
    }

    private sealed class Entry
    {
        public SemaphoreSlim Gate { get; } = new(1, 1);

        public AccessToken? Token { get; set; }
    }
}
