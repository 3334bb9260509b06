using System;
using System.Text.Json;

namespace ImgsPS.Store.Docker;

/// <summary>Makes the config object of what an Engine says of an image.</summary>
internal static class EngineConfigs
{
    private const long NanosecondsPerTick = 100;

    /// <summary>The config.</summary>
    public static ImageConfig Of(EngineInspection inspection, string? reference, string store)
    {
        var config = EngineJson.Get(inspection.Root, "Config");
        return new ImageConfig
        {
            Reference = reference,
            Id = inspection.Image.Id,
            Created = inspection.Image.Created,
            Author = EngineJson.Text(inspection.Root, "Author"),
            Platform = inspection.Platform,
            Env = ImageConfigView.Variables(EngineJson.Texts(EngineJson.Get(config, "Env"))),
            Entrypoint = EngineJson.Texts(EngineJson.Get(config, "Entrypoint")),
            Command = EngineJson.Texts(EngineJson.Get(config, "Cmd")),
            WorkingDirectory = EngineJson.Text(config, "WorkingDir"),
            User = EngineJson.Text(config, "User"),
            ExposedPorts = EngineJson.Names(EngineJson.Get(config, "ExposedPorts")),
            Volumes = EngineJson.Names(EngineJson.Get(config, "Volumes")),
            Labels = inspection.Image.Labels,
            StopSignal = EngineJson.Text(config, "StopSignal"),
            Healthcheck = Healthcheck(EngineJson.Get(config, "Healthcheck")),
            Shell = EngineJson.Texts(EngineJson.Get(config, "Shell")),
            OnBuild = EngineJson.Texts(EngineJson.Get(config, "OnBuild")),
            Store = store,
        };
    }

    private static ImageHealthcheck? Healthcheck(JsonElement check) => check.ValueKind != JsonValueKind.Object ? null : new()
    {
        Test = EngineJson.Texts(EngineJson.Get(check, "Test")),
        Interval = Duration(check, "Interval"),
        Timeout = Duration(check, "Timeout"),
        StartPeriod = Duration(check, "StartPeriod"),
        StartInterval = Duration(check, "StartInterval"),
        Retries = EngineJson.Number(check, "Retries") is > 0 and <= int.MaxValue and var retries ? (int)retries : null,
    };

    // Nanoseconds; 0 is the default.
    private static TimeSpan? Duration(JsonElement check, string name) =>
        EngineJson.Number(check, name) is > 0 and var nanoseconds ? TimeSpan.FromTicks(nanoseconds / NanosecondsPerTick) : null;
}
