using System;
using System.Collections.Generic;
using System.Formats.Tar;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Stores;

namespace ImgsPS.Bench;

/// <summary>
/// Makes stores of many images that share a layer: a layout as another tool would have written it, and the same for <c>docker load</c>.
/// </summary>
internal static class StoreMaker
{
    /// <summary>The host stands for no registry: these images are not pulled.</summary>
    public static string Name(int i) => $"127.0.0.1:1/bench/store-{i:d6}:1.0";

    /// <summary>
    /// Writes a store of <paramref name="count"/> images, and has the engine write what it derives, as after a first use.
    /// </summary>
    public static async Task MakeAsync(string folder, int count)
    {
        var blobs = Path.Combine(folder, "blobs", "sha256");
        Directory.CreateDirectory(blobs);
        void Put(byte[] bytes) => File.WriteAllBytes(Path.Combine(blobs, Documents.DigestOf(bytes).Hex), bytes);

        var layer = LayerMaker.Make(400, 64 << 10);
        Put(layer.Bytes);
        var entries = new List<JsonObject>();
        for (var i = 0; i < count; i++)
        {
            var config = Documents.Config("linux", "amd64", null, i, [layer.DiffId]);
            var manifest = Documents.Manifest(config, [(layer.Digest, layer.Bytes.Length)]);
            Put(config);
            Put(manifest);
            var entry = Documents.Descriptor(MediaTypes.OciManifest, Documents.DigestOf(manifest), manifest.Length);
            entry["annotations"] = new JsonObject { ["org.opencontainers.image.ref.name"] = Name(i) };
            entries.Add(entry);
        }

        await File.WriteAllBytesAsync(Path.Combine(folder, "index.json"), Documents.Index(entries));
        await File.WriteAllTextAsync(Path.Combine(folder, "oci-layout"), """{"imageLayoutVersion":"1.0.0"}""");
        using var store = ImageStores.Open(folder);

        // Makes the store ours; nothing in it is old enough to go.
        await store.ForOptimization().OptimizeAsync(new StoreOptimizeRequest(), NullObserver.Instance, CancellationToken.None);
        var listed = await store.ListAsync(ListRequest.Default, NullObserver.Instance, CancellationToken.None);
        if (listed.Count != count)
        {
            throw new InvalidOperationException($"The store of {count} images lists {listed.Count}.");
        }
    }

    /// <summary>Writes the same images as an archive for <c>docker load</c>.</summary>
    public static void MakeArchive(string file, int count)
    {
        var layer = LayerMaker.Make(400, 64 << 10);
        var content = new MemoryStream();
        using (var inflate = new System.IO.Compression.GZipStream(new MemoryStream(layer.Bytes),
            System.IO.Compression.CompressionMode.Decompress))
        {
            inflate.CopyTo(content);
        }

        using var writer = new TarWriter(File.Create(file), TarEntryFormat.Ustar);
        void Put(string name, byte[] bytes) =>
            writer.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(bytes) });

        Put("layer.tar", content.ToArray());
        var list = new JsonArray();
        for (var i = 0; i < count; i++)
        {
            var config = Documents.Config("linux", "amd64", null, i, [layer.DiffId]);
            Put($"{i}.json", config);
            list.Add((JsonNode)new JsonObject
            {
                ["Config"] = $"{i}.json",
                ["RepoTags"] = new JsonArray(Name(i)),
                ["Layers"] = new JsonArray("layer.tar"),
            });
        }

        Put("manifest.json", Encoding.UTF8.GetBytes(list.ToJsonString()));
    }
}
