using System;
using System.Collections.Generic;
using System.Linq;
using ImgsPS.Naming;

namespace ImgsPS.Content;

/// <summary>Reads one config document: strict where readers could differ, lenient where an old builder's slip does no harm.</summary>
internal sealed class ConfigDocumentReader
{
    private static readonly string[] Known =
    {
        "architecture", "os", "os.version", "os.features", "variant", "created", "author", "config", "rootfs", "history",
    };

    private static readonly string[] KnownConfig =
    {
        "User", "ExposedPorts", "Env", "Entrypoint", "Cmd", "Volumes", "WorkingDir", "Labels", "StopSignal",
    };

    private static readonly string[] KnownRootFS = { "type", "diff_ids" };
    private static readonly string[] KnownHistory = { "created", "created_by", "author", "comment", "empty_layer" };

    private readonly List<string> _deviations = new();

    private ConfigDocumentReader()
    {
    }

    public static ConfigDocument Read(byte[] bytes)
    {
        if (bytes.Length > ConfigDocument.MaxSize)
        {
            throw ConfigDocument.TooLarge(bytes.Length);
        }

        using var json = StrictJson.Parse(bytes, "image config");
        return new ConfigDocumentReader().Read(new StrictObject(json.RootElement, "image config", "", Known));
    }

    private ConfigDocument Read(StrictObject root)
    {
        // Docker's own check, and words (image.NewFromJSON).
        var rootFS = root.Object("rootfs", KnownRootFS) ?? throw StrictJson.Invalid("image config", "no RootFS key");
        var config = root.Object("config", KnownConfig);
        foreach (var name in new[] { "os", "architecture" })
        {
            if (string.IsNullOrEmpty(root.Text(name)))
            {
                _deviations.Add(name + " is missing");
            }
        }

        return new ConfigDocument
        {
            Created = Time(root, "created"),
            Author = root.Text("author"),
            Platform = PlatformMembers.Read(root, partial: false),
            DiffIds = DiffIds(rootFS),
            Labels = config?.TextMap("Labels") ?? Descriptor.Empty,
            Env = Env(config),
            Entrypoint = Command(config, "Entrypoint"),
            Cmd = Command(config, "Cmd"),
            WorkingDir = config?.Text("WorkingDir"),
            User = config?.Text("User"),
            ExposedPorts = config?.NameSet("ExposedPorts") ?? Array.Empty<string>(),
            Volumes = config?.NameSet("Volumes") ?? Array.Empty<string>(),
            StopSignal = config?.Text("StopSignal"),
            History = root.Objects("history", KnownHistory, int.MaxValue).Select(History).ToArray(),
            Deviations = _deviations,
        };
    }

    /// <summary>A time, or null. A broken one is no reason to refuse an image: nothing but the list's order depends on it.</summary>
    private DateTimeOffset? Time(StrictObject members, string name)
    {
        if (!members.Has(name))
        {
            return null;
        }

        if (members.IsText(name) && Rfc3339.TryParse(members.RequiredText(name), out var time))
        {
            // Go's zero time, which its encoder writes for "none".
            return time == DateTimeOffset.MinValue ? null : time;
        }

        if (!members.IsNull(name))
        {
            _deviations.Add(name + " is not an RFC 3339 time");
        }

        return null;
    }

    private IReadOnlyList<Digest> DiffIds(StrictObject rootFS)
    {
        var type = rootFS.Text("type");
        if (type is null)
        {
            _deviations.Add("rootfs.type is missing");
        }
        else if (type != "layers")
        {
            throw rootFS.Fail("type", $"is not layers: '{PrintableText.Of(type)}'");
        }

        if (!rootFS.Has("diff_ids"))
        {
            _deviations.Add("rootfs.diff_ids is missing");
        }

        return rootFS.Digests("diff_ids");
    }

    private IReadOnlyList<string> Env(StrictObject? config)
    {
        var env = config?.TextList("Env") ?? Array.Empty<string>();
        if (env.Any(variable => variable.IndexOf('=') <= 0))
        {
            _deviations.Add("config.Env has an entry that is not NAME=VALUE");
        }

        return env;
    }

    /// <summary>A command; docker also takes one text for a list of one.</summary>
    private IReadOnlyList<string> Command(StrictObject? config, string name)
    {
        if (config is null || !config.IsText(name))
        {
            return config?.TextList(name) ?? Array.Empty<string>();
        }

        _deviations.Add($"config.{name} is a text, not a list");
        return new[] { config.RequiredText(name) };
    }

    private ConfigHistory History(StrictObject entry) => new(
        Time(entry, "created"),
        entry.Text("created_by"),
        entry.Text("author"),
        entry.Text("comment"),
        entry.Flag("empty_layer"));
}
