using System.Linq;
using System.Text.Json.Nodes;

namespace ImgsPS.Testing;

/// <summary>GET /containers/json.</summary>
internal sealed class ContainerApi(EngineImages images)
{
    /// <summary>The containers, newest first; those that do not run only with <paramref name="all"/>.</summary>
    public JsonArray List(bool all) =>
        new(images.Containers.Reverse().Where(c => all || c.IsRunning).Select(c => (JsonNode)Row(c)).ToArray());

    private JsonObject Row(EngineContainer container) => new()
    {
        ["Id"] = container.Id,
        ["Names"] = new JsonArray("/" + container.Name),
        ["Image"] = ImageName(container),
        ["ImageID"] = container.Image.Id,
        ["Command"] = "sh",
        ["Created"] = container.Created,
        ["Ports"] = new JsonArray(),
        ["Labels"] = container.Image.Labels?.DeepClone() ?? new JsonObject(),
        ["State"] = container.IsRunning ? "running" : "created",
        ["Status"] = container.IsRunning ? "Up Less than a second" : "Created",
        ["HostConfig"] = new JsonObject { ["NetworkMode"] = "none" },
        ["NetworkSettings"] = new JsonObject
        {
            ["Networks"] = new JsonObject
            {
                ["none"] = new JsonObject
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
                },
            },
        },
        ["Mounts"] = new JsonArray(),
    };

    /// <summary>The name that the container was made with as long as it names the same image, otherwise the id.</summary>
    private string ImageName(EngineContainer container)
    {
        try
        {
            return images.Find(container.ImageName).Id == container.Image.Id ? container.ImageName : container.Image.Id;
        }
        catch (EngineFailure)
        {
            // The name is gone: the id is what is left.
            return container.Image.Id;
        }
    }
}
