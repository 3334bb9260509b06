using System;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;

namespace ImgsPS.Transfer;

/// <summary>
/// One blob on its way into a store, in one pass: bytes are hashed while they are written. Not thread-safe. Disposing without
/// <see cref="CommitAsync"/> keeps what was written, so that a later writer of the same digest goes on there.
/// </summary>
internal interface IBlobWriter : IDisposable
{
    /// <summary>What is being written.</summary>
    Descriptor Descriptor { get; }

    /// <summary>Bytes that are in, those of an earlier try included.</summary>
    long Position { get; }

    /// <summary>Adds bytes.</summary>
    /// <exception cref="ImageException">
    /// Integrity: more bytes than the descriptor's size. StoreUnavailable: disk full, and the like.
    /// </exception>
    Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken);

    /// <summary>Throws away all bytes; the next write is at 0.</summary>
    void Reset();

    /// <summary>Checks size and digest and makes the blob visible. Nothing is visible before, and nothing wrong ever is (RN18).</summary>
    /// <exception cref="ImageException">Integrity: size or digest is wrong; the bytes are thrown away.</exception>
    Task CommitAsync(CancellationToken cancellationToken);
}

/// <summary>Where a pull puts content. Safe for any number of threads.</summary>
internal interface IContentTarget
{
    /// <summary>True when the content is there, whole by its size.</summary>
    bool Contains(Descriptor descriptor);

    /// <summary>
    /// True when the content is there and has its digest: this user's ImgsPS wrote it, or hashed it once (SF7). What has not counts as
    /// absent, and <see cref="BeginAsync"/> puts it aside.
    /// </summary>
    Task<bool> HasAsync(Descriptor descriptor, CancellationToken cancellationToken);

    /// <summary>
    /// A writer for content that is not there; null when it is there already, or came while this call waited for another writer of it (U4).
    /// </summary>
    Task<IBlobWriter?> BeginAsync(Descriptor descriptor, IOperationObserver observer, CancellationToken cancellationToken);

    /// <summary>Reads content of at most <paramref name="limit"/> bytes, checked against its digest; null when it is not there.</summary>
    byte[]? TryRead(Descriptor descriptor, int limit);
}
