namespace ImgsPS;

/// <summary>What an optimization took away, or would take away. Immutable.</summary>
public sealed class ImageStoreOptimization
{
    /// <summary>Blobs that nothing names.</summary>
    public int Blobs { get; init; }

    /// <summary>Downloads that nobody was working on.</summary>
    public int Downloads { get; init; }

    /// <summary>Files in the trash, leases without a process, temporary files.</summary>
    public int Leftovers { get; init; }

    /// <summary>Files of the quarantine; 0 unless asked for.</summary>
    public int Quarantined { get; init; }

    /// <summary>Bytes of all these; the same number for a question (<c>-WhatIf</c>) and for what is then done.</summary>
    public long BytesFreed { get; init; }

    /// <summary>The store, as <c>-Store</c> takes it.</summary>
    public string Store { get; init; } = "";

    /// <inheritdoc/>
    public override string ToString() => Store;
}
