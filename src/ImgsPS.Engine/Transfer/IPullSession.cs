using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;

namespace ImgsPS.Transfer;

/// <summary>
/// One pull's view of the store that it fills. Safe for any number of threads; disposing ends the protection of its content.
/// </summary>
internal interface IPullSession : IContentTarget, IDisposable
{
    /// <summary>What the reference names in the store as the session begins; null when nothing.</summary>
    Descriptor? Current { get; }

    /// <summary>From now until the session is disposed, no removal and no collection takes this content, in any process.</summary>
    void Protect(IEnumerable<Descriptor> content);

    /// <summary>
    /// Makes the reference name <paramref name="root"/>; an image that it named before is dangling then. False when some of
    /// <paramref name="required"/> is not in the store: nothing was named, and the caller fetches again.
    /// </summary>
    Task<bool> PublishAsync(Descriptor root, IReadOnlyList<Descriptor> required, CancellationToken cancellationToken);
}
