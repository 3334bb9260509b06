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
    /// <summary>What the image's name means here as the copy begins; null when nothing, or when the target does not say.</summary>
    Descriptor? Current { get; }

    /// <summary>
    /// True where a name is only ever given to what is whole, so that a name with the same digest needs no look at its content: a registry.
    /// </summary>
    bool IsNamedWhole { get; }

    /// <summary>What the copy costs.</summary>
    TransferCounts Counts { get; }

    /// <summary>As <see cref="IImageSource.GuardAsync"/>, for the target's secrets.</summary>
    Task<T> GuardAsync<T>(IOperationObserver observer, Func<IOperationObserver, Task<T>> work);

    /// <summary>From now until this is disposed, no removal and no collection takes this content, in any process.</summary>
    void Protect(IEnumerable<Descriptor> content);

    /// <summary>
    /// True when the content is there. A layout looks at its digest too: this user's ImgsPS wrote it, or hashed it once (SF7). What has not
    /// counts as absent.
    /// </summary>
    Task<bool> HasAsync(Descriptor descriptor, CancellationToken cancellationToken);

    /// <summary>Brings a blob that is not there. Goes on where an earlier try stopped, as far as the target can.</summary>
    /// <exception cref="ImageException">
    /// Integrity: not this blob's bytes; nothing is visible. NotFound: the source does not have it. Others as source and target.
    /// </exception>
    Task<BlobArrival> BringAsync(BlobTransfer blob, CancellationToken cancellationToken);

    /// <summary>Reads content of at most <paramref name="limit"/> bytes, checked against its digest; null when it is not at hand.</summary>
    byte[]? TryRead(Descriptor descriptor, int limit);

    /// <summary>
    /// Puts a manifest or an index there that is not, after the content that it needs. False when some of that is not there: the caller
    /// copies again.
    /// </summary>
    Task<bool> StoreAsync(ManifestDocument document, CancellationToken cancellationToken);

    /// <summary>
    /// Puts <paramref name="root"/> there and makes the name mean it; an image that it named before is dangling then. False when some of
    /// <paramref name="required"/> is not there: nothing was named, and the caller copies again.
    /// </summary>
    Task<bool> PublishAsync(ManifestDocument root, IReadOnlyList<Descriptor> required, CancellationToken cancellationToken);
}

/// <summary>How a blob came to be in a target.</summary>
internal enum BlobArrival
{
    /// <summary>It was there, or came while this copy waited for another one that brought it (U4).</summary>
    WasThere,

    /// <summary>The target took it over from another place of its own; it has told so.</summary>
    Mounted,

    /// <summary>Its bytes came from the source.</summary>
    Copied,
}
