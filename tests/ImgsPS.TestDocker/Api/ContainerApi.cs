using System.Linq;
using System.Text.Json.Nodes;

namespace ImgsPS.Testing;

/// <summary>GET /containers/json.</summary>
internal sealed class ContainerApi(DockerImages images)
{
    /// <summary>The containers, newest first; those that do not run only with <paramref name="all"/>.</summary>
    /// <param name="all">See above.</param>
    /// <param name="size">With the bytes of their images, as /system/df has them.</param>
    public JsonArray List(bool all, bool size) =>
        new(images.Containers.Reverse().Where(c => all || c.IsRunning).Select(c => (JsonNode)Row(c, size)).ToArray());

    private JsonObject Row(DockerContainer container, bool size)
    {
        var row = new JsonObject
        {
            ["Id"] = container.Id,
            ["Names"] = new JsonArray("/" + container.Name),
            ["Image"] = ImageName(container),
            ["ImageID"] = container.Image.Id,
            ["Command"] = "sh",
            ["Created"] = container.Created,
            ["Ports"] = new JsonArray(),
        };
        if (size && container.Image.Size > 0)
        {
            row["SizeRootFs"] = container.Image.Size;
        }

        row["Labels"] = container.Image.Labels?.DeepClone() ?? new JsonObject();
        row["State"] = container.IsRunning ? "running" : "created";
        row["Status"] = container.IsRunning ? "Up Less than a second" : "Created";
        row["HostConfig"] = new JsonObject { ["NetworkMode"] = "none" };
        row["NetworkSettings"] = new JsonObject { ["Networks"] = new JsonObject { ["none"] = Network() } };
        row["Mounts"] = new JsonArray();
        return row;
    }

    private static JsonObject Network() => new()
    {
        ["IPAMConfig"] = null,
        ["Links"] = null,
        ["Aliases"] = null,
        ["NetworkID"] = "",
        ["EndpointID"] = "",
        ["Gateway"] = "",
        ["IPAddress"] = "",
        ["IPPrefixLen"] = 0,
        ["IPv6Gateway"] = "",
        ["GlobalIPv6Address"] = "",
        ["GlobalIPv6PrefixLen"] = 0,
        ["MacAddress"] = "",
        ["DriverOpts"] = null,
    };

    /// <summary>The name that the container was made with as long as it names the same image, otherwise the id.</summary>
    private string ImageName(DockerContainer container)
    {
        try
        {
            return images.Find(container.ImageName).Id == container.Image.Id ? container.ImageName : container.Image.Id;
        }
        catch (DockerFailure)
        {
            // The name is gone: the id is what is left.
            return container.Image.Id;
        }
    }
}
