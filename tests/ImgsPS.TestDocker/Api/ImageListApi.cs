using System.Collections.Generic;
using System.Linq;
using System.Text.Json.Nodes;

namespace ImgsPS.Testing;

/// <summary>GET /images/json and what /system/df shows of images (L1-L9, F1-F13).</summary>
internal sealed class ImageListApi(DockerImages images)
{
    /// <summary>The rows.</summary>
    /// <param name="all">Also untagged images that others were built from.</param>
    /// <param name="filters">dangling, label, before, since, reference, until.</param>
    /// <param name="virtualSize">Whether rows have VirtualSize (up to API 1.43).</param>
    /// <exception cref="DockerFailure">In dockerd's words.</exception>
    public JsonArray List(bool all, DockerFilters filters, bool virtualSize)
    {
        var dangling = filters.Flag("dangling");
        var before = filters["before"].Select(images.Find).LastOrDefault();
        var since = filters["since"].Select(images.Find).LastOrDefault();
        var until = filters.Until();
        var patterns = filters["reference"].Select(p => new GlobPattern(p)).ToList();
        var rows = new JsonArray();
        foreach (var image in images.All)
        {
            var created = image.Created ?? long.MinValue;
            if ((dangling == true && images.HasChildren(image))
                || (before is not null && created >= (before.Created ?? long.MinValue))
                || (since is not null && created <= (since.Created ?? long.MinValue))
                || (until is not null && created >= until)
                || !filters.MatchLabels(image))
            {
                continue;
            }

            var references = images.References(image)
                .Where(r => patterns.Count == 0 || patterns.Exists(p => p.IsMatch(r.Familiar) || p.IsMatch(r.FamiliarName)))
                .ToList();
            var isUntagged = references.Count == 0;
            var hidden = isUntagged
                ? (!all && images.HasChildren(image)) || dangling == false || filters.Has("reference")
                : dangling == true && references.Exists(r => r.Tag is not null);
            if (!hidden)
            {
                rows.Add(Row(image, references, virtualSize, -1, -1));
            }
        }

        return rows;
    }

    /// <summary>The rows of /system/df: with containers and shared sizes; without untagged images that others were built from.</summary>
    public JsonArray Usage(bool virtualSize)
    {
        var shown = images.All.Where(i => images.References(i).Count > 0 || !images.HasChildren(i)).ToList();
        var users = images.All.SelectMany(i => i.ChainIds).GroupBy(c => c).ToDictionary(g => g.Key, g => g.Count());
        return new JsonArray(shown.Select(image => (JsonNode)Row(
            image,
            images.References(image),
            virtualSize,
            images.Containers.Count(c => c.Image.Id == image.Id),
            image.ChainIds.Select((c, i) => users[c] > 1 ? image.Layers[i].Size : 0).Sum())).ToArray());
    }

    private static JsonObject Row(DockerImage image, IReadOnlyList<DockerReference> references, bool virtualSize, int containers,
        long shared)
    {
        // A row without any reference says so in both members; with one kind only the other is null.
        var none = references.Count == 0;
        var row = new JsonObject
        {
            ["Containers"] = containers,
            ["Created"] = GoTime.Seconds(image.Created),
            ["Id"] = image.Id,
            ["Labels"] = image.Labels?.DeepClone(),
            ["ParentId"] = image.Parent ?? "",
            ["RepoDigests"] = none ? new JsonArray("<none>@<none>")
                : DockerJson.TextsOrNull(references.Where(r => r.Digest is not null).Select(r => r.Familiar)),
            ["RepoTags"] = none ? new JsonArray("<none>:<none>")
                : DockerJson.TextsOrNull(references.Where(r => r.Tag is not null).Select(r => r.Familiar)),
            ["SharedSize"] = shared,
            ["Size"] = image.Size,
        };
        if (virtualSize)
        {
            row["VirtualSize"] = image.Size;
        }

        return row;
    }
}
