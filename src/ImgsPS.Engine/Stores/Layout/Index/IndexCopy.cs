using ImgsPS.Disk;

namespace ImgsPS.Stores.Layout;

/// <summary>index.json or its previous copy, as it was read.</summary>
/// <param name="Path">The file.</param>
/// <param name="Bytes">Its bytes; null when it is not there or cannot be read.</param>
/// <param name="Index">What it says; null when it is not there or broken.</param>
/// <param name="Fault">Why it cannot be used; null when it is not there, or good.</param>
internal sealed record IndexCopy(string Path, byte[]? Bytes, LayoutIndex? Index, ImageException? Fault)
{
    /// <summary>True when there is a file.</summary>
    public bool Exists => Bytes is not null || Fault is not null;

    /// <summary>True when there was no file and nothing else of a store either: it is a new one, and its index is not gone.</summary>
    public bool IsNew { get; init; }

    /// <summary>True when something that is no file of the store stands in its place: that is no broken index.</summary>
    public bool IsUnsafe => Fault is not null && StoreFailure.IsUnsafe(Fault);
}
