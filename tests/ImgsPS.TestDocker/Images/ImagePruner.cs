using System.Collections.Generic;
using System.Linq;

namespace ImgsPS.Testing;

/// <summary>Prunes images as dockerd 20.10 does (P1-P6).</summary>
internal sealed class ImagePruner(DockerImages images)
{
    /// <summary>Prunes; gives what went and the bytes of the layers among it.</summary>
    /// <param name="dangling">Only images without a tag.</param>
    /// <param name="until">Only images created not after it: nanoseconds since 1970; null for all.</param>
    /// <param name="filters">label and label!.</param>
    public (List<RemovedItem> Removed, long Reclaimed) Prune(bool dangling, long? until, DockerFilters filters)
    {
        var sizes = images.LayerSizes();
        var removed = new List<RemovedItem>();
        var remover = new ImageRemover(images);
        foreach (var image in images.All.Where(i => IsTop(i, dangling) && (until is null || (i.Created ?? long.MinValue) <= until)
            && filters.MatchPruneLabels(i)))
        {
            var references = images.References(image);
            if (references.Count == 0)
            {
                TryRemove(remover, image.Id[7..], removed);
            }
            else if (!dangling || references.All(r => r.Tag is null))
            {
                foreach (var reference in references)
                {
                    TryRemove(remover, reference.ToString(), removed);
                }
            }
        }

        return (removed, removed.Sum(r => r.Deleted is null ? 0 : sizes.GetValueOrDefault(r.Deleted)));
    }

    private bool IsTop(DockerImage image, bool dangling) =>
        !images.HasChildren(image) || (!dangling && images.References(image).Count > 0);

    private static void TryRemove(ImageRemover remover, string name, List<RemovedItem> removed)
    {
        try
        {
            removed.AddRange(remover.Remove(name, force: false, prune: true));
        }
        catch (DockerFailure e) when (e.Status is 404 or 409)
        {
            // In use, or already gone with the reference before it: skipped silently (P5).
        }
    }
}
