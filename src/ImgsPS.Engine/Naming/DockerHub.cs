namespace ImgsPS.Naming;

/// <summary>The names of Docker Hub: one registry, four spellings (N1, N11).</summary>
internal static class DockerHub
{
    /// <summary>The registry in canonical references.</summary>
    public const string Registry = "docker.io";

    /// <summary>An older name that references may carry; it is read as <see cref="Registry"/>.</summary>
    public const string LegacyRegistry = "index.docker.io";

    /// <summary>The host that answers the distribution protocol.</summary>
    public const string Host = "registry-1.docker.io";

    /// <summary>The key of Hub's credentials in Docker's config.json.</summary>
    public const string CredentialKey = "https://index.docker.io/v1/";

    /// <summary>The namespace of official images; <c>ubuntu</c> is short for <c>library/ubuntu</c>.</summary>
    public const string OfficialPrefix = "library/";

    /// <summary>The tag that is meant when there is neither tag nor digest (N7).</summary>
    public const string DefaultTag = "latest";
}
