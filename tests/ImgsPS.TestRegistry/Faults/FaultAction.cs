using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using System.Threading.Tasks;

namespace ImgsPS.Testing;

/// <summary>What a fault does. Immutable; one action may serve several faults and registries.</summary>
public sealed class FaultAction
{
    /// <summary>Changes the request before it is answered.</summary>
    public Action<TestRequest>? OnRequest { get; init; }

    /// <summary>Answers instead of the registry.</summary>
    public Func<TestRequest, TestResponse>? Instead { get; init; }

    /// <summary>Changes the answer.</summary>
    public Action<TestRequest, TestResponse>? OnResponse { get; init; }

    /// <summary>Answers with a status, and does nothing else: a PUT stores nothing.</summary>
    public static FaultAction Status(int code, string? body = null, params (string Name, string Value)[] headers) => new()
    {
        Instead = _ => headers.Aggregate(
            body is null
                ? TestResponse.Error(code, code == 429 ? "TOOMANYREQUESTS" : "UNKNOWN", $"fault {code}")
                : new TestResponse(code, Encoding.UTF8.GetBytes(body)),
            (response, header) => response.Set(header.Name, header.Value)),
    };

    /// <summary>Sends those bytes instead of status line, headers and body, and ends the connection.</summary>
    public static FaultAction Raw(byte[] bytes) => Change(r => r.Raw = bytes);

    /// <summary>Resets the connection (TCP RST) after that many body bytes; -1: before the status line.</summary>
    public static FaultAction ResetAfter(long bytes) => CutAt(CutKind.Reset, bytes);

    /// <summary>Ends the connection (FIN) after that many body bytes, short of Content-Length; -1: before the status line.</summary>
    public static FaultAction FinAfter(long bytes) => CutAt(CutKind.Fin, bytes);

    /// <summary>Sends nothing more after that many body bytes, and keeps the connection open; -1: not even a status line.</summary>
    public static FaultAction StallAfter(long bytes) => CutAt(CutKind.Stall, bytes);

    /// <summary>
    /// Sends nothing more behind the first line (LF) that has that text, and keeps the connection open; a body without it comes whole.
    /// </summary>
    public static FaultAction StallAfterLine(string text) => Change(r =>
    {
        var at = r.Body.Span.IndexOf(Encoding.UTF8.GetBytes(text));
        if (at >= 0)
        {
            var end = r.Body.Span[at..].IndexOf((byte)'\n');
            r.Cut = CutKind.Stall;
            r.CutAfter = end < 0 ? r.Body.Length : at + end + 1;
        }
    });

    /// <summary>Sends the body at that rate.</summary>
    public static FaultAction Slow(int bytesPerSecond) => Change(r => r.BytesPerSecond = bytesPerSecond);

    /// <summary>Sends the body with one byte in its middle changed.</summary>
    public static FaultAction WrongBytes() => Change(r =>
    {
        var bytes = r.Body.ToArray();
        if (bytes.Length > 0)
        {
            bytes[bytes.Length / 2] ^= 0xFF;
        }

        r.Body = bytes;
    });

    /// <summary>Sends another body with the answer's status and headers; Content-Length fits it.</summary>
    public static FaultAction Body(byte[] body) => Change(r => r.Body = body);

    /// <summary>Answers as if there were no Range header: 200 and the whole body.</summary>
    public static FaultAction IgnoreRange() => new() { OnRequest = r => r.RemoveHeader("Range") };

    /// <summary>Gives every 206 that Content-Range, or none when <paramref name="value"/> is null.</summary>
    public static FaultAction WrongContentRange(string? value) => Change(r =>
    {
        if (r.Status == 206)
        {
            r.Set("Content-Range", value);
        }
    });

    /// <summary>Redirects; <c>{path}</c> in the url stands for the request's path and query.</summary>
    public static FaultAction RedirectTo(string url, int status = 307) => new()
    {
        Instead = request => new TestResponse(status)
            .With("Location", url.Replace("{path}", request.PathAndQuery, StringComparison.Ordinal)),
    };

    /// <summary>Repeats the body without end, chunked, or with <see cref="Framing.Close"/> until the connection ends.</summary>
    public static FaultAction Endless(Framing framing = Framing.Chunked) => Change(r =>
    {
        r.Endless = true;
        r.Framing = framing;
        if (r.Body.IsEmpty)
        {
            r.Body = new byte[4096];
        }
    });

    /// <summary>Adds headers; those already there stay, so that a second Content-Length is possible.</summary>
    public static FaultAction ExtraHeaders(params (string Name, string Value)[] headers) =>
        Change(r => r.Headers.AddRange(headers.Select(h => KeyValuePair.Create(h.Name, h.Value))));

    /// <summary>Replaces a header, or takes it away when <paramref name="value"/> is null.</summary>
    public static FaultAction Header(string name, string? value) => Change(r => r.Set(name, value));

    /// <summary>Waits before the status line.</summary>
    public static FaultAction DelayBeforeHeaders(TimeSpan delay) => Change(r => r.Delay += delay);

    /// <summary>Sends the status line when the task is done.</summary>
    public static FaultAction HoldUntil(Task task) => Change(r => r.Hold = task);

    /// <summary>Tells the body's end by the end of the connection.</summary>
    public static FaultAction NoContentLength() => Change(r => r.Framing = Framing.Close);

    /// <summary>Tells the body's end by chunked coding.</summary>
    public static FaultAction Chunked() => Change(r => r.Framing = Framing.Chunked);

    /// <summary>Sends that Content-Length whatever the body is.</summary>
    public static FaultAction ContentLength(long length) => Header("Content-Length", length.ToString(CultureInfo.InvariantCulture));

    /// <summary>Sends a Docker-Content-Digest that is not the body's.</summary>
    public static FaultAction WrongDigestHeader() => Header("Docker-Content-Digest", "sha256:" + new string('0', 64));

    private static FaultAction CutAt(CutKind kind, long bytes) => Change(r =>
    {
        r.Cut = kind;
        r.CutAfter = bytes;
    });

    private static FaultAction Change(Action<TestResponse> change) => new() { OnResponse = (_, response) => change(response) };
}
