using System;
using System.Text.Json;

namespace ImgsPS.Stores.Docker;

/// <summary>Makes the config object of what a Docker Engine says of an image.</summary>
internal static class DockerImageConfig
{
    private const long NanosecondsPerTick = 100;

    /// <summary>The config.</summary>
    public static ImageConfig Of(DockerInspection inspection, string? reference, string store)
    {
        var config = DockerJson.Get(inspection.Root, "Config");
        return new ImageConfig
        {
            Reference = reference,
            Id = inspection.Image.Id,
            Created = inspection.Image.Created,
            Author = DockerJson.Text(inspection.Root, "Author"),
            Platform = inspection.Platform,
            Env = ImageConfigView.Variables(DockerJson.Texts(DockerJson.Get(config, "Env"))),
            Entrypoint = DockerJson.Texts(DockerJson.Get(config, "Entrypoint")),
            Command = DockerJson.Texts(DockerJson.Get(config, "Cmd")),
            WorkingDirectory = DockerJson.Text(config, "WorkingDir"),
            User = DockerJson.Text(config, "User"),
            ExposedPorts = DockerJson.Names(DockerJson.Get(config, "ExposedPorts")),
            Volumes = DockerJson.Names(DockerJson.Get(config, "Volumes")),
            Labels = inspection.Image.Labels,
            StopSignal = DockerJson.Text(config, "StopSignal"),
            Healthcheck = Healthcheck(DockerJson.Get(config, "Healthcheck")),
            Shell = DockerJson.Texts(DockerJson.Get(config, "Shell")),
            OnBuild = DockerJson.Texts(DockerJson.Get(config, "OnBuild")),
            Store = store,
        };
    }

    private static ImageHealthcheck? Healthcheck(JsonElement check) => check.ValueKind != JsonValueKind.Object ? null : new()
    {
        Test = DockerJson.Texts(DockerJson.Get(check, "Test")),
        Interval = Duration(check, "Interval"),
        Timeout = Duration(check, "Timeout"),
        StartPeriod = Duration(check, "StartPeriod"),
        StartInterval = Duration(check, "StartInterval"),
        Retries = DockerJson.Number(check, "Retries") is > 0 and <= int.MaxValue and var retries ? (int)retries : null,
    };

    // Nanoseconds; 0 is the default.
    private static TimeSpan? Duration(JsonElement check, string name) =>
        DockerJson.Number(check, name) is > 0 and var nanoseconds ? TimeSpan.FromTicks(nanoseconds / NanosecondsPerTick) : null;
}
