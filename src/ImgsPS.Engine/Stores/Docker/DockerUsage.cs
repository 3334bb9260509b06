using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;

namespace ImgsPS.Stores.Docker;

/// <summary>Which containers, running or stopped, were made of which image. Immutable.</summary>
internal sealed class DockerUsage
{
    /// <summary>Nobody asked.</summary>
    public static readonly DockerUsage None = new();

    private readonly Dictionary<string, List<DockerContainer>> _containers = new(StringComparer.Ordinal);

    /// <summary>Reads <c>GET /containers/json?all=1</c>.</summary>
    public static DockerUsage Read(JsonElement containers)
    {
        var usage = new DockerUsage();
        foreach (var container in DockerJson.Items(containers))
        {
            if (DockerJson.Text(container, "ImageID") is not { } image)
            {
                continue;
            }

            image = DockerJson.Id(image);
            if (!usage._containers.TryGetValue(image, out var users))
            {
                usage._containers.Add(image, users = new List<DockerContainer>());
            }

            users.Add(new DockerContainer(
                DockerJson.Text(container, "Id") ?? "", NameOf(container),
                DockerJson.Text(container, "State") is "running" or "paused" or "restarting")
            {
                Digests = DigestsOf(container),
            });
        }

        return usage;
    }

    /// <summary>Names of the containers of an image, in ordinal order.</summary>
    public IReadOnlyList<string> Of(string imageId) => _containers.TryGetValue(imageId, out var containers)
        ? containers.Select(c => c.Name).OrderBy(n => n, StringComparer.Ordinal).ToArray() : Array.Empty<string>();

    /// <summary>A container of an image; null when there is none.</summary>
    /// <param name="imageId">The image.</param>
    /// <param name="running">True for one that runs, also when it is paused; false for one that does not; null for any.</param>
    public DockerContainer? First(string imageId, bool? running) => _containers.TryGetValue(imageId, out var containers)
        ? containers.Find(c => running is null || c.IsRunning == running) : null;

    /// <summary>Each container with the id of its image.</summary>
    public IEnumerable<(string ImageId, DockerContainer Container)> All =>
        _containers.SelectMany(image => image.Value.Select(container => (image.Key, container)));

    /// <summary>
    /// What a container says of its image beside the id: the manifest of its platform (API 1.48, containerd), and the digest that it was
    /// started by.
    /// </summary>
    private static string[] DigestsOf(JsonElement container) => new[]
    {
        DockerJson.Text(DockerJson.Get(container, "ImageManifestDescriptor"), "digest"),
        DockerJson.Text(container, "Image") is { } image && image.IndexOf('@') is var at and >= 0 ? image.Substring(at + 1) : null,
    }.Where(text => Digest.TryParse(text, out _)).Select(text => text!).ToArray();

    // Names with a second slash are links of other containers.
    private static string NameOf(JsonElement container)
    {
        var names = DockerJson.Texts(DockerJson.Get(container, "Names")).Select(n => n.TrimStart('/')).Where(n => n.Length > 0).ToArray();
        return names.FirstOrDefault(n => n.IndexOf('/') < 0) ?? names.FirstOrDefault() ?? DockerJson.Text(container, "Id") ?? "";
    }
}

/// <summary>A container that was made of an image.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Name">Its name.</param>
/// <param name="IsRunning">True when it runs, also when it is paused.</param>
internal sealed record DockerContainer(string Id, string Name, bool IsRunning)
{
    /// <summary>Digests of the image that the container itself tells.</summary>
    public IReadOnlyList<string> Digests { get; init; } = Array.Empty<string>();

    /// <summary>The first twelve digits of its id, as Docker names it in messages.</summary>
    public string ShortId => Id.Length > 12 ? Id.Substring(0, 12) : Id;
}
