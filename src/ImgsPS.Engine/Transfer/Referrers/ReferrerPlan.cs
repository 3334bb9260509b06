using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;

namespace ImgsPS.Transfer;

/// <summary>What an image's referrers are made of, for a copy, an archive, and who says what these would have. Nothing is copied.</summary>
internal static class ReferrerPlan
{
    /// <summary>The referrers that are there, each with its document, those of an index's documents included.</summary>
    /// <param name="source">The image.</param>
    /// <param name="root">What its name means.</param>
    /// <param name="wanted">Of an index the manifests to take; null for all.</param>
    /// <param name="observer">Who is told.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="ImageException">As <see cref="IReferrerSource.ReferrersAsync"/>.</exception>
    public static async Task<IReadOnlyList<CopiedReferrer>> ReadAsync(
        IReferrerSource source, ManifestDocument root, IReadOnlyCollection<Digest>? wanted, IOperationObserver observer,
        CancellationToken cancellationToken)
    {
        var walk = new ReferrerWalk(source, observer, cancellationToken);
        await walk.AddAsync(root, wanted).ConfigureAwait(false);
        var read = new List<CopiedReferrer>();
        var documents = new Dictionary<Digest, ManifestDocument?>();
        foreach (var found in await walk.RunAsync(ReferrerWalk.CopyDepth).ConfigureAwait(false))
        {
            if (!documents.TryGetValue(found.Referrer.Descriptor.Digest, out var document))
            {
                document = await ReadAsync(source, found, observer, cancellationToken).ConfigureAwait(false);
                documents.Add(found.Referrer.Descriptor.Digest, document);
            }

            if (document is not null)
            {
                read.Add(new CopiedReferrer(found, document));
            }
        }

        return read;
    }

    /// <summary>A document and all documents that it lists, parents last.</summary>
    public static async Task<IReadOnlyList<ManifestDocument>> TreeAsync(
        IReferrerSource source, ManifestDocument document, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var all = new List<ManifestDocument>();
        await AddAsync(document, 1).ConfigureAwait(false);
        return all;

        async Task AddAsync(ManifestDocument one, int depth)
        {
            if (one is ImageIndex index)
            {
                ImageIndex.EnsureFollowed(index.Entries.Count, depth);
                foreach (var entry in index.Entries.Where(entry => entry.MayBeManifest || entry.Platform is not null))
                {
                    await AddAsync(
                        await source.GetChildAsync(index, entry.Follow(), observer, cancellationToken).ConfigureAwait(false), depth + 1)
                        .ConfigureAwait(false);
                }
            }

            all.Add(one);
        }
    }

    /// <summary>A referrer's document; null, with a warning, when it is listed and not there.</summary>
    private static async Task<ManifestDocument?> ReadAsync(
        IReferrerSource source, FoundReferrer found, IOperationObserver observer, CancellationToken cancellationToken)
    {
        try
        {
            return await source.GetManifestAsync(found.Referrer.Descriptor, observer, cancellationToken).ConfigureAwait(false);
        }
        catch (ImageException e) when (e.Kind == ImageErrorKind.NotFound)
        {
            observer.Warning(
                $"{source.Name}: {found.Referrer.Descriptor.Digest} is listed as a referrer of {found.Subject.ShortHex}, but it is not "
                + "there; it stays behind.");
            return null;
        }
    }

    /// <summary>The configs and blobs of all referrers.</summary>
    public static async Task<IReadOnlyList<Descriptor>> ContentAsync(
        IReferrerSource source, ManifestDocument root, IReadOnlyCollection<Digest>? wanted, IOperationObserver observer,
        CancellationToken cancellationToken)
    {
        var content = new List<Descriptor>();
        foreach (var referrer in await ReadAsync(source, root, wanted, observer, cancellationToken).ConfigureAwait(false))
        {
            var documents = await TreeAsync(source, referrer.Document, observer, cancellationToken).ConfigureAwait(false);
            content.AddRange(documents.OfType<Manifest>().SelectMany(manifest => manifest.Layers.Prepend(manifest.Config)));
        }

        return content;
    }
}
