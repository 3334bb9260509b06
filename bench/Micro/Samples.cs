using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;
using ImgsPS.Bench;
using ImgsPS.Content;

namespace ImgsPS.Micro;

/// <summary>What the benchmarks read: the same in each run.</summary>
internal static class Samples
{
    public static string Name(int i) => $"registry.example.com/team/service-{i:d5}:1.{i % 10}";

    public static Digest DigestOf(string text) => Documents.DigestOf(Encoding.UTF8.GetBytes(text));

    /// <summary>A manifest of 8 layers.</summary>
    public static byte[] Manifest() => Documents.Bytes(new JsonObject
    {
        ["schemaVersion"] = 2,
        ["mediaType"] = MediaTypes.OciManifest,
        ["config"] = Descriptor(MediaTypes.OciConfig, "config", 1500),
        ["layers"] = new JsonArray(
            Enumerable.Range(0, 8).Select(i => (JsonNode)Descriptor(MediaTypes.OciLayerGzip, $"layer {i}", 30_000_000 + i)).ToArray()),
        ["annotations"] = new JsonObject { ["org.opencontainers.image.created"] = "2026-01-31T12:00:00Z" },
    });

    /// <summary>A store's index.json of so many tagged images.</summary>
    public static byte[] Index(int count) => Documents.Index(Enumerable.Range(0, count).Select(i =>
    {
        var entry = Descriptor(MediaTypes.OciManifest, $"manifest {i}", 1200);
        entry["annotations"] = new JsonObject { ["org.opencontainers.image.ref.name"] = Name(i) };
        return entry;
    }));

    /// <summary>A list of so many images, one in ten dangling.</summary>
    public static IReadOnlyList<Image> Images(int count) => Enumerable.Range(0, count).Select(i => new Image
    {
        Reference = i % 10 == 9 ? null : Name(i),
        Repository = i % 10 == 9 ? null : Name(i)[..Name(i).LastIndexOf(':')],
        Tag = i % 10 == 9 ? null : $"1.{i % 10}",
        Id = DigestOf($"config {i}").ToString(),
        Digest = DigestOf($"manifest {i}").ToString(),
        Created = DateTimeOffset.UnixEpoch.AddSeconds(1_700_000_000 + i),
        Labels = new Dictionary<string, string> { ["org.opencontainers.image.version"] = i.ToString(CultureInfo.InvariantCulture) },
        Dangling = i % 10 == 9,
    }).ToArray();

    private static JsonObject Descriptor(string mediaType, string content, long size) =>
        Documents.Descriptor(mediaType, DigestOf(content), size);
}
