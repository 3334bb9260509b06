using System;
using System.Collections.Generic;
using System.Linq;
using ImgsPS.Content;
using ImgsPS.Platforms;

namespace ImgsPS.Stores.Layout.Maintenance;

/// <summary>
/// All content that must be there for an index to be whole: roots, the children of indexes that are or were there, configs, layers. Unlike
/// <see cref="ContentGraph"/>, which keeps whatever may be wanted, this demands only what is. Reads documents and changes nothing. Not
/// thread-safe.
/// </summary>
internal sealed class ContentNeeds
{
    private readonly BlobFolder _blobs;
    private readonly ISet<Digest> _quarantined;
    private readonly Dictionary<Digest, ContentNeed> _needs = new();
    private readonly Dictionary<Digest, Parts?> _documents = new();

    private ContentNeeds(BlobFolder blobs, ISet<Digest> quarantined)
    {
        _blobs = blobs;
        _quarantined = quarantined;
    }

    /// <summary>The needs of an index's entries.</summary>
    /// <param name="index">The index.</param>
    /// <param name="blobs">The content, for looking only.</param>
    /// <param name="quarantined">Content that is in the quarantine: a child of an index that is there was pulled once.</param>
    public static IReadOnlyDictionary<Digest, ContentNeed> Of(LayoutIndex index, BlobFolder blobs, ISet<Digest> quarantined)
    {
        var needs = new ContentNeeds(blobs, quarantined);
        var names = new LayoutRows(blobs, new Catalog(null, blobs), "", NullObserver.Instance).Of(index)
            .SelectMany(row => row.Entries.Select(entry => (entry, Name: row.Image.Name ?? row.Image.Id)))
            .GroupBy(p => p.entry).ToDictionary(g => g.Key, g => g.First().Name);
        foreach (var entry in index.Entries.Where(e => e.Descriptor is not null))
        {
            var name = names.TryGetValue(entry, out var shown) ? shown : entry.Name?.Shown ?? entry.Descriptor!.Digest.ToString();
            needs.AddRoot(entry, name);
        }

        return needs._needs;
    }

    /// <summary>
    /// The entry of an index to have when none of its images is there: this machine's, as a pull chooses (U6), else the first.
    /// </summary>
    public static Descriptor? ChooseChild(IReadOnlyList<Descriptor> children)
    {
        var images = children.Where(c => c.Platform is not { OS: "unknown" }).ToList();
        var chosen = PlatformMatcher.ForHost().Choose(images.ConvertAll(c => c.Platform));
        return chosen.Count > 0 ? images[chosen[0]] : images.FirstOrDefault();
    }

    private void AddRoot(IndexEntry entry, string image)
    {
        var root = entry.Descriptor!;
        if (!AddDocument(root, entry, image, 0) && _documents.TryGetValue(root.Digest, out var parts)
            && parts is { IsIndex: true } && ChooseChild(parts.Content) is { } child)
        {
            Add(child, entry, image).IsDocument = true;
            _needs[child.Digest].State = BlobState.Absent;
        }
    }

    /// <summary>Adds a document and what it needs; false when it leads to no manifest.</summary>
    private bool AddDocument(Descriptor document, IndexEntry entry, string image, int depth)
    {
        var need = Add(document, entry, image);
        if (!_documents.TryGetValue(document.Digest, out var parts))
        {
            parts = Read(need, document, isRoot: depth == 0);
            _documents.Add(document.Digest, parts);
        }

        if (parts is null || depth > ImageIndex.MaxDepth)
        {
            return true;
        }

        if (!parts.IsIndex)
        {
            foreach (var content in parts.Content)
            {
                Add(content, entry, image).IsConfig |= content == parts.Config;
            }

            return true;
        }

        var found = false;
        foreach (var child in parts.Content.Where(c => _blobs.SizeOf(c.Digest) is not null || _quarantined.Contains(c.Digest)))
        {
            found |= AddDocument(child, entry, image, depth + 1);
        }

        return found;
    }

    private ContentNeed Add(Descriptor content, IndexEntry entry, string image)
    {
        if (!_needs.TryGetValue(content.Digest, out var need))
        {
            need = new ContentNeed(content);
            _needs.Add(content.Digest, need);
        }

        need.Sizes.Add(content.Size);
        need.Images.Add(image);
        need.Entries.Add(entry);
        need.IsForeign &= content.Urls.Count > 0;
        return need;
    }

    /// <summary>What a document names; null when that is not known, or when it is none that we understand.</summary>
    private Parts? Read(ContentNeed need, Descriptor descriptor, bool isRoot)
    {
        var kind = MediaTypes.Classify(descriptor.MediaType).Kind;
        var said = kind is MediaTypeKind.Manifest or MediaTypeKind.Index;
        if ((!said && !isRoot) || descriptor.Size > ManifestDocument.MaxSize)
        {
            // An index may name anything; of that only digest and size are known.
            return null;
        }

        byte[]? bytes;
        try
        {
            need.State = _blobs.Look(descriptor, ManifestDocument.MaxSize, out bytes);
        }
        catch (ImageException e)
        {
            need.State = BlobState.Unreadable;
            need.Fault = e;
            need.IsDocument = true;
            return null;
        }

        var detected = bytes is null ? null : ManifestFormat.Detect(bytes);
        need.IsDocument = said || bytes is null || detected is not null;
        if (bytes is null || !need.IsDocument)
        {
            return null;
        }

        try
        {
            return Parts.Of(ManifestDocument.Parse(bytes, null, descriptor.MediaType.Length > 0 ? descriptor
                : new Descriptor(detected ?? "", descriptor.Digest, descriptor.Size)));
        }
        catch (ImageException e)
        {
            need.Fault = e;
            return isRoot && detected is not null ? ReadAsItIs(need, bytes, detected) : null;
        }
    }

    /// <summary>A document that is good, though index.json says something else of it than it is.</summary>
    private static Parts? ReadAsItIs(ContentNeed need, byte[] bytes, string mediaType)
    {
        try
        {
            var actual = new Descriptor(mediaType, need.Digest, bytes.Length);
            var parts = Parts.Of(ManifestDocument.Parse(bytes, null, actual));
            need.Actual = actual;
            need.State = BlobState.Whole;
            return parts;
        }
        catch (ImageException)
        {
            // Not good either; what was said first is told.
            return null;
        }
    }

    /// <summary>What a document names: its children, or its config and layers.</summary>
    private sealed record Parts(bool IsIndex, IReadOnlyList<Descriptor> Content, Descriptor? Config)
    {
        public static Parts Of(ManifestDocument document) => document is ImageIndex index
            ? new Parts(true, index.Manifests, null)
            : Of((Manifest)document);

        private static Parts Of(Manifest manifest) =>
            new(false, new[] { manifest.Config }.Concat(manifest.Layers).ToArray(), manifest.IsImage ? manifest.Config : null);
    }
}
