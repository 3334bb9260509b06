using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using ImgsPS.Content;
using ImgsPS.Naming;

namespace ImgsPS.Stores.Archive;

/// <summary>An image in Docker's <c>manifest.json</c> (AR2).</summary>
/// <param name="Config">The path of its config in the archive.</param>
/// <param name="Names">Its names, each with a tag.</param>
/// <param name="Layers">The paths of its layers, bottom first.</param>
internal sealed record DockerImageEntry(string Config, IReadOnlyList<ImageReference> Names, IReadOnlyList<string> Layers)
{
    private static readonly string[] s_known = ["Config", "RepoTags", "Layers", "Parent", "LayerSources"];

    /// <summary>What the image is called in a message.</summary>
    public string Shown => Names.Count > 0 ? Names[0].Familiar : PrintableText.Of(Config);

    /// <summary>Reads the document.</summary>
    /// <exception cref="ImageException">InvalidData: it is no list of images, or a name in it has no tag (AR10, AR12).</exception>
    public static IReadOnlyList<DockerImageEntry> Parse(byte[] bytes)
    {
        const string Document = ArchiveMembers.DockerManifest;
        using var json = StrictJson.Parse(Utf8Text.Of(bytes), Document);
        if (json.RootElement.ValueKind != JsonValueKind.Array)
        {
            throw StrictJson.Invalid(
                Document, json.RootElement.ValueKind == JsonValueKind.Null ? "it is null" : "it is not a list of images");
        }

        return json.RootElement.EnumerateArray()
            .Select((item, i) => Read(new StrictObject(item, Document, $"[{i}]", s_known)))
            .ToList();
    }

    private static DockerImageEntry Read(StrictObject image) => new(
        image.RequiredText("Config"), image.TextList("RepoTags").Select(NameOf).ToList(), image.TextList("Layers"));

    private static ImageReference NameOf(string text) =>
        ImageReference.TryParse(text, out var name) && name.Tag is not null && name.Digest is null && name.IsRecordable
            ? name
            : throw new ImageException(
                ImageErrorKind.InvalidData, $"invalid tag \"{PrintableText.Of(text)}\"",
                "A name in manifest.json is a repository and a tag, app:1. The tool that wrote the archive is at fault.");
}
