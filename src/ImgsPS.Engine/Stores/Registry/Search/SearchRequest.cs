namespace ImgsPS.Stores.Registry;

/// <summary>What to search for.</summary>
/// <param name="Term">The text; <c>host:port/x</c> asks that host (S4).</param>
internal sealed record SearchRequest(string Term)
{
    /// <summary>The registry to ask; null for the one in the term, else docker.io.</summary>
    public string? Registry { get; init; }

    /// <summary>The store whose repositories alone are meant; null for all of the registry.</summary>
    public RegistryAddress? Within { get; init; }

    /// <summary>1..100 (S1); 0 means the default.</summary>
    public int Limit { get; init; } = 25;

    /// <summary>Only official images; applied after the limit (S3).</summary>
    public bool Official { get; init; }

    /// <summary>Only repositories with at least as many stars; applied after the limit (S3).</summary>
    public int MinimumStars { get; init; }

    /// <summary>How to talk to the registry.</summary>
    public RegistryOptions Options { get; init; } = RegistryOptions.Default;
}
