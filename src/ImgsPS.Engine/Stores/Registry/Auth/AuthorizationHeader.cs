using System.Net.Http.Headers;

namespace ImgsPS.Stores.Registry;

/// <summary>What goes into one request's Authorization header, and where it came from. Immutable.</summary>
/// <param name="Value">The header; null for a request without one.</param>
/// <param name="Scopes">The scopes of the token; empty for Basic.</param>
/// <param name="Fresh">True when it was got for this very request: asking again would bring the same.</param>
/// <param name="Credential">The credential behind it; null for an anonymous token.</param>
internal sealed record AuthorizationHeader(AuthenticationHeaderValue Value, string Scopes, bool Fresh, RegistryCredential? Credential)
{
    /// <summary>The token of a token service; null for Basic and for a registry's own token.</summary>
    public AccessToken? Token { get; init; }

    /// <summary>
    /// True when asking again would bring nothing else: it was got for this request, and no other request had it, which a registry that
    /// takes a token only once would have taken it from.
    /// </summary>
    public bool IsLast => Fresh && Token is not { IsShared: true };

    // The compiler's own would print the token.
    public override string ToString() => Value.Scheme + " ***";
}
