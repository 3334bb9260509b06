using ImgsPS.Stores.Filtering;

namespace ImgsPS.Stores;

/// <summary>What to list.</summary>
internal sealed record ListRequest
{
    /// <summary>Every image that <c>docker images</c> shows.</summary>
    public static readonly ListRequest Default = new();

    /// <summary>All names, and nothing of the images that costs another question.</summary>
    public static readonly ListRequest Names = new() { NamesOnly = true };

    /// <summary>Which images pass.</summary>
    public ImageFilter Filter { get; init; } = ImageFilter.None;

    /// <summary>Untagged parents of other images too (L6), and artifacts (FF23), where the store has them.</summary>
    public bool All { get; init; }

    /// <summary>Every platform of an index where the list asks for one, in a registry.</summary>
    public bool AllPlatforms { get; init; }

    /// <summary>True when the bytes are asked for that images share, which cost another question to a Docker Engine.</summary>
    public bool Detailed { get; init; }

    /// <summary>
    /// True when platform, author and layers may be left out; in a registry everything but the names, which then come from the lists of
    /// tags alone.
    /// </summary>
    public bool NamesOnly { get; init; }
}
