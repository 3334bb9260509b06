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
        "User", "ExposedPorts", "Env", "Entrypoint", "Cmd", "Volumes", "WorkingDir", "Labels", "StopSignal", "Healthcheck", "Shell",
        "OnBuild",
    };

    private static readonly string[] KnownHealthcheck = { "Test", "Interval", "Timeout", "StartPeriod", "StartInterval", "Retries" };

    private static readonly string[] KnownRootFS = { "type", "diff_ids" };
    private static readonly string[] KnownHistory = { "created", "created_by", "author", "comment", "empty_layer" };

    private static readonly ConfigHealthcheck Nothing = new(Array.Empty<string>(), null, null, null, null, null);

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
            Healthcheck = Healthcheck(config),
            Shell = Command(config, "Shell"),
            OnBuild = config?.TextList("OnBuild") ?? Array.Empty<string>(),
            History = root.Objects("history", KnownHistory).Select(History).ToArray(),
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

        _deviations.Add(name + " is not an RFC 3339 time");
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

        if (!rootFS.Mentions("diff_ids"))
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

    /// <summary>
    /// The healthcheck, or null. A broken one is no reason to refuse an image: it can be pulled, listed and kept without.
    /// </summary>
    private ConfigHealthcheck? Healthcheck(StrictObject? config)
    {
        try
        {
            if (config?.Object("Healthcheck", KnownHealthcheck) is not { } members)
            {
                return null;
            }

            var check = new ConfigHealthcheck(
                members.TextList("Test"),
                Duration(members, "Interval"),
                Duration(members, "Timeout"),
                Duration(members, "StartPeriod"),
                Duration(members, "StartInterval"),
                Retries(members));
            return check.Test.Count > 0 || check with { Test = Nothing.Test } != Nothing ? check : null;
        }
        catch (ImageException e)
        {
            _deviations.Add(e.Message);
            return null;
        }
    }

    /// <summary>Nanoseconds, as Go writes a duration; null for 0, which is Docker's "not set".</summary>
    private static TimeSpan? Duration(StrictObject members, string name)
    {
        // Whole ticks, upwards: a time that is set stays one.
        var nanoseconds = members.OptionalInteger(name);
        return nanoseconds is null or 0 ? null : TimeSpan.FromTicks((nanoseconds.Value - 1) / 100 + 1);
    }

    private static int? Retries(StrictObject members) => members.OptionalInteger("Retries") switch
    {
        null or 0 => null,
        { } number and <= int.MaxValue => (int)number,
        _ => throw members.Fail("Retries", "is too large"),
    };

    private ConfigHistory History(StrictObject entry) => new(
        Time(entry, "created"),
        entry.Text("created_by"),
        entry.Text("author"),
        entry.Text("comment"),
        entry.Flag("empty_layer"));
}
