using System;
using System.Collections.Generic;
using System.Linq;

namespace ImgsPS.Content;

/// <summary>An OCI index or a Docker manifest list: manifests, mostly one per platform. Immutable.</summary>
internal sealed class ImageIndex : ManifestDocument
{
    /// <summary>Most entries that an index may have (RN26).</summary>
    public const int MaxEntries = 1000;

    /// <summary>Deepest chain of an index in an index in an index (RN26).</summary>
    public const int MaxDepth = 3;

    public IReadOnlyList<Descriptor> Manifests { get; init; } = Array.Empty<Descriptor>();

    internal static ImageIndex Read(StrictObject root, byte[] bytes, Digest digest, string mediaType) => new()
    {
        Bytes = bytes,
        Digest = digest,
        MediaType = mediaType,
        Annotations = root.TextMap("annotations"),
        ArtifactType = root.MediaType("artifactType"),
        Subject = root.Object("subject", Descriptor.Known) is { } subject ? Descriptor.Read(subject) : null,
        Manifests = root.RequiredObjects("manifests", Descriptor.Known, MaxEntries).Select(entry => Descriptor.Read(entry)).ToArray(),
    };
}
