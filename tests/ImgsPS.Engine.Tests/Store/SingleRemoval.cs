using System.Runtime.ExceptionServices;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores;

/// <summary>The removal of a single image: its result, or its failure thrown.</summary>
internal static class SingleRemoval
{
    public static async Task<ImageRemoval> RemoveAsync(
        this IImageStore store, RemovalRequest request, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var removals = await store.ForChange().RemoveAsync(new[] { request }, observer, cancellationToken);
        if (removals.Failure is not null)
        {
            ExceptionDispatchInfo.Capture(removals.Failure).Throw();
        }

        return removals.Done[0];
    }
}
