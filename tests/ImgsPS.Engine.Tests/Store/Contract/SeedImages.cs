using System;
using System.Collections.Generic;
using System.Formats.Tar;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;
using ImgsPS.Testing;

namespace ImgsPS.Engine.Tests.Store.Contract;

/// <summary>Images with configs that <see cref="ImageSpec"/> does not describe.</summary>
internal static class SeedImages
{
    /// <summary>Adds an image whose config is changed before it gets its digest.</summary>
    public static BuiltImage AddEdited(this TestRegistry registry, string name, ImageSpec spec, Action<JsonObject> edit)
    {
        var (repository, tag) = Split(name);
        var image = registry.AddImage(repository, spec);
        return registry.PutEdited(image, tag, Edited(image, edit), image.Layers);
    }

    /// <summary>Adds two images whose ids begin with the same hex digits, as many as <paramref name="length"/>.</summary>
    public static (BuiltImage One, BuiltImage Two) AddWithCommonPrefix(this TestRegistry registry, string one, string two, int length)
    {
        var image = registry.AddImage(Split(one).Repository, new ImageSpec());
        registry.AddImage(Split(two).Repository, new ImageSpec());
        var seen = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        for (var i = 0; ; i++)
        {
            var config = Edited(image, c => c["author"] = $"author {i}");
            var prefix = Digest.Of(config).Hex[..length];
            if (seen.TryGetValue(prefix, out var other))
            {
                return (
                    registry.PutEdited(image with { Repository = Split(one).Repository }, Split(one).Tag, other, image.Layers),
                    registry.PutEdited(image with { Repository = Split(two).Repository }, Split(two).Tag, config, image.Layers));
            }

            seen.Add(prefix, config);
        }
    }

    /// <summary>
    /// Adds an image that a container can run on linux/amd64: its one program waits until it is killed.
    /// </summary>
    public static BuiltImage AddProgram(this TestRegistry registry, string name)
    {
        var (repository, tag) = Split(name);
        var image = registry.AddImage(repository, new ImageSpec());
        using var memory = new MemoryStream();
        using (var tar = new TarWriter(memory, TarEntryFormat.Ustar, leaveOpen: true))
        {
            tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, "wait")
            {
                DataStream = new MemoryStream(WaitingProgram()),
                ModificationTime = DateTimeOffset.UnixEpoch,
                Mode = UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute,
            });
        }

        var bytes = memory.ToArray();
        var layer = new BuiltLayer(
            new BuiltBlob("application/vnd.oci.image.layer.v1.tar", registry.PutBlob(repository, bytes), bytes),
            Digest.Of(bytes).ToString());
        var config = Edited(image, c =>
        {
            c["config"]!["Cmd"] = new JsonArray("/wait");
            c["rootfs"]!["diff_ids"] = new JsonArray(layer.DiffId);
        });
        return registry.PutEdited(image, tag, config, [layer]);
    }

    private static BuiltImage PutEdited(
        this TestRegistry registry, BuiltImage image, string tag, byte[] config, IReadOnlyList<BuiltLayer> layers)
    {
        var document = JsonNode.Parse(image.Manifest.Bytes.Span)!.AsObject();
        var digest = registry.PutBlob(image.Repository, config);
        document["config"]!["digest"] = digest;
        document["config"]!["size"] = config.Length;
        document["layers"] = new JsonArray(layers.Select(l => (JsonNode)new JsonObject
        {
            ["mediaType"] = l.Blob.MediaType,
            ["digest"] = l.Blob.Digest,
            ["size"] = l.Blob.Size,
        }).ToArray());
        var bytes = Encoding.UTF8.GetBytes(document.ToJsonString());
        var manifest = new BuiltBlob(image.MediaType, registry.PutManifest(image.Repository, bytes, image.MediaType, tag), bytes);
        return image with
        {
            Reference = $"{registry.Host}/{image.Repository}:{tag}",
            Manifest = manifest,
            Config = new BuiltBlob(image.Config.MediaType, digest, config),
            Layers = layers,
        };
    }

    private static byte[] Edited(BuiltImage image, Action<JsonObject> edit)
    {
        var config = JsonNode.Parse(image.Config.Bytes.Span)!.AsObject();
        edit(config);
        return Encoding.UTF8.GetBytes(config.ToJsonString());
    }

    private static (string Repository, string Tag) Split(string name)
    {
        var colon = name.IndexOf(':', StringComparison.Ordinal);
        return (name[..colon], name[(colon + 1)..]);
    }

    /// <summary>An ELF file for linux/amd64 that is one endless <c>pause()</c> (elf(5)).</summary>
    private static byte[] WaitingProgram()
    {
        const ulong Base = 0x400000;
        byte[] code = [0xB8, 34, 0, 0, 0, 0x0F, 0x05, 0xEB, 0xF7]; // mov eax, 34 (pause); syscall; jmp to the start
        using var memory = new MemoryStream();
        using var writer = new BinaryWriter(memory);
        const int HeaderSize = 64;
        const int SegmentSize = 56;
        const int Size = HeaderSize + SegmentSize;
        writer.Write([0x7F, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        writer.Write((ushort)2); // executable
        writer.Write((ushort)62); // x86-64
        writer.Write(1);
        writer.Write(Base + Size); // entry
        writer.Write((ulong)HeaderSize); // program headers
        writer.Write(0UL); // section headers: none
        writer.Write(0);
        writer.Write((ushort)HeaderSize);
        writer.Write((ushort)SegmentSize);
        writer.Write((ushort)1);
        writer.Write((ushort)0);
        writer.Write((ushort)0);
        writer.Write((ushort)0);
        writer.Write(1); // load
        writer.Write(5); // read, execute
        writer.Write(0UL);
        writer.Write(Base);
        writer.Write(Base);
        writer.Write((ulong)(Size + code.Length));
        writer.Write((ulong)(Size + code.Length));
        writer.Write(0x1000UL);
        writer.Write(code);
        return memory.ToArray();
    }
}
