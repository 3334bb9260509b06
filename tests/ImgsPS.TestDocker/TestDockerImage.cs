using System;
using System.Collections.Generic;

namespace ImgsPS.Testing;

/// <summary>A layer of an image that was built on the engine.</summary>
/// <param name="DiffId"><c>sha256:…</c> of its tar.</param>
/// <param name="Size">Bytes of its files.</param>
public sealed record TestDockerLayer(string DiffId, long Size)
{
    /// <summary>A layer of pseudo-random identity: the same seed gives the same diff id.</summary>
    public static TestDockerLayer Make(int seed, long size = 1000) => new(ImageBuilder.DigestOf(BitConverter.GetBytes(seed)), size);
}

/// <summary>An image that was built on the engine. The same image always gets the same id.</summary>
public sealed record TestDockerImage
{
    /// <summary>References with tag.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>References with digest.</summary>
    public IReadOnlyList<string> RepoDigests { get; init; } = [];

    /// <summary>Nanoseconds since 1970; null: the config has no created (Go's zero time).</summary>
    public long? Created { get; init; } = 1_705_307_400_000_000_000;

    /// <summary>The config's labels; null for none.</summary>
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>The layers, bottom first.</summary>
    public IReadOnlyList<TestDockerLayer> Layers { get; init; } = [TestDockerLayer.Make(0)];

    /// <summary>Reference or id of the image that it was built from, or null.</summary>
    public string? Parent { get; init; }

    /// <summary><c>os/architecture[/variant]</c>; null for the engine's.</summary>
    public string? Platform { get; init; }

    /// <summary>The whole config document; null: made of the other members. Its digest is the id.</summary>
    public string? Config { get; init; }
}
