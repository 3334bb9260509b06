namespace ImgsPS;

/// <summary>What a push or a copy of one image did. Immutable.</summary>
public sealed class ImageTransfer
{
    /// <summary>What the image is called where it went, familiar.</summary>
    public string Reference { get; init; } = "";

    /// <summary>
    /// What was done with the name there: <c>Created</c>, <c>Moved</c> (it named another image), or <c>Unchanged</c> (it named this one
    /// already). Of a Docker Engine's own push <c>Pushed</c>: it does not say which.
    /// </summary>
    public string Status { get; init; } = "";

    /// <summary>The digest that the name means now: of a manifest or an index. Null when the target does not say.</summary>
    public string? Digest { get; init; }

    /// <summary>The image's id, of a copy into a Docker Engine, which gives an image no digest by that; null of any other.</summary>
    public string? Id { get; init; }

    /// <summary>The digest that the name meant before; null when none.</summary>
    public string? PreviousDigest { get; init; }

    /// <summary>The media type of what <see cref="Digest"/> names; null when the target does not say.</summary>
    public string? MediaType { get; init; }

    /// <summary>
    /// True when the digest is that of the source: false when one platform of an index was taken, or a new index was made (CP1). Null when
    /// nobody knows.
    /// </summary>
    public bool? SameDigest { get; init; }

    /// <summary>Bytes of config and layers that were sent; null, as the next two, of a Docker Engine's own push: it does not say.</summary>
    public long? BytesUploaded { get; init; }

    /// <summary>Bytes that a registry took over from another of its repositories, without sending them.</summary>
    public long? BytesMounted { get; init; }

    /// <summary>Bytes that were there already.</summary>
    public long? BytesExisting { get; init; }

    /// <summary>Requests to the registry that it went to, those for tokens not counted; null where nobody counts.</summary>
    public int? Requests { get; init; }

    /// <summary>What the image is called where it came from: a reference, familiar, or an id.</summary>
    public string Source { get; init; } = "";

    /// <summary>The store that it went to, as <c>-Store</c> takes it.</summary>
    public string Store { get; init; } = "";

    /// <summary>The same, of an image that is called otherwise where it came from.</summary>
    internal ImageTransfer From(string source) => new()
    {
        Reference = Reference,
        Status = Status,
        Digest = Digest,
        Id = Id,
        PreviousDigest = PreviousDigest,
        MediaType = MediaType,

        // The manifest was made of what the Engine gave.
        SameDigest = null,
        BytesUploaded = BytesUploaded,
        BytesMounted = BytesMounted,
        BytesExisting = BytesExisting,
        Requests = Requests,
        Source = source,
        Store = Store,
    };

    /// <inheritdoc/>
    public override string ToString() => Reference;
}
