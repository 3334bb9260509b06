using System;
using System.Collections.Generic;
using System.Linq;

namespace ImgsPS.Testing;

/// <summary>A request that came to an engine. Immutable.</summary>
public sealed class TestDockerRequest
{
    internal TestDockerRequest(TestRequest request)
    {
        Method = request.Method;
        PathAndQuery = request.PathAndQuery;
        Path = PathAndQuery.Split('?')[0];
        Query = request.Query.ToArray();
        Headers = request.Headers.ToArray();
        Body = request.Body;
    }

    /// <summary>GET, HEAD, POST, DELETE.</summary>
    public string Method { get; }

    /// <summary>The path with its version, still encoded: <c>/v1.41/images/json</c>.</summary>
    public string Path { get; }

    /// <summary>Path and query, still encoded.</summary>
    public string PathAndQuery { get; }

    /// <summary>The decoded query, in order.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Query { get; }

    /// <summary>All headers in the order received.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; }

    /// <summary>The body's bytes.</summary>
    public ReadOnlyMemory<byte> Body { get; }

    /// <summary>The first query parameter of that name, or null.</summary>
    public string? Parameter(string name) => Query.FirstOrDefault(p => p.Key == name).Value;

    /// <summary>The first header of that name, or null.</summary>
    public string? Header(string name) => Headers.FirstOrDefault(h => h.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;

    /// <summary><c>GET /v1.41/images/json?all=1</c>.</summary>
    public override string ToString() => Method + " " + PathAndQuery;
}
