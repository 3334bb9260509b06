using System;
using System.Collections.Generic;
using System.Linq;
using ImgsPS.Naming;

namespace ImgsPS;

/// <summary>
/// One row of an image list: one platform's image, with the reference that names it, or without a name. A reference that leads to several
/// platforms is several rows (FF2). Immutable. The same type whatever the store.
/// </summary>
public sealed class Image
{
    private readonly DateTimeOffset? _pulledAt;
    private readonly DateTimeOffset? _created;
    private readonly IReadOnlyDictionary<string, string> _labels = TextMap.None;
    private readonly ImageLayerList _layers = ImageLayerList.None;
    private readonly string? _author;
    private IReadOnlyList<string> _usedBy = TextList.None;
    private bool _inUse;

    /// <summary>
    /// Familiar reference, as docker shows it: <c>ubuntu:24.04</c>, <c>app@sha256:…</c> for an image pulled by digest; null when untagged,
    /// and when the name is no reference.
    /// </summary>
    public string? Reference { get; init; }

    /// <summary>
    /// The name that another tool gave the image, or a Docker Engine tells, where it is no reference: as it stands, but fit for a terminal.
    /// Null for every other image. <see cref="Reference"/> is null then: as text it would mean something else, <c>*</c> every image.
    /// </summary>
    public string? RawName { get; init; }

    /// <summary>What the row is called: the reference, or the name that is none; null when untagged.</summary>
    internal string? Name => Reference ?? RawName;

    /// <summary>The registry's host: <c>docker.io</c>; null when untagged.</summary>
    public string? Registry { get; init; }

    /// <summary>Familiar repository, as docker's column: <c>ubuntu</c>, <c>reg:5000/team/app</c>; null when untagged.</summary>
    public string? Repository { get; init; }

    /// <summary>The tag; null for an image pulled by digest or untagged.</summary>
    public string? Tag { get; init; }

    /// <summary>The image id: digest of the config, <c>sha256:…</c> (L2).</summary>
    public string Id { get; init; } = "";

    /// <summary>Digest of the manifest or index that the reference named.</summary>
    public string? Digest { get; init; }

    /// <summary>
    /// Digest of the manifest of this platform's image: that of the index's entry, or <see cref="Digest"/> where that is no index. Null
    /// where the store does not know it.
    /// </summary>
    public string? ManifestDigest { get; init; }

    /// <summary>True for one of several images of a name in a registry's list of all platforms: the name is not removed for its sake.</summary>
    internal bool IsPart { get; init; }

    /// <summary>Media type of what <see cref="Digest"/> names.</summary>
    public string? MediaType { get; init; }

    /// <summary>
    /// What an artifact is (a chart, a signature, a bill of materials), which <c>Get-Image -All</c> lists beside images; null for an image.
    /// The <see cref="Id"/> of an artifact is the digest of its manifest.
    /// </summary>
    public string? ArtifactType { get; init; }

    /// <summary>When the image was built (config.created), in UTC; null when the config does not say (L4).</summary>
    public DateTimeOffset? Created
    {
        get => _created;
        init => _created = ImageTime.Of(value);
    }

    /// <summary>Bytes of the image's content in the store: for the local store config and layers as they are kept, compressed.</summary>
    public long Size { get; init; }

    /// <summary>
    /// Bytes of <see cref="Size"/> that another image of the store uses too (DU1); null when nobody asked, or nobody knows.
    /// </summary>
    public long? SharedSize { get; private set; }

    /// <summary>Bytes of <see cref="Size"/> that no other image of the store uses; null when <see cref="SharedSize"/> is.</summary>
    public long? UniqueSize => SharedSize is { } shared ? Math.Max(0, Size - shared) : null;

    /// <summary>
    /// Bytes of the image's files when they are unpacked; null where the store does not know. A Docker Engine knows nothing else:
    /// <see cref="Size"/> is the same number there.
    /// </summary>
    public long? UnpackedSize { get; init; }

    /// <summary>The platform, <c>linux/arm64/v8</c>; null when the config does not say.</summary>
    public Platform? Platform { get; init; }

    /// <summary>linux, windows, …</summary>
    public string? OS => Platform?.OS;

    /// <summary>10.0.20348.2322 on Windows images; null elsewhere.</summary>
    public string? OSVersion => Platform?.OSVersion;

