using System;
using System.Collections.Generic;
using System.Formats.Tar;
using System.Globalization;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;
using ImgsPS.Content;

namespace ImgsPS.Engine.Tests.Store.Layout;

/// <summary>A piece of content and the descriptor that names it.</summary>
internal sealed record TestBlob(Descriptor Descriptor, byte[] Bytes)
{
    public Digest Digest => Descriptor.Digest;

    public static TestBlob Of(string mediaType, byte[] bytes, string algorithm = "sha256", Platform? platform = null) =>
        new(new Descriptor(mediaType, Digest.Of(bytes, algorithm), bytes.Length) { Platform = platform }, bytes);

    public JsonObject ToJson()
    {
        var json = new JsonObject { ["mediaType"] = Descriptor.MediaType, ["digest"] = Digest.ToString(), ["size"] = Descriptor.Size };
        if (Descriptor.Platform is { } platform)
        {
            json["platform"] = new JsonObject { ["os"] = platform.OS, ["architecture"] = platform.Architecture };
        }

        return json;
    }
}

/// <summary>A layer: a real tar, compressed by gzip.</summary>
internal sealed record TestLayer(TestBlob Blob, Digest DiffId)
{
    public static TestLayer Of(string file, string text)
    {
        using var tar = new MemoryStream();
        using (var writer = new TarWriter(tar, TarEntryFormat.Ustar, leaveOpen: true))
        {
            writer.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, file)
            {
                DataStream = new MemoryStream(Encoding.UTF8.GetBytes(text)),
                ModificationTime = DateTimeOffset.UnixEpoch,
            });
        }

        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(tar.ToArray());
        }

        return new TestLayer(TestBlob.Of(MediaTypes.OciLayerGzip, compressed.ToArray()), Digest.Of(tar.ToArray()));
    }
}

/// <summary>An image of one platform: layers, config, manifest, all real.</summary>
internal sealed class TestImage
{
    public TestImage(
        string seed = "image",
        IReadOnlyList<TestLayer>? layers = null,
        string platform = "linux/amd64",
        string created = "2024-01-02T03:04:05Z",
        (string Key, string Value)[]? labels = null,
        string? author = null,
        string? configType = null,
        string? comment = null,
        Action<JsonObject>? change = null,
        Action<JsonObject>? changeManifest = null)
    {
        Layers = layers ?? new[] { TestLayer.Of("base.txt", "base of " + seed), TestLayer.Of("app.txt", "app of " + seed) };
        Platform = Platform.Parse(platform);
        var config = new JsonObject
        {
            ["created"] = created,
            ["architecture"] = Platform.Architecture,
            ["os"] = Platform.OS,
            ["config"] = new JsonObject
            {
                ["Env"] = new JsonArray("SEED=" + seed),
                ["Labels"] = new JsonObject((labels ?? Array.Empty<(string, string)>())
                    .Select(l => KeyValuePair.Create(l.Item1, (JsonNode?)l.Item2))),
            },
            ["rootfs"] = new JsonObject
            {
                ["type"] = "layers",
                ["diff_ids"] = new JsonArray(Layers.Select(l => (JsonNode)l.DiffId.ToString()).ToArray()),
            },
        };
        if (author is not null)
        {
            config["author"] = author;
        }

        change?.Invoke(config);
        Config = TestBlob.Of(configType ?? MediaTypes.OciConfig, Encoding.UTF8.GetBytes(config.ToJsonString()));
        var manifest = new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = MediaTypes.OciManifest,
            ["config"] = Config.ToJson(),
            ["layers"] = new JsonArray(Layers.Select(l => (JsonNode)l.Blob.ToJson()).ToArray()),
        };
        changeManifest?.Invoke(manifest);
        if (comment is not null)
        {
            manifest["annotations"] = new JsonObject { ["comment"] = comment };
        }

        Manifest = TestBlob.Of(MediaTypes.OciManifest, Encoding.UTF8.GetBytes(manifest.ToJsonString()), platform: Platform);
    }

    public Platform Platform { get; }

    public IReadOnlyList<TestLayer> Layers { get; }

    public TestBlob Config { get; }

    public TestBlob Manifest { get; }

    /// <summary>The image's id.</summary>
    public string Id => Config.Digest.ToString();

    /// <summary>Content in the order in which it is committed: config, layers, manifest.</summary>
    public IEnumerable<TestBlob> Content => new[] { Config }.Concat(Layers.Select(l => l.Blob)).Append(Manifest);

    /// <summary>Bytes of config and layers.</summary>
    public long ContentSize => Config.Bytes.Length + Layers.Sum(l => l.Blob.Bytes.Length);

    public IReadOnlyList<string> ChainIds =>
        ConfigDocument.ChainIds(Layers.Select(l => l.DiffId).ToArray()).Select(c => c.ToString()).ToArray();

    public static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);

    /// <summary>An index of images.</summary>
    public static TestBlob Index(params TestImage[] images) => IndexOf(images.Select(i => i.Manifest).ToArray());

    /// <summary>An index of documents.</summary>
    public static TestBlob IndexOf(params TestBlob[] manifests) => TestBlob.Of(MediaTypes.OciIndex, Encoding.UTF8.GetBytes(new JsonObject
    {
        ["schemaVersion"] = 2,
        ["mediaType"] = MediaTypes.OciIndex,
        ["manifests"] = new JsonArray(manifests.Select(m => (JsonNode)m.ToJson()).ToArray()),
    }.ToJsonString()));
}
