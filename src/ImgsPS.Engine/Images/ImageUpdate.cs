using System;
using System.Collections.Generic;
using ImgsPS.Naming;

namespace ImgsPS;

/// <summary>What an image's registry says of its name by now: whether there is something newer. Immutable.</summary>
public sealed class ImageUpdate
{
    private readonly IReadOnlyList<string> _usedBy = TextList.None;
    private readonly string? _reason;
    private readonly DateTimeOffset? _retryAt;

    /// <summary>Familiar reference of the image, as other commands take it; null when it has none.</summary>
    public string? Reference { get; init; }

    /// <summary>What was found. The first that is true, in the order of the values.</summary>
    public ImageUpdateStatus Status { get; init; }

    /// <summary>
    /// The newest tag of the same variant, with as many numbers, that is newer than the image's; null for none, and when nobody asked for
    /// tags.
    /// </summary>
    public string? NewTag { get; init; }

    /// <summary>Repository and <see cref="NewTag"/>, as other commands take them; null when that is.</summary>
    public string? NewReference { get; init; }

    /// <summary>The image id: digest of the config.</summary>
    public string? Id { get; init; }

    /// <summary>Digest of the manifest or index that the name leads to in the store; null where the store does not know it.</summary>
    public string? Digest { get; init; }

    /// <summary>Digest of the manifest or index that the name leads to in its registry now; null when that is not known.</summary>
    public string? RegistryDigest { get; init; }

    /// <summary>
    /// True when the name leads to another index in its registry than in the store, and the image of this platform is the same: only other
    /// platforms changed, or attestations.
    /// </summary>
    public bool IndexChanged { get; init; }

    /// <summary>By what the image in the store and that in the registry were compared.</summary>
    public ImageUpdateEvidence Evidence { get; init; }

    /// <summary>The platform of the image; null when it is not known.</summary>
    public Platform? Platform { get; init; }

    /// <summary>True when the name has a digest: a pull of it brings the same image for ever.</summary>
    public bool Pinned { get; init; }

    /// <summary>True when a container uses the image.</summary>
    public bool InUse { get; init; }

    /// <summary>Names of the containers that use the image, and have to be made anew to use a newer one.</summary>
    public IReadOnlyList<string> UsedBy
    {
        get => _usedBy;
        init => _usedBy = TextList.Of(value);
    }

    /// <summary>Familiar reference of the image that this one is built on; null when it is not known, or was not asked for.</summary>
    public string? BaseName { get; init; }

    /// <summary>Digest of that image when this one was built; null when the image does not say.</summary>
    public string? BaseDigest { get; init; }

    /// <summary>Digest of the manifest or index that <see cref="BaseName"/> leads to now; null when that is not known.</summary>
    public string? NewBaseDigest { get; init; }

    /// <summary>Why the status is what it is, in one printable line; null when there is no more to say.</summary>
    public string? Reason
    {
        get => _reason;
        init => _reason = DataText.Of(value);
    }

    /// <summary>What kind of failure kept the question from being answered, which the command also told; null when none did.</summary>
    public ImageErrorKind? Error { get; init; }

    /// <summary>
    /// When a registry that had too many requests can be asked again, in UTC, at the latest; null when it does not say, and when none had.
    /// </summary>
    public DateTimeOffset? RetryAt
    {
        get => _retryAt;
        init => _retryAt = value?.ToUniversalTime();
    }

    /// <summary>The store that the image is in, as <c>-Store</c> takes it.</summary>
    public string Store { get; init; } = "";

    /// <summary>The reference, or the id of an image without one.</summary>
    public override string ToString() => Reference ?? Id ?? "";
}

/// <summary>What a question for something newer found.</summary>
public enum ImageUpdateStatus
{
    /// <summary>It could not be found out; <see cref="ImageUpdate.Reason"/> says why.</summary>
    Unknown,

    /// <summary>The registry has nothing of this name any more, or nothing for this platform.</summary>
    Gone,

    /// <summary>The name leads to another image by now.</summary>
    NewDigest,

    /// <summary>There is a newer version.</summary>
    NewTag,

    /// <summary>The image that this one is built on is another by now.</summary>
    BaseChanged,

    /// <summary>Nothing newer.</summary>
    Current,
}

/// <summary>By what two images were compared.</summary>
public enum ImageUpdateEvidence
{
    /// <summary>By nothing.</summary>
    None,

    /// <summary>By the digest of an index or of a manifest.</summary>
    Digest,

    /// <summary>By the digest of the config, the image id: the store does not know the digest of the manifest.</summary>
    Config,
}
