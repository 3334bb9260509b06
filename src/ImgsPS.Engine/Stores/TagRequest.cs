namespace ImgsPS.Stores;

/// <summary>A name to give.</summary>
/// <param name="Image">The image, by a text or as it was listed.</param>
/// <param name="Tag">The name; without a tag it means <c>latest</c>.</param>
internal sealed record TagRequest(ImageIdentity Image, ImageReference Tag)
{
    /// <summary>Tags a listed image also when its reference names another one by now.</summary>
    public bool Force { get; init; }

    /// <summary>The name as it is recorded: with its tag, <c>latest</c> when it has none (N7).</summary>
    /// <exception cref="ImageException">InvalidReference: it has a digest, or reads as one (N8).</exception>
    public ImageReference ToRecord() => ToRecord(Tag);

    /// <summary>As <see cref="ToRecord()"/>, for a name whose image is not known yet.</summary>
    /// <exception cref="ImageException">InvalidReference, as there.</exception>
    public static ImageReference ToRecord(ImageReference tag)
    {
        if (tag.Digest is not null)
        {
            throw new ImageException(
                ImageErrorKind.InvalidReference,
                "refusing to create a tag with a digest reference",
                "A digest comes from the content and cannot be given; name a repository and a tag.");
        }

        tag.EnsureRecordable();
        return tag.WithDefaultTag();
    }
}
