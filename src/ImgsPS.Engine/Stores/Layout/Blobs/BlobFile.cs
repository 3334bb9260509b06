using System;

namespace ImgsPS.Stores.Layout;

/// <summary>A file under <c>blobs/</c>.</summary>
/// <param name="Path">Where it is.</param>
/// <param name="Digest">The digest that it is named by; null when its name is none.</param>
/// <param name="Size">Its bytes.</param>
/// <param name="Time">When it was last written, by the file system's clock, UTC.</param>
internal readonly record struct BlobFile(string Path, Digest? Digest, long Size, DateTime Time);
