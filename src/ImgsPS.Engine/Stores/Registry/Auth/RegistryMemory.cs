using System;
using System.Collections.Concurrent;
using System.Collections.Generic;

namespace ImgsPS.Stores.Registry;

/// <summary>
/// What is remembered of one registry beyond a command: how it asks for credentials, what it can do, how often it may be asked,
/// and the tokens it gave. A token stands under the credential it was given for, so only who has that credential finds it (SF12). Safe for
/// any number of threads.
/// </summary>
internal sealed class RegistryMemory
{
    private static readonly ConcurrentDictionary<string, RegistryMemory> Shared = new(StringComparer.Ordinal);

    /// <summary>More repositories than anybody asks in a session; then what is known is learned anew.</summary>
    private const int MaxRepositories = 10_000;

    private readonly ConcurrentDictionary<string, IReadOnlyList<Challenge>> _challenges = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _referrers = new(StringComparer.Ordinal);
    private volatile IReadOnlyList<Challenge>? _common;
    private volatile bool _isMixed;
    private volatile int _takesSeveralTags;
    private volatile int _deletesTags;
    private volatile RateLimit? _rateLimit;

    /// <summary>
    /// What every repository that was asked wanted; null when none was, or when they differ: a host may serve some with passwords and some
    /// with tokens (FF12).
    /// </summary>
    public IReadOnlyList<Challenge>? Common => _isMixed ? null : _common;

    /// <summary>The last challenge of a repository, or (null) of what is the registry's; null when none has come.</summary>
    public IReadOnlyList<Challenge>? Find(string? repository) => _challenges.TryGetValue(repository ?? "", out var known) ? known : null;

    /// <summary>Notes what a repository wants.</summary>
    public void Remember(string? repository, IReadOnlyList<Challenge> challenges)
    {
        if (_challenges.Count >= MaxRepositories)
        {
            _challenges.Clear();
        }

        _challenges[repository ?? ""] = challenges;
        _isMixed |= _common is not null && !IsSameQuestion(_common, challenges);
        _common = challenges;
    }

    private static bool IsSameQuestion(IReadOnlyList<Challenge> left, IReadOnlyList<Challenge> right)
    {
        var (one, other) = (Challenge.Select(left), Challenge.Select(right));
        return one?.Scheme == other?.Scheme && one?.Realm == other?.Realm && one?.Service == other?.Service;
    }

    /// <summary>Whether a repository has the referrers API (RF5); null when nobody knows.</summary>
    public bool? HasReferrers(string repository) => _referrers.TryGetValue(repository, out var has) ? has : null;

    /// <summary>Notes whether a repository has the referrers API.</summary>
    public void RememberReferrers(string repository, bool has)
    {
        if (_referrers.Count >= MaxRepositories)
        {
            _referrers.Clear();
        }

        _referrers[repository] = has;
    }

    /// <summary>A repository that a blob was seen in, for each: another one may take it over from there (PU2).</summary>
    public ConcurrentDictionary<Digest, string> Places { get; } = new();

    /// <summary>Whether it names a manifest by several tags at once; null while nobody has tried (PU14).</summary>
    public bool? TakesSeveralTags
    {
        get => _takesSeveralTags == 0 ? null : _takesSeveralTags > 0;
        set => _takesSeveralTags = value is { } takes ? takes ? 1 : -1 : 0;
    }

    /// <summary>Whether it deletes a tag by itself; null while nobody has tried (RD1).</summary>
    public bool? DeletesTags
    {
        get => _deletesTags == 0 ? null : _deletesTags > 0;
        set => _deletesTags = value is { } deletes ? deletes ? 1 : -1 : 0;
    }

    /// <summary>What the last answer said that said something of how often the registry may be asked; null when none did.</summary>
    public RateLimit? RateLimit => _rateLimit;

    /// <summary>Notes what an answer of the registry itself says of how often it may be asked.</summary>
    public void RememberLimit(RegistryResponse response)
    {
        if (RateLimit.Of(response, DateTimeOffset.UtcNow) is { } said)
        {
            _rateLimit = said.Following(_rateLimit);
        }
    }

    /// <summary>The tokens.</summary>
    public TokenCache Tokens { get; } = new();

    /// <summary>The memory of all commands; a command with credentials of its own has one of its own too, which goes with it.</summary>
    public static RegistryMemory For(RegistryEndpoint endpoint, RegistryOptions options) =>
        options.Credential is null ? Shared.GetOrAdd(endpoint.BaseUri.AbsoluteUri, _ => new RegistryMemory()) : new RegistryMemory();

    /// <summary>Forgets what all commands know of a registry: who signs in or out is known from the next request on.</summary>
    public static void Forget(RegistryEndpoint endpoint)
    {
        foreach (var scheme in new[] { "http://", "https://" })
        {
            Shared.TryRemove(new Uri(scheme + endpoint.BaseUri.Authority + "/").AbsoluteUri, out _);
        }
    }
}
