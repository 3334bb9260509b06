using System;
using System.Collections.Generic;

namespace ImgsPS.Testing;

/// <summary>An image to make. The same spec always gives the same bytes.</summary>
public sealed record ImageSpec
{
    /// <summary>OCI or Docker media types.</summary>
    public ImageFormat Format { get; init; }

    /// <summary>linux, windows, …; null leaves it out of config and index.</summary>
    public string? OS { get; init; } = "linux";

    /// <summary>amd64, arm64, …; null leaves it out of config and index.</summary>
    public string? Architecture { get; init; } = "amd64";

    /// <summary>v8, v7, …</summary>
    public string? Variant { get; init; }

    /// <summary>10.0.20348.2322 and the like.</summary>
    public string? OSVersion { get; init; }

    /// <summary>win32k and the like.</summary>
    public IReadOnlyList<string> OSFeatures { get; init; } = [];

    /// <summary>The config's created; null leaves it out.</summary>
    public DateTimeOffset? Created { get; init; } = new DateTimeOffset(2024, 1, 15, 8, 30, 0, TimeSpan.Zero);

    /// <summary>The config's labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>The config's author.</summary>
    public string? Author { get; init; }

    /// <summary>The layers, bottom first.</summary>
    public IReadOnlyList<LayerSpec> Layers { get; init; } = [new LayerSpec()];

    /// <summary>Annotations of the manifest.</summary>
    public IReadOnlyDictionary<string, string> Annotations { get; init; } = new Dictionary<string, string>();

    /// <summary>Annotations of the descriptor in an index.</summary>
    public IReadOnlyDictionary<string, string> DescriptorAnnotations { get; init; } = new Dictionary<string, string>();

    /// <summary>False leaves <c>platform</c> out of the descriptor in an index (U8).</summary>
    public bool DescribePlatform { get; init; } = true;

    /// <summary>The manifest's artifactType.</summary>
    public string? ArtifactType { get; init; }

    /// <summary>The config's media type; null for the right one.</summary>
    public string? ConfigMediaType { get; init; }

    /// <summary>Digest of a manifest of the same repository that this one refers to (<c>subject</c>).</summary>
    public string? Subject { get; init; }

    /// <summary>A spec for <c>os/architecture[/variant]</c>.</summary>
    public static ImageSpec For(string platform)
    {
        var parts = platform.Split('/');
        return new ImageSpec { OS = parts[0], Architecture = parts[1], Variant = parts.Length > 2 ? parts[2] : null };
    }
}
