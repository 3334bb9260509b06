using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;

namespace ImgsPS.Stores.Docker;

/// <summary>What <c>GET /system/df</c> says of images, in bytes; null for what it does not say (podman's does not count layers).</summary>
/// <param name="Total">All layers (docker system df, SIZE).</param>
/// <param name="Unused">What no container's image needs (docker system df, RECLAIMABLE).</param>
/// <param name="Reclaimable">What only one image needs that goes with the dangling ones, over all of them.</param>
internal readonly record struct DockerDiskUsage(long? Total, long? Unused, long? Reclaimable)
{
    /// <summary>Reads an answer: members LayersSize and Images, or from API 1.52 on ImageUsage.</summary>
    /// <param name="answer">The answer.</param>
    /// <param name="goes">Ids of the images that <c>Where-Object Dangling | Remove-Image</c> would take.</param>
    public static DockerDiskUsage Read(JsonElement answer, ISet<string> goes)
    {
        var usage = DockerJson.Get(answer, "ImageUsage");
        var isNew = usage.ValueKind == JsonValueKind.Object;
        var images = Images(answer);
        var total = Known(DockerJson.Get(isNew ? usage : answer, isNew ? "TotalSize" : "LayersSize"), images.Count);

        // docker/cli: an image counts as used with what it has alone, so that shared layers are reclaimable in these numbers.
        var unused = isNew
            ? Known(DockerJson.Get(usage, "Reclaimable"), 0)
            : Sum(images.Where(i => i.Containers != 0)) is { } used && total is not null ? Math.Max(0, total.Value - used) : null;
        return new DockerDiskUsage(total, unused, Sum(images.Where(i => goes.Contains(i.Id))));
    }

    /// <summary>What each image shares with others, by its id; none for those of which it is not known.</summary>
    public static IReadOnlyDictionary<string, long> Shared(JsonElement answer) => Images(answer).Where(i => i.SharedSize >= 0)
        .GroupBy(i => i.Id, StringComparer.Ordinal).ToDictionary(same => same.Key, same => same.First().SharedSize, StringComparer.Ordinal);

    private static List<DockerImage> Images(JsonElement answer)
    {
        var usage = DockerJson.Get(answer, "ImageUsage");
        var isNew = usage.ValueKind == JsonValueKind.Object;
        return DockerList.Read(DockerJson.Get(isNew ? usage : answer, isNew ? "Items" : "Images"))?.ToList() ?? new List<DockerImage>();
    }

    /// <summary>A number that is there; where there are images, their layers are not 0 bytes.</summary>
    private static long? Known(JsonElement number, int images) => number.ValueKind != JsonValueKind.Number ? null
        : DockerJson.Number(number) is var bytes && (bytes > 0 || (bytes == 0 && images == 0)) ? bytes
        : null;

    /// <summary>What the images have alone; null when it is not known of one of them.</summary>
    private static long? Sum(IEnumerable<DockerImage> images)
    {
        var sizes = images.Select(i => i.Size < 0 || i.SharedSize < 0 ? (long?)null : Math.Max(0, i.Size - i.SharedSize)).ToArray();
        return sizes.Contains(null) ? null : DockerJson.Sum(sizes.Select(size => size!.Value));
    }
}
