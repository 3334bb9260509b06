using System;
using System.Collections.Generic;
using ImgsPS.Naming;

namespace ImgsPS;

/// <summary>
/// A layer of an image, as Get-ImageLayer writes it. Immutable. The layers of an <see cref="Image"/> have less.
/// </summary>
public sealed class ImageLayer
{
    private readonly DateTimeOffset? _created;
    private readonly string? _createdBy;
    private readonly IReadOnlyList<string> _sharedWith = TextList.None;

    /// <summary>Familiar reference of the image that was asked for; null in a list, and for an untagged image.</summary>
    public string? Reference { get; init; }

    /// <summary>Digest of the layer as it is distributed (mostly compressed); null where the store does not know it.</summary>
    public string? Digest { get; init; }

    /// <summary>Digest of the layer's tar; null when the config was not read.</summary>
    public string? DiffId { get; init; }

    /// <summary>Digest of this layer and all below it (U10); null in a list.</summary>
    public string? ChainId { get; init; }

    /// <summary>
    /// Bytes: as distributed in the local store and in a registry, unpacked in a Docker Engine; null where a Docker Engine's history leaves
    /// it open.
    /// </summary>
    public long? Size { get; init; }

    /// <summary>The layer's media type; null where the store does not know it.</summary>
    public string? MediaType { get; init; }

    /// <summary>When the layer was made, in UTC; null when the history does not say, or does not fit the layers.</summary>
    public DateTimeOffset? Created
    {
        get => _created;
        init => _created = ImageTime.Of(value);
    }

    /// <summary>The command that made the layer; null as for <see cref="Created"/>.</summary>
    public string? CreatedBy
    {
        get => _createdBy;
        init => _createdBy = DataText.Of(value);
    }

    /// <summary>
    /// The other images of the store that have the layer at the same place, on the same layers: references, or the ids of untagged images,
    /// in ordinal order.
    /// </summary>
    public IReadOnlyList<string> SharedWith
    {
        get => _sharedWith;
        init => _sharedWith = TextList.Of(value);
    }

    /// <summary>The store, as <c>-Store</c> takes it; null in a list.</summary>
    public string? Store { get; init; }

    /// <summary>The digest, or the diff id.</summary>
    public override string ToString() => Digest ?? DiffId ?? "";
}
