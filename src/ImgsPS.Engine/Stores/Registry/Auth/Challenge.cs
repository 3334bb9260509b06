using System;
using System.Collections.Generic;
using System.Linq;

namespace ImgsPS.Stores.Registry;

/// <summary>One challenge of a WWW-Authenticate header (RFC 9110 11.6.1). Immutable.</summary>
internal sealed class Challenge
{
    public Challenge(string scheme, IReadOnlyDictionary<string, string> parameters)
    {
        Scheme = scheme;
        Parameters = parameters;
    }

    /// <summary>The scheme in lower case: <c>bearer</c>, <c>basic</c>, …</summary>
    public string Scheme { get; }

    /// <summary>The parameters; names in lower case, the last of two wins.</summary>
    public IReadOnlyDictionary<string, string> Parameters { get; }

    public bool IsBearer => Scheme == "bearer";

    public bool IsBasic => Scheme == "basic";

    /// <summary>The address of the token service, as it stands there; null when there is none.</summary>
    public string? Realm => Find("realm");

    public string? Service => Find("service");

    public string? Scope => Find("scope");

    /// <summary>
    /// The scope that was missing when the answer says <c>insufficient_scope</c> and names a scope of the form <c>type:name:actions</c>;
    /// null otherwise.
    /// </summary>
    public string? InsufficientScope => IsBearer && Find("error") == "insufficient_scope" && TokenScope.IsValid(Scope) ? Scope : null;

    /// <summary>The challenge that is answered: Bearer before Basic; null when there is neither.</summary>
    public static Challenge? Select(IReadOnlyList<Challenge> challenges) =>
        challenges.FirstOrDefault(c => c.IsBearer && !string.IsNullOrEmpty(c.Realm)) ?? challenges.FirstOrDefault(c => c.IsBasic);

    private string? Find(string name) => Parameters.TryGetValue(name, out var value) ? value : null;
}
