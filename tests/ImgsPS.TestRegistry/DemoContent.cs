using System;
using System.Collections.Generic;
using System.Linq;

namespace ImgsPS.Testing;

/// <summary>What the demo pulls: <c>demo/app:1.0</c> for four platforms, and a newer version that its tag moves to.</summary>
public static class DemoContent
{
    /// <summary>The repository.</summary>
    public const string Repository = "demo/app";

    /// <summary>The tag that moves.</summary>
    public const string Tag = "1.0";

    /// <summary>Adds the first version under the tag.</summary>
    public static BuiltIndex Seed(TestRegistry registry) => Add(registry, 0);

    /// <summary>Adds the newer version and moves the tag to it.</summary>
    public static BuiltIndex Move(TestRegistry registry) => Add(registry, 1);

    private static BuiltIndex Add(TestRegistry registry, int build) => registry.AddIndex($"{Repository}:{Tag}", new[]
    {
        ImageSpec.For("linux/amd64"),
        ImageSpec.For("linux/arm64/v8"),
        ImageSpec.For("linux/arm/v7"),
        ImageSpec.For("windows/amd64") with { OSVersion = "10.0.20348.2322" },
    }.Select((platform, i) => platform with
    {
        Created = new DateTimeOffset(2026, 1 + (5 * build), 15, 8, 30, 0, TimeSpan.Zero),
        Author = "ImgsPS demo",
        Labels = new Dictionary<string, string>
        {
            ["env"] = build == 0 ? "test" : "prod",
            ["org.opencontainers.image.version"] = $"1.0.{build}",
        },
        Layers =
        [
            // The base stays, the application changes.
            Layer(100 + i, 256 * 1024, "etc/os-release", $"ID=demo\nPLATFORM={platform.OS}/{platform.Architecture}\n"),
            Layer(200 + (10 * build) + i, 64 * 1024, "app/version", $"1.0.{build}\n"),
        ],
    }).ToArray());

    private static LayerSpec Layer(int seed, int size, string file, string text) =>
        new(seed, size) { Files = new Dictionary<string, string> { [file] = text } };
}
