using ImgsPS.Content;
using ImgsPS.Layers;

namespace ImgsPS.Stores.Archive;

/// <summary>What became of a file of an archive: it is in the store, or in memory.</summary>
/// <param name="Content">Its digest and size; the media type is that of nothing.</param>
/// <param name="Compression">How it is compressed, by its first bytes.</param>
internal sealed record StoredMember(Descriptor Content, Compression Compression)
{
    /// <summary>Its bytes, of a small one; null for one that is in the store.</summary>
    public byte[]? Bytes { get; init; }

    /// <summary>The digest of its bytes without compression, when that is known.</summary>
    public Digest? DiffId { get; init; }
}
