namespace ImgsPS;

/// <summary>A store in numbers. Immutable.</summary>
public sealed class ImageStoreInfo
{
    /// <summary>The store, as <c>-Store</c> takes it.</summary>
    public string Store { get; init; } = "";

    /// <summary>The store's folder.</summary>
    public string? Path { get; init; }

    /// <summary>Images in the list: one per reference, and the dangling ones.</summary>
    public int Images { get; init; }

    /// <summary>Images without a name.</summary>
    public int Dangling { get; init; }

    /// <summary>Files under <c>blobs/</c>.</summary>
    public int Blobs { get; init; }

    /// <summary>Bytes of all blobs.</summary>
    public long Bytes { get; init; }

    /// <summary>Bytes that removing all dangling images would free.</summary>
    public long ReclaimableBytes { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Store;
}
