using System;
using System.Collections.Generic;
using System.Linq;
using ImgsPS.Content;
using ImgsPS.Transfer;

namespace ImgsPS.Stores.Layout;

/// <summary>
/// What of a layout refers to something: manifests that index.json's entries reach and that name it as their subject; what a fallback tag
/// lists; and what has one of cosign's older tags, in whatever repository (RF7). Read once; safe for any number of threads.
/// </summary>
/// <param name="blobs">The store's content.</param>
/// <param name="catalog">What is known of it.</param>
/// <param name="rows">The store's list.</param>
internal sealed class LayoutReferrers(BlobFolder blobs, Catalog catalog, IReadOnlyList<LayoutRow> rows)
{
    private readonly Lazy<ILookup<Digest, Descriptor>> _bySubject = new(() => Referring(blobs, catalog, rows));
    private readonly Lazy<ILookup<string, Descriptor>> _byTag = new(() => rows
        .Where(row => row.Name is not null && ReferrerNames.IsReferrerTag(LayoutReferrerRows.TagOf(row.Name)))
        .ToLookup(row => LayoutReferrerRows.TagOf(row.Name!)!, row => row.Root, StringComparer.Ordinal));

    /// <summary>What refers to a digest.</summary>
    public IReadOnlyList<Referrer> Of(Digest subject, string? artifactType, IOperationObserver observer)
    {
        var found = _bySubject.Value[subject].Select(one => Described(one, observer, ReferrerNames.TypeOf))
            .Select(one => new Referrer(one, ImageReferrerSource.Subject)).ToList();
        var fallback = ReferrerNames.FallbackTag(subject);
        foreach (var root in _byTag.Value[fallback])
        {
            found.AddRange(Listed(root, fallback, observer));
        }

        foreach (var tag in ReferrerNames.CosignTags(subject))
        {
            found.AddRange(_byTag.Value[tag].Select(one => new Referrer(
                Described(one, observer, document => (document as Manifest)?.Kind ?? ReferrerNames.TypeOf(document)),
                ImageReferrerSource.CosignTag,
                tag)));
        }

        return found.Where(referrer => artifactType is null || referrer.Descriptor.ArtifactType == artifactType)
            .GroupBy(referrer => (referrer.Descriptor.Digest, referrer.Source, referrer.Tag)).Select(same => same.First()).ToList();
    }

    private IEnumerable<Referrer> Listed(Descriptor root, string tag, IOperationObserver observer)
    {
        if (Read(root, observer) is not ImageIndex index)
        {
            observer.Warning($"{tag} should list referrers, but it is no index that can be read: it counts as none.");
            return [];
        }

        return index.Manifests.Select(entry => new Referrer(
            entry.ArtifactType is null ? Described(entry, observer, ReferrerNames.TypeOf) : entry, ImageReferrerSource.FallbackTag, tag));
    }

    /// <summary>A document's descriptor with its type and annotations; as it is when the document cannot be read.</summary>
    private Descriptor Described(Descriptor descriptor, IOperationObserver observer, Func<ManifestDocument, string?> typeOf) =>
        Read(descriptor, observer) is not { } document ? descriptor
            : new Descriptor(document.MediaType, document.Digest, document.Bytes.Length)
            {
                ArtifactType = typeOf(document),
                Annotations = document.Annotations,
            };

    private ManifestDocument? Read(Descriptor descriptor, IOperationObserver observer)
    {
        try
        {
            return blobs.TryRead(descriptor, ManifestDocument.MaxSize, observer) is not { } bytes ? null
                : descriptor.MediaType.Length > 0 ? ManifestDocument.Parse(bytes, null, descriptor)
                : ManifestDocument.ParseByDigest(bytes, null, descriptor.Digest);
        }
        catch (ImageException e) when (e.Kind is ImageErrorKind.InvalidData or ImageErrorKind.NotSupported or ImageErrorKind.Integrity)
        {
            observer.Warning($"The manifest {descriptor.Digest} cannot be used: {e.Message}");
            return null;
        }
    }

    private static ILookup<Digest, Descriptor> Referring(BlobFolder blobs, Catalog catalog, IReadOnlyList<LayoutRow> rows)
    {
        var referring = new List<(Digest Subject, Descriptor Document)>();
        var seen = new HashSet<Digest>();
        foreach (var row in rows)
        {
            Look(row.Root, 1);
        }

        return referring.ToLookup(pair => pair.Subject, pair => pair.Document);

        void Look(Descriptor document, int depth)
        {
            // What cannot be read was told of when the list was made.
            if (!blobs.Contains(document) || !seen.Add(document.Digest)
                || catalog.Find(document, few: false, NullObserver.Instance) is not { } facts)
            {
                return;
            }

            if (facts.Subject is not null)
            {
                referring.Add((facts.Subject, document));
            }

            foreach (var child in facts is IndexFacts index && depth <= ImageIndex.MaxDepth ? index.Children : [])
            {
                Look(child, depth + 1);
            }
        }
    }
}
