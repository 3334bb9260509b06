using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores.Registry;
using ImgsPS.Transfer;

namespace ImgsPS.Stores.Layout;

/// <summary>Pulls references of one registry into a layout, by the one copy. One instance per pull.</summary>
internal sealed class LayoutPull(LayoutPullParts parts, RegistryClient registry, PullRequest request, IOperationObserver observer)
{
    /// <summary>Tags of one repository that are pulled at a time.</summary>
    private const int PullsAtATime = 8;

    /// <summary>Pulls several references side by side, and gives their images in the order of these.</summary>
    public async IAsyncEnumerable<Image> RunAsync(
        ImageReference[] references, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = new Queue<Task<IReadOnlyList<Image>>>();
        try
        {
            for (var next = 0; next < references.Length || running.Count > 0;)
            {
                while (running.Count < PullsAtATime && next < references.Length)
                {
                    running.Enqueue(PullAsync(references[next++]));
                }

                foreach (var image in await running.Dequeue().ConfigureAwait(false))
                {
                    yield return image;
                }
            }
        }
        finally
        {
            // Who reads no further wants no more; the others end before this does, whatever becomes of them.
            stop.Cancel();
            await Task.WhenAll(running.Select(r => r.ContinueWith(_ => { }, TaskScheduler.Default))).ConfigureAwait(false);
        }

        async Task<IReadOnlyList<Image>> PullAsync(ImageReference reference)
        {
            try
            {
                return await PullOneAsync(reference, stop.Token).ConfigureAwait(false);
            }
            catch (ImageException e) when (request.AllTags)
            {
                observer.Error(e, reference.Familiar);
                return [];
            }
        }
    }

    /// <summary>Pulls one reference; gives the image of each platform that was pulled (FF2).</summary>
    private async Task<IReadOnlyList<Image>> PullOneAsync(ImageReference reference, CancellationToken cancellationToken)
    {
        LayoutImage[] images;
        string? before;
        bool isUpToDate;
        using (var session = parts.Begin(reference, observer))
        {
            var copy = new CopyRequest(reference)
            {
                Platform = request.Platform,
                IncludeReferrers = request.IncludeReferrers,
                Extent = request.AllPlatforms ? CopyExtent.AllImages : CopyExtent.OnePlatform,
            };
            var pulled = await ImageCopy.RunAsync(new RegistrySource(registry, reference), session, copy, observer, cancellationToken)
                .ConfigureAwait(false);

            // What was pulled, also when another process has moved the name by now; read while the lease still keeps it.
            var entry = session.Entry is { } found && found.Descriptor!.Digest == pulled.Root.Digest
                ? found
                : new IndexEntry(default, pulled.Root, EntryName.Of(reference), DateTimeOffset.UtcNow);
            before = session.Current?.Digest.ToString();
            isUpToDate = pulled.UpToDate;
            var others = reference.Digest is null ? null : parts.IndexFile.Read(observer);
            var row = new LayoutRows(parts.Blobs, parts.Catalog, parts.Name, observer, few: true).Of(new[] { entry }, others);
            var brought = new HashSet<Digest>(pulled.Manifests.Select(m => m.Digest));
            images = row.IsArtifact ? [] : row.Images.Where(i => i.Manifest is not null && brought.Contains(i.Manifest.Digest)).ToArray();
        }

        return images.Length > 0 ? images.Select(i => i.Image.Pulled(before, isUpToDate)).ToArray()
            : throw new ImageException(ImageErrorKind.NotSupported, $"{reference.Familiar} is an artifact, not an image.");
    }
}

/// <summary>What a pull needs of its store.</summary>
/// <param name="Blobs">Its content.</param>
/// <param name="Catalog">What is known of it.</param>
/// <param name="IndexFile">Its index.</param>
/// <param name="Name">What it is called.</param>
/// <param name="Begin">Begins to fill it.</param>
internal sealed record LayoutPullParts(
    BlobFolder Blobs, Catalog Catalog, IndexFile IndexFile, string Name, Func<ImageReference, IOperationObserver, LayoutTarget> Begin);
