using System.Collections.Generic;
using ImgsPS.Content;

namespace ImgsPS.Stores;

/// <summary>Makes the public objects of a config document's history.</summary>
internal static class ImageHistoryView
{
    /// <summary>
    /// The steps, last first as <c>docker history</c> shows them; none when the config has no history, as there. The last step's image is
    /// the image itself; those of the others are not kept. Sizes are those of the layers as distributed. When the steps with a layer are
    /// not as many as the layers, it cannot be said which made which (docker takes the first ones, or fails): diff ids and sizes are null
    /// then, and a Verbose line says so.
    /// </summary>
    public static IReadOnlyList<ImageHistoryEntry> Of(ImageDocuments image, IOperationObserver observer)
    {
        var history = image.Config.History;
        var fits = Fits(image, observer);
        var entries = new ImageHistoryEntry[history.Count];
        var layer = 0;
        for (var i = 0; i < entries.Length; i++)
        {
            var step = history[i];
            var made = fits && !step.EmptyLayer ? layer++ : -1;
            entries[entries.Length - 1 - i] = new ImageHistoryEntry
            {
                Reference = image.Reference,
                Id = i == entries.Length - 1 ? image.Id : null,
                Created = step.Created,
                CreatedBy = NullIfEmpty(step.CreatedBy),
                Author = NullIfEmpty(step.Author),
                Comment = NullIfEmpty(step.Comment),
                Size = step.EmptyLayer ? 0 : made < 0 ? null : image.Manifest.Layers[made].Size,
                EmptyLayer = step.EmptyLayer,
                DiffId = made < 0 ? null : image.Config.DiffIds[made].ToString(),
                Store = image.Store,
            };
        }

        return entries;
    }

    /// <summary>True when the history says of each layer which step made it; a history that fails to is told.</summary>
    internal static bool Fits(ImageDocuments image, IOperationObserver observer)
    {
        var fits = image.Config.LayerSteps() is not null;
        if (!fits && image.Config.History.Count > 0)
        {
            observer.Verbose(
                $"The history of {image.Name} does not fit its {image.Config.DiffIds.Count} layers: which step made which layer is not " +
                    "known");
        }

        return fits;
    }

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
