using System;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Transfer;

namespace ImgsPS.Stores.Registry;

/// <summary>A small blob on its way into memory.</summary>
internal sealed class MemoryBlobWriter : IBlobWriter
{
    public MemoryBlobWriter(Descriptor descriptor)
    {
        Descriptor = descriptor;
        Content = new byte[descriptor.Size];
    }

    public Descriptor Descriptor { get; }

    public long Position { get; private set; }

    /// <summary>The blob; proven once <see cref="CommitAsync"/> has returned.</summary>
    public byte[] Content { get; }

    public Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        if (count > Content.Length - Position)
        {
            throw new ImageException(
                ImageErrorKind.Integrity, $"blob {Descriptor.Digest} is longer than the {Descriptor.Size} bytes of its descriptor");
        }

        Buffer.BlockCopy(buffer, offset, Content, (int)Position, count);
        Position += count;
        return Task.CompletedTask;
    }

    public void Reset() => Position = 0;

    public Task CommitAsync(CancellationToken cancellationToken)
    {
        if (Position != Content.Length || Digest.Of(Content, Descriptor.Digest.Algorithm) != Descriptor.Digest)
        {
            Reset();
            throw new ImageException(
                ImageErrorKind.Integrity,
                $"blob verification failed for digest {Descriptor.Digest}",
                "The registry, or a proxy before it, sends wrong content: try again, or another registry.");
        }

        return Task.CompletedTask;
    }

    public void Dispose()
    {
        // Only memory.
    }
}
