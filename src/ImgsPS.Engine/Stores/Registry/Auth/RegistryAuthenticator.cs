using System;
using System.Collections.Generic;
using System.Linq;
using System.Net.Http.Headers;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores.Registry;

/// <summary>
/// Answers a registry's challenges. A repository's last challenge is remembered, so that later requests come with their token at once; tokens are
/// kept by realm, service, scope and identity and renewed before they end. Safe for any number of threads.
/// </summary>
internal sealed class RegistryAuthenticator
{
    private readonly RegistryEndpoint _endpoint;
    private readonly RegistryOptions _options;
    private readonly CredentialSource _credentials;
    private readonly TokenService _tokens;
    private readonly RegistryMemory _memory;
    private readonly Secrets _secrets;
    private readonly AuthNotes _notes;

    // The token that was made known as a secret last: mostly it is the one of the next request too.
    private volatile string? _hidden;

    public RegistryAuthenticator(
        RegistryEndpoint endpoint, RegistryOptions options, CredentialSource credentials, TokenService tokens,
        RegistryMemory memory, Secrets secrets, AuthNotes notes)
    {
        _endpoint = endpoint;
        _options = options;
        _credentials = credentials;
        _tokens = tokens;
        _memory = memory;
        _secrets = secrets;
        _notes = notes;
    }

    /// <summary>
    /// The header for a request, by the challenge that its repository is known for, else by the one that all others had; null when none is
    /// known or nothing answers it.
    /// </summary>
    public async Task<AuthorizationHeader?> GetAsync(
        RegistryRequest request, IOperationObserver observer, CancellationToken cancellationToken)
    {
        if (_memory.Find(request.Repository) is { } known)
        {
            return await AuthorizeAsync(known, request, request.Scope, null, false, observer, cancellationToken).ConfigureAwait(false);
        }

        try
        {
            return _memory.Common is not { } common ? null
                : await AuthorizeAsync(common, request, request.Scope, null, false, observer, cancellationToken).ConfigureAwait(false);
        }
        catch (ImageException e)
        {
            // That this repository wants what others want is a guess; it says itself what it wants.
            observer.Debug($"{_endpoint.Registry}: asked without credentials first: {_secrets.Printable(e.Message)}");
            return null;
        }
    }

