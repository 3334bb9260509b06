using System;
using System.Diagnostics.CodeAnalysis;
using ImgsPS.Naming;

namespace ImgsPS;

/// <summary>
/// The name of an image: registry, repository, and a tag or a digest or both or neither (N1-N9). Immutable, safe for any number of threads.
/// Two references are equal when their canonical forms are; <c>ubuntu</c> equals <c>docker.io/library/ubuntu:latest</c>.
/// </summary>
public sealed class ImageReference : IEquatable<ImageReference>
{
    private const string Grammar =
        "A reference is [host[:port]/]repository[:tag][@digest], as ubuntu:24.04 or registry.example.com:5000/team/app@sha256:… .";

    /// <summary>Makes a reference of parts that are known to be good.</summary>
    internal ImageReference(string registry, string repository, string? tag, Digest? digest)
    {
        Registry = registry;
        Repository = repository;
        Tag = tag;
        Digest = digest;
    }

    /// <summary>The registry's host (and port): <c>docker.io</c>, <c>localhost:5000</c>.</summary>
    public string Registry { get; }

    /// <summary>The path: <c>library/ubuntu</c>.</summary>
    public string Repository { get; }

    /// <summary>The tag, or null.</summary>
    public string? Tag { get; }

    /// <summary>The digest, or null.</summary>
    public Digest? Digest { get; }

    /// <summary>Registry and repository: <c>docker.io/library/ubuntu</c>.</summary>
    public string Name => Registry + "/" + Repository;

    /// <summary>Registry and repository as docker shows them: <c>ubuntu</c>.</summary>
    public string FamiliarName => ReferenceNormalizer.Familiar(Registry, Repository);

    /// <summary>The short form docker shows: <c>ubuntu:24.04</c>. No tag is added. It reads back as the same reference.</summary>
    public string Familiar => ReferenceGrammar.Format(FamiliarName, Tag, Digest?.ToString());

    /// <summary>The canonical form of what was given: no tag is added.</summary>
    internal string Canonical => ReferenceGrammar.Format(Name, Tag, Digest?.ToString());

    /// <summary>True when there is neither tag nor digest.</summary>
    internal bool IsNameOnly => Tag is null && Digest is null;

    /// <summary>False for a name that no store may record, because <c>sha256:x</c> reads as a digest (N8).</summary>
    internal bool IsRecordable => ImgsPS.Digest.HexLength(FamiliarName) < 0;

    /// <summary>Reads a reference as docker does (N1-N9).</summary>
    /// <exception cref="ImageException">Kind InvalidReference: the text is not a reference.</exception>
    public static ImageReference Parse(string text)
    {
        var fault = ReferenceNormalizer.Parse(text ?? "", out var parts, out var remote);
        return fault == ReferenceFault.None ? Make(parts) : throw Error(fault, text ?? "", remote);
    }

    /// <summary>Reads a reference; false when the text is not one.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out ImageReference? reference)
    {
        reference = text is not null && ReferenceNormalizer.Parse(text, out var parts, out _) == ReferenceFault.None ? Make(parts) : null;
        return reference is not null;
    }

    /// <summary>The same repository with another tag and no digest.</summary>
    /// <exception cref="ImageException">Kind InvalidReference: not a tag (N6).</exception>
    public ImageReference WithTag(string tag) => ReferenceGrammar.IsTag(tag ?? "")
        ? new ImageReference(Registry, Repository, tag, null)
        : throw new ImageException(
            ImageErrorKind.InvalidReference,
            $"invalid tag format: '{PrintableText.Of(tag)}'",
            "A tag has 1 to 128 letters, digits, '_', '.' and '-', and does not begin with '.' or '-'.");

    /// <summary>The same repository with a digest and no tag.</summary>
    public ImageReference WithDigest(Digest digest) => new(Registry, Repository, null, digest);

    /// <summary>
    /// This reference; with tag <c>latest</c> when it has neither tag nor digest (N7), without its tag when it has a digest (N9).
    /// </summary>
    public ImageReference WithDefaultTag() =>
        Digest is not null ? (Tag is null ? this : WithDigest(Digest))
        : Tag is not null ? this
        : new ImageReference(Registry, Repository, DockerHub.DefaultTag, null);

