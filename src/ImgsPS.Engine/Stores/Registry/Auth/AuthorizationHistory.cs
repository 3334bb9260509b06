using System;
using System.Collections.Generic;

namespace ImgsPS.Stores.Registry;

/// <summary>What one request has tried to be let in, so that it is never a loop (RN6, FF12). Not thread-safe.</summary>
internal sealed class AuthorizationHistory
{
    private readonly HashSet<string> _schemes = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Tokens of a token service that the registry refused.</summary>
    public int RefusedTokens { get; private set; }

    /// <summary>Notes what was sent and refused; null for a request without a header.</summary>
    public void Refused(AuthorizationHeader? header)
    {
        if (header is not null)
        {
            _schemes.Add(header.Value.Scheme);
            RefusedTokens += header.Token is null ? 0 : 1;
        }
    }

    /// <summary>True when something of the scheme was sent.</summary>
    public bool HasSent(string scheme) => _schemes.Contains(scheme);
}
