using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Net.Http;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores.Docker;

/// <summary>
/// One connection on which requests follow each other. Cancelling a read or write closes it, whether or not the stream looks at tokens. For
/// one request at a time; only <see cref="Dispose"/> may come from another thread.
/// </summary>
/// <param name="stream">The way to the server; disposed with this.</param>
/// <param name="headBytes">The longest head.</param>
internal sealed class StreamHttpConnection(Stream stream, int headBytes) : IDisposable
{
    // .NET Framework cannot name Latin-1 shorter.
    private static readonly Encoding Latin1 = Encoding.GetEncoding(28591);

    private readonly byte[] _buffer = new byte[16 * 1024];
    private readonly Stopwatch _idle = new();
    private Task<int>? _ahead;
    private int _start;
    private int _end;

    /// <summary>How long it has been waiting for a request.</summary>
    public TimeSpan Idle => _idle.Elapsed;

    /// <summary>True when anything of the present answer came.</summary>
    public bool HasAnswered { get; private set; }

    /// <summary>Called after an answer's end: from now on the server may close, which <see cref="TryResume"/> sees.</summary>
    /// <returns>False when more came than was asked for; the connection is of no use then.</returns>
    public bool Rest()
    {
        if (_start < _end)
        {
            return false;
        }

        _start = _end = 0;
        HasAnswered = false;
        _idle.Restart();
        try
        {
            _ahead = stream.ReadAsync(_buffer, 0, _buffer.Length, CancellationToken.None);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // Closed already.
            return false;
        }

        return true;
    }

    /// <summary>True when the next request may be sent: the server neither closed nor spoke unasked.</summary>
    public bool TryResume()
    {
        _idle.Reset();
        return _ahead is { IsCompleted: false };
    }

    /// <summary>Writes a body that is made while it is sent.</summary>
    public Task WriteAsync(HttpContent body, CancellationToken cancellationToken) => GuardAsync(
        async () =>
        {
            await body.CopyToAsync(stream).ConfigureAwait(false);
            await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
            return 0;
        },
        cancellationToken);

    public Task WriteAsync(byte[] bytes, CancellationToken cancellationToken) => GuardAsync(
        async () =>
        {
            await stream.WriteAsync(bytes, 0, bytes.Length, cancellationToken).ConfigureAwait(false);
            await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
            return 0;
        },
        cancellationToken);

    /// <summary>Reads an answer's head.</summary>
    /// <exception cref="HttpFormatException">It is none, or too long.</exception>
    /// <exception cref="IOException">The connection broke.</exception>
    public async Task<StreamHttpHead> ReadHeadAsync(CancellationToken cancellationToken) =>
        StreamHttpHead.Parse(await ReadLinesAsync(cancellationToken).ConfigureAwait(false));

    /// <summary>Reads lines up to an empty one, which is left out: a head, or trailers.</summary>
    /// <exception cref="HttpFormatException">They are too long.</exception>
    /// <exception cref="IOException">The connection broke.</exception>
    public async Task<List<string>> ReadLinesAsync(CancellationToken cancellationToken)
    {
        var lines = new List<string>();
        for (var left = headBytes; ;)
        {
            var line = await ReadLineAsync(left, cancellationToken).ConfigureAwait(false);
            if (line.Length == 0)
            {
                return lines;
            }

            lines.Add(line);
            left -= line.Length + 2;
        }
    }

    /// <summary>Reads a line and its end, CR LF or LF.</summary>
    /// <exception cref="HttpFormatException">It is longer than <paramref name="limit"/> bytes.</exception>
    /// <exception cref="IOException">The connection broke.</exception>
    public async Task<string> ReadLineAsync(int limit, CancellationToken cancellationToken)
    {
        var line = new StringBuilder();
        while (true)
        {
            var feed = Array.IndexOf(_buffer, (byte)'\n', _start, _end - _start);
            var count = (feed < 0 ? _end : feed) - _start;
            if (line.Length + count > limit)
            {
                throw new HttpFormatException("the answer's head is too large");
            }

            line.Append(Latin1.GetString(_buffer, _start, count));
            _start += count;
            if (feed >= 0)
            {
                _start++;
                if (line.Length > 0 && line[line.Length - 1] == '\r')
                {
                    line.Length--;
                }

                return line.ToString();
            }

            if (await FillAsync(cancellationToken).ConfigureAwait(false) == 0)
            {
                throw new IOException("the connection ended in the middle of a head");
            }
        }
    }

    /// <summary>Reads some bytes; 0 at the end of the connection.</summary>
    public async Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_start == _end && await FillAsync(cancellationToken).ConfigureAwait(false) == 0)
        {
            return 0;
        }

        var taken = Math.Min(count, _end - _start);
        Buffer.BlockCopy(_buffer, _start, buffer, offset, taken);
        _start += taken;
        return taken;
    }

    public void Dispose()
    {
        stream.Dispose();

        // The read that waited for the server to speak or close ends now; how is of no interest.
        _ = _ahead?.ContinueWith(t => t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
    }

    // Only called with an empty buffer.
    private async Task<int> FillAsync(CancellationToken cancellationToken)
    {
        var ahead = _ahead;
        _ahead = null;
        var read = await GuardAsync(
            () => ahead ?? stream.ReadAsync(_buffer, 0, _buffer.Length, cancellationToken), cancellationToken).ConfigureAwait(false);
        _start = 0;
        _end = read;
        HasAnswered |= read > 0;
        return read;
    }

    private async Task<int> GuardAsync(Func<Task<int>> operation, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            return await operation().WithCancellation(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException or OperationCanceledException)
        {
            Dispose();
            cancellationToken.ThrowIfCancellationRequested();
            throw e as IOException ?? new IOException("the connection was closed", e);
        }
    }
}
