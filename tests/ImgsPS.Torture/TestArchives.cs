using System;
using System.Collections.Generic;
using System.Formats.Tar;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;
using ImgsPS.Testing;

namespace ImgsPS.Torture;

/// <summary>Archives of the test registry's images as other tools write them, by the platform's tar writer.</summary>
internal static class TestArchives
{
    /// <summary>As docker 20.10 saves an image: layers without compression below their ids, documents behind them.</summary>
    public static byte[] OfDocker(BuiltImage image, string name)
    {
        var members = new List<(string, byte[])>();
        var layers = new JsonArray();
        foreach (var layer in image.Layers)
        {
            using var tar = new MemoryStream();
            using (var gzip = new GZipStream(new MemoryStream(layer.Blob.Bytes.ToArray()), CompressionMode.Decompress))
            {
                gzip.CopyTo(tar);
            }

            var path = layer.DiffId["sha256:".Length..] + "/layer.tar";
            members.Add((path, tar.ToArray()));
            layers.Add(path);
        }

        var config = image.Config.Digest["sha256:".Length..] + ".json";
        members.Add((config, image.Config.Bytes.ToArray()));
        members.Add(("manifest.json", Utf8(new JsonArray(new JsonObject
        {
            ["Config"] = config,
            ["RepoTags"] = new JsonArray(name),
            ["Layers"] = layers,
        }))));
        return Tar(members);
    }

    /// <summary>An OCI layout as skopeo writes it: content, then the index, then the header.</summary>
    public static byte[] OfLayout(BuiltDocument image, string name) =>
        Tar([.. Blobs(image), ("index.json", IndexOf(image, name)), ("oci-layout", Header)]);

    /// <summary>An OCI layout whose documents come first.</summary>
    public static byte[] OfLayoutWithDocumentsFirst(BuiltDocument image, string name) =>
        Tar([("oci-layout", Header), ("index.json", IndexOf(image, name)), .. Blobs(image)]);

    /// <summary>A plain tree of files.</summary>
    public static byte[] OfTree(int seed, int files, int size)
    {
        var random = new Random(seed);
        return Tar(Enumerable.Range(0, files).Select(i =>
        {
            var bytes = new byte[size];
            random.NextBytes(bytes);
            return ($"etc/file{i}", bytes);
        }));
    }

    /// <summary>Where the last member ends, its last block filled: what follows is the archive's end.</summary>
    public static int EndOfMembers(byte[] tar)
    {
        var end = tar.Length;
        while (tar.AsSpan(end - 512, 512).IndexOfAnyExcept((byte)0) < 0)
        {
            end -= 512;
        }

        return end;
    }

    /// <summary>Where the members begin.</summary>
    public static IEnumerable<int> Starts(byte[] tar)
    {
        var end = EndOfMembers(tar);
        for (var at = 0; at < end;)
        {
            yield return at;
            var size = Convert.ToInt32(Encoding.ASCII.GetString(tar, at + 124, 11).Trim('\0', ' '), 8);
            at += 512 + ((size + 511) / 512 * 512);
        }
    }

    private static byte[] Header => Encoding.UTF8.GetBytes("{\"imageLayoutVersion\":\"1.0.0\"}");

    private static IEnumerable<(string, byte[])> Blobs(BuiltDocument image) => ContentOf(image).DistinctBy(b => b.Digest)
        .Select(b => ("blobs/sha256/" + b.Digest["sha256:".Length..], b.Bytes.ToArray()));

    private static IEnumerable<BuiltBlob> ContentOf(BuiltDocument document) => document switch
    {
        BuiltIndex index => index.Images.SelectMany(ContentOf).Append(index.Manifest),
        BuiltImage image => image.Layers.Select(l => l.Blob).Append(image.Config).Append(image.Manifest),
        _ => throw new ArgumentException(document.GetType().Name, nameof(document)),
    };

    private static byte[] IndexOf(BuiltDocument image, string name) => Utf8(new JsonObject
    {
        ["schemaVersion"] = 2,
        ["manifests"] = new JsonArray(new JsonObject
        {
            ["mediaType"] = image.MediaType,
            ["digest"] = image.Digest,
            ["size"] = image.Manifest.Size,
            ["annotations"] = new JsonObject { ["org.opencontainers.image.ref.name"] = name },
        }),
    });

    private static byte[] Utf8(JsonNode json) => Encoding.UTF8.GetBytes(json.ToJsonString());

    private static byte[] Tar(IEnumerable<(string Name, byte[] Bytes)> members)
    {
        using var stream = new MemoryStream();
        using (var tar = new TarWriter(stream, TarEntryFormat.Ustar, leaveOpen: true))
        {
            foreach (var (name, bytes) in members)
            {
                tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(bytes) });
            }
        }

        return stream.ToArray();
    }
}
