using System.Collections.Generic;
using System.Linq;
using System.Text.Json.Nodes;

namespace ImgsPS.Testing;

/// <summary>GET /images/{name}/json and /images/{name}/history.</summary>
internal sealed class InspectApi(DockerImages images)
{
    /// <summary>Marks a member that is left out when it has no value (Go's omitempty).</summary>
    private static readonly JsonObject Optional = [];

    private static readonly (string Name, JsonNode? Default)[] ConfigMembers =
    [
        ("Hostname", ""), ("Domainname", ""), ("User", ""), ("AttachStdin", false), ("AttachStdout", false), ("AttachStderr", false),
        ("ExposedPorts", Optional), ("Tty", false), ("OpenStdin", false), ("StdinOnce", false), ("Env", null), ("Cmd", null),
        ("Healthcheck", Optional), ("ArgsEscaped", Optional), ("Image", ""), ("Volumes", null), ("WorkingDir", ""), ("Entrypoint", null),
        ("NetworkDisabled", Optional), ("MacAddress", Optional), ("OnBuild", null), ("Labels", null),
        ("StopSignal", Optional), ("StopTimeout", Optional), ("Shell", Optional),
    ];

    /// <exception cref="DockerFailure">404, 400 in dockerd's words.</exception>
    public JsonObject Inspect(string name, bool virtualSize)
    {
        DockerImage image;
        try
        {
            image = images.Find(name);
        }
        catch (DockerFailure e)
        {
            throw new DockerFailure(e.Status, $"no such image: {name}: {e.Message}");
        }

        var references = images.References(image);
        var comment = image.Text("comment");
        var answer = new JsonObject
        {
            ["Id"] = image.Id,
            ["RepoTags"] = DockerJson.Texts(references.Where(r => r.Tag is not null).Select(r => r.Familiar)),
            ["RepoDigests"] = DockerJson.Texts(references.Where(r => r.Digest is not null).Select(r => r.Familiar)),
            ["Parent"] = image.Parent ?? "",
            ["Comment"] = comment.Length > 0 ? comment : (History(image) is [.., var last] ? last : null)?["comment"]?.GetValue<string>()
                ?? "",
            ["Created"] = GoTime.Format(image.Created),
            ["Container"] = image.Text("container"),
            ["ContainerConfig"] = Config(image.Config["container_config"] as JsonObject ?? []),
            ["DockerVersion"] = image.Text("docker_version"),
            ["Author"] = image.Text("author"),
            ["Config"] = image.Config["config"] is JsonObject config ? Config(config) : null,
            ["Architecture"] = image.Text("architecture"),
        };
        AddText(answer, "Variant", image.Text("variant"));
        answer["Os"] = image.Text("os");
        AddText(answer, "OsVersion", image.Text("os.version"));
        answer["Size"] = image.Size;
        if (virtualSize)
        {
            answer["VirtualSize"] = image.Size;
        }

        answer["GraphDriver"] = new JsonObject { ["Data"] = GraphDriver(image), ["Name"] = "overlay2" };
        var root = new JsonObject { ["Type"] = "layers" };
        if (image.Layers.Count > 0)
        {
            root["Layers"] = DockerJson.Texts(image.Layers.Select(l => l.DiffId));
        }

        answer["RootFS"] = root;
        answer["Metadata"] = new JsonObject { ["LastTagTime"] = GoTime.Format(image.LastTagTime) };
        return answer;
    }

    /// <exception cref="DockerFailure">404, 400; 500 when the config has more entries with a layer than layers.</exception>
    public JsonArray History(string name)
    {
        var image = images.Find(name);
        var entries = new List<JsonObject>();
        var layer = 0;
        foreach (var entry in History(image))
        {
            var isEmpty = entry["empty_layer"]?.GetValue<bool>() == true;
            if (!isEmpty && layer >= image.Layers.Count)
            {
                throw new DockerFailure(500, "too many non-empty layers in History section");
            }

            entries.Insert(0, new JsonObject
            {
                ["Comment"] = entry["comment"]?.GetValue<string>() ?? "",
                ["Created"] = GoTime.Seconds(GoTime.Parse(entry["created"]?.GetValue<string>())),
                ["CreatedBy"] = entry["created_by"]?.GetValue<string>() ?? "",
                ["Id"] = "<missing>",
                ["Size"] = isEmpty ? 0 : image.Layers[layer++].Size,
                ["Tags"] = null,
            });
        }

        DockerImage? at = image;
        foreach (var entry in entries.TakeWhile(_ => at is not null))
        {
            entry["Id"] = at!.Id;
            entry["Tags"] = DockerJson.TextsOrNull(images.References(at).Where(r => r.Tag is not null).Select(r => r.Familiar));
            at = images.ById(at.Parent);
        }

        return new JsonArray(entries.ToArray<JsonNode>());
    }

    private static List<JsonObject> History(DockerImage image) =>
        image.Config["history"]?.AsArray().Select(h => h!.AsObject()).ToList() ?? [];

    /// <summary>A container config with all members that Go's type always writes.</summary>
    private static JsonObject Config(JsonObject config)
    {
        var answer = new JsonObject();
        foreach (var (name, missing) in ConfigMembers)
        {
            if (config[name] is { } value)
            {
                answer[name] = value.DeepClone();
            }
            else if (missing != Optional)
            {
                answer[name] = missing?.DeepClone();
            }
        }

        return answer;
    }

    private static JsonObject GraphDriver(DockerImage image)
    {
        var folders = image.ChainIds.Select(c => "/var/lib/docker/overlay2/" + c[7..]).ToList();
        var data = new JsonObject();
        if (folders.Count == 0)
        {
            return data;
        }

        if (folders.Count > 1)
        {
            data["LowerDir"] = string.Join(':', folders.SkipLast(1).Reverse().Select(f => f + "/diff"));
        }

        data["MergedDir"] = folders[^1] + "/merged";
        data["UpperDir"] = folders[^1] + "/diff";
        data["WorkDir"] = folders[^1] + "/work";
        return data;
    }

    private static void AddText(JsonObject target, string name, string text)
    {
        if (text.Length > 0)
        {
            target[name] = text;
        }
    }
}
