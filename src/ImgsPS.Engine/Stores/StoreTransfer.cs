using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Transfer;

namespace ImgsPS.Stores;

/// <summary>Copies images from one store to another by the one copy, and says what it did (PU19, CP5).</summary>
internal static class StoreTransfer
{
    /// <summary>Copies one image.</summary>
    /// <exception cref="ImageException">
    /// NotFound: no such image, in docker's words (PU18). Conflict: the name means another image, with
    /// <see cref="TransferRequest.NoClobber"/>. Others as <see cref="ImageCopy"/> has them.
    /// </exception>
    public static async Task<ImageTransfer> RunAsync(
        ISourceStore from, ITargetStore to, TransferRequest request, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var source = Open(from, request, observer);
        var destination = request.Destination.WithDefaultTag();
        using var target = await to.BeginPullAsync(destination, observer, cancellationToken).ConfigureAwait(false);
        var before = target.Current;
        if (request.NoClobber && before is not null)
        {
            var now = await source.ResolveAsync(observer, cancellationToken).ConfigureAwait(false);
            if (now?.Digest != before.Digest)
            {
                throw TransferRequest.Clobbers(destination, before.Digest.ToString());
            }
        }

        var copied = await ImageCopy.RunAsync(source, target, request.ToCopy(), observer, cancellationToken).ConfigureAwait(false);
        return new ImageTransfer
        {
            Reference = destination.Familiar,
            Status = before is null ? "Created" : before.Digest == copied.Root.Digest ? "Unchanged" : "Moved",
            Digest = copied.Root.Digest.ToString(),
            PreviousDigest = before?.Digest.ToString(),
            MediaType = copied.Root.MediaType.Length > 0 ? copied.Root.MediaType : null,
            SameDigest = copied.Root.Digest == copied.Origin.Digest,
            BytesUploaded = target.Counts.Copied,
            BytesMounted = target.Counts.Mounted,
            BytesExisting = target.Counts.Existing,
            Requests = to.Kind == "registry" ? target.Counts.Requests : null,
            Source = source.Name,
            Store = to.Name,
        };
    }

    /// <summary>All tags of a repository in a store, in its order, for a push of them all.</summary>
    /// <exception cref="ImageException">InvalidArgument: a tag or digest was named. NotFound: no tag there (PU18).</exception>
    public static async Task<IReadOnlyList<ImageReference>> TagsAsync(
        IImageStore store, ImageReference repository, IOperationObserver observer, CancellationToken cancellationToken)
    {
        if (!repository.IsNameOnly)
        {
            throw new ImageException(
                ImageErrorKind.InvalidArgument, "tag can't be used with --all-tags/-a",
                $"Name the repository alone to push all of its tags, {repository.FamiliarName}, or leave out -AllTags.");
        }

        var images = await store.ListAsync(ListRequest.Names, observer, cancellationToken).ConfigureAwait(false);
        var tags = images.Where(image => image.Reference is not null).Select(image => ImageReference.Parse(image.Reference!))
            .Where(name => name.Registry == repository.Registry && name.Repository == repository.Repository && name.Tag is not null)
            .GroupBy(name => name.Tag, StringComparer.Ordinal).Select(same => same.First()).ToArray();
        return tags.Length > 0 ? tags : throw new ImageException(
            ImageErrorKind.NotFound, $"An image does not exist locally with the tag: {repository.FamiliarName}",
            $"Nothing in the store '{store.Name}' has a tag of that repository.");
    }

    /// <summary>The source, and docker's words where there is none.</summary>
    public static IImageSource Open(ISourceStore from, TransferRequest request, IOperationObserver observer)
    {
        try
        {
            return from.OpenSource(request.Image, observer);
        }
        catch (ImageException e) when (e.Kind == ImageErrorKind.NotFound && from.Kind == "layout")
        {
            throw new ImageException(
                ImageErrorKind.NotFound, $"An image does not exist locally with the tag: {request.Image.Text}",
                $"Get-Image lists what is in the store '{from.Name}'; Invoke-ImagePull brings an image there.", e);
        }
    }
}
