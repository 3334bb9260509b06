using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Layers;
using ImgsPS.Naming;
using ImgsPS.Stores.Archive;

namespace ImgsPS.Stores.Layout;

/// <summary>
/// The images of a docker archive (AR10-AR12, AR15): a manifest is made for each, always the same for the same archive; the config stays as
/// it is, byte for byte, so that the id does. Not thread-safe.
/// </summary>
/// <param name="members">The members.</param>
/// <param name="delta">What the archive leaves out.</param>
/// <param name="content">Their content.</param>
/// <param name="compress">Compresses layers that are not.</param>
/// <param name="known">The layers of the store by their diff ids, for a delta; asked for once.</param>
internal sealed class DockerArchive(
    MemberTable members, DeltaList delta, ImportedContent content, bool compress, Func<IReadOnlyDictionary<string, Descriptor>> known)
{
    private readonly Dictionary<Digest, Digest> _diffIds = new();
    private readonly Dictionary<Digest, StoredMember> _compressed = new();
    private readonly Dictionary<Digest, ImportedImage> _images = new();
    private IReadOnlyDictionary<string, Descriptor>? _known;

    /// <summary>Reads the images, checks all of them, and puts their configs and manifests into the store.</summary>
    /// <exception cref="ImageException">InvalidData, Integrity, Incomplete, NotSupported: one is broken. Nothing was named.</exception>
    public async Task<IReadOnlyList<ImportedImage>> ReadAsync()
    {
        var images = new List<ImportedImage>();
        foreach (var entry in DockerImageEntry.Parse(members.Document(ArchiveMembers.DockerManifest)!))
        {
            var image = await ReadAsync(entry).ConfigureAwait(false);
            if (_images.TryGetValue(image.Root.Digest, out var same))
            {
                image = same;
            }
            else
            {
                _images.Add(image.Root.Digest, image);
                images.Add(image);
            }

            foreach (var name in entry.Names)
            {
                image.AddName(EntryName.Of(name));
            }
        }

        return images;
    }

    /// <summary>Checks that there are as many layers as diff ids, in docker's words (RA7).</summary>
    internal static void CheckCount(DockerImageEntry entry, ConfigDocument config)
    {
        if (entry.Layers.Count != config.DiffIds.Count)
        {
            throw new ImageException(
                ImageErrorKind.InvalidData,
                $"invalid manifest, layers length mismatch: expected {entry.Layers.Count}, got {config.DiffIds.Count}",
                $"The image {entry.Shown} of the archive is broken: manifest.json has {entry.Layers.Count} layers for it, its config "
                    + $"{config.DiffIds.Count} diff ids. Nothing was imported.");
        }
    }

    /// <summary>The failure of a path that is no member (RA9).</summary>
    internal static ImageException NoMember(DockerImageEntry entry, string path) => new(
        ImageErrorKind.Incomplete,
        $"manifest.json names '{PrintableText.Of(path)}' for {entry.Shown}, and the archive has no such member",
        "It was not written whole, or a part of it was taken out. Nothing was imported; save the image once more.");

    private async Task<ImportedImage> ReadAsync(DockerImageEntry entry)
    {
        var file = members.Find(entry.Config) ?? throw NoMember(entry, entry.Config);
        var bytes = content.Read(file, ConfigDocument.MaxSize);
        var config = ConfigDocument.Parse(bytes);
        CheckCount(entry, config);
        var layers = new List<Descriptor>();
        for (var i = 0; i < entry.Layers.Count; i++)
        {
            layers.Add(await LayerAsync(entry, entry.Layers[i], config.DiffIds[i], i).ConfigureAwait(false));
        }

        var own = file.Bytes is null
            ? new Descriptor(MediaTypes.OciConfig, file.Content.Digest, file.Content.Size)
            : await content.AddBytesAsync(bytes, MediaTypes.OciConfig).ConfigureAwait(false);
        var manifest = await content.AddBytesAsync(ManifestOf(own, layers), MediaTypes.OciManifest).ConfigureAwait(false);
        return new ImportedImage(
            manifest, layers.Append(own).Append(manifest).GroupBy(c => c.Digest).Select(same => same.First()).ToList(), [manifest.Digest],
            [own.Digest]);
    }

    private async Task<Descriptor> LayerAsync(DockerImageEntry entry, string path, Digest expected, int number)
    {
        if (members.Find(path) is not { } layer)
        {
            return await LeftOutAsync(entry, path, expected).ConfigureAwait(false);
        }

        if (!_diffIds.TryGetValue(layer.Content.Digest, out var diffId))
        {
            diffId = content.DiffIdOf(layer, $"layer {number} of {entry.Shown}");
            _diffIds.Add(layer.Content.Digest, diffId);
        }

        if (diffId != expected)
        {
            throw new ImageException(
                ImageErrorKind.Integrity,
                $"invalid diffID for layer {number}: expected \"{expected}\", got \"{diffId}\"",
                $"The layer '{PrintableText.Of(path)}' of {entry.Shown} is not the one that its config names. Nothing was imported.");
        }

        if (layer.Compression == Compression.None && compress)
        {
            if (!_compressed.TryGetValue(layer.Content.Digest, out var compressed))
            {
                compressed = await content.CompressAsync(layer).ConfigureAwait(false);
                _compressed.Add(layer.Content.Digest, compressed);
            }

            layer = compressed;
        }
        else if (layer.Bytes is { } bytes)
        {
            await content.AddBytesAsync(bytes, "").ConfigureAwait(false);
        }

        return new Descriptor(
            layer.Compression == Compression.Gzip ? MediaTypes.OciLayerGzip : MediaTypes.OciLayer, layer.Content.Digest,
            layer.Content.Size);
    }

    /// <summary>A layer that the archive leaves out: by its digest, or by its diff id as some image of the store has it (AR13).</summary>
    private async Task<Descriptor> LeftOutAsync(DockerImageEntry entry, string path, Digest diffId)
    {
        var parts = path.Split('/');
        var left = parts.Length == 3 && Digest.TryParse(parts[1] + ":" + parts[2], out var digest) ? delta.Find(digest) : null;
        left = left?.DiffId == diffId ? left : throw NoMember(entry, path);
        _known ??= known();
        return _known.TryGetValue(diffId.ToString(), out var there) && await content.HasAsync(there).ConfigureAwait(false)
            ? there
            : throw DeltaList.NotThere([left]);
    }

    /// <summary>An image's manifest, always the same for the same parts (AR15).</summary>
    internal static byte[] ManifestOf(Descriptor config, IEnumerable<Descriptor> layers) => ArchiveNames.Write(json =>
    {
        json.WriteStartObject();
        json.WriteNumber("schemaVersion", 2);
        json.WriteString("mediaType", MediaTypes.OciManifest);
        json.WriteStartObject("config");
        WriteMembers(json, config);
        json.WriteEndObject();
        json.WriteStartArray("layers");
        foreach (var layer in layers)
        {
            json.WriteStartObject();
            WriteMembers(json, layer);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    });

    private static void WriteMembers(Utf8JsonWriter json, Descriptor descriptor)
    {
        json.WriteString("mediaType", descriptor.MediaType);
        json.WriteString("digest", descriptor.Digest.ToString());
        json.WriteNumber("size", descriptor.Size);
    }
}
