using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Threading.Tasks;

namespace ImgsPS.Testing;

/// <summary>How the end of a body is told.</summary>
public enum Framing
{
    /// <summary>By Content-Length.</summary>
    ContentLength,

    /// <summary>By Transfer-Encoding: chunked.</summary>
    Chunked,

    /// <summary>By the end of the connection.</summary>
    Close,
}

/// <summary>How a body that is cut short ends.</summary>
public enum CutKind
{
    /// <summary>TCP reset.</summary>
    Reset,

    /// <summary>An orderly end of the connection (FIN).</summary>
    Fin,

    /// <summary>Nothing more comes, and the connection stays open until the client or the server goes.</summary>
    Stall,
}

/// <summary>An answer and how it is delivered. A fault may change every part.</summary>
public sealed class TestResponse
{
    /// <summary>Makes an answer.</summary>
    public TestResponse(int status, ReadOnlyMemory<byte> body = default, string? contentType = null)
    {
        Status = status;
        Body = body;
        if (contentType is not null)
        {
            Headers.Add(KeyValuePair.Create("Content-Type", contentType));
        }
    }

    /// <summary>The status code.</summary>
    public int Status { get; set; }

    /// <summary>The headers in the order sent. Content-Length and the like come from <see cref="Framing"/> unless given here.</summary>
    public List<KeyValuePair<string, string>> Headers { get; } = [];

    /// <summary>The body; not sent in answer to HEAD, whose Content-Length it gives all the same.</summary>
    public ReadOnlyMemory<byte> Body { get; set; }

    /// <summary>How the end of the body is told.</summary>
    public Framing Framing { get; set; }

    /// <summary>A pause before the first byte.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>The first byte is sent when this is done.</summary>
    public Task? Hold { get; set; }

    /// <summary>Body bytes after which <see cref="Cut"/> happens; -1 cuts before the status line; null sends all.</summary>
    public long? CutAfter { get; set; }

    /// <summary>What happens at <see cref="CutAfter"/>.</summary>
    public CutKind Cut { get; set; }

    /// <summary>Body bytes a second; null for no limit.</summary>
    public int? BytesPerSecond { get; set; }

    /// <summary>The body is repeated without end.</summary>
    public bool Endless { get; set; }

    /// <summary>
    /// Sent instead of status line, headers and body; the connection ends after it. Rate and endlessness are those of the answer.
    /// </summary>
    public ReadOnlyMemory<byte>? Raw { get; set; }

    /// <summary>Happens just before the last piece of the body is sent; not when the body is cut or empty.</summary>
    internal Action? BeforeEnd { get; set; }

    /// <summary>
    /// Spoken after the answer to CONNECT, with this certificate, over which the requests go on; null goes on in the clear.
    /// </summary>
    public X509Certificate2? Tunnel { get; set; }

    /// <summary>Adds a header.</summary>
    public TestResponse With(string name, string value)
    {
        Headers.Add(KeyValuePair.Create(name, value));
        return this;
    }

    /// <summary>The first header of that name, or null.</summary>
    public string? Header(string name) => Headers.FirstOrDefault(h => h.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;

    /// <summary>Replaces all headers of that name; null takes them away.</summary>
    public TestResponse Set(string name, string? value)
    {
        Headers.RemoveAll(h => h.Key.Equals(name, StringComparison.OrdinalIgnoreCase));
        return value is null ? this : With(name, value);
    }

    /// <summary>An answer with a text of that type.</summary>
    internal static TestResponse Text(int status, string text, string contentType = "application/json") =>
        new(status, Encoding.UTF8.GetBytes(text), contentType);

    /// <summary>A registry's error body (OCI distribution-spec, "Error codes").</summary>
    internal static TestResponse Error(int status, string code, string message, string? detail = null)
    {
        var error = new System.Text.Json.Nodes.JsonObject { ["code"] = code, ["message"] = message };
        if (detail is not null)
        {
            error["detail"] = detail;
        }

        return Text(status, Json.Write(new System.Text.Json.Nodes.JsonObject { ["errors"] = new System.Text.Json.Nodes.JsonArray(error) }));
    }
}
