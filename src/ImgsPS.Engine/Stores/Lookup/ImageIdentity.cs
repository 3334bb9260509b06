using System;
using System.Collections.Generic;

namespace ImgsPS.Stores;

/// <summary>
/// How a user names an image of a store: by a text (reference, id, id prefix, digest), or by an <see cref="Image"/> listed before.
/// Immutable.
/// </summary>
internal sealed class ImageIdentity
{
    private ImageIdentity(string text) => Text = text;

    /// <summary>What the user gave, for messages: the reference or other name, or the id.</summary>
    public string Text { get; }

    /// <summary>
    /// The listed image's digest: set when an object was given, and the image is then this one and no other, even if its tag moved.
    /// </summary>
    public string? Digest { get; private init; }

    /// <summary>
    /// The digest of the listed image's own manifest, where the digest may be that of an index; null when a text was given, or it is not
    /// known.
    /// </summary>
    public string? ManifestDigest { get; private init; }

    /// <summary>The listed image's id; null when a text was given.</summary>
    public string? Id { get; private init; }

    /// <summary>The listed image's reference; null when a text was given, or the image is untagged.</summary>
    public string? Reference { get; private init; }

    /// <summary>The listed image's name where that is no reference; null when a text was given, or the name is one.</summary>
    public string? RawName { get; private init; }

    /// <summary>What the listed row was called; null when a text was given, or the image is untagged.</summary>
    public string? Name => Reference ?? RawName;

    /// <summary>The store the object came from; null when a text was given.</summary>
    public string? Store { get; private init; }

    /// <summary>
    /// True for a listed image that stands for one platform of a name with several: one of a list of all platforms of a registry.
    /// </summary>
    public bool IsPart { get; private init; }

    /// <summary>The containers that the listed image was used by; empty when a text was given, or nobody looked.</summary>
    public IReadOnlyList<string> UsedBy { get; private init; } = [];

    /// <summary>True when an object was given.</summary>
    public bool IsListed => Id is not null || Digest is not null;

    /// <summary>An image named by a text.</summary>
    public static ImageIdentity Of(string text) => new(text);

    /// <summary>An image that was listed.</summary>
    public static ImageIdentity Of(Image image) =>
        Of(image.Reference, image.Id, image.Digest, image.Store, image.RawName, image.ManifestDigest, image.IsPart, image.UsedBy);

    /// <summary>A name that was listed, with the images of all its platforms.</summary>
    public static ImageIdentity OfName(Image image) => image.Digest is null || image.Name is null
        ? Of(image)
        : Of(image.Reference, null, image.Digest, image.Store, image.RawName);

    /// <summary>An image that was listed, by its properties (deserialized objects, CSV rows). Empty texts count as null.</summary>
    /// <exception cref="ImageException">InvalidArgument: there is neither a reference nor an id nor a digest.</exception>
    public static ImageIdentity Of(
        string? reference, string? id, string? digest, string? store, string? rawName = null, string? manifestDigest = null,
        bool isPart = false, IReadOnlyList<string>? usedBy = null)
    {
        reference = NullIfEmpty(reference);
        rawName = reference is null ? NullIfEmpty(rawName) : null;
        id = NullIfEmpty(id);
        digest = NullIfEmpty(digest);
        var text = reference ?? rawName ?? id ?? digest ?? throw new ImageException(
            ImageErrorKind.InvalidArgument,
            "The object has neither a Reference nor an Id nor a Digest.",
            "Pipe images from Get-Image, or objects with one of these properties.");
        return new ImageIdentity(text)
        {
            Reference = reference,
            RawName = rawName,
            Id = id,
            Digest = digest,
            ManifestDigest = NullIfEmpty(manifestDigest),
            Store = NullIfEmpty(store),
            IsPart = isPart,
            UsedBy = usedBy ?? [],
        };
    }

    /// <inheritdoc/>
    public override string ToString() => Text;

    /// <summary>The reference that it is, or that its text may be; null when it is none.</summary>
    public ImageReference? ToName() => ImageReference.TryParse(IsListed ? Reference : Text, out var name) ? name : null;

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