    /// <summary>amd64, arm64, …</summary>
    public string? Architecture => Platform?.Architecture;

    /// <summary>v8, v7, …; null when there is none.</summary>
    public string? Variant => Platform?.Variant;

    /// <summary>The config's labels; empty when there are none.</summary>
    public IReadOnlyDictionary<string, string> Labels
    {
        get => _labels;
        init => _labels = TextMap.Of(value);
    }

    /// <summary>The config's author, or null.</summary>
    public string? Author
    {
        get => _author;
        init => _author = DataText.Of(value);
    }

    /// <summary>The layers, bottom first, with digest, diff id, size and media type; the rest is Get-ImageLayer's.</summary>
    public IReadOnlyList<ImageLayer> Layers
    {
        get => _layers;
        init => _layers = ImageLayerList.Of(value);
    }

    /// <summary>
    /// True when nothing names the image any more: it has no name, or only a digest of a repository whose tags name other images by now
    /// (FF4).
    /// </summary>
    public bool Dangling { get; init; }

    /// <summary>True when the name is a digest alone and the image is not <see cref="Dangling"/>: it was pulled so.</summary>
    public bool Pinned { get; init; }

    /// <summary>
    /// True when a container uses the image: of its Docker Engine, or of one that <c>Get-Image -InUseOn</c> names.
    /// </summary>
    public bool InUse
    {
        get => _inUse;
        init => _inUse = value;
    }

    /// <summary>
    /// The containers that use the image, running or not: their names, and with <c>-InUseOn</c> <c>name (id) on docker:web1</c>.
    /// </summary>
    public IReadOnlyList<string> UsedBy
    {
        get => _usedBy;
        init => _usedBy = TextList.Of(value);
    }

    /// <summary>When this reference was last pulled to the store, in UTC; null when the store does not know.</summary>
    public DateTimeOffset? PulledAt
    {
        get => _pulledAt;
        init => _pulledAt = value?.ToUniversalTime();
    }

    /// <summary>
    /// What a pull brought: <c>Downloaded</c>, content that was not there; <c>UpToDate</c>, nothing; <c>Moved</c>, the reference named
    /// another image before (<see cref="PreviousDigest"/>). An import says <c>Imported</c> instead of the first. Null for an image of a
    /// list.
    /// </summary>
    public string? Status { get; private set; }

    /// <summary>The digest that the reference named before a pull moved it; null when it did not.</summary>
    public string? PreviousDigest { get; private set; }

    /// <summary>The store the image is in, as <c>-Store</c> takes it.</summary>
    public string Store { get; init; } = "";

    /// <summary>This image with what it shares.</summary>
    internal Image WithSharedSize(long? bytes)
    {
        var image = (Image)MemberwiseClone();
        image.SharedSize = bytes;
        return image;
    }

    /// <summary>This image with more containers that use it.</summary>
    internal Image WithUsers(IEnumerable<string> users)
    {
        var image = (Image)MemberwiseClone();
        image._inUse = true;
        image._usedBy = TextList.Of(_usedBy.Concat(users).Distinct().OrderBy(user => user, StringComparer.Ordinal).ToArray());
        return image;
    }

    /// <summary>This image as a pull brought it.</summary>
    /// <param name="previous">The digest that the reference named before the pull; null for none.</param>
    /// <param name="isUpToDate">True when there was nothing to fetch.</param>
    internal Image Pulled(string? previous, bool isUpToDate) => Brought(previous, isUpToDate, "Downloaded");

    /// <summary>As <see cref="Pulled"/>, by an import.</summary>
    internal Image Imported(string? previous, bool isUpToDate) => Brought(previous, isUpToDate, "Imported");

    private Image Brought(string? previous, bool isUpToDate, string status)
    {
        var pulled = (Image)MemberwiseClone();
        var isMoved = previous is not null && previous != Digest;
        pulled.Status = isMoved ? "Moved" : isUpToDate ? "UpToDate" : status;
        pulled.PreviousDigest = isMoved ? previous : null;
        return pulled;
    }

    /// <summary>The reference, so that <c>docker run "$image"</c> works; the id of an image without one.</summary>
    public override string ToString() => Reference ?? Id;
}
