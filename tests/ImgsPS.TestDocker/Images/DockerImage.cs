using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;

namespace ImgsPS.Testing;

/// <summary>An image that the engine holds. Immutable but for <see cref="LastTagTime"/>.</summary>
internal sealed class DockerImage
{
    /// <param name="config">The config's bytes; their digest is the id.</param>
    /// <param name="sizes">Bytes of each layer's files, bottom first, as many as the config has diff ids.</param>
    /// <param name="parent">The id of the image that it was built from, or null.</param>
    public DockerImage(byte[] config, IReadOnlyList<long> sizes, string? parent)
    {
        Id = ImageBuilder.DigestOf(config);
        Config = JsonNode.Parse(config)!.AsObject();
        Parent = parent;
        var diffIds = Config["rootfs"]?["diff_ids"]?.AsArray().Select(d => d!.GetValue<string>()) ?? [];
        Layers = diffIds.Zip(sizes, (d, s) => new TestDockerLayer(d, s)).ToList();
        ChainIds = Chain(Layers.Select(l => l.DiffId));
        Created = GoTime.Parse(Text("created"));
        Size = Layers.Sum(l => l.Size);
    }

    /// <summary><c>sha256:…</c></summary>
    public string Id { get; }

    /// <summary>The config document.</summary>
    public JsonObject Config { get; }

    /// <summary>The parent's id, or null.</summary>
    public string? Parent { get; }

    /// <summary>The layers, bottom first.</summary>
    public IReadOnlyList<TestDockerLayer> Layers { get; }

    /// <summary>The layers' chain ids (U10), bottom first.</summary>
    public IReadOnlyList<string> ChainIds { get; }

    /// <summary>Nanoseconds since 1970, or null.</summary>
    public long? Created { get; }

    /// <summary>Bytes of all layers' files.</summary>
    public long Size { get; }

    /// <summary>When it was tagged here last, as nanoseconds since 1970; null: never.</summary>
    public long? LastTagTime { get; set; }

    /// <summary>The first 12 digits of the id.</summary>
    public string ShortId => Id.Substring(7, 12);

    /// <summary>The labels; null when the config has none.</summary>
    public JsonObject? Labels => Config["config"]?[nameof(Labels)] as JsonObject;

    /// <summary>A text of the config; empty when it is not there.</summary>
    public string Text(string member) => Config[member]?.GetValue<string>() ?? "";

    /// <summary>The chain ids of diff ids, bottom first.</summary>
    public static IReadOnlyList<string> Chain(IEnumerable<string> diffIds)
    {
        var chain = new List<string>();
        foreach (var diffId in diffIds)
        {
            chain.Add(chain.Count == 0 ? diffId : ImageBuilder.DigestOf(Encoding.ASCII.GetBytes(chain[^1] + " " + diffId)));
        }

        return chain;
    }
}

/// <summary>A container. Immutable.</summary>
/// <param name="Id">64 hex digits.</param>
/// <param name="Name">Without slash.</param>
/// <param name="ImageName">The image as it was named.</param>
/// <param name="Image">The image; its layers stay as long as the container.</param>
/// <param name="IsRunning">Running, otherwise created.</param>
/// <param name="Created">Seconds since 1970.</param>
internal sealed record DockerContainer(string Id, string Name, string ImageName, DockerImage Image, bool IsRunning, long Created)
{
    /// <summary>The first 12 digits of the id.</summary>
    public string ShortId => Id[..12];
}
