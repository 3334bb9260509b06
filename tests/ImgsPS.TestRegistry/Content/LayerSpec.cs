using System.Collections.Generic;

namespace ImgsPS.Testing;

/// <summary>A layer to make. The same spec always gives the same bytes.</summary>
public sealed record LayerSpec
{
    /// <summary>Makes a layer with <paramref name="size"/> bytes of pseudo-random data.</summary>
    public LayerSpec(int seed = 0, int size = 1024)
    {
        Seed = seed;
        Size = size;
    }

    /// <summary>Where the pseudo-random data starts; layers of different seeds differ.</summary>
    public int Seed { get; init; }

    /// <summary>Bytes of pseudo-random data (it does not compress, so the blob is a little larger).</summary>
    public int Size { get; init; }

    /// <summary>Text files to add: path in the image to content.</summary>
    public IReadOnlyDictionary<string, string> Files { get; init; } = new Dictionary<string, string>();

    /// <summary>Compressed with gzip; a plain tar otherwise.</summary>
    public bool Gzip { get; init; } = true;

    /// <summary>The media type in the manifest; null for the right one.</summary>
    public string? MediaType { get; init; }

    /// <summary>The layer's <c>urls</c> (foreign layers).</summary>
    public IReadOnlyList<string> Urls { get; init; } = [];
}
