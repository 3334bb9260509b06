using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Transfer;

namespace ImgsPS.Stores.Archive;

/// <summary>
/// Brings an image from any store to any other: by the one copy, as an archive where an end takes or gives archives alone, or by a Docker
/// Engine's own push.
/// </summary>
internal static class ImageTransfers
{
    /// <summary>Copies one image.</summary>
    /// <exception cref="ImageException">
    /// As <see cref="StoreTransfer"/>, <see cref="ImageLoad"/> and <see cref="IPushingStore.PushAsync"/> have them.
    /// </exception>
    public static async Task<ImageTransfer> RunAsync(
        IImageStore from, IImageStore to, TransferRequest request, IOperationObserver observer, CancellationToken cancellationToken)
    {
        Check(from, to, request);
        if (from is IPushingStore pushing && to.Kind == "registry" && request.IsPush)
        {
            return await pushing.PushAsync(request, observer, cancellationToken).ConfigureAwait(false);
        }

        if (from is not ISavingStore saving)
        {
            return await RunAsync(from.ForSource(), to, request, observer, cancellationToken).ConfigureAwait(false);
        }

        using var staged = await StageAsync(saving, request.Image, observer, cancellationToken).ConfigureAwait(false);
        var own = request with { Image = ImageIdentity.Of(staged.Images[0]) };
        return (await RunAsync(staged.Store, to, own, observer, cancellationToken).ConfigureAwait(false)).From(request.Image.Text);
    }

    /// <summary>
    /// What a copy would send, and what is there already, in bytes; null for an image of which that is not known before it is read, a Docker
    /// Engine's. Nothing is changed.
    /// </summary>
    /// <exception cref="ImageException">As <see cref="RunAsync(IImageStore, IImageStore, TransferRequest, IOperationObserver, CancellationToken)"/>.</exception>
    public static async Task<(long Sent, long Existing)?> PlanAsync(
        IImageStore from, IImageStore to, TransferRequest request, IOperationObserver observer, CancellationToken cancellationToken)
    {
        Check(from, to, request);
        if (from is ISavingStore)
        {
            return null;
        }

        var source = StoreTransfer.Open(from.ForSource(), request, observer);
        if (to is ILoadingStore loading)
        {
            var plan = await ImageLoad.PlanAsync(source, loading, request, observer, cancellationToken).ConfigureAwait(false);
            return (plan.Archive?.TarSize ?? 0, plan.Existing);
        }

        var content = await ImageCopy.PlanAsync(source, request.ToCopy(), observer, cancellationToken).ConfigureAwait(false);
        var lacking = await to.ForTarget().LackingAsync(request.Destination.WithDefaultTag(), content, observer, cancellationToken)
            .ConfigureAwait(false);

        // A registry takes over what another of its repositories has.
        var sent = lacking.Where(blob => to.Kind != "registry" || !source.RepositoriesAt(request.Destination.Registry, blob).Any())
            .Sum(blob => blob.Size);
        return (sent, content.Sum(blob => blob.Size) - sent);
    }

    /// <summary>Takes one image out of a store that gives archives alone, a Docker Engine.</summary>
    private static async Task<StagedLayout> StageAsync(
        ISavingStore from, ImageIdentity image, IOperationObserver observer, CancellationToken cancellationToken)
    {
        using var archive = await from.SaveAsync(image.IsListed ? image.Id ?? image.Text : image.Text, observer, cancellationToken)
            .ConfigureAwait(false);
        var input = new ImportInput(from.Name) { Open = () => archive };
        return await StagedLayout.ImportAsync(input, NullObserver.Instance, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Refuses to take referrers from where none can be seen, or to where there can be none.</summary>
    /// <exception cref="ImageException">NotSupported.</exception>
    private static void Check(IImageStore from, IImageStore to, TransferRequest request)
    {
        if (!request.IncludeReferrers)
        {
            return;
        }

        from.ForReferrers();
        if (to is ILoadingStore)
        {
            throw new ImageException(
                ImageErrorKind.NotSupported, $"The store '{to.Name}' is a Docker Engine's: it keeps no referrers of an image.",
                "Copy into it without -IncludeReferrers, or into a registry, the local store or a folder.");
        }
    }

    private static async Task<ImageTransfer> RunAsync(
        ISourceStore from, IImageStore to, TransferRequest request, IOperationObserver observer, CancellationToken cancellationToken)
    {
        if (to is not ILoadingStore loading)
        {
            return await StoreTransfer.RunAsync(from, to.ForTarget(), request, observer, cancellationToken).ConfigureAwait(false);
        }

        var source = StoreTransfer.Open(from, request, observer);
        var plan = await ImageLoad.PlanAsync(source, loading, request, observer, cancellationToken).ConfigureAwait(false);
        return await ImageLoad.RunAsync(source, loading, plan, observer, cancellationToken).ConfigureAwait(false);
    }
}
