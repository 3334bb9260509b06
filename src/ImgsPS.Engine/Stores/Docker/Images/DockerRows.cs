using System;
using System.Collections.Generic;
using System.Linq;
using ImgsPS.Naming;

namespace ImgsPS.Stores.Docker;

/// <summary>
/// Makes rows of a Docker Engine's images: one per tag, one per digest of a repository without a tag, or one for an image without a name
/// (L1).
/// </summary>
internal static class DockerRows
{
    private const int Few = 8;

    /// <summary>The rows, in no order that means anything.</summary>
    /// <param name="images">The images.</param>
    /// <param name="usage">The containers.</param>
    /// <param name="store">The store's name.</param>
    /// <param name="observer">Told of names that are no references.</param>
    /// <param name="content">What is known of an image by its id; null for nothing.</param>
    /// <param name="all">All images of the store, where these are some of them.</param>
    public static List<Image> Of(
        IReadOnlyCollection<DockerImage> images, DockerUsage usage, string store, IOperationObserver observer,
        Func<string, DockerContent?>? content = null, IReadOnlyCollection<DockerImage>? all = null)
    {
        // F1: what other images are built on is not dangling.
        var parents = new HashSet<string>((all ?? images).Select(i => i.ParentId).OfType<string>(), StringComparer.Ordinal);
        var tagged = TaggedNamesOf(all ?? images);
        var rows = new List<Image>(images.Count);
        foreach (var image in images)
        {
            rows.AddRange(OfOne(image, parents.Contains(image.Id), tagged, usage, store, observer, content?.Invoke(image.Id)));
        }

        return rows;
    }

    /// <summary>The rows of one image of a list.</summary>
    public static IEnumerable<Image> OfOne(
        DockerImage image, bool isParent, TaggedNames? tagged, DockerUsage usage, string store, IOperationObserver observer,
        DockerContent? known = null)
    {
        var usedBy = usage.Of(image.Id);
        return Names(image, everyDigest: false, null, observer).Select(name => Row(image, name, isParent, tagged, usedBy, store, known));
    }

    /// <summary>The tags of the store; null when every image has one.</summary>
    public static TaggedNames? TaggedNamesOf(IReadOnlyCollection<DockerImage> images)
    {
        // podman gives a name by digest as a tag too.
        if (images.All(i => i.Tags.Any(tag => tag.IndexOf('@') < 0)))
        {
            return null;
        }

        var names = new TaggedNames();
        foreach (var image in images)
        {
            foreach (var text in image.Tags)
            {
                if (ImageReference.TryParse(text, out var reference) && reference.Digest is null)
                {
                    names.Add(reference, image.Id);
                }
            }
        }

        return names;
    }

    /// <summary>The rows of one image, those by digest beside tags included: all that can name it.</summary>
    /// <param name="image">The image.</param>
    /// <param name="store">The store's name.</param>
    /// <param name="observer">As for <see cref="Of"/>.</param>
    /// <param name="digest">What a tag's row had in a list, and has again if it is one of its digests.</param>
    public static IReadOnlyList<Image> All(DockerImage image, string store, IOperationObserver observer, string? digest = null) =>
        ImageOrder.Sort(Names(image, everyDigest: true, digest, observer)
            .Select(n => Row(image, n, false, null, Array.Empty<string>(), store, null)));

    private static Image Row(
        DockerImage image, Name? name, bool isParent, TaggedNames? tagged, IReadOnlyList<string> usedBy, string store,
        DockerContent? content)
    {
        var isLeftOver = name?.ByDigest is { } byDigest && !isParent && tagged?.IsLeftOver(byDigest, image.Id) == true;
        var digest = name?.Digest ?? image.TargetDigest;
        return new Image
        {
            Reference = name?.Reference,
            RawName = name?.RawName,
            Registry = name?.Registry,
            Repository = name?.Repository,
            Tag = name?.Tag,
            Id = image.Id,
            Digest = digest,
            MediaType = digest is not null && digest == image.TargetDigest ? image.TargetMediaType : null,
            Created = image.Created,
            Size = image.Size,
            UnpackedSize = image.Size,
            Labels = image.Labels,
            Platform = content?.Platform,
            Author = content?.Author,
            Layers = content?.DiffIds.Select(d => new ImageLayer { DiffId = d.ToString() }).ToArray() ?? Array.Empty<ImageLayer>(),
            Dangling = (name is null && !isParent) || isLeftOver,
            Pinned = name?.ByDigest is not null && !isLeftOver,
            InUse = usedBy.Count > 0,
            UsedBy = usedBy,
            Store = store,
        };
    }

