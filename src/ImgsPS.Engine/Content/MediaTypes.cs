using System;
using System.Collections.Generic;

namespace ImgsPS.Content;

/// <summary>The media types of images (T1-T3), what each means, and media types as such (RFC 6838).</summary>
internal static class MediaTypes
{
    public const string OciIndex = "application/vnd.oci.image.index.v1+json";
    public const string OciManifest = "application/vnd.oci.image.manifest.v1+json";
    public const string OciConfig = "application/vnd.oci.image.config.v1+json";
    public const string OciLayer = "application/vnd.oci.image.layer.v1.tar";
    public const string OciLayerGzip = "application/vnd.oci.image.layer.v1.tar+gzip";
    public const string OciLayerZstd = "application/vnd.oci.image.layer.v1.tar+zstd";

    /// <summary>The type of the document <c>{}</c>, the config of an artifact without one.</summary>
    public const string OciEmpty = "application/vnd.oci.empty.v1+json";

    public const string DockerManifestList = "application/vnd.docker.distribution.manifest.list.v2+json";
    public const string DockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
    public const string DockerConfig = "application/vnd.docker.container.image.v1+json";
    public const string DockerLayerGzip = "application/vnd.docker.image.rootfs.diff.tar.gzip";

    /// <summary>Schema 1, never asked for and never read (U12).</summary>
    public const string DockerSchema1 = "application/vnd.docker.distribution.manifest.v1+json";

    /// <summary>Schema 1 with signatures, never asked for and never read (U12).</summary>
    public const string DockerSchema1Signed = "application/vnd.docker.distribution.manifest.v1+prettyjws";

    /// <summary>An attestation.</summary>
    public const string InToto = "application/vnd.in-toto+json";

    private const string OciLayerPrefix = "application/vnd.oci.image.layer.";
    private const string DockerLayerPrefix = "application/vnd.docker.image.rootfs.";

    /// <summary>What a type is.</summary>
    public static MediaTypeInfo Classify(string mediaType)
    {
        var vendor = mediaType.StartsWith("application/vnd.oci.", StringComparison.Ordinal) ? MediaTypeVendor.Oci
            : mediaType.StartsWith("application/vnd.docker.", StringComparison.Ordinal) ? MediaTypeVendor.Docker
            : MediaTypeVendor.Other;
        switch (mediaType)
        {
            case OciIndex or DockerManifestList:
                return new(MediaTypeKind.Index, vendor);
            case OciManifest or DockerManifest:
                return new(MediaTypeKind.Manifest, vendor);
            case DockerSchema1 or DockerSchema1Signed:
                return new(MediaTypeKind.Schema1, vendor);
            case OciConfig or DockerConfig:
                return new(MediaTypeKind.Config, vendor);
        }

        if (mediaType.StartsWith(OciLayerPrefix, StringComparison.Ordinal))
        {
            return ClassifyLayer(mediaType.Substring(OciLayerPrefix.Length), "nondistributable.", "v1.tar", '+', vendor);
        }

        return mediaType.StartsWith(DockerLayerPrefix, StringComparison.Ordinal)
            ? ClassifyLayer(mediaType.Substring(DockerLayerPrefix.Length), "foreign.", "diff.tar", '.', vendor)
            : new(MediaTypeKind.Other, vendor);
    }

    /// <summary>True for a text, JSON or XML: no layer of an image, but a signature, an attestation or a bill of materials.</summary>
    public static bool IsDocument(string mediaType) => mediaType.StartsWith("text/", StringComparison.Ordinal)
        || mediaType.EndsWith("json", StringComparison.Ordinal) || mediaType.EndsWith("xml", StringComparison.Ordinal);

    /// <summary>The media type in a Content-Type header's value: in lower case, without parameters. Empty when there is none.</summary>
    public static string WithoutParameters(string contentType)
    {
        var semicolon = contentType.IndexOf(';');
        return (semicolon < 0 ? contentType : contentType.Substring(0, semicolon)).Trim().ToLowerInvariant();
    }

    /// <summary>True for <c>type/subtype</c> by RFC 6838 section 4.2: no parameters, at most 127 characters each.</summary>
    public static bool IsValid(string mediaType)
    {
        var slash = mediaType.IndexOf('/');
        return slash > 0 && IsRestrictedName(mediaType, 0, slash) && IsRestrictedName(mediaType, slash + 1, mediaType.Length);
    }

    private static bool IsRestrictedName(string text, int start, int end)
    {
        if (end - start is < 1 or > 127)
        {
            return false;
        }

        for (var i = start; i < end; i++)
        {
            var alphanumeric = text[i] is (>= 'a' and <= 'z') or (>= 'A' and <= 'Z') or (>= '0' and <= '9');
            if (!alphanumeric && (i == start || "!#$&-^_.+".IndexOf(text[i]) < 0))
            {
                return false;
            }
        }

        return true;
    }

    private static MediaTypeInfo ClassifyLayer(string rest, string foreignMark, string format, char compressionMark, MediaTypeVendor vendor)
    {
        var foreign = rest.StartsWith(foreignMark, StringComparison.Ordinal);
        rest = foreign ? rest.Substring(foreignMark.Length) : rest;
        if (!rest.StartsWith(format, StringComparison.Ordinal))
        {
            return new(MediaTypeKind.Other, vendor);
        }

        rest = rest.Substring(format.Length);
        LayerCompression? compression = rest.Length == 0 ? LayerCompression.None
            : rest == compressionMark + "gzip" ? LayerCompression.Gzip
            : rest == compressionMark + "zstd" ? LayerCompression.Zstd
            : null;
        return compression is null
            ? new(MediaTypeKind.Other, vendor)
            : new(MediaTypeKind.Layer, vendor) { Distributable = !foreign, Compression = compression };
    }
}

/// <summary>What a media type stands for.</summary>
internal enum MediaTypeKind
{
    /// <summary>Something else: artifacts, signatures, the empty document.</summary>
    Other,

    /// <summary>An OCI index or Docker manifest list.</summary>
    Index,

    /// <summary>An OCI or Docker image manifest.</summary>
    Manifest,

    /// <summary>A Docker manifest of schema 1 (U12).</summary>
    Schema1,

    /// <summary>An image's config.</summary>
    Config,

    /// <summary>A layer of an image.</summary>
    Layer,
}

/// <summary>Whose type it is.</summary>
internal enum MediaTypeVendor
{
    Other,
    Oci,
    Docker,
}

/// <summary>How a layer is compressed.</summary>
internal enum LayerCompression
{
    None,
    Gzip,
    Zstd,
}

/// <summary>A media type's meaning.</summary>
/// <param name="Kind">What it stands for.</param>
/// <param name="Vendor">Whose type it is.</param>
internal readonly record struct MediaTypeInfo(MediaTypeKind Kind, MediaTypeVendor Vendor)
{
    /// <summary>False for foreign layers, which registries need not hold (RN2).</summary>
    public bool Distributable { get; init; } = true;

    /// <summary>A layer's compression; null for all else.</summary>
    public LayerCompression? Compression { get; init; }
}
