using System;
using System.Collections.Generic;
using System.Linq;
using ImgsPS.Content;

namespace ImgsPS.Stores;

/// <summary>Makes the public objects of an image's layers.</summary>
internal static class ImageLayerView
{
    /// <summary>
    /// The layers as a list shows them, bottom first: what the manifest says, and the diff ids of the config when it was read.
    /// </summary>
    public static IReadOnlyList<ImageLayer> Plain(Manifest manifest, ConfigDocument? config) =>
        manifest.Layers.Select((layer, i) => new ImageLayer
        {
            Digest = layer.Digest.ToString(),
            DiffId = config is not null && i < config.DiffIds.Count ? config.DiffIds[i].ToString() : null,
            Size = layer.Size,
            MediaType = layer.MediaType,
        }).ToArray();

    /// <summary>The layers, bottom first, with their chain ids (U10) and, where the history fits, when and how they were made.</summary>
    public static IReadOnlyList<ImageLayer> Of(ImageDocuments image, IOperationObserver observer) =>
        Of(image, Array.Empty<Image>(), observer);

    /// <summary>
    /// As <see cref="Of(ImageDocuments, IOperationObserver)"/>, and which of <paramref name="others"/> have the layer too.
    /// </summary>
    /// <param name="image">The image.</param>
    /// <param name="others">Listed images. Those that are this image under another name share nothing with it: they are it.</param>
    /// <param name="observer">Who is told.</param>
    public static IReadOnlyList<ImageLayer> Of(ImageDocuments image, IEnumerable<Image> others, IOperationObserver observer)
    {
        var diffIds = image.Config.DiffIds.Select(d => d.ToString()).ToArray();
        var chainIds = ConfigDocument.ChainIds(image.Config.DiffIds);
        var steps = ImageHistoryView.Fits(image, observer) ? image.Config.LayerSteps() : null;
        var sharers = others
            .Where(other => other.Id != image.Id)
            .Select(other => (Name: other.Name ?? other.Id, Depth: CommonDepth(diffIds, other.Layers)))
            .ToList();
        return image.Manifest.Layers.Select((layer, i) => new ImageLayer
        {
            Reference = image.Reference,
            Digest = layer.Digest.ToString(),
            DiffId = diffIds[i],
            ChainId = chainIds[i].ToString(),
            Size = layer.Size,
            MediaType = layer.MediaType,
            Created = steps?[i].Created,
            CreatedBy = string.IsNullOrEmpty(steps?[i].CreatedBy) ? null : steps![i].CreatedBy,
            SharedWith = sharers
                .Where(s => s.Depth > i)
                .Select(s => s.Name)
                .Distinct(StringComparer.Ordinal)
                .OrderBy(n => n, StringComparer.Ordinal)
                .ToArray(),
            Store = image.Store,
        }).ToArray();
    }

    /// <summary>How many layers from the bottom are the same: as many chain ids are.</summary>
    private static int CommonDepth(string[] diffIds, IReadOnlyList<ImageLayer> layers)
    {
        var depth = 0;
        while (depth < diffIds.Length && depth < layers.Count && layers[depth].DiffId == diffIds[depth])
        {
            depth++;
        }

        return depth;
    }
}
