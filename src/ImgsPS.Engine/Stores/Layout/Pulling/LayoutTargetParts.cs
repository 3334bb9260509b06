using ImgsPS.Disk;

namespace ImgsPS.Stores.Layout;

/// <summary>The parts of a layout that content comes into and is named in. Immutable.</summary>
/// <param name="Paths">Where things are.</param>
/// <param name="Files">The disk.</param>
/// <param name="Blobs">The content.</param>
/// <param name="IndexFile">The index.</param>
/// <param name="Publisher">Who names; one for all copies into the layout, so that they are named together.</param>
internal sealed record LayoutTargetParts(
    StorePaths Paths, StoreFiles Files, BlobFolder Blobs, IndexFile IndexFile, IndexPublisher Publisher);
