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

/// <summary>
/// Content that is made here on its way into a store: bytes are hashed as they come, and the end says what they are. Not thread-safe.
/// Disposing without <see cref="CommitAsync"/> throws them away, since nobody can ask for them again.
/// </summary>
internal interface INewBlobWriter : IDisposable
{
    /// <summary>Bytes that are in.</summary>
    long Position { get; }

    /// <summary>Adds bytes.</summary>
    /// <exception cref="ImageException">StoreUnavailable: disk full, and the like.</exception>
    Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken);

    /// <summary>Makes the content visible, unless it is there already, and protects it as <see cref="IImageTarget.Protect"/>.</summary>
    /// <param name="mediaType">What it is.</param>
    /// <param name="observer">Told when another process brings the same content, and of a damaged file in its place.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>Its size and its sha256 digest.</returns>
    /// <exception cref="ImageException">StoreUnavailable.</exception>
    Task<Descriptor> CommitAsync(string mediaType, IOperationObserver observer, CancellationToken cancellationToken);
}
