using ImgsPS.Disk;

namespace ImgsPS.Stores.Layout.Maintenance;

/// <summary>The parts of a store that its maintenance works on. Immutable.</summary>
/// <param name="Name">The store, as <c>-Store</c> takes it.</param>
/// <param name="Paths">Where things are.</param>
/// <param name="Files">The disk.</param>
/// <param name="Folder">The folders and files that every store has.</param>
/// <param name="IndexFile">The index.</param>
internal sealed record LayoutParts(string Name, StorePaths Paths, StoreFiles Files, StoreFolder Folder, IndexFile IndexFile)
{
    /// <summary>The blobs, for looking only: what is damaged stays where it is.</summary>
    public BlobFolder Blobs { get; } = new(Paths, Files) { MovesDamage = false };
}
