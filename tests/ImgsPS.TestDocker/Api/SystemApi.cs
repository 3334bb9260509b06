using System;
using System.Linq;
using System.Text.Json.Nodes;

namespace ImgsPS.Testing;

/// <summary>/_ping, /version, /info, /system/df.</summary>
internal sealed class SystemApi(DockerImages images, TestDockerOptions options)
{
    private string OS => options.Platform.Split('/')[0];

    private string Processor => options.Platform.Split('/')[1];

    /// <summary>The engine's own version, from its Server header.</summary>
    private string DockerVersion => options.Server?.Split(' ')[0].Split('/').Last() ?? "";

    public static TestResponse Ping(bool head) => TestResponse.Text(200, head ? "" : "OK", "text/plain; charset=utf-8")
        .With("Cache-Control", "no-cache, no-store, must-revalidate")
        .With("Pragma", "no-cache");

    public JsonObject GetVersion() => new()
    {
        ["Platform"] = new JsonObject { ["Name"] = "" },
        ["Components"] = new JsonArray(new JsonObject
        {
            ["Name"] = "Engine",
            ["Version"] = DockerVersion,
            ["Details"] = new JsonObject
            {
                ["ApiVersion"] = options.ApiVersion ?? "",
                ["Arch"] = Processor,
                ["BuildTime"] = "2023-04-04T00:00:00.000000000+00:00",
                ["Experimental"] = "false",
                ["GitCommit"] = "5d6db84",
                ["GoVersion"] = "go1.19.8",
                ["KernelVersion"] = "6.1.0",
                ["MinAPIVersion"] = options.MinApiVersion,
                ["Os"] = OS,
            },
        }),
        ["Version"] = DockerVersion,
        ["ApiVersion"] = options.ApiVersion ?? "",
        ["MinAPIVersion"] = options.MinApiVersion,
        ["GitCommit"] = "5d6db84",
        ["GoVersion"] = "go1.19.8",
        ["Os"] = OS,
        ["Arch"] = Processor,
        ["KernelVersion"] = "6.1.0",
        ["BuildTime"] = "2023-04-04T00:00:00.000000000+00:00",
    };

    /// <summary>The members of dockerd's answer that clients of images read; the machine's own are left out.</summary>
    public JsonObject Info()
    {
        var running = images.Containers.Count(c => c.IsRunning);
        return new JsonObject
        {
            ["ID"] = "TEST:TEST:TEST:TEST:TEST:TEST:TEST:TEST:TEST:TEST:TEST:TEST",
            ["Containers"] = images.Containers.Count,
            ["ContainersRunning"] = running,
            ["ContainersPaused"] = 0,
            ["ContainersStopped"] = images.Containers.Count - running,
            ["Images"] = images.All.Count,
            ["Driver"] = "overlay2",
            ["DriverStatus"] = new JsonArray(new JsonArray("Backing Filesystem", "extfs")),
            ["SystemTime"] = GoTime.Format((DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).Ticks * 100),
            ["OperatingSystem"] = "Test engine",
            ["OSVersion"] = "",
            ["OSType"] = OS,
            ["Architecture"] = Processor == "amd64" ? "x86_64" : Processor == "arm64" ? "aarch64" : Processor,
            ["IndexServerAddress"] = "https://index.docker.io/v1/",
            ["DockerRootDir"] = OS == "windows" ? "C:\\ProgramData\\docker" : "/var/lib/docker",
            ["Name"] = "test-engine",
            ["Labels"] = new JsonArray(),
            ["ServerVersion"] = DockerVersion,
            ["Warnings"] = null,
        };
    }

    public JsonObject Usage(bool virtualSize) => new()
    {
        ["LayersSize"] = images.LayerSizes().Values.Sum(),
        ["Images"] = new ImageListApi(images).Usage(virtualSize),
        ["Containers"] = new ContainerApi(images).List(all: true, size: true),
        ["Volumes"] = new JsonArray(),
        ["BuildCache"] = null,
        ["BuilderSize"] = 0,
    };
}
