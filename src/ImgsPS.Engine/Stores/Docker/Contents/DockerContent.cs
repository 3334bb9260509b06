using System.Collections.Generic;

namespace ImgsPS.Stores.Docker;

/// <summary>What an image's config says that a list does not. It never changes: the image's id is the config's digest. Immutable.</summary>
/// <param name="Platform">Null when Docker does not say.</param>
/// <param name="Author">Null when there is none.</param>
/// <param name="DiffIds">Diff ids of the layers, bottom first.</param>
internal sealed record DockerContent(Platform? Platform, string? Author, IReadOnlyList<Digest> DiffIds)
{
    /// <summary>What an inspection says.</summary>
    public static DockerContent Of(DockerInspection inspection) =>
        new(inspection.Platform, DockerJson.Text(inspection.Root, "Author") is { Length: > 0 } author ? author : null, inspection.DiffIds);
}