    /// <summary>Refuses a name that is not <see cref="IsRecordable"/>.</summary>
    /// <exception cref="ImageException">Kind InvalidReference.</exception>
    internal void EnsureRecordable()
    {
        if (!IsRecordable)
        {
            throw new ImageException(
                ImageErrorKind.InvalidReference,
                "refusing to create an ambiguous tag using digest algorithm as name",
                $"'{PrintableText.Of(Familiar)}' could be read as a digest; give the image another repository name.");
        }
    }

    /// <inheritdoc/>
    public bool Equals(ImageReference? other) => other is not null && ToString() == other.ToString();

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ImageReference);

    /// <inheritdoc/>
    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(ToString());

    /// <summary>Canonical form, with <c>:latest</c> when there is neither tag nor digest.</summary>
    public override string ToString() => IsNameOnly ? Name + ":" + DockerHub.DefaultTag : Canonical;

    /// <summary>Same canonical form.</summary>
    public static bool operator ==(ImageReference? left, ImageReference? right) => left is null ? right is null : left.Equals(right);

    /// <summary>Another canonical form.</summary>
    public static bool operator !=(ImageReference? left, ImageReference? right) => !(left == right);

    private static ImageReference Make(ReferenceParts parts) =>
        new(parts.Domain, parts.Path, parts.Tag, parts.Digest is null ? null : ImgsPS.Digest.Parse(parts.Digest));

    private static ImageException Error(ReferenceFault fault, string text, string remote)
    {
        var shown = PrintableText.Of(PrintableText.WithoutPassword(text));
        var (message, advice) = fault switch
        {
            ReferenceFault.Uppercase => (
                $"invalid reference format: repository name ({PrintableText.Of(remote)}) must be lowercase",
                Suggestion(text) ?? FormatAdvice(shown)),
            ReferenceFault.Identifier => (
                $"invalid repository name ({shown}), cannot specify 64-byte hexadecimal strings",
                $"To name content by its digest, give the repository too: repository@sha256:{shown}."),
            ReferenceFault.TooLong => (
                "repository name must not be more than 255 characters",
                $"Shorten '{shown}'."),
            ReferenceFault.DigestFormat => ("invalid checksum digest format", ImgsPS.Digest.Grammar),
            ReferenceFault.DigestLength => ("invalid checksum digest length", ImgsPS.Digest.Grammar),
            ReferenceFault.DigestUnsupported => ("unsupported digest algorithm", ImgsPS.Digest.Grammar),
            _ => ("invalid reference format", Suggestion(text) ?? FormatAdvice(shown)),
        };
        return new ImageException(ImageErrorKind.InvalidReference, message, advice);
    }

    /// <summary>What was probably meant, in the words of what is wrong; null when that is no reference either.</summary>
    private static string? Suggestion(string text)
    {
        var trimmed = text.Trim();
        var scheme = trimmed.IndexOf("://", StringComparison.Ordinal);
        var name = (scheme > 0 ? trimmed.Substring(scheme + 3) : trimmed).TrimEnd('/');
        var lower = LowerName(name);
        if (!TryParse(lower, out _))
        {
            return null;
        }

        var what = scheme > 0 ? $"Leave out '{PrintableText.Of(trimmed.Substring(0, scheme + 3))}'"
            : lower != name ? "Write the repository in lower case"
            : name != trimmed ? "Leave out the '/' at the end"
            : "Remove the white space around it";
        return $"{what}: '{PrintableText.Of(lower)}'.";
    }

    private static string FormatAdvice(string shown) =>
        shown.Trim().Length == 0 ? "The reference is empty. " + Grammar : $"'{shown}' is not an image reference. {Grammar}";

    // The host goes to lower case too: Foo/Bar is far more often the repository foo/bar than a host Foo.
    private static string LowerName(string text)
    {
        var tail = text.IndexOf(':', text.LastIndexOf('/') + 1);
        return tail < 0 ? text.ToLowerInvariant() : text.Substring(0, tail).ToLowerInvariant() + text.Substring(tail);
    }
}
