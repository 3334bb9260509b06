using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Testing;

/// <summary>Reads HTTP/1.1 requests from a connection (RFC 9112). Not thread-safe.</summary>
internal sealed class HttpReader(Stream stream)
{
    private const int MaxLine = 64 * 1024;
    private readonly byte[] _buffer = new byte[16 * 1024];
    private int _start;
    private int _end;

    /// <summary>The next request's head; null when the client closed the connection.</summary>
    public async Task<TestRequest?> ReadHeadAsync(CancellationToken cancellationToken)
    {
        string? line;
        do
        {
            line = await ReadLineAsync(cancellationToken);
        }
        while (line is { Length: 0 });
        if (line is null)
        {
            return null;
        }

        var parts = line.Split(' ');
        if (parts.Length != 3 || !parts[2].StartsWith("HTTP/1.", StringComparison.Ordinal))
        {
            throw new InvalidDataException($"not a request line: {line}");
        }

        var headers = new List<KeyValuePair<string, string>>();
        while (await ReadLineAsync(cancellationToken) is { Length: > 0 } header)
        {
            var colon = header.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0)
            {
                throw new InvalidDataException($"not a header: {header}");
            }

            headers.Add(KeyValuePair.Create(header[..colon], header[(colon + 1)..].Trim()));
        }

        var request = new TestRequest(parts[0], parts[1], headers);
        var connection = request.Header("Connection") ?? "";
        request.KeepAlive = parts[2] == "HTTP/1.0"
            ? connection.Equals("keep-alive", StringComparison.OrdinalIgnoreCase)
            : !connection.Equals("close", StringComparison.OrdinalIgnoreCase);
        return request;
    }

    /// <summary>The request's body, whole.</summary>
    public async Task<byte[]> ReadBodyAsync(TestRequest request, CancellationToken cancellationToken)
    {
        using var body = new MemoryStream();
        if ((request.Header("Transfer-Encoding") ?? "").Contains("chunked", StringComparison.OrdinalIgnoreCase))
        {
            while (true)
            {
                var line = await RequireLineAsync(cancellationToken);
                var size = int.Parse(line.Split(';')[0].Trim(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
                if (size == 0)
                {
                    break;
                }

                await CopyAsync(body, size, cancellationToken);
                await RequireLineAsync(cancellationToken);
            }

            while ((await RequireLineAsync(cancellationToken)).Length > 0)
            {
                // Trailers are of no use here.
            }
        }
        else if (request.Header("Content-Length") is { } length)
        {
            await CopyAsync(body, long.Parse(length, NumberStyles.None, CultureInfo.InvariantCulture), cancellationToken);
        }

        return body.ToArray();
    }

    private async Task CopyAsync(MemoryStream target, long count, CancellationToken cancellationToken)
    {
        while (count > 0)
        {
            if (_start == _end && !await FillAsync(cancellationToken))
            {
                throw new EndOfStreamException();
            }

            var take = (int)Math.Min(count, _end - _start);
            target.Write(_buffer, _start, take);
            _start += take;
            count -= take;
        }
    }

    private async Task<string> RequireLineAsync(CancellationToken cancellationToken) =>
        await ReadLineAsync(cancellationToken) ?? throw new EndOfStreamException();

    private async Task<string?> ReadLineAsync(CancellationToken cancellationToken)
    {
        using var line = new MemoryStream();
        while (true)
        {
            if (_start == _end && !await FillAsync(cancellationToken))
            {
                return line.Length == 0 ? null : throw new EndOfStreamException();
            }

            var end = Array.IndexOf(_buffer, (byte)'\n', _start, _end - _start);
            var take = (end < 0 ? _end : end + 1) - _start;
            line.Write(_buffer, _start, take);
            _start += take;
            if (end >= 0)
            {
                return Encoding.Latin1.GetString(line.GetBuffer(), 0, (int)line.Length).TrimEnd('\r', '\n');
            }

            if (line.Length > MaxLine)
            {
                throw new InvalidDataException("line too long");
            }
        }
    }

    private async Task<bool> FillAsync(CancellationToken cancellationToken)
    {
        _start = 0;
        _end = await stream.ReadAsync(_buffer, cancellationToken);
        return _end > 0;
    }
}
