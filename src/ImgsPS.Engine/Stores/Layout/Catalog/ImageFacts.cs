using System;
using System.Collections.Generic;
using System.Linq;
using ImgsPS.Content;

namespace ImgsPS.Stores.Layout;

/// <summary>What a manifest or an index says, as far as a list shows it. Immutable; true for ever, since it belongs to a digest.</summary>
internal abstract class DocumentFacts
{
    /// <summary>What it is about (a signature's image); null for most.</summary>
    public Digest? Subject { get; init; }
}

/// <summary>What an index says.</summary>
internal sealed class IndexFacts : DocumentFacts
{
    public IndexFacts(IReadOnlyList<Descriptor> children) => Children = children;

    /// <summary>Its manifests, in its order, whether they are in the store or not.</summary>
    public IReadOnlyList<Descriptor> Children { get; }
}

/// <summary>What a manifest and its config say.</summary>
internal sealed class ManifestFacts : DocumentFacts
{
    public ManifestFacts(Descriptor config, IReadOnlyList<ImageLayer> layers)
    {
        Config = config;
        Layers = layers;
        var counted = new HashSet<string>(StringComparer.Ordinal) { config.Digest.ToString() };
        ContentSize = config.Size;
        foreach (var layer in layers)
        {
            ContentSize += counted.Add(layer.Digest!) ? layer.Size!.Value : 0;
        }
    }

    /// <summary>The config: its digest is the image's id.</summary>
    public Descriptor Config { get; }

    /// <summary>False for an artifact (U11); of it only the type is known.</summary>
    public bool IsImage { get; init; }

    /// <summary>What an artifact is; null for an image.</summary>
    public string? ArtifactType { get; init; }

    /// <summary>False when the config could not be read, and so only what the manifest says is known.</summary>
    public bool IsComplete { get; init; }

    /// <summary>The layers, bottom first.</summary>
    public IReadOnlyList<ImageLayer> Layers { get; }

    /// <summary>Bytes of config and layers; content that stands twice is kept, and counted, once.</summary>
    public long ContentSize { get; }

    public DateTimeOffset? Created { get; init; }

    public string? Author { get; init; }

    public Platform? Platform { get; init; }

    public IReadOnlyDictionary<string, string> Labels { get; init; } = Descriptor.Empty;

    /// <summary>What a manifest says, and its config when it is there.</summary>
    public static ManifestFacts Of(Manifest manifest, ConfigDocument? config)
    {
        return new ManifestFacts(manifest.Config, ImageLayerView.Plain(manifest, config))
        {
            Subject = manifest.Subject?.Digest,
            IsImage = manifest.IsImage,
            ArtifactType = manifest.Kind,
            IsComplete = config is not null || !manifest.IsImage,
            Created = config?.Created,
            Author = config?.Author,
            Platform = config?.Platform,
            Labels = config?.Labels ?? Descriptor.Empty,
        };
    }
}
