using System;
using System.Collections.Generic;
using ImgsPS.Naming;

namespace ImgsPS;

/// <summary>What a removal did, or would do. Immutable.</summary>
public sealed class ImageRemoval
{
    private readonly IReadOnlyList<string> _untagged = TextList.None;
    private readonly IReadOnlyList<string> _deleted = TextList.None;

    /// <summary>What was removed, as the caller named it.</summary>
    public string Image { get; init; } = "";

    /// <summary>
    /// The platform whose image was removed from a name that others of its images keep; null when the name went, or the image had none.
    /// </summary>
    public Platform? Platform { get; init; }

    /// <summary>References that were taken away, familiar, in docker's order (D1, D2).</summary>
    public IReadOnlyList<string> Untagged
    {
        get => _untagged;
        init => _untagged = TextList.Of(value);
    }

    /// <summary>
    /// The image id and then the chain ids of the layers that went, top first (D3); empty when a name is left. In a registry the digests of
    /// the manifests and indexes that were deleted, in that order.
    /// </summary>
    public IReadOnlyList<string> Deleted
    {
        get => _deleted;
        init => _deleted = TextList.Of(value);
    }

    /// <summary>Bytes freed on the disk; 0 also where the store does not know, and for a registry, which frees nothing by itself.</summary>
    public long BytesFreed { get; init; }

    /// <summary>
    /// Of a registry, the bytes of content that nothing else uses that is seen in the repository: its garbage collection may free them
    /// (RD8). Null for other stores, and when nobody asked.
    /// </summary>
    public long? BytesUnreferenced { get; init; }

    /// <summary>What became of it; of a plan what would.</summary>
    public ImageRemovalStatus Status { get; init; }

    /// <summary>True for what -WhatIf says would be done; false for what was done.</summary>
    public bool Planned { get; init; }

    /// <summary>Why nothing was removed, or would be; null where something was, or would be.</summary>
    public string? Reason { get; init; }

    /// <summary>The store, as <c>-Store</c> takes it.</summary>
    public string Store { get; init; } = "";

    /// <inheritdoc/>
    public override string ToString() => Image;
}

/// <summary>What became of a removal.</summary>
public enum ImageRemovalStatus
{
    /// <summary>A name or an image was removed.</summary>
    Removed,

    /// <summary>It was not there any more, and nothing had to be done (RD7).</summary>
    AlreadyGone,

    /// <summary>Nothing was done: the name means another image than it did when it was listed or planned (RD10).</summary>
    Changed,

    /// <summary>Nothing was done: a registry keeps it by a rule of its own, as a lock (RD9).</summary>
    Locked,

    /// <summary>Nothing was done: <see cref="ImageRemoval.Reason"/> says why.</summary>
    Kept,
}
