using System;
using System.IO;
using System.Threading;

namespace ImgsPS.Stores.Layout;

/// <summary>Writes into a new blob, for what can only write to a stream. Not thread-safe; the writer is the caller's.</summary>
internal sealed class NewBlobStream(NewBlobWriter writer, CancellationToken cancellation) : Stream
{
    /// <inheritdoc/>
    public override bool CanRead => false;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => writer.Position;

    /// <inheritdoc/>
    public override long Position
    {
        get => writer.Position;
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count)
    {
        // It is done when it returns: the writer hands the bytes to the system at once.
        if (count > 0)
        {
            writer.WriteAsync(buffer, offset, count, cancellation).GetAwaiter().GetResult();
        }
    }

    /// <inheritdoc/>
    public override void Flush()
    {
        // The commit does.
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();
}
