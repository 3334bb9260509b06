using System;
using System.Collections.Generic;
using System.IO;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using ImgsPS.Naming;

namespace ImgsPS.Content;

/// <summary>A manifest or an index: the bytes as received, and what they say. Immutable.</summary>
internal abstract class ManifestDocument
{
    /// <summary>Largest manifest or index that is read (U15, RN8), in bytes.</summary>
    public const int MaxSize = 4 * 1024 * 1024;

    private static readonly JsonWriterOptions s_options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The bytes as received: never written anew, since the digest is theirs.</summary>
    public byte[] Bytes { get; private protected init; } = Array.Empty<byte>();

    /// <summary>The media type, by the rules of T4 and RN22.</summary>
    public string MediaType { get; private protected init; } = "";

    /// <summary>sha256 of <see cref="Bytes"/>, or the digest by the algorithm that was asked for.</summary>
    public Digest Digest { get; private protected init; } = null!;

    public IReadOnlyDictionary<string, string> Annotations { get; private protected init; } = Descriptor.Empty;

    public string? ArtifactType { get; private protected init; }

    /// <summary>What this document is about (a signature's image); null for most.</summary>
    public Descriptor? Subject { get; private protected init; }

    /// <summary>A descriptor of this document.</summary>
    public Descriptor ToDescriptor() => new(MediaType, Digest, Bytes.Length);

    /// <summary>The bytes of a new document, made of another one.</summary>
    public static byte[] Write(JsonObject document)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, s_options))
        {
            document.WriteTo(writer);
        }

        return stream.ToArray();
    }

    /// <summary>
    /// Reads a manifest or an index. <paramref name="contentType"/> is the Content-Type header (null when there was none),
    /// <paramref name="expected"/> the descriptor that led here (null when a tag did): its digest and size are checked (N10, RN20, T4).
    /// </summary>
    /// <exception cref="ImageException">
    /// Integrity: digest or size is not the expected one. InvalidData: not a manifest or not a safe one (RN22-RN26). NotSupported: schema 1
    /// (U12) or another media type or digest algorithm, named in the message. TooLarge: more than <see cref="MaxSize"/> bytes.
    /// </exception>
    public static ManifestDocument Parse(byte[] bytes, string? contentType, Descriptor? expected = null) =>
        Parse(bytes, contentType, expected?.Digest, expected?.Size, expected?.MediaType);

    /// <summary>
    /// Reads a manifest or an index that a reference names by its digest, so that neither size nor type is known before; else as
    /// <see cref="Parse(byte[], string?, Descriptor?)"/>.
    /// </summary>
    /// <exception cref="ImageException">As the other form.</exception>
    public static ManifestDocument ParseByDigest(byte[] bytes, string? contentType, Digest digest) =>
        Parse(bytes, contentType, digest, null, null);

    private static ManifestDocument Parse(byte[] bytes, string? contentType, Digest? expected, long? size, string? mediaType)
    {
        if (bytes.Length > MaxSize)
        {
            throw OwnLimit.Exceeded($"the manifest has {bytes.Length} bytes", $"reads at most {MaxSize}");
        }

        // Before anything is read of it: content of another digest is somebody else's document (N10).
        var digest = Digest.Of(bytes, expected?.Algorithm ?? "sha256");
        if (expected is not null && digest != expected)
        {
            throw new ImageException(
                ImageErrorKind.Integrity,
                $"manifest verification failed for digest {expected}",
                $"The content that came has the digest {digest}. The registry or a proxy before it sends wrong content.");
        }

        if (size is not null && size != bytes.Length)
        {
            throw new ImageException(
                ImageErrorKind.Integrity,
                $"manifest verification failed for digest {digest}: it has {bytes.Length} bytes, its descriptor says {size}",
                "The index that lists it is wrong; ask the image's author to push it again.");
        }

        var name = string.IsNullOrEmpty(contentType) ? "manifest" : $"manifest (Content-Type '{PrintableText.Of(contentType!)}')";
        using var json = StrictJson.Parse(bytes, name);
        var root = new StrictObject(json.RootElement, name, "", ManifestFormat.Known);
        var type = ManifestFormat.Decide(root, contentType, mediaType);
        if (root.Integer("schemaVersion") != 2)
        {
            throw root.Fail("schemaVersion", "is not 2");
        }

        return MediaTypes.Classify(type).Kind == MediaTypeKind.Index
            ? ImageIndex.Read(root, bytes, digest, type)
            : Manifest.Read(root, bytes, digest, type);
    }
}
