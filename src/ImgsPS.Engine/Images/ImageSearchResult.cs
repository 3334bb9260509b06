namespace ImgsPS;

/// <summary>A repository that a search found. Immutable.</summary>
public sealed class ImageSearchResult
{
    /// <summary>Familiar name, usable as a reference: <c>nginx</c>, <c>reg:5000/team/app</c>.</summary>
    public string Name { get; init; } = "";

    /// <summary>What the repository says of itself; empty when the registry has none.</summary>
    public string Description { get; init; } = "";

    /// <summary>Stars; 0 where the registry has none.</summary>
    public int Stars { get; init; }

    /// <summary>True for Docker's official images.</summary>
    public bool Official { get; init; }

    /// <summary>The registry that answered: <c>docker.io</c>.</summary>
    public string Registry { get; init; } = "";

    /// <summary>The name.</summary>
    public override string ToString() => Name;
}
