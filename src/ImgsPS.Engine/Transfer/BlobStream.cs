using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Transfer;

/// <summary>
/// A blob out of a source, from some byte to its end, once. All that can be done about a bad connection is done within a read. The bytes
/// are not proven: who takes them hashes them. Not thread-safe.
/// </summary>
#pragma warning disable CA1844 // The form with memory, which only .NET has, goes through the one with arrays.
internal abstract class BlobStream : Stream
{
    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <summary>The blob's byte that the next read begins with.</summary>
    public override long Position
    {
        get => Next;
        set => throw new NotSupportedException();
    }

    /// <summary>
    /// As <see cref="Position"/>. It falls back to 0, and what was read before is of no use, when the source cannot go on where it was.
    /// </summary>
    protected long Next { get; set; }

    /// <summary>Reads some bytes; 0 at the end. More than the blob's size may come.</summary>
    /// <exception cref="ImageException">NotFound: it is not there. Integrity: it is not this blob. Others of the source.</exception>
    public abstract ValueTask<int> NextAsync(byte[] buffer, int offset, int count);

    /// <summary>
    /// Hears that what was read is not the blob: a size or the digest is another. Null when the stream begins again, from byte 0; else what
    /// to fail with.
    /// </summary>
    /// <param name="wrong">What is wrong; of kind Integrity.</param>
    public abstract ImageException? Refused(ImageException wrong);

    /// <summary>As <see cref="NextAsync"/>, for who cannot begin again.</summary>
    /// <exception cref="ImageException">Unavailable: the source cannot go on where it was. Others as <see cref="NextAsync"/>.</exception>
    public override async Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var start = Next;
        var read = await NextAsync(buffer, offset, count).ConfigureAwait(false);
        return Next == start + read ? read : throw new ImageException(
            ImageErrorKind.Unavailable, $"the content broke off after {start} bytes and can only be had from its beginning", "Try again.");
    }

    /// <summary>Not supported: nothing in the engine blocks on a connection.</summary>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Flush() => throw new NotSupportedException();
}
#pragma warning restore CA1844
