namespace ImgsPS.Store;

/// <summary>A name to give.</summary>
/// <param name="Image">The image, by a text or as it was listed.</param>
/// <param name="Tag">The name; without a tag it means <c>latest</c>.</param>
internal sealed record TagRequest(ImageIdentity Image, ImageReference Tag)
{
    /// <summary>Tags a listed image also when its reference names another one by now.</summary>
    public bool Force { get; init; }
}
