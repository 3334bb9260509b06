using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;

namespace ImgsPS.Store.Docker;

/// <summary>What <c>GET /system/df</c> says of images, in bytes.</summary>
/// <param name="Total">All layers (docker system df, SIZE).</param>
/// <param name="Unused">What no container's image needs (docker system df, RECLAIMABLE).</param>
/// <param name="Dangling">What only one dangling image without containers needs, over all of them.</param>
internal readonly record struct DockerDiskUsage(long Total, long Unused, long Dangling)
{
    /// <summary>Reads an answer: members LayersSize and Images, or from API 1.52 on ImageUsage.</summary>
    public static DockerDiskUsage Read(JsonElement answer)
    {
        var usage = DockerJson.Get(answer, "ImageUsage");
        var isNew = usage.ValueKind == JsonValueKind.Object;
        var images = DockerList.Read(DockerJson.Get(isNew ? usage : answer, isNew ? "Items" : "Images")) ?? new List<DockerImage>();
        var total = Math.Max(0, isNew ? DockerJson.Number(usage, "TotalSize") : DockerJson.Number(answer, "LayersSize"));

        // docker/cli: an image counts as used with what it has alone, so that shared layers are reclaimable in these numbers.
        var unused = isNew
            ? DockerJson.Number(usage, "Reclaimable")
            : Math.Max(0, total - DockerJson.Sum(images.Where(i => i.Containers != 0).Select(Unique)));
        var parents = new HashSet<string>(images.Select(i => i.ParentId).OfType<string>(), StringComparer.Ordinal);
        var dangling = DockerJson.Sum(images
            .Where(i => i.Tags.Count == 0 && i.Digests.Count == 0 && i.Containers <= 0 && !parents.Contains(i.Id))
            .Select(Unique));
        return new DockerDiskUsage(total, unused, dangling);
    }

    private static long Unique(DockerImage image) =>
        image.Size < 0 || image.SharedSize < 0 ? 0 : Math.Max(0, image.Size - image.SharedSize);
}
