using System.Linq;
using System.Runtime.ExceptionServices;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores;

/// <summary>The change of a single image: its result, or its failure thrown.</summary>
internal static class OneImage
{
    /// <summary>Tags an image that is one platform's.</summary>
    public static async Task<Image> TagOneAsync(
        this IImageStore store, TagRequest request, IOperationObserver observer, CancellationToken cancellationToken) =>
        (await store.ForTagging().TagAsync(request, observer, cancellationToken)).Single();

    public static async Task<ImageRemoval> RemoveAsync(
        this IImageStore store, RemovalRequest request, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var removals = await store.ForRemoval().RemoveAsync(new[] { request }, observer, cancellationToken);
        if (removals.Failure is not null)
        {
            ExceptionDispatchInfo.Capture(removals.Failure).Throw();
        }

        return removals.Done[0];
    }
}
