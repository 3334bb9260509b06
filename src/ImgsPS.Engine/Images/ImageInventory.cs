using System;
using System.Globalization;

namespace ImgsPS;

/// <summary>
/// An image as a row of an inventory (DU7): the same columns whatever the store, times in ISO 8601 and collections as text, so that a CSV
/// file is the same in every culture. Its names and digests lead the module's commands back to the image. Immutable.
/// </summary>
public sealed class ImageInventory
{
    private readonly Image _image;

    internal ImageInventory(Image image) => _image = image;

    /// <summary>The store, as <c>-Store</c> takes it.</summary>
    public string Store => _image.Store;

    /// <summary>The reference, as <see cref="Image.Reference"/>; null when untagged.</summary>
    public string? Reference => _image.Reference;

    /// <summary>As <see cref="Image.Registry"/>.</summary>
    public string? Registry => _image.Registry;

    /// <summary>As <see cref="Image.Repository"/>.</summary>
    public string? Repository => _image.Repository;

    /// <summary>As <see cref="Image.Tag"/>.</summary>
    public string? Tag => _image.Tag;

    /// <summary>A name that is no reference, as <see cref="Image.RawName"/>.</summary>
    public string? RawName => _image.RawName;

    /// <summary>The image id.</summary>
    public string Id => _image.Id;

    /// <summary>As <see cref="Image.Digest"/>.</summary>
    public string? Digest => _image.Digest;

    /// <summary>As <see cref="Image.ManifestDigest"/>.</summary>
    public string? ManifestDigest => _image.ManifestDigest;

    /// <summary>As <see cref="Image.MediaType"/>.</summary>
    public string? MediaType => _image.MediaType;

    /// <summary>As <see cref="Image.ArtifactType"/>.</summary>
    public string? ArtifactType => _image.ArtifactType;

    /// <summary>The platform: <c>linux/arm64/v8</c>, <c>windows(10.0.20348.2322)/amd64</c>; null when nobody knows.</summary>
    public string? Platform => _image.Platform?.ToString();

    /// <summary>When the image was built: <c>2024-05-01T03:00:00Z</c>; null when the config does not say.</summary>
    public string? Created => Iso(_image.Created);

    /// <summary>Bytes, as <see cref="Image.Size"/>.</summary>
    public long Size => _image.Size;

    /// <summary>The labels: <c>name=value;name=value</c>; empty for none.</summary>
    public string Labels => _image.Labels.ToString() ?? "";

    /// <summary>As <see cref="Image.Author"/>.</summary>
    public string? Author => _image.Author;

    /// <summary>As <see cref="Image.Dangling"/>.</summary>
    public bool Dangling => _image.Dangling;

    /// <summary>As <see cref="Image.Pinned"/>.</summary>
    public bool Pinned => _image.Pinned;

    /// <summary>As <see cref="Image.InUse"/>.</summary>
    public bool InUse => _image.InUse;

    /// <summary>The containers that use the image: <c>web;db</c>; empty for none.</summary>
    public string UsedBy => _image.UsedBy.ToString() ?? "";

    /// <summary>When the reference was last pulled to the store: <c>2024-05-01T03:00:00Z</c>; null when the store does not know.</summary>
    public string? PulledAt => Iso(_image.PulledAt);

    /// <summary>The reference, or the id of an image without one.</summary>
    public override string ToString() => _image.ToString();

    private static string? Iso(DateTimeOffset? time) =>
        time?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
