using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores.Registry;

/// <summary>An answer whose headers are read and whose body is not. Owns the connection until it is disposed. Not thread-safe.</summary>
internal sealed class RegistryResponse : IDisposable
{
    private readonly HttpResponseMessage _message;

    public RegistryResponse(HttpMethod method, Uri uri, HttpResponseMessage message)
    {
        Method = method;
        Uri = uri;
        _message = message;
    }

    public HttpMethod Method { get; }

    /// <summary>The address that answered, after redirects.</summary>
    public Uri Uri { get; }

    /// <summary>The address that the question went to, before redirects; null when it is <see cref="Uri"/>.</summary>
    public Uri? Asked { get; set; }

    public HttpStatusCode Status => _message.StatusCode;

    public string Reason => string.IsNullOrEmpty(_message.ReasonPhrase) ? _message.StatusCode.ToString() : _message.ReasonPhrase!;

    public HttpContent Content => _message.Content;

    /// <summary>True when the host that was asked answered, and no other that it redirected to.</summary>
    public bool IsOfAsked => Asked is null || HostNames.SameOrigin(Uri, Asked);

    /// <summary>True when Content-Length is there with different numbers (RN17).</summary>
    public bool HasTwoLengths => Lengths(Header("Content-Length")).Length > 1;

    /// <summary>
    /// True when one line has the length several times: the platform takes that for none, and would read on until the connection ends.
    /// </summary>
    public bool IsLengthRepeated => Length >= 0 && Header("Content-Length")[0].IndexOf(',') >= 0 && Header("Transfer-Encoding").Count == 0;

    /// <summary>Content-Length; -1 when it is absent, given twice with different numbers, or not a number.</summary>
    public long Length => ParseLength(Header("Content-Length"));

    /// <summary>Content-Type without parameters, in lower case; null when there is none.</summary>
    public string? ContentType
    {
        get
        {
            var type = First("Content-Type")?.Split(';')[0].Trim().ToLowerInvariant();
            return string.IsNullOrEmpty(type) ? null : type;
        }
    }

    /// <summary>The values of a header as they came, one per line; empty when it is absent.</summary>
    public IReadOnlyList<string> Header(string name) =>
        RawResponse.Header(_message.Headers, name) ?? RawResponse.Header(_message.Content.Headers, name) ?? [];

    /// <summary>The one value of a header that may come once; null when it is absent or came more than once.</summary>
    public string? Single(string name)
    {
        var values = Header(name);
        return values.Count == 1 ? values[0] : null;
    }

    /// <summary>The first value of a header; null when it is absent.</summary>
    public string? First(string name)
    {
        var values = Header(name);
        return values.Count > 0 ? values[0] : null;
    }

    /// <summary>Reads the values of Content-Length; -1 for unknown. One number given several times counts once (RFC 9110 8.6).</summary>
    internal static long ParseLength(IReadOnlyList<string> values)
    {
        var distinct = Lengths(values);
        return distinct.Length == 1 && long.TryParse(distinct[0], NumberStyles.None, CultureInfo.InvariantCulture, out var length) ? length
            : -1;
    }

    private static string[] Lengths(IReadOnlyList<string> values) =>
        values.SelectMany(v => v.Split(',')).Select(v => v.Trim()).Distinct(StringComparer.Ordinal).ToArray();

    /// <summary>
    /// Reads the body up to <see cref="RegistryLimits.ErrorBody"/> and keeps that, so that the connection is free for others while it is
    /// decided what comes next. Of a body that breaks off nothing is kept.
    /// </summary>
    public async Task KeepBodyAsync(RegistryLimits limits, CancellationToken cancellationToken)
    {
        if (Method == HttpMethod.Head)
        {
            return;
        }

        var came = _message.Content;
        var kept = new ByteArrayContent([]);
        try
        {
            var (bytes, _) = await BodyReader.ReadUpToAsync(this, limits.ErrorBody, limits, null, cancellationToken).ConfigureAwait(false);
            kept = new ByteArrayContent(bytes);
            foreach (var header in came.Headers.Where(h => h.Key != "Content-Length"))
            {
                kept.Headers.TryAddWithoutValidation(header.Key, header.Value);
            }
        }
        catch (TransferFault)
        {
            // The status is known; the text was only to explain it.
        }

        _message.Content = kept;
        RawResponse.Close(came);
    }

    public void Dispose() => RawResponse.Close(_message);
}
