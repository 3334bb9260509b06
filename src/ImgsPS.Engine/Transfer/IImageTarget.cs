using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;

namespace ImgsPS.Transfer;

/// <summary>
/// Where a copy puts one image. Safe for any number of threads; disposing ends the protection of its content, and undoes nothing.
/// </summary>
internal interface IImageTarget : IDisposable
{
    /// <summary>What the image's name means here as the copy begins; null when nothing.</summary>
    Descriptor? Current { get; }

    /// <summary>From now until this is disposed, no removal and no collection takes this content, in any process.</summary>
    void Protect(IEnumerable<Descriptor> content);

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

    /// <summary>A writer for content that is made here, whose digest nobody knows before its end.</summary>
    /// <exception cref="ImageException">StoreUnavailable.</exception>
    Task<INewBlobWriter> BeginNewAsync(IOperationObserver observer, CancellationToken cancellationToken);

    /// <summary>Reads content of at most <paramref name="limit"/> bytes, checked against its digest; null when it is not there.</summary>
    byte[]? TryRead(Descriptor descriptor, int limit);

    /// <summary>
    /// Makes the name mean <paramref name="root"/>; an image that it named before is dangling then. False when some of
    /// <paramref name="required"/> is not there: nothing was named, and the caller copies again.
    /// </summary>
    Task<bool> PublishAsync(Descriptor root, IReadOnlyList<Descriptor> required, CancellationToken cancellationToken);
}
