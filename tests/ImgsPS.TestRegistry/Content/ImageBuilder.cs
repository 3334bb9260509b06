using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Formats.Tar;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace ImgsPS.Testing;

/// <summary>Makes the documents and blobs of images. Pure: the same spec gives the same bytes.</summary>
internal static class ImageBuilder
{
    private static readonly DateTimeOffset FileTime = new(2024, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static string DigestOf(ReadOnlySpan<byte> bytes, string algorithm = "sha256") => algorithm + ":" + Convert.ToHexString(
        algorithm == "sha512" ? SHA512.HashData(bytes) : SHA256.HashData(bytes)).ToLowerInvariant();

    public static BuiltBlob Blob(string mediaType, byte[] bytes) => new(mediaType, DigestOf(bytes), bytes);

    public static BuiltLayer Layer(LayerSpec spec, ImageFormat format)
    {
        var tar = Tar(spec);
        return new BuiltLayer(
            Blob(spec.MediaType ?? MediaTypes.Layer(format, spec.Gzip), spec.Gzip ? Compress(tar) : tar),
            DigestOf(tar));
    }

    public static BuiltBlob Config(ImageSpec spec, IReadOnlyList<BuiltLayer> layers)
    {
        var container = new JsonObject
        {
            ["Env"] = new JsonArray("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
            ["Cmd"] = new JsonArray("/bin/app"),
        };
        if (spec.Labels.Count > 0)
        {
            container["Labels"] = Map(spec.Labels);
        }

        var config = new JsonObject();
        AddText(config, "created", Time(spec.Created));
        AddText(config, "author", spec.Author);
        AddPlatform(config, spec);
        config["config"] = container;
        config["rootfs"] = new JsonObject { ["type"] = "layers", ["diff_ids"] = Texts(layers.Select(l => l.DiffId)) };
        config["history"] = new JsonArray(spec.Layers.Select(l =>
        {
            var entry = new JsonObject();
            AddText(entry, "created", Time(spec.Created));
            entry["created_by"] = $"ADD layer seed={l.Seed} size={l.Size}";
            return (JsonNode)entry;
        }).ToArray());
        return Document(spec.ConfigMediaType ?? MediaTypes.Config(spec.Format), config);
    }

    public static BuiltBlob Manifest(ImageSpec spec, BuiltBlob config, IReadOnlyList<BuiltLayer> layers, BuiltBlob? subject)
    {
        var mediaType = MediaTypes.Manifest(spec.Format);
        var manifest = new JsonObject { ["schemaVersion"] = 2, ["mediaType"] = mediaType };
        AddText(manifest, "artifactType", spec.ArtifactType);
        manifest["config"] = Descriptor(config);
        manifest["layers"] = new JsonArray(layers.Select((layer, i) =>
        {
            var descriptor = Descriptor(layer.Blob);
            if (spec.Layers[i].Urls.Count > 0)
            {
                descriptor["urls"] = Texts(spec.Layers[i].Urls);
            }

            return (JsonNode)descriptor;
        }).ToArray());
        if (subject is not null)
        {
            manifest["subject"] = Descriptor(subject);
        }

        AddMap(manifest, "annotations", spec.Annotations);
        return Document(mediaType, manifest);
    }

    public static BuiltBlob Index(ImageFormat format, IEnumerable<BuiltImage> images)
    {
        var mediaType = MediaTypes.Index(format);
        return Document(mediaType, new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = mediaType,
            ["manifests"] = new JsonArray(images.Select(image =>
            {
                var descriptor = Descriptor(image.Manifest);
                var platform = new JsonObject();
                AddPlatform(platform, image.Spec);
                if (image.Spec.DescribePlatform)
                {
                    descriptor["platform"] = platform;
                }

                AddMap(descriptor, "annotations", image.Spec.DescriptorAnnotations);
                return (JsonNode)descriptor;
            }).ToArray()),
        });
    }

    public static JsonObject Descriptor(BuiltBlob blob) =>
        new() { ["mediaType"] = blob.MediaType, ["digest"] = blob.Digest, ["size"] = blob.Size };

    private static BuiltBlob Document(string mediaType, JsonObject document) =>
        Blob(mediaType, Encoding.UTF8.GetBytes(Json.Write(document)));

    private static void AddPlatform(JsonObject target, ImageSpec spec)
    {
        AddText(target, "architecture", spec.Architecture);
        AddText(target, "os", spec.OS);
        AddText(target, "variant", spec.Variant);
        AddText(target, "os.version", spec.OSVersion);
        if (spec.OSFeatures.Count > 0)
        {
            target["os.features"] = Texts(spec.OSFeatures);
        }
    }

    private static void AddText(JsonObject target, string name, string? text)
    {
        if (text is not null)
        {
            target[name] = text;
        }
    }

    private static void AddMap(JsonObject target, string name, IReadOnlyDictionary<string, string> map)
    {
        if (map.Count > 0)
        {
            target[name] = Map(map);
        }
    }

    private static string? Time(DateTimeOffset? time) => time?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", null);

    private static JsonObject Map(IReadOnlyDictionary<string, string> map) =>
        new(map.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => KeyValuePair.Create(p.Key, (JsonNode?)p.Value)));

    private static JsonArray Texts(IEnumerable<string> texts) => new(texts.Select(t => (JsonNode?)t).ToArray());

    private static byte[] Tar(LayerSpec spec)
    {
        using var memory = new MemoryStream();
        using (var tar = new TarWriter(memory, TarEntryFormat.Ustar, leaveOpen: true))
        {
            var folders = new HashSet<string>(StringComparer.Ordinal);
            Add(tar, folders, $"data/seed-{spec.Seed}.bin", Noise(spec.Seed, spec.Size));
            foreach (var file in spec.Files.OrderBy(f => f.Key, StringComparer.Ordinal))
            {
                Add(tar, folders, file.Key.TrimStart('/'), Encoding.UTF8.GetBytes(file.Value));
            }
        }

        return memory.ToArray();
    }

    private static void Add(TarWriter tar, HashSet<string> folders, string path, byte[] content)
    {
        for (var slash = path.IndexOf('/', StringComparison.Ordinal); slash > 0; slash = path.IndexOf('/', slash + 1))
        {
            if (folders.Add(path[..slash]))
            {
                tar.WriteEntry(new UstarTarEntry(TarEntryType.Directory, path[..slash] + "/")
                {
                    ModificationTime = FileTime,
                    Mode = (UnixFileMode)0b111_101_101,
                });
            }
        }

        using var data = new MemoryStream(content);
        tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, path)
        {
            ModificationTime = FileTime,
            Mode = (UnixFileMode)0b110_100_100,
            DataStream = data,
        });
    }

    private static byte[] Compress(byte[] tar)
    {
        using var memory = new MemoryStream();
        using (var gzip = new GZipStream(memory, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(tar);
        }

        return memory.ToArray();
    }

    /// <summary>Pseudo-random bytes (splitmix64), the same everywhere.</summary>
    private static byte[] Noise(int seed, int size)
    {
        var bytes = new byte[size];
        var state = ((ulong)(uint)seed << 32) ^ 0x9E3779B97F4A7C15;
        Span<byte> word = stackalloc byte[8];
        for (var i = 0; i < size; i += 8)
        {
            state += 0x9E3779B97F4A7C15;
            var z = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            BinaryPrimitives.WriteUInt64LittleEndian(word, z ^ (z >> 31));
            word[..Math.Min(8, size - i)].CopyTo(bytes.AsSpan(i));
        }

        return bytes;
    }
}
