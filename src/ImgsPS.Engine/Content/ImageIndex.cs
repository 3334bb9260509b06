using System;
using System.Collections.Generic;
using System.Linq;

namespace ImgsPS.Content;

/// <summary>An OCI index or a Docker manifest list: manifests, mostly one per platform. Immutable.</summary>
internal sealed class ImageIndex : ManifestDocument
{
    /// <summary>Most entries that are searched for an image or pulled, those of indexes in an index included (RN26).</summary>
    public const int MaxEntries = 1000;

    /// <summary>Deepest chain of an index in an index in an index that is followed (RN26).</summary>
    public const int MaxDepth = 3;

    /// <summary>All entries, in the document's order, whatever is wrong with one.</summary>
    public IReadOnlyList<ManifestEntry> Entries { get; private init; } = Array.Empty<ManifestEntry>();

    /// <summary>The entries that can be followed.</summary>
    public IReadOnlyList<Descriptor> Manifests { get; private init; } = Array.Empty<Descriptor>();

    /// <summary>
    /// The entries that may lead to images, each once: attestations say unknown/unknown (U8), and what is no manifest is no image.
    /// </summary>
    public IReadOnlyList<ManifestEntry> MayBeImages() => Entries
        .Where(entry => entry.Platform is not { OS: "unknown" } && (entry.Platform is not null || entry.MayBeManifest))
        .GroupBy(entry => entry.Digest, StringComparer.Ordinal).Select(same => same.First()).ToArray();

    /// <summary>The failure of an index that names no image where one is wanted (FF18).</summary>
    /// <param name="name">What the user calls it.</param>
    public ImageException NoImage(string name) => new(
        ImageErrorKind.InvalidData,
        Entries.Count == 0 ? $"{name} is an index without entries: it names no image" : $"{name} is an index that names no image, "
            + $"but {Entries.Count} other {(Entries.Count == 1 ? "thing" : "things")}",
        "Whoever built or pushed it is at fault; Get-ImageManifest -Raw shows the document.");

    /// <summary>Refuses to go on in an index that leads too far (RN26).</summary>
    /// <param name="entries">The entries so far, all indexes together.</param>
    /// <param name="depth">How deep this one is; the one that the reference names is 1.</param>
    /// <exception cref="ImageException">TooLarge.</exception>
    public static void EnsureFollowed(int entries, int depth)
    {
        const string Way = "Get-ImageManifest shows what an index lists, whatever its size: pull the one you want by its digest.";
        if (depth > MaxDepth)
        {
            throw OwnLimit.Exceeded(
                $"the index holds indexes more than {MaxDepth} deep", $"follows at most {MaxDepth} of them into each other", Way);
        }

        if (entries > MaxEntries)
        {
            throw OwnLimit.Exceeded(
                depth == 1 ? $"the index has {entries} entries" : $"the index and the indexes in it have more than {MaxEntries} entries",
                $"looks at most at {MaxEntries}",
                Way);
        }
    }

    internal static ImageIndex Read(StrictObject root, byte[] bytes, Digest digest, string mediaType)
    {
        var entries = root.RequiredEntries("manifests", Descriptor.Known)
            .Select(e => ManifestEntry.Read(e.Entry, e.Fault)).ToArray();
        return new()
        {
            Bytes = bytes,
            Digest = digest,
            MediaType = mediaType,
            Annotations = root.TextMap("annotations"),
            ArtifactType = root.MediaType("artifactType", mayBeEmpty: true),
            Subject = Descriptor.ReadSubject(root),
            Entries = entries,
            Manifests = entries.Select(e => e.Descriptor).OfType<Descriptor>().ToArray(),
        };
    }
}
