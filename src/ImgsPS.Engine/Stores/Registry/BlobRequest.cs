using System;
using ImgsPS.Content;

namespace ImgsPS.Stores.Registry;

/// <summary>A blob of a repository, from a byte on. Immutable.</summary>
/// <param name="Repository">The repository.</param>
/// <param name="Uri">Where the registry has it.</param>
/// <param name="Blob">The blob.</param>
/// <param name="Offset">The first byte that is wanted.</param>
internal sealed record BlobRequest(ImageReference Repository, Uri Uri, Descriptor Blob, long Offset);
