using System;
using System.Collections.Generic;
using ImgsPS.Naming;

namespace ImgsPS;

/// <summary>A manifest as a registry or a store has it: one object per platform of an index. Immutable.</summary>
public sealed class ImageManifest
{
    private readonly IReadOnlyDictionary<string, string> _annotations = TextMap.None;
    private readonly ImageLayerList _layers = ImageLayerList.None;
    private readonly string? _artifactType;

    /// <summary>Familiar reference that was asked for.</summary>
    public string Reference { get; init; } = "";

    /// <summary>Digest of this manifest.</summary>
    public string Digest { get; init; } = "";

    /// <summary>Digest of the index it is part of; null when the reference names the manifest itself.</summary>
    public string? IndexDigest { get; init; }

    /// <summary>Media type of this manifest.</summary>
    public string MediaType { get; init; } = "";

    /// <summary>Bytes of the manifest itself.</summary>
    public long Size { get; init; }

    /// <summary>The platform; null when neither the index nor the config says it.</summary>
    public Platform? Platform { get; init; }

    /// <summary>linux, windows, …</summary>
    public string? OS => Platform?.OS;

    /// <summary>10.0.20348.2322 on Windows images; null elsewhere.</summary>
    public string? OSVersion => Platform?.OSVersion;

    /// <summary>amd64, arm64, …</summary>
    public string? Architecture => Platform?.Architecture;

    /// <summary>v8, v7, …; null when there is none.</summary>
    public string? Variant => Platform?.Variant;

    /// <summary>Annotations of the descriptor in the index, or of the manifest itself when there is no index.</summary>
    public IReadOnlyDictionary<string, string> Annotations
    {
        get => _annotations;
        init => _annotations = TextMap.Of(value);
    }

    /// <summary>The artifact's type; null for images.</summary>
    public string? ArtifactType
    {
        get => _artifactType;
        init => _artifactType = DataText.Of(value);
    }

    /// <summary>Digest of the config (the image id); null when the manifest itself was not read.</summary>
    public string? ConfigDigest { get; init; }

    /// <summary>The layers, bottom first; empty when the manifest itself was not read.</summary>
    public IReadOnlyList<ImageLayer> Layers
    {
        get => _layers;
        init => _layers = ImageLayerList.Of(value);
    }

    /// <summary>Bytes of config and layers, a repeated layer counted once; null when the manifest itself was not read.</summary>
    public long? ContentSize { get; init; }

    /// <summary><c>reference (platform)</c>.</summary>
    public override string ToString() => Platform is null ? Reference : $"{Reference} ({Platform})";
}
