using System;
using System.IO;
using System.Threading;
using ImgsPS.Disk;
using ImgsPS.Layers;

namespace ImgsPS.Stores.Archive;

/// <summary>
/// The stream of an import: its first bytes can be looked at, what was read is counted, a read of a pipe ends with the operation, and what
/// the machine says is an <see cref="ImageException"/>. Not thread-safe, but for <see cref="ReadAt"/>; disposing closes the stream behind.
/// </summary>
internal sealed class ImportStream : ReadingStream
{
    private readonly Stream _source;
    private readonly string _name;
    private readonly CancellationToken _cancellation;
    private readonly byte[]? _pipe;
    private readonly bool _isFile;
    private readonly long _start;
    private readonly object _sync = new();
    private long _next;
    private long _done;
    private readonly byte[] _first = new byte[Compressions.MagicLength];
    private int _firstNext;
    private int _firstCount;

    /// <param name="source">The stream.</param>
    /// <param name="name">What the user calls it.</param>
    /// <param name="cancellationToken">Ends a read.</param>
    public ImportStream(Stream source, string name, CancellationToken cancellationToken)
    {
        _source = source;
        _name = name;
        _cancellation = cancellationToken;

        // A read of a pipe may still be under way when the operation has ended: it must not write into a buffer that another has by then.
        _pipe = source is FileStream or MemoryStream ? null : new byte[128 * 1024];
        _isFile = _pipe is null && source.CanSeek;
        _start = source.CanSeek ? source.Position : 0;
        Total = source.CanSeek ? source.Length - _start : null;
    }

    /// <summary>Bytes that were read.</summary>
    public long Done => Interlocked.Read(ref _done);

    /// <summary>Bytes of the stream; null when nobody knows.</summary>
    public long? Total { get; }

    /// <summary>True for a file: <see cref="ReadAt"/> reads any part of it, and <see cref="Seek"/> leaves some out.</summary>
    public override bool CanSeek => _isFile;

    /// <inheritdoc/>
    public override long Length => _isFile ? Total!.Value : base.Length;

    /// <inheritdoc/>
    public override long Position
    {
        get => _next - (_firstCount - _firstNext);
        set => base.Position = value;
    }

    /// <summary>How the stream is compressed. Asked before the first read.</summary>
    public Compression Look()
    {
        for (int read; _firstCount < _first.Length && (read = ReadSource(_first, _firstCount, _first.Length - _firstCount)) > 0;)
        {
            _firstCount += read;
        }

        return Compressions.Of(_first, _firstCount);
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count)
    {
        if (_firstNext == _firstCount)
        {
            return ReadSource(buffer, offset, count);
        }

        count = Math.Min(count, _firstCount - _firstNext);
        Buffer.BlockCopy(_first, _firstNext, buffer, offset, count);
        _firstNext += count;
        return count;
    }

    /// <summary>Reads bytes of a file from a place on; any number of threads may, also beside <see cref="Read"/>.</summary>
    /// <exception cref="ImageException">StoreUnavailable: it cannot be read.</exception>
    public int ReadAt(long at, byte[] buffer, int offset, int count) => ReadSource(ref at, buffer, offset, count);

    /// <summary>Leaves bytes of a file out, from where it is read now.</summary>
    public override long Seek(long offset, SeekOrigin origin)
    {
        if (!_isFile || origin != SeekOrigin.Current || offset < 0)
        {
            return base.Seek(offset, origin);
        }

        _next = Position + offset;
        _firstNext = _firstCount;
        return _next;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
        {
            _source.Dispose();
        }
    }

    private int ReadSource(byte[] buffer, int offset, int count) => ReadSource(ref _next, buffer, offset, count);

    private int ReadSource(ref long at, byte[] buffer, int offset, int count)
    {
        _cancellation.ThrowIfCancellationRequested();
        try
        {
            var read = _isFile ? ReadFile(at, buffer, offset, count)
                : _pipe is null ? _source.Read(buffer, offset, count)
                : ReadPipe(_pipe, buffer, offset, count);
            at += read;
            Interlocked.Add(ref _done, read);
            return read;
        }
        catch (Exception e) when (StoreFailure.IsMachine(e) || e is NotSupportedException or ObjectDisposedException)
        {
            throw new ImageException(
                ImageErrorKind.StoreUnavailable, $"'{_name}' cannot be read after {Done} bytes: {e.Message}",
                "Nothing was imported. Look at where it comes from, and import it again.", e);
        }
    }

    private int ReadFile(long at, byte[] buffer, int offset, int count)
    {
        // One place for all who read: what they do with the bytes takes much longer.
        lock (_sync)
        {
            _source.Position = _start + at;
            return _source.Read(buffer, offset, count);
        }
    }

    private int ReadPipe(byte[] pipe, byte[] buffer, int offset, int count)
    {
        var reading = _source.ReadAsync(pipe, 0, Math.Min(count, pipe.Length), _cancellation);
        try
        {
            reading.Wait(_cancellation);
        }
        catch (AggregateException e)
            when (e.InnerException is { } cause && (StoreFailure.IsMachine(cause) || cause is NotSupportedException))
        {
            throw new IOException(cause.Message, cause);
        }
        catch (AggregateException) when (reading.IsCanceled)
        {
            _cancellation.ThrowIfCancellationRequested();
            throw;
        }

        Buffer.BlockCopy(pipe, 0, buffer, offset, reading.Result);
        return reading.Result;
    }
}
