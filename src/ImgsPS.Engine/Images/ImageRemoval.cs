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

    /// <summary>The image id and then the chain ids of the layers that went, top first (D3); empty when a name is left.</summary>
    public IReadOnlyList<string> Deleted
    {
        get => _deleted;
        init => _deleted = TextList.Of(value);
    }

    /// <summary>Bytes freed on the disk; 0 also where the store does not know.</summary>
    public long BytesFreed { get; init; }

    /// <summary>True for what -WhatIf says would be done; false for what was done.</summary>
    public bool Planned { get; init; }

    /// <summary>Why nothing would be removed, of a plan; null where something would be, or was.</summary>
    public string? Reason { get; init; }

    /// <summary>The store, as <c>-Store</c> takes it.</summary>
    public string Store { get; init; } = "";

    /// <inheritdoc/>
    public override string ToString() => Image;
}
