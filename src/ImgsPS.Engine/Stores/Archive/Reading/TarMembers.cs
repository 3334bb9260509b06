using System.IO;
using System.Threading;
using ImgsPS.Layers;

namespace ImgsPS.Stores.Archive;

/// <summary>The members of a tar, which may be compressed with gzip (AR8). Not thread-safe.</summary>
internal sealed class TarMembers : IMemberSource
{
    private readonly ImportStream _input;
    private readonly TarReader _reader;

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
            _reader = new TarReader(Compressions.Undo(_input, _input.Look(), "the archive")) { MayLackEnd = true };
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
    public TarMember? Next() => _reader.Next();

    /// <inheritdoc/>
    public int Read(byte[] buffer, int offset, int count) => _reader.Read(buffer, offset, count);

    /// <inheritdoc/>
    public void Dispose() => _input.Dispose();
}
