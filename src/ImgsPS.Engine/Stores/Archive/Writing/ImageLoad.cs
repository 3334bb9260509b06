using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Platforms;
using ImgsPS.Transfer;

namespace ImgsPS.Stores.Archive;

/// <summary>
/// Copies an image into a store that takes archives, a Docker Engine: as an archive that is made while it is sent, without the layers that
/// the Engine has (AR13, CP7).
/// </summary>
internal static class ImageLoad
{
    /// <summary>What would be sent, and what is there already.</summary>
    /// <param name="source">The image.</param>
    /// <param name="to">The Engine.</param>
    /// <param name="request">What is wanted.</param>
    /// <param name="observer">Who is told.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="ImageException">Conflict: the name means another image, with NoClobber. Others as the source and the Engine.</exception>
    public static async Task<LoadPlan> PlanAsync(
        IImageSource source, ILoadingStore to, TransferRequest request, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var reference = request.Destination.WithDefaultTag();
        if (reference.Digest is not null)
        {
            throw new ImageException(
                ImageErrorKind.InvalidReference, $"{reference.Familiar} is a digest, and a Docker Engine gives no image such a name",
                "Name a tag.");
        }

        var images = await to.ListAsync(new ListRequest { All = true }, observer, cancellationToken).ConfigureAwait(false);
        var before = images.FirstOrDefault(image => image.Reference == reference.Familiar);
        var image = await source.GuardAsync(observer, guarded => ChooseAsync(source, request, guarded, cancellationToken)).ConfigureAwait(false);
        var id = image.Config.Digest.ToString();
        if (request.NoClobber && before is not null && before.Id != id)
        {
            throw TransferRequest.Clobbers(reference, before.Id);
        }

        var export = new ExportRequest
        {
            Platform = request.Platform,
            IncludeForeignLayers = request.IncludeForeignLayers,
            Except = images.Select(HadImages.Of).OfType<HadImage>().ToArray(),
        };
        var archive = before?.Id == id ? null : await ArchivePlanner.RunAsync(
            [new ArchiveImage(source, reference, null, [image.Digest])], export, observer, cancellationToken).ConfigureAwait(false);
        return new LoadPlan(reference, id, before?.Id, archive, archive is null ? image.ContentSize : archive.LeftOut.Sum(layer => layer.Size));
    }

    /// <summary>Sends it.</summary>
    /// <exception cref="ImageException">As the source and the Engine.</exception>
    public static async Task<ImageTransfer> RunAsync(
        IImageSource source, ILoadingStore to, LoadPlan plan, IOperationObserver observer, CancellationToken cancellationToken)
    {
        if (plan.Archive is { } archive)
        {
            await to.LoadAsync(
                archive.TarSize,
                async (stream, stop) =>
                {
                    using var sink = new TarStreamSink(stream);
                    await ArchiveWriter.WriteAsync(archive, sink, plan.Reference.Familiar, observer, stop).ConfigureAwait(false);
                },
                observer,
                cancellationToken).ConfigureAwait(false);
        }

        return new ImageTransfer
        {
            Reference = plan.Reference.Familiar,
            Status = plan.Archive is null ? "Unchanged" : plan.Before is null ? "Created" : "Moved",
            Id = plan.Id,
            BytesUploaded = plan.Archive?.TarSize ?? 0,
            BytesMounted = 0,
            BytesExisting = plan.Existing,
            Source = source.Name,
            Store = to.Name,
        };
    }

    /// <summary>The image that an Engine takes: of an index the one for a platform.</summary>
    private static async Task<Manifest> ChooseAsync(
        IImageSource source, TransferRequest request, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var root = await source.GetManifestAsync(null, observer, cancellationToken).ConfigureAwait(false);
        if (root is Manifest manifest)
        {
            manifest.EnsureImage(source.Name);
            return manifest;
        }

        if (request.AllPlatforms)
        {
            throw new ImageException(
                ImageErrorKind.NotSupported, $"{source.Name} is an image for several platforms, and a Docker Engine takes one of them",
                "Name it with -Platform, or leave out -AllPlatforms to take this machine's.");
        }

        var platforms = request.Platform is null ? PlatformMatcher.ForHost() : PlatformMatcher.For(request.Platform);
        return (await new PlatformSearch(source, platforms, observer, cancellationToken).FindAsync(root).ConfigureAwait(false)).Manifest;
    }
}

/// <summary>What a copy into an Engine sends.</summary>
/// <param name="Reference">The name there.</param>
/// <param name="Id">The image's id.</param>
/// <param name="Before">The id that the name means there; null when none.</param>
/// <param name="Archive">What is sent; null when the name means the image already.</param>
/// <param name="Existing">Bytes of layers, as the source has them, that the Engine has.</param>
internal sealed record LoadPlan(ImageReference Reference, string Id, string? Before, ArchivePlan? Archive, long Existing);
