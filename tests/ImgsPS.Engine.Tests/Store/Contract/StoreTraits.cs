namespace ImgsPS.Engine.Tests.Store.Contract;

/// <summary>In what stores differ by a declared rule. A test asks these, and never which store it is.</summary>
internal sealed record StoreTraits
{
    /// <summary>Content is kept as it is distributed: sizes are those of the registry, layers have digests and media types (L5).</summary>
    public bool KeepsCompressed { get; init; }

    /// <summary>
    /// The list tells media type and the time of the pull; where it does not they are null.
    /// </summary>
    public bool ListTellsConfig { get; init; }

    /// <summary>
    /// A tag given in another repository than the image was pulled from has the digest too; in a Docker Engine it has none (L3).
    /// </summary>
    public bool TagTakesDigest { get; init; }

    /// <summary>
    /// An image of which a tag is there gets a row of its own when it is pulled by digest; docker's list has none for it (L1).
    /// </summary>
    public bool PinsBesideTags { get; init; }

    /// <summary>
    /// When a pull moves a tag, the old image keeps its name by digest; elsewhere it has none. It is dangling in both (FF4).
    /// </summary>
    public bool MovedTagKeepsDigest { get; init; }

    /// <summary>A name by digest can be taken away from an image that keeps its tag (D11); elsewhere the tag implies it.</summary>
    public bool DigestGoesAlone { get; init; }

    /// <summary>Times are known to a fraction of a second; a list of a Docker Engine has whole seconds.</summary>
    public bool KnowsFractions { get; init; }

    /// <summary>ImageStoreInfo.Kind.</summary>
    public string Kind { get; init; } = "";
}
