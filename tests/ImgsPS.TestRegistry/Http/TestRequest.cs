using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Text;

namespace ImgsPS.Testing;

/// <summary>A request as it came in. Used by one connection at a time.</summary>
public sealed class TestRequest
{
    internal TestRequest(string method, string target, List<KeyValuePair<string, string>> headers)
    {
        Method = method;
        Target = target;
        Headers = headers;
        var path = target;
        if (!path.StartsWith('/') && path.IndexOf("://", StringComparison.Ordinal) is var scheme and > 0)
        {
            // A client that takes this server for its proxy sends the absolute form (RFC 9112, 3.2.2).
            var slash = path.IndexOf('/', scheme + 3);
            path = slash < 0 ? "/" : path[slash..];
        }

        PathAndQuery = path;
        var question = path.IndexOf('?', StringComparison.Ordinal);
        Path = Uri.UnescapeDataString(question < 0 ? path : path[..question]);
        Query = ParseForm(question < 0 ? "" : path[(question + 1)..]);
    }

    /// <summary>GET, HEAD, …</summary>
    public string Method { get; }

    /// <summary>The target of the request line, unchanged.</summary>
    public string Target { get; }

    /// <summary>Path and query, still encoded, without scheme and host.</summary>
    public string PathAndQuery { get; }

    /// <summary>The decoded path.</summary>
    public string Path { get; }

    /// <summary>The decoded query, in order.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Query { get; }

    /// <summary>All headers in the order received; a fault may change them.</summary>
    public IList<KeyValuePair<string, string>> Headers { get; }

    /// <summary>The body, unframed.</summary>
    public byte[] Body { get; internal set; } = [];

    /// <summary>True when the client may send another request on the connection.</summary>
    internal bool KeepAlive { get; set; } = true;

    /// <summary>The request's line in the log; null for control requests.</summary>
    internal LoggedRequest? Log { get; set; }

    /// <summary>The first header of that name, or null.</summary>
    public string? Header(string name) => Headers.FirstOrDefault(h => h.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;

    /// <summary>The first query parameter of that name, or null.</summary>
    public string? Parameter(string name) => Query.FirstOrDefault(p => p.Key == name).Value;

    /// <summary>Takes all headers of that name away.</summary>
    public void RemoveHeader(string name)
    {
        foreach (var header in Headers.Where(h => h.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).ToList())
        {
            Headers.Remove(header);
        }
    }

    /// <summary>The body as application/x-www-form-urlencoded.</summary>
    internal IReadOnlyList<KeyValuePair<string, string>> Form() => ParseForm(Encoding.UTF8.GetString(Body));

    private static List<KeyValuePair<string, string>> ParseForm(string text) => text
        .Split('&', StringSplitOptions.RemoveEmptyEntries)
        .Select(pair => pair.Split('=', 2))
        .Select(pair => KeyValuePair.Create(WebUtility.UrlDecode(pair[0]), pair.Length > 1 ? WebUtility.UrlDecode(pair[1]) : ""))
        .ToList();
}
