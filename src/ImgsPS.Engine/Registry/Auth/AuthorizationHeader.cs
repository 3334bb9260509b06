using System.Net.Http.Headers;

namespace ImgsPS.Registry;

/// <summary>What goes into one request's Authorization header, and where it came from. Immutable.</summary>
/// <param name="Value">The header; null for a request without one.</param>
/// <param name="Scopes">The scopes of the token; empty for Basic.</param>
/// <param name="Fresh">True when it was got for this very request: asking again would bring the same.</param>
/// <param name="Credential">The credential behind it; null for an anonymous token.</param>
internal sealed record AuthorizationHeader(AuthenticationHeaderValue Value, string Scopes, bool Fresh, RegistryCredential? Credential)
{
    // The compiler's own would print the token.
    public override string ToString() => Value.Scheme + " ***";
}
