namespace ImgsPS.Engine.Tests.Store.Contract;

/// <summary>In what stores differ by a declared rule. A test asks these, and never which store it is.</summary>
internal sealed record StoreTraits
{
    /// <summary>Content is kept as it is distributed: sizes are those of the registry, layers have digests and media types (L5).</summary>
    public bool KeepsCompressed { get; init; }

    /// <summary>The list tells media types; where it does not they are null.</summary>
    public bool ListTellsConfig { get; init; }

    /// <summary>The list tells when an image was pulled; where it does not that is null.</summary>
    public bool ListTellsPulls { get; init; }

    /// <summary>Images are found by their ids and by the beginnings of these; a registry has no such question.</summary>
    public bool FindsIds { get; init; } = true;

    /// <summary>A listed image is found although its tag names another one by now; elsewhere that is a conflict.</summary>
    public bool FindsMoved { get; init; }

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
