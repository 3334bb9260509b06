namespace ImgsPS;

/// <summary>A login at a registry. It has no secret. Immutable.</summary>
public sealed class ImageRegistryLogin
{
    /// <summary>The registry, as references name it: <c>reg.example.com:5000</c>, <c>docker.io</c>.</summary>
    public string Registry { get; init; } = "";

    /// <summary>The user name; null for an identity token, which has none.</summary>
    public string? UserName { get; init; }

    /// <summary>Where the credentials are: the path of Docker's config.json, or a helper: <c>docker-credential-pass</c>.</summary>
    public string StoredIn { get; init; } = "";

    /// <summary>True when the registry took the credentials; false when it asks for none, so that they were not checked.</summary>
    public bool Verified { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Registry;
}
