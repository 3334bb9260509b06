using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using ImgsPS.Content;

namespace ImgsPS.Stores.Docker;

/// <summary>What <c>GET /images/{name}/json</c> tells of one image. Immutable.</summary>
internal sealed class DockerInspection
{
    private DockerInspection(DockerImage image, JsonElement root)
    {
        Image = image;
        Root = root;
        var os = DockerJson.Text(root, "Os");
        var architecture = DockerJson.Text(root, "Architecture");

        // podman 4 has its own version there for Linux images.
        var osVersion = string.Equals(os, "windows", StringComparison.OrdinalIgnoreCase) ? DockerJson.Text(root, "OsVersion") : null;
        Platform = os is null || architecture is null ? null : new Platform(os, architecture, DockerJson.Text(root, "Variant"), osVersion);
        DiffIds = DockerJson.Texts(DockerJson.Get(DockerJson.Get(root, "RootFS"), "Layers"))
            .Select(t => Digest.TryParse(t, out var digest) ? digest : null)
            .TakeWhile(d => d is not null)
            .ToArray()!;
    }

    /// <summary>What a list has of it too.</summary>
    public DockerImage Image { get; }

    /// <summary>The answer.</summary>
    public JsonElement Root { get; }

    /// <summary>Null when Docker does not say.</summary>
    public Platform? Platform { get; }

    /// <summary>Diff ids of the layers, bottom first.</summary>
    public IReadOnlyList<Digest> DiffIds { get; }

    /// <summary>Chain ids of the layers, bottom first (U10).</summary>
    public IReadOnlyList<string> ChainIds() => ConfigDocument.ChainIds(DiffIds).Select(c => c.ToString()).ToArray();

    /// <summary>Reads an answer; null when it is no image.</summary>
    public static DockerInspection? Read(JsonElement root) =>
        DockerImage.Read(root) is { } image ? new DockerInspection(image, root.Clone()) : null;
}
