using System;
using System.Collections.Generic;
using System.Text.Json;
using ImgsPS.Naming;

namespace ImgsPS.Content;

/// <summary>
/// Which kind of document a manifest is: what the header, the descriptor and the document itself say, and whether they agree (T4, RN22).
/// </summary>
internal static class ManifestFormat
{
    /// <summary>
    /// The members with a meaning at the top of a manifest or index, those of schema 1 included, which tell confusion (RN22).
    /// </summary>
    internal static readonly string[] Known =
    {
        "schemaVersion", "mediaType", "artifactType", "config", "layers", "manifests", "subject", "annotations",
        "fsLayers", "history", "signatures",
    };

    private static readonly string[] Distinctive = { "config", "layers", "manifests", "fsLayers", "history" };

    /// <summary>
    /// The media type of a document: OCI index or manifest, Docker manifest list or manifest. What is said must agree, and the document
    /// must not have the members of another kind (RN22, CVE-2021-41190).
    /// </summary>
    /// <param name="root">The document, made with <see cref="Known"/>.</param>
    /// <param name="contentType">The Content-Type header's value, or null.</param>
    /// <param name="expected">The media type by the descriptor that led here, or null.</param>
    /// <exception cref="ImageException">
    /// InvalidData: they disagree, or nothing says what it is. NotSupported: schema 1 (U12), or no manifest at all.
    /// </exception>
    public static string Decide(StrictObject root, string? contentType, string? expected)
    {
        var header = WithoutGeneric(contentType);
        var descriptor = WithoutGeneric(expected);
        var member = root.MediaType("mediaType", mayBeEmpty: true);
        var mediaType = member ?? descriptor ?? header;
        if (mediaType is null)
        {
            throw DetectByMembers(root) is { } found && MediaTypes.Classify(found).Kind == MediaTypeKind.Schema1
                ? Unsupported(found)
                : root.Fail("mediaType", "is missing, and the Content-Type does not say what the document is");
        }

        foreach (var said in new[] { member, descriptor, header })
        {
            if (said is not null && MediaTypes.Classify(said).Kind == MediaTypeKind.Schema1)
            {
                throw Unsupported(said);
            }
        }

        if (!IsManifest(mediaType))
        {
            throw Unsupported(mediaType);
        }

        // A header that names no kind of manifest says nothing beside a clear member or descriptor; a descriptor's type always counts.
        CheckAgreement(root, mediaType, descriptor, "the descriptor");
        CheckAgreement(root, mediaType, header is not null && IsManifest(header) ? header : null, "the Content-Type");
        if (ForeignMember(root, mediaType) is { } foreign)
        {
            throw root.Fail(foreign, $"does not belong in a document of type {mediaType}");
        }

        return mediaType;
    }

    /// <summary>
    /// What a document without any header or descriptor is, by its own members alone; null when they do not tell. Its content is not
    /// checked.
    /// </summary>
    public static string? Detect(byte[] bytes)
    {
        try
        {
            using var json = StrictJson.Parse(bytes, "manifest");
            var root = new StrictObject(json.RootElement, "manifest", "", Known);
            var member = root.Text("mediaType");
            return member is not null && IsManifest(member) ? member : DetectByMembers(root);
        }
        catch (ImageException)
        {
            // Not a document of which two readers would think the same: then nothing tells what it is.
            return null;
        }
    }

    /// <summary>
    /// The first member that belongs to another kind of document than <paramref name="mediaType"/>; null when there is none (RN22).
    /// </summary>
    public static string? ForeignMember(StrictObject root, string mediaType)
    {
        var own = MediaTypes.Classify(mediaType).Kind switch
        {
            MediaTypeKind.Index => new[] { "manifests" },
            MediaTypeKind.Manifest => new[] { "config", "layers" },
            MediaTypeKind.Schema1 => new[] { "fsLayers", "history" },
            _ => Array.Empty<string>(),
        };
        return Array.Find(Distinctive, name => Array.IndexOf(own, name) < 0 && root.Has(name));
    }

    private static string? DetectByMembers(StrictObject root)
    {
        switch (root.Integer("schemaVersion"))
        {
            case 1:
                return root.Has("signatures") ? MediaTypes.DockerSchema1Signed : MediaTypes.DockerSchema1;
            case 2 when root.Has("config") && !root.Has("manifests"):
                var config = root.Object("config", Descriptor.Known)?.Text("mediaType");
                return config == MediaTypes.DockerConfig ? MediaTypes.DockerManifest : MediaTypes.OciManifest;
            case 2 when root.Has("manifests") && !root.Has("config"):
                return MediaTypes.OciIndex;
            default:
                return null;
        }
    }

    private static bool IsManifest(string mediaType) =>
        MediaTypes.Classify(mediaType).Kind is MediaTypeKind.Index or MediaTypeKind.Manifest;

    /// <summary>A type without parameters; null when it is one that servers and tools give to anything.</summary>
    private static string? WithoutGeneric(string? mediaType)
    {
        var type = MediaTypes.WithoutParameters(mediaType ?? "");
        return type is "" or "application/json" or "application/octet-stream" or "binary/octet-stream" or "text/plain" or "text/html"
            ? null
            : type;
    }

    private static void CheckAgreement(StrictObject root, string mediaType, string? said, string who)
    {
        if (said is not null && said != mediaType)
        {
            throw root.Fail(null, $"is of type {mediaType}, but {who} says {PrintableText.Of(said)}");
        }
    }

    private static ImageException Unsupported(string mediaType) => new(
        ImageErrorKind.NotSupported,
        $"media type '{PrintableText.Of(mediaType)}' is not supported",
        MediaTypes.Classify(mediaType).Kind == MediaTypeKind.Schema1
            ? "It is Docker's schema 1, given up since 2017: ask the image's author to build it anew as a Docker schema 2 or OCI image."
            : "The reference names something that is neither an image nor an index.");
}
