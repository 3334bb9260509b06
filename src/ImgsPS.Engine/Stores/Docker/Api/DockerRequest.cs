using System;
using System.Collections.Generic;
using System.Net.Http;
using ImgsPS.Naming;
using ImgsPS.Stores.Registry;

namespace ImgsPS.Stores.Docker;

/// <summary>A request to a Docker Engine, without the version prefix. Immutable.</summary>
/// <param name="Method">GET, POST, DELETE, HEAD.</param>
/// <param name="Path">The path with its parts escaped: <c>/images/json</c>. See <see cref="Escape"/>.</param>
internal sealed record DockerRequest(HttpMethod Method, string Path)
{
    /// <summary>The query, in order; values are escaped when sent. A null value leaves the pair out.</summary>
    public IReadOnlyList<KeyValuePair<string, string?>> Query { get; init; } = Array.Empty<KeyValuePair<string, string?>>();

    /// <summary>X-Registry-Auth: base64url of the credential's JSON; a secret, never logged; null for none (RC5).</summary>
    public string? RegistryAuth { get; init; }

    /// <summary>True when Docker refuses the request without X-Registry-Auth: without a credential it says nobody (an empty one).</summary>
    public bool IsAuthNeeded { get; init; }

    /// <summary>Makes the body; null for none.</summary>
    public Func<StreamedContent>? Upload { get; init; }

    /// <summary>True for a list, which Docker has at hand: it must begin soon.</summary>
    public bool IsList { get; init; }

    /// <summary>
    /// A reference or id as a part of a path: <c>reg:5000/app:1</c> keeps its slashes, all else that has a meaning in URLs is escaped.
    /// </summary>
    public static string Escape(string name) => PercentEncoding.Escape(name).Replace("%2F", "/").Replace("%3A", ":").Replace("%40", "@");

    /// <summary>A pair of the query.</summary>
    public static KeyValuePair<string, string?> Pair(string name, string? value) => new(name, value);
}
