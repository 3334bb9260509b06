namespace ImgsPS;

/// <summary>A layer of an image. Immutable.</summary>
public sealed class ImageLayer
{
    /// <summary>Digest of the layer as it is distributed (mostly compressed); null where the store does not know it.</summary>
    public string? Digest { get; init; }

    /// <summary>Digest of the layer's tar; null when the config was not read.</summary>
    public string? DiffId { get; init; }

    /// <summary>Bytes as distributed.</summary>
    public long Size { get; init; }

    /// <summary>The layer's media type.</summary>
    public string? MediaType { get; init; }

    /// <summary>The digest, or the diff id.</summary>
    public override string ToString() => Digest ?? DiffId ?? "";
}
