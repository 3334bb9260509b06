using System.Collections.Generic;
using System.Runtime.ExceptionServices;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Store;

/// <summary>What a removal of several images did.</summary>
/// <param name="Done">The first requests' removals, in their order.</param>
/// <param name="Failure">Why the request after those failed; null when all are done.</param>
internal sealed record ImageRemovals(IReadOnlyList<ImageRemoval> Done, ImageException? Failure);

/// <summary>The removal of a single image.</summary>
internal static class SingleRemoval
{
    /// <summary>Removes a reference, or an image by its id (D1-D14).</summary>
    /// <exception cref="ImageException">
    /// NotFound, Ambiguous, Conflict, InUse, StoreUnavailable, StoreLocked; nothing is changed then.
    /// </exception>
    public static async Task<ImageRemoval> RemoveAsync(
        this IImageStore store, RemovalRequest request, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var removals = await store.RemoveAsync(new[] { request }, observer, cancellationToken).ConfigureAwait(false);
        if (removals.Failure is not null)
        {
            ExceptionDispatchInfo.Capture(removals.Failure).Throw();
        }

        return removals.Done[0];
    }
}
