using System;
using System.IO;
using System.Threading;
using ImgsPS.Layers;

namespace ImgsPS.Stores.Archive;

/// <summary>The members of a tar, which may be compressed with gzip (AR8). Not thread-safe.</summary>
internal sealed class TarMembers : IMemberSource
{
    private readonly ImportStream _input;
    private readonly TarReader _reader;
    private readonly bool _isPlain;
    private long _size;

    /// <param name="stream">The archive; it is closed with this.</param>
    /// <param name="name">What the user calls it.</param>
    /// <param name="cancellationToken">Ends a read.</param>
    /// <exception cref="ImageException">NotSupported: it is compressed in another way. StoreUnavailable: it cannot be read.</exception>
    public TarMembers(Stream stream, string name, CancellationToken cancellationToken)
    {
        _input = new ImportStream(stream, name, cancellationToken);
        var ready = false;
        try
        {
            var compression = _input.Look();
            _isPlain = compression == Compression.None;
            _reader = new TarReader(Compressions.Undo(_input, compression, "the archive")) { MayLackEnd = true };
            ready = true;
        }
        finally
        {
            if (!ready)
            {
                _input.Dispose();
            }
        }
    }

    /// <inheritdoc/>
    public long Done => _input.Done;

    /// <inheritdoc/>
    public long? Total => _input.Total;

    /// <inheritdoc/>
    public ImageException? MissingEnd => _reader.MissingEnd;

    /// <inheritdoc/>
    public TarMember? Next()
    {
        var member = _reader.Next();
        _size = member?.Size ?? 0;
        return member;
    }

    /// <inheritdoc/>
    public int Read(byte[] buffer, int offset, int count) => _reader.Read(buffer, offset, count);

    /// <inheritdoc/>
    public Stream? Detach()
    {
        // What is not there in full is read in order, up to the byte where it ends.
        var (at, left) = (_reader.Position, _size);
        return _isPlain && _input.CanSeek && left <= _input.Length - at ? new DetachedMember(ReadNext, null) : null;

        int ReadNext(byte[] buffer, int offset, int count)
        {
            var read = _input.ReadAt(at, buffer, offset, (int)Math.Min(count, left));
            (at, left) = (at + read, left - read);
            return read;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _input.Dispose();
}