    /// <summary>
    /// The header with which to ask once more after a 401; null when another try is of no use and the 401 stands (RN6).
    /// </summary>
    /// <param name="headers">The WWW-Authenticate lines.</param>
    /// <param name="request">The request that was turned down.</param>
    /// <param name="previous">What it carried.</param>
    /// <param name="history">What it carried before; of this request alone.</param>
    /// <param name="observer">Told what is decided.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<AuthorizationHeader?> AnswerAsync(
        IReadOnlyList<string> headers,
        RegistryRequest request,
        AuthorizationHeader? previous,
        AuthorizationHistory history,
        IOperationObserver observer,
        CancellationToken cancellationToken)
    {
        history.Refused(previous);
        if (!ChallengeParser.TryParse(headers, out var challenges) || Challenge.Select(challenges) is not { } challenge)
        {
            observer.Debug($"{_endpoint.Registry}: no challenge that can be answered: {_secrets.Printable(string.Join(", ", headers))}");
            return null;
        }

        _memory.Remember(request.Repository, challenges);
        var scopes = TokenScope.Union(request.Scope, challenge.Scope);
        if (previous is null || !challenges.Any(c => c.Scheme.Equals(previous.Value.Scheme, StringComparison.OrdinalIgnoreCase)))
        {
            // A new question: the first, or one for another scheme than what was sent. It is answered once (FF12).
            if (history.HasSent(challenge.Scheme))
            {
                return null;
            }

            // Who signed in since the last question is known now.
            _credentials.Forget(request.Repository);
            return Another(
                await AuthorizeAsync(challenges, request, scopes, null, false, observer, cancellationToken).ConfigureAwait(false), previous);
        }

        if (previous.IsLast)
        {
            var wider = challenge.InsufficientScope is { } missing ? TokenScope.Union(previous.Scopes, missing) : previous.Scopes;
            return wider == previous.Scopes
                ? Refused(previous)
                : await AuthorizeAsync(challenges, request, wider, previous, false, observer, cancellationToken).ConfigureAwait(false);
        }

        // The first time another request's new token may do; after that only one that nobody else has used.
        _credentials.Forget(request.Repository);
        return Another(
            await AuthorizeAsync(challenges, request, scopes, previous, history.RefusedTokens > 1, observer, cancellationToken)
                .ConfigureAwait(false),
            previous) ?? Refused(previous);
    }

    /// <summary>No other answer: of a password, unlike a token, that means that it is wrong.</summary>
    private AuthorizationHeader? Refused(AuthorizationHeader previous)
    {
        _notes.IsCredentialRefused |= previous.Value.Scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase);
        return null;
    }

    private static AuthorizationHeader? Another(AuthorizationHeader? next, AuthorizationHeader? previous) =>
        next is null || Equals(next.Value, previous?.Value) ? null : next;

    private async Task<AuthorizationHeader?> AuthorizeAsync(
        IReadOnlyList<Challenge> challenges,
        RegistryRequest request,
        string scopes,
        AuthorizationHeader? refused,
        bool isOwn,
        IOperationObserver observer,
        CancellationToken cancellationToken)
    {
        var (credential, isNew) = await _credentials.FindAsync(request.Repository, observer, cancellationToken).ConfigureAwait(false);
        if (!string.IsNullOrEmpty(credential?.RegistryToken))
        {
            return AccessToken.IsValid(credential!.RegistryToken!)
                ? new(new("Bearer", credential.RegistryToken), "", true, credential)
                : throw new ImageException(ImageErrorKind.InvalidArgument, $"The registry token for {_endpoint.Registry} is not a token.");
        }

        var challenge = Challenge.Select(challenges)!;
        var basic = challenges.FirstOrDefault(c => c.IsBasic);
        if (challenge.IsBearer)
        {
            var realm = RealmPolicy.Resolve(_endpoint.BaseUri, challenge.Realm!);
            var trust = realm is null ? RealmTrust.Refused : RealmPolicy.Judge(_endpoint.BaseUri, realm, Trusted());
            if (trust == RealmTrust.Trusted || ((credential is null || basic is null) && trust == RealmTrust.Anonymous))
            {
                return await BearerAsync(
                    realm!, trust, challenge, request, scopes, credential, refused, isOwn, observer, cancellationToken).ConfigureAwait(false);
            }

            if (basic is null)
            {
                throw new ImageException(
                    ImageErrorKind.Unauthorized,
                    $"{_endpoint.Registry} sends to {_secrets.Printable(challenge.Realm)} for a token; that address is not asked"
                    + (realm is null ? ": it is no URL." : RedirectPolicy.Refusal(_endpoint.BaseUri, realm) is { } why ? $": {why}." : "."),
                    "The registry is misconfigured, or is not what it claims to be.");
            }
        }

        if (credential is null || credential.Secret.Length == 0)
        {
            return null;
        }

        _notes.UserName = credential.UserName;
        return new(TokenService.Basic(credential), "", isNew, credential);
    }

    private IEnumerable<string> Trusted() => _options.TrustedRealm is { } own
        ? RealmPolicy.TrustedHosts(_endpoint.BaseUri).Concat([own])
        : RealmPolicy.TrustedHosts(_endpoint.BaseUri);

    private async Task<AuthorizationHeader?> BearerAsync(
        Uri realm,
        RealmTrust trust,
        Challenge challenge,
        RegistryRequest request,
        string scopes,
        RegistryCredential? credential,
        AuthorizationHeader? refused,
        bool isOwn,
        IOperationObserver observer,
        CancellationToken cancellationToken)
    {
        var withheld = credential is not null && trust != RealmTrust.Trusted;
        if (withheld)
        {
            observer.Verbose(
                $"{_endpoint.Registry}: the token service {_secrets.Mask(realm)} is on another host, so it is asked without the " +
                    "credentials.");
            _notes.WithheldFrom = realm;
            credential = null;
        }
        else
        {
            _notes.WithheldFrom = null;
        }

        _notes.UserName = credential?.UserName;

        // What the registry wanted for a scope beyond it is wanted the next time too.
        scopes = _memory.Tokens.Remember(request.Scope, scopes);
        var key = new TokenKey(realm.AbsoluteUri, challenge.Service ?? "", scopes, credential?.Key());
        var (token, fresh) = await _memory.Tokens.GetAsync(
            key,
            refused?.Value.Parameter,
            isOwn,
            FetchAsync,
            cancellationToken).ConfigureAwait(false);

        // Also one that an earlier command fetched.
        if (token is not null && token.Value != _hidden)
        {
            _secrets.Add(token.Value);
            _hidden = token.Value;
        }

        return token is null ? null : new(new AuthenticationHeaderValue("Bearer", token.Value), scopes, fresh, credential)
        {
            Token = token,
        };

        async Task<AccessToken?> FetchAsync(AccessToken? old)
        {
            var got = await _tokens
                .GetAsync(realm, challenge.Service, scopes, credential, withheld, observer, cancellationToken).ConfigureAwait(false);
            if (old is not null)
            {
                // Not before: what refuses it may echo it.
                _secrets.Remove(old.Value);
                _hidden = null;
            }

            return got;
        }
    }
}