    /// <summary>What each row is called; one null for an image without a name.</summary>
    private static List<Name?> Names(DockerImage image, bool everyDigest, string? listed, IOperationObserver observer)
    {
        var names = new List<Name?>(image.Tags.Count + image.Digests.Count);
        var digests = image.Digests.Count == 0 ? Array.Empty<ImageReference?>() : new ImageReference?[image.Digests.Count];
        for (var i = 0; i < digests.Length; i++)
        {
            digests[i] = Parse(image.Digests[i], image, observer);
        }

        // An image has one or two names; whoever answers with thousands gets no more work done for each.
        var byName = digests.Length > Few ? digests.ToLookup(d => d?.Name ?? "", StringComparer.Ordinal) : null;
        var digestOf = byName is null ? null : new Dictionary<string, Digest?>(StringComparer.Ordinal);
        var tagged = new List<ImageReference>(image.Tags.Count);
        foreach (var text in image.Tags)
        {
            if (Parse(text, image, observer) is not { } reference)
            {
                names.Add(Name.Unknown(text));
                continue;
            }

            tagged.Add(reference);
            Digest? digest = null;
            if (digestOf?.TryGetValue(reference.Name, out digest) is not true)
            {
                digest = DigestOf(reference, byName?[reference.Name] ?? digests, image, listed);
                digestOf?.Add(reference.Name, digest);
            }

            names.Add(Name.Of(reference, digest));
        }

        var taggedNames = tagged.Count > Few ? new HashSet<string>(tagged.Select(t => t.Name), StringComparer.Ordinal) : null;
        for (var i = 0; i < digests.Length; i++)
        {
            if (digests[i] is not { } reference)
            {
                names.Add(Name.Unknown(image.Digests[i]));
            }
            else if (everyDigest || !(taggedNames?.Contains(reference.Name) ?? tagged.Exists(t => t.Name == reference.Name)))
            {
                names.Add(Name.Of(reference, reference.Digest));
            }
        }

        if (names.Count == 0)
        {
            names.Add(null);
        }

        return names;
    }

    /// <summary>
    /// L3: the digest of what the tag named. podman gives an image that came by an index the digests of both, in no order; the index is
    /// meant.
    /// </summary>
    private static Digest? DigestOf(ImageReference tag, IEnumerable<ImageReference?> digests, DockerImage image, string? listed)
    {
        Digest? first = null;
        Digest? index = null;
        foreach (var reference in digests)
        {
            if (reference?.Digest is not { } digest || reference.Name != tag.Name)
            {
                continue;
            }

            if (listed is not null && digest.ToString() == listed)
            {
                return digest;
            }

            first ??= digest;
            index ??= image.ManifestDigest is not null && digest.ToString() != image.ManifestDigest ? digest : null;
        }

        return index ?? first;
    }

    private static ImageReference? Parse(string text, DockerImage image, IOperationObserver observer)
    {
        if (ImageReference.TryParse(text, out var reference) && !reference.IsNameOnly && reference.IsRecordable)
        {
            return reference.WithDefaultTag();
        }

        observer.Debug($"Docker calls {PrintableText.Of(image.Id)} '{PrintableText.Of(text)}', which is not a reference");
        return null;
    }

    private sealed record Name(string? Reference, string? RawName, string? Registry, string? Repository, string? Tag, string? Digest)
    {
        /// <summary>The reference, where it is one by digest alone.</summary>
        public ImageReference? ByDigest { get; private init; }

        public static Name Of(ImageReference reference, Digest? digest) =>
            new(reference.Familiar, null, reference.Registry, reference.FamiliarName, reference.Tag, digest?.ToString())
            {
                ByDigest = reference.Tag is null && reference.Digest is not null ? reference : null,
            };

        public static Name Unknown(string text) => new(null, PrintableText.Of(text), null, null, null, null);
    }
}
