using System;
using System.Collections.Generic;
using ImgsPS.Naming;

namespace ImgsPS.Content;

/// <summary>What names a piece of content: type, digest and size (OCI image-spec, descriptor.md). Immutable.</summary>
internal sealed class Descriptor
{
    /// <summary>The member names of a descriptor in a document.</summary>
    internal static readonly string[] Known = { "mediaType", "digest", "size", "platform", "annotations", "urls", "data", "artifactType" };

    public Descriptor(string mediaType, Digest digest, long size)
    {
        MediaType = mediaType;
        Digest = digest;
        Size = size;
    }

    /// <summary>The content's media type, without parameters.</summary>
    public string MediaType { get; }

    /// <summary>The content's digest.</summary>
    public Digest Digest { get; }

    /// <summary>The content's size in bytes, 0..2^53 (RN25).</summary>
    public long Size { get; }

    /// <summary>The platform, in an index; null when the descriptor has none.</summary>
    public Platform? Platform { get; init; }

    /// <summary>The descriptor's annotations; empty when it has none.</summary>
    public IReadOnlyDictionary<string, string> Annotations { get; init; } = Empty;

    /// <summary>Where else the content may be (foreign layers). Never fetched unasked (RN2).</summary>
    public IReadOnlyList<string> Urls { get; init; } = Array.Empty<string>();

    /// <summary>The artifact's type, or null.</summary>
    public string? ArtifactType { get; init; }

    internal static IReadOnlyDictionary<string, string> Empty { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>True when the bytes have this descriptor's size and digest.</summary>
    public bool Describes(byte[] content) => content.Length == Size && Digest.Of(content, Digest.Algorithm) == Digest;

    /// <summary>Reads a descriptor in a document. Embedded data is not kept, but must be the content that the descriptor names.</summary>
    /// <param name="members">The descriptor's object, made with <see cref="Known"/>.</param>
    /// <param name="untyped">True when the media type may be missing or empty, as some old registries have it for configs (U11).</param>
    /// <exception cref="ImageException">
    /// InvalidData: not a descriptor, or not a safe one (RN25). NotSupported: another digest algorithm.
    /// </exception>
    internal static Descriptor Read(StrictObject members, bool untyped = false)
    {
        var mediaType = untyped && string.IsNullOrEmpty(members.Text("mediaType")) ? "" : members.MediaType("mediaType");
        var descriptor = new Descriptor(mediaType ?? members.RequiredText("mediaType"), members.Digest("digest"), members.Integer("size"))
        {
            Platform = ReadPlatform(members),
            Annotations = members.TextMap("annotations"),
            Urls = ReadUrls(members),
            ArtifactType = members.MediaType("artifactType", mayBeEmpty: true),
        };
        if (members.Base64("data") is { } data && !descriptor.Describes(data))
        {
            throw members.Fail("data", $"is not the content of digest {descriptor.Digest} and size {descriptor.Size}");
        }

        return descriptor;
    }

    /// <summary>
    /// What a document is about, which nothing here follows: null when it has none, or none that can be read (FF11).
    /// </summary>
    /// <exception cref="ImageException">InvalidData: it has a case variant of a known member (RN23).</exception>
    internal static Descriptor? ReadSubject(StrictObject root)
    {
        var members = root.IsObject("subject") ? root.Object("subject", Known) : null;
        try
        {
            return members is null ? null : Read(members);
        }
        catch (ImageException)
        {
            // It is passed by, and stays in the document's bytes.
            return null;
        }
    }

    /// <summary>The platform; null when there is none, or one that names neither an os nor an architecture.</summary>
    private static Platform? ReadPlatform(StrictObject members)
    {
        if (members.Object("platform", PlatformMembers.Known) is not { } platform || PlatformMembers.Read(platform, partial: true) is not { } read)
        {
            return null;
        }

        _ = platform.RequiredText("os");
        _ = platform.RequiredText("architecture");
        return read;
    }

    private static IReadOnlyList<string> ReadUrls(StrictObject members)
    {
        var urls = members.TextList("urls");
        for (var i = 0; i < urls.Count; i++)
        {
            if (!IsAbsoluteUrl(urls[i]))
            {
                throw members.Fail($"urls[{i}]", $"is not a URL: '{PrintableText.Of(urls[i])}'");
            }
        }

        return urls;
    }

    /// <summary>
    /// A scheme and the rest, in the characters that RFC 3986 has. (System.Uri alone takes <c>/path</c> for a URL on Unix.)
    /// </summary>
    private static bool IsAbsoluteUrl(string text)
    {
        var colon = text.IndexOf(':');
        for (var i = 0; i < text.Length; i++)
        {
            var letter = text[i] is (>= 'a' and <= 'z') or (>= 'A' and <= 'Z');
            var fits = i < colon
                ? letter || (i > 0 && text[i] is (>= '0' and <= '9') or '+' or '-' or '.')
                : text[i] is > ' ' and <= '~' && "\"<>\\^`{|}".IndexOf(text[i]) < 0;
            if (!fits)
            {
                return false;
            }
        }

        return colon > 0 && Uri.TryCreate(text, UriKind.Absolute, out _);
    }
}
