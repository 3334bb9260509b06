using System;
using System.Collections.Generic;
using ImgsPS.Naming;

namespace ImgsPS;

/// <summary>A store in numbers. Immutable. What a kind of store does not have is null.</summary>
public sealed class ImageStoreInfo
{
    private readonly string? _version;
    private readonly string? _apiVersion;
    private readonly string? _driver;
    private readonly string? _defaultRegistry;
    private readonly string? _rateLimitSource;
    private readonly IReadOnlyList<string> _registryMirrors = TextList.None;
    private readonly IReadOnlyList<string> _insecureRegistries = TextList.None;

    /// <summary>The store, as <c>-Store</c> takes it.</summary>
    public string Store { get; init; } = "";

    /// <summary>What keeps the images: <c>layout</c>, <c>docker</c>, <c>registry</c>, or <c>archive</c>.</summary>
    public string Kind { get; init; } = "";

    /// <summary>A local store's folder; an archive's file; a Docker Engine's data folder on its host.</summary>
    public string? Path { get; init; }

    /// <summary>A Docker Engine's address, <c>unix:///var/run/docker.sock</c>, or a registry's: <c>https://reg.example.com</c>.</summary>
    public string? Address { get; init; }

    /// <summary>A Docker Engine's version: <c>28.2.2</c>.</summary>
    public string? Version
    {
        get => _version;
        init => _version = DataText.Of(value);
    }

    /// <summary>The version of the API that is spoken with a Docker Engine: <c>1.41</c>.</summary>
    public string? ApiVersion
    {
        get => _apiVersion;
        init => _apiVersion = DataText.Of(value);
    }

    /// <summary>What a Docker Engine keeps layers with: <c>overlay2</c>, <c>windowsfilter</c>, <c>overlayfs (containerd)</c>.</summary>
    public string? Driver
    {
        get => _driver;
        init => _driver = DataText.Of(value);
    }

    /// <summary>A Docker Engine's platform: <c>linux/amd64</c>.</summary>
    public Platform? Platform { get; init; }

    /// <summary>Repositories of a registry, or those of them that the store is; null where it does not list them.</summary>
    public int? Repositories { get; init; }

    /// <summary>
    /// How many requests a registry allows in a <see cref="RateLimitWindow"/>; of Docker Hub how many pulls. Null when it does not say.
    /// </summary>
    public long? RateLimit { get; init; }

    /// <summary>How many of them are left; null when the registry does not say.</summary>
    public long? RateLimitRemaining { get; init; }

    /// <summary>How long the window is; null when the registry does not say.</summary>
    public TimeSpan? RateLimitWindow { get; init; }

    /// <summary>
    /// When all are allowed again, in UTC: as the registry says, else at the latest, a whole window from now. Null when neither is known,
    /// and when none was used.
    /// </summary>
    public DateTimeOffset? RateLimitReset { get; init; }

    /// <summary>Who the limit counts for, where Docker Hub says it: an address, or the number of a user.</summary>
    public string? RateLimitSource
    {
        get => _rateLimitSource;
        init => _rateLimitSource = DataText.Of(value);
    }

    /// <summary>
    /// Images in the list: one per reference, and the dangling ones. Null for a registry, which would have to be asked for each.
    /// </summary>
    public int? Images { get; init; }

    /// <summary>Images that nothing names any more, as <see cref="Image.Dangling"/>; null for a registry, which does not tell.</summary>
    public int? Dangling { get; init; }

    /// <summary>Names by digest alone, as <see cref="Image.Pinned"/>; null for a registry.</summary>
    public int? Pinned { get; init; }

    /// <summary>Images of the list that containers use; null for a registry.</summary>
    public int? InUse { get; init; }

    /// <summary>Files under <c>blobs/</c> of a local store.</summary>
    public int? Blobs { get; init; }

    /// <summary>Bytes of all content: of all blobs, or of all layers; null where a Docker Engine does not say.</summary>
    public long? Bytes { get; init; }

    /// <summary>
    /// Bytes that removing all dangling images that no container uses would free; of a Docker Engine a lower bound, layers that only dangling
    /// images share are not in it; null where it does not say.
    /// </summary>
    public long? ReclaimableBytes { get; init; }

    /// <summary>
    /// Bytes that removing all images without containers would free (<c>docker system df</c>, RECLAIMABLE); null for a store that knows no
    /// containers.
    /// </summary>
    public long? UnusedBytes { get; init; }

    /// <summary>
    /// The registry that a Docker Engine asks for a name without one, as references name it: <c>docker.io</c>. Null when it does not say.
    /// </summary>
    public string? DefaultRegistry
    {
        get => _defaultRegistry;
        init => _defaultRegistry = DataText.Of(value);
    }

    /// <summary>Mirrors that a Docker Engine asks before Docker Hub.</summary>
    public IReadOnlyList<string> RegistryMirrors
    {
        get => _registryMirrors;
        init => _registryMirrors = TextList.Of(value);
    }

    /// <summary>
    /// Registries, or networks of registries, that a Docker Engine talks to without TLS or without checking certificates.
    /// </summary>
    public IReadOnlyList<string> InsecureRegistries
    {
        get => _insecureRegistries;
        init => _insecureRegistries = TextList.Of(value);
    }

    /// <inheritdoc/>
    public override string ToString() => Store;
}
