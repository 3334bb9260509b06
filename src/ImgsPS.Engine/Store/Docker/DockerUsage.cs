using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;

namespace ImgsPS.Store.Docker;

/// <summary>Which containers, running or stopped, were made of which image. Immutable.</summary>
internal sealed class DockerUsage
{
    /// <summary>Nobody asked.</summary>
    public static readonly DockerUsage None = new();

    private readonly Dictionary<string, List<string>> _names = new(StringComparer.Ordinal);

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
            if (!usage._names.TryGetValue(image, out var names))
            {
                usage._names.Add(image, names = new List<string>());
            }

            names.Add(NameOf(container));
        }

        foreach (var names in usage._names.Values)
        {
            names.Sort(StringComparer.Ordinal);
        }

        return usage;
    }

    /// <summary>Names of the containers of an image, in ordinal order.</summary>
    public IReadOnlyList<string> Of(string imageId) => _names.TryGetValue(imageId, out var names) ? names : Array.Empty<string>();

    // Names with a second slash are links of other containers.
    private static string NameOf(JsonElement container)
    {
        var names = DockerJson.Texts(DockerJson.Get(container, "Names")).Select(n => n.TrimStart('/')).Where(n => n.Length > 0).ToArray();
        return names.FirstOrDefault(n => n.IndexOf('/') < 0) ?? names.FirstOrDefault() ?? DockerJson.Text(container, "Id") ?? "";
    }
}
