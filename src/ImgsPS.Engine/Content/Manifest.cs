using System;
using System.Collections.Generic;
using System.Linq;

namespace ImgsPS.Content;

/// <summary>One image's manifest: config and layers. Or an artifact's, which has the same form. Immutable.</summary>
internal sealed class Manifest : ManifestDocument
{
    /// <summary>Most layers of an image that is pulled (RN26).</summary>
    public const int MaxLayers = 512;

    public Descriptor Config { get; init; } = null!;

    /// <summary>The layers, bottom first.</summary>
    public IReadOnlyList<Descriptor> Layers { get; init; } = Array.Empty<Descriptor>();

    /// <summary>
    /// True when the config is one of an image (U11) and there are layers, or none at all; an artifact otherwise. The types that say nothing
    /// are what old registries made of Docker's; an artifact may have such a config too, but then says its own type. A signature has an
    /// image's config and documents for layers (FF23).
    /// </summary>
    public bool IsImage => HasImageConfig && (Layers.Count == 0 || !Layers.All(layer => MediaTypes.IsDocument(layer.MediaType)));

    /// <summary>What an artifact is: its own type, else its config's, else that of its first document. Null for an image.</summary>
    public string? Kind => IsImage ? null : ArtifactType ?? (HasImageConfig ? Layers[0].MediaType : Config.MediaType);

    /// <summary>Bytes of config and layers; a layer that stands there twice counts once.</summary>
    public long ContentSize => Config.Size + Layers.GroupBy(layer => layer.Digest).Sum(layer => layer.First().Size);

    private bool HasImageConfig => Config.MediaType switch
    {
        MediaTypes.OciConfig or MediaTypes.DockerConfig => true,
        "application/octet-stream" or "application/json" or "text/html" or "" => ArtifactType is null,
        _ => false,
    };

    /// <summary>Refuses an artifact where an image is wanted.</summary>
    /// <param name="name">What the user calls it.</param>
    /// <exception cref="ImageException">NotSupported.</exception>
    public void EnsureImage(string name)
    {
        if (!IsImage)
        {
            throw new ImageException(
                ImageErrorKind.NotSupported,
                $"{name} is not an image but an artifact of type {Kind}",
                "Get-ImageManifest shows what it is.");
        }
    }

    /// <summary>Refuses to pull an image of too many layers (RN26).</summary>
    /// <exception cref="ImageException">TooLarge.</exception>
    public void EnsurePulled()
    {
        if (Layers.Count > MaxLayers)
        {
            throw OwnLimit.Exceeded(
                $"the manifest {Digest} has {Layers.Count} layers", $"pulls at most {MaxLayers}",
                "Docker makes no image of more than 127. Get-ImageManifest and Get-ImageLayer show it all the same.");
        }
    }

    internal static Manifest Read(StrictObject root, byte[] bytes, Digest digest, string mediaType) => new()
    {
        Bytes = bytes,
        Digest = digest,
        MediaType = mediaType,
        Annotations = root.TextMap("annotations"),
        ArtifactType = root.MediaType("artifactType", mayBeEmpty: true),
        Subject = Descriptor.ReadSubject(root),
        Config = Descriptor.Read(
            root.Object("config", Descriptor.Known) ?? throw root.Fail("config", "is missing"),
            untyped: mediaType == MediaTypes.DockerManifest),
        Layers = root.RequiredObjects("layers", Descriptor.Known).Select(layer => Descriptor.Read(layer)).ToArray(),
    };
}
