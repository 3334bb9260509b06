using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;

namespace ImgsPS.Testing;

/// <summary>A request in the registry's log. Safe to read while it is still being answered.</summary>
public sealed class LoggedRequest
{
    private long _bytesSent;
    private int _status;

    internal LoggedRequest(TestRequest request, int connection, string? user)
    {
        Method = request.Method;
        Target = request.Target;
        Path = request.PathAndQuery;
        Headers = request.Headers.ToArray();
        Body = request.Body;
        Connection = connection;
        User = user;
    }

    /// <summary>GET, HEAD, …</summary>
    public string Method { get; }

    /// <summary>The target of the request line, unchanged (absolute when the client took the server for a proxy).</summary>
    public string Target { get; }

    /// <summary>Path and query, still encoded.</summary>
    public string Path { get; }

    /// <summary>All headers in the order received.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; }

    /// <summary>The body's bytes.</summary>
    public ReadOnlyMemory<byte> Body { get; }

    /// <summary>The connection's number, from 1.</summary>
    public int Connection { get; }

    /// <summary>
    /// The name in its Basic header, right or wrong, or the user whom its token was given to; null for none, as with an anonymous token.
    /// </summary>
    public string? User { get; }

    /// <summary>The status sent; 0 as long as none was.</summary>
    public int Status
    {
        get => Volatile.Read(ref _status);
        internal set => Volatile.Write(ref _status, value);
    }

    /// <summary>Body bytes handed to the network so far.</summary>
    public long BytesSent => Interlocked.Read(ref _bytesSent);

    /// <summary>The first header of that name, or null.</summary>
    public string? Header(string name) => Headers.FirstOrDefault(h => h.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;

    /// <summary><c>GET /v2/team/app/manifests/1</c>.</summary>
    public override string ToString() => Method + " " + Path;

    internal void Sent(int bytes) => Interlocked.Add(ref _bytesSent, bytes);
}
