using System;
using System.Collections.Generic;
using System.Linq;
using ImgsPS.Content;
using ImgsPS.Naming;

namespace ImgsPS.Stores.Archive;

/// <summary>The layers that a delta archive leaves out, since its reader has them (AR13); none for another archive. Immutable.</summary>
internal sealed class DeltaList
{
    /// <summary>Images that a message names.</summary>
    private const int Named = 5;

    private static readonly string[] s_known = ["version", "layers"];
    private static readonly string[] s_layer = ["digest", "size", "diffId", "images"];

    private readonly Dictionary<Digest, DeltaLayer> _byDigest = new();

    private DeltaList(IEnumerable<DeltaLayer> layers)
    {
        foreach (var layer in layers)
        {
            _byDigest[layer.Layer.Digest] = layer;
        }
    }

    /// <summary>Reads the document; null is one of an archive that leaves out nothing.</summary>
    /// <exception cref="ImageException">InvalidData. NotSupported: a later version of it.</exception>
    public static DeltaList Parse(byte[]? bytes)
    {
        if (bytes is null)
        {
            return new([]);
        }

        using var json = StrictJson.Parse(Utf8Text.Of(bytes), ArchiveMembers.Delta);
        var root = new StrictObject(json.RootElement, ArchiveMembers.Delta, "", s_known);
        var version = root.Integer("version");
        return version == 1 ? new(root.RequiredObjects("layers", s_layer).Select(Read)) : throw new ImageException(
            ImageErrorKind.NotSupported, $"the delta archive is of version {version}",
            "A later version of ImgsPS wrote it: update the module.");

        static DeltaLayer Read(StrictObject layer) => new(
            new Descriptor("", layer.Digest("digest"), layer.Integer("size")), layer.Digest("diffId"), layer.TextList("images"));
    }

    /// <summary>What the list says of a layer by its digest; null when it was not left out.</summary>
    public DeltaLayer? Find(Digest digest) => _byDigest.TryGetValue(digest, out var layer) ? layer : null;

    /// <summary>The failure of a store that does not have what was left out.</summary>
    public static ImageException NotThere(IReadOnlyCollection<DeltaLayer> layers)
    {
        var images = layers.SelectMany(l => l.Images).Distinct(StringComparer.Ordinal)
            .Select(name => ImageReference.TryParse(name, out var read) ? read.Familiar : PrintableText.Of(name)).ToList();
        var shown = string.Join(", ", images.Take(Named)) + (images.Count > Named ? $" and {images.Count - Named} others" : "");
        return new ImageException(
            ImageErrorKind.Incomplete,
            $"the archive leaves out {(layers.Count == 1 ? "a layer" : $"{layers.Count} layers")} that this store does not have: "
                + string.Join(", ", layers.Take(Named).Select(l => l.Layer.Digest.ToString())),
            (images.Count == 0 ? "It was" : $"Bring {shown} here first: it was")
                + " made with -Except for a store that has them. Or export the image without -Except.");
    }
}

/// <summary>A layer that was left out.</summary>
/// <param name="Layer">Its digest and size; the media type is that of nothing.</param>
/// <param name="DiffId">The digest of its tar.</param>
/// <param name="Images">The images that have it, for a message.</param>
internal sealed record DeltaLayer(Descriptor Layer, Digest DiffId, IReadOnlyList<string> Images);
