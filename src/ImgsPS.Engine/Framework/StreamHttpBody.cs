using System;
using System.Globalization;
using System.IO;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores.Docker;

#pragma warning disable CA1844 // Only .NET Framework lives on it, and has no Memory there.
/// <summary>
/// An answer's body. At its end the connection goes back to <paramref name="release"/>; disposed before, it is closed. Only read
/// asynchronously. Not thread-safe.
/// </summary>
/// <param name="connection">Where the body comes from.</param>
/// <param name="length">Its length; -1 for chunked; null for the end of the connection.</param>
/// <param name="release">Takes the connection after the body's end; closes it when it cannot be used again.</param>
internal sealed class StreamHttpBody(StreamHttpConnection connection, long? length, Action<StreamHttpConnection> release) : Stream
{
    private const int LongestSizeLine = 4 * 1024;

    private readonly bool _chunked = length == -1;

    // What is left of the body or the chunk.
    private long _left = length is null ? long.MaxValue : Math.Max(0, length.Value);
    private bool _inChunks;
    private bool _done;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        if (count == 0)
        {
            return 0;
        }

        if (!_done && _left == 0)
        {
            if (!_chunked || !await NextChunkAsync(cancellationToken).ConfigureAwait(false))
            {
                Finish();
            }
        }

        if (_done)
        {
            return 0;
        }

        var read = await connection.ReadAsync(buffer, offset, (int)Math.Min(count, _left), cancellationToken).ConfigureAwait(false);
        if (read == 0)
        {
            if (length is not null)
            {
                throw new EndOfStreamException("the connection ended in the middle of the answer");
            }

            Finish();
        }
        else if (length is not null)
        {
            _left -= read;
            if (_left == 0 && !_chunked)
            {
                // Those who know the length stop here; the connection must not depend on one more read.
                Finish();
            }
        }

        return read;
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_done)
        {
            _done = true;
            connection.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>Goes to the next chunk (RFC 9112 7.1); false after the last one and its trailers.</summary>
    private async Task<bool> NextChunkAsync(CancellationToken cancellationToken)
    {
        if (_inChunks && (await connection.ReadLineAsync(1, cancellationToken).ConfigureAwait(false)).Length > 0)
        {
            throw new HttpFormatException("a chunk is longer than it said");
        }

        _inChunks = true;
        var line = await connection.ReadLineAsync(LongestSizeLine, cancellationToken).ConfigureAwait(false);
        var extension = line.IndexOf(';');
        var size = (extension < 0 ? line : line.Substring(0, extension)).TrimEnd(' ', '\t');
        if (size.Length is 0 or > 15 || !long.TryParse(size, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out _left))
        {
            throw new HttpFormatException("a chunk's size is broken");
        }

        if (_left > 0)
        {
            return true;
        }

        await connection.ReadLinesAsync(cancellationToken).ConfigureAwait(false);
        return false;
    }

    private void Finish()
    {
        _done = true;
        release(connection);
    }
}
