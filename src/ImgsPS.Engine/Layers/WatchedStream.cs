using System;
using System.IO;

namespace ImgsPS.Layers;

/// <summary>Shows somebody each byte that is read of a stream. Not thread-safe; the stream is the caller's.</summary>
internal sealed class WatchedStream(Stream source, Action<byte[], int, int> seen) : ReadingStream
{
    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count)
    {
        var read = source.Read(buffer, offset, count);
        if (read > 0)
        {
            seen(buffer, offset, read);
        }

        return read;
    }
}
