using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using ImgsPS.Content;

namespace ImgsPS.Bench;

/// <summary>Configs, manifests and indexes as JSON.</summary>
internal static class Documents
{
    /// <summary>The label that marks what the bench made, so that a Docker Engine can be asked to remove just that.</summary>
    public const string Label = "io.imgsps.bench";

    public static Digest DigestOf(ReadOnlySpan<byte> bytes) => Digest.FromHash("sha256", SHA256.HashData(bytes));

    public static byte[] Config(string os, string architecture, string? variant, int seed, IEnumerable<Digest> diffIds)
    {
        var config = new JsonObject
        {
            // All different, so that the order of a list is decided by it.
            ["created"] = DateTimeOffset.UnixEpoch.AddSeconds(1_700_000_000 + seed)
                .ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture),
            ["architecture"] = architecture,
            ["os"] = os,
            ["config"] = new JsonObject
            {
                ["Env"] = new JsonArray("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", $"SEED={seed}"),
                ["Cmd"] = new JsonArray("/bin/sh"),
                ["Labels"] = new JsonObject { [Label] = "1", ["org.opencontainers.image.version"] = $"1.{seed}" },
            },
            ["rootfs"] = new JsonObject
            {
                ["type"] = "layers",
                ["diff_ids"] = new JsonArray(diffIds.Select(d => (JsonNode)d.ToString()).ToArray()),
            },
            ["history"] = new JsonArray(diffIds.Select((_, i) => (JsonNode)new JsonObject { ["created_by"] = $"step {i}" }).ToArray()),
        };
        if (variant is not null)
        {
            config["variant"] = variant;
        }

        return Bytes(config);
    }

    public static byte[] Manifest(
        byte[] config, IEnumerable<(Digest Digest, long Size)> layers, string layerType = MediaTypes.OciLayerGzip) =>
        Bytes(new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = MediaTypes.OciManifest,
            ["config"] = Descriptor(MediaTypes.OciConfig, DigestOf(config), config.Length),
            ["layers"] = new JsonArray(layers.Select(l => (JsonNode)Descriptor(layerType, l.Digest, l.Size)).ToArray()),
        });

    /// <summary>Docker's own form of a manifest: image manifest version 2, schema 2.</summary>
    public static byte[] DockerManifest(byte[] config, IEnumerable<(Digest Digest, long Size)> layers) => Bytes(new JsonObject
    {
        ["schemaVersion"] = 2,
        ["mediaType"] = MediaTypes.DockerManifest,
        ["config"] = Descriptor(MediaTypes.DockerConfig, DigestOf(config), config.Length),
        ["layers"] = new JsonArray(layers.Select(l => (JsonNode)Descriptor(MediaTypes.DockerLayerGzip, l.Digest, l.Size)).ToArray()),
    });

    public static byte[] Index(IEnumerable<JsonObject> entries) => Bytes(new JsonObject
    {
        ["schemaVersion"] = 2,
        ["mediaType"] = MediaTypes.OciIndex,
        ["manifests"] = new JsonArray(entries.ToArray<JsonNode>()),
    });

    public static JsonObject Descriptor(string mediaType, Digest digest, long size) => new()
    {
        ["mediaType"] = mediaType,
        ["digest"] = digest.ToString(),
        ["size"] = size,
    };

    public static byte[] Bytes(JsonNode node) => Encoding.UTF8.GetBytes(node.ToJsonString());
}
