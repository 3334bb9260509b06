using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Layers;
using ImgsPS.Platforms;
using ImgsPS.Stores.Archive;

namespace ImgsPS.Stores.Layout;

/// <summary>
/// Makes an image of a plain tree of files (AR17): the tar as it is becomes its one layer, also when it is compressed with gzip. It is read
/// through, so that a broken one is none (RA6); no file of it is made. Not thread-safe.
/// </summary>
internal sealed class TreeImport(ImportedContent content, CancellationToken cancellation)
{
    /// <summary>Imports.</summary>
    /// <exception cref="ImageException">
    /// InvalidArgument: a change is none. InvalidData, NotSupported, TooLarge: the tar is broken. Nothing was named.
    /// </exception>
    public async Task<ImportedImage> RunAsync(ImportRequest request, RootFileSystem tree)
    {
        var platform = tree.Platform ?? HostPlatform.Current;
        var changes = ConfigChanges.Parse(tree.Changes, platform.OS == "windows");
        var (layer, diffId) = await LayerAsync(request).ConfigureAwait(false);
        var config = await content.AddBytesAsync(
            ConfigOf(platform, changes, diffId, tree.Message ?? "Imported from -"), MediaTypes.OciConfig).ConfigureAwait(false);
        var manifest = await content.AddBytesAsync(DockerArchive.ManifestOf(config, [layer]), MediaTypes.OciManifest).ConfigureAwait(false);
        var image = new ImportedImage(manifest, [layer, config, manifest], [manifest.Digest], [config.Digest]);
        if (tree.Reference is { } name)
        {
            image.AddName(EntryName.Of(name));
        }

        return image;
    }

    private async Task<(Descriptor Layer, Digest DiffId)> LayerAsync(ImportRequest request)
    {
        if (request.Input.Open is not { } open)
        {
            throw new ImageException(
                ImageErrorKind.NotSupported, $"'{request.Input.Name}' is a folder, and -RootFileSystem takes a tar",
                "Pack it first, which keeps owners and rights: tar -C FOLDER -c . | pwsh -Command 'Import-Image - -RootFileSystem'.");
        }

        using var input = new ImportStream(open(), request.Input.Name, cancellation);
        var compression = input.Look();
        using var writer = await content.NewAsync().ConfigureAwait(false);
        var blob = new NewBlobStream(writer, cancellation);
        var gzip = request.Compress && compression == Compression.None ? GzipWriter.To(blob) : null;

        // What is stored as it is has one hash, which the writer makes.
        using var diffId = compression == Compression.None && gzip is null ? null : Digest.CreateHash("sha256");

        // What is read is written; what comes out of it is hashed, and read as a tar.
        using var stored = new WatchedStream(input, (gzip ?? blob).Write);
        using var plain = new WatchedStream(
            Compressions.Undo(stored, compression, "the archive"), (bytes, offset, count) => diffId?.AppendData(bytes, offset, count));
        var reader = new TarReader(plain);
        while (reader.Next() is not null)
        {
            cancellation.ThrowIfCancellationRequested();
        }

        gzip?.Dispose();
        var type = compression == Compression.Gzip || gzip is not null ? MediaTypes.OciLayerGzip : MediaTypes.OciLayer;
        var layer = await content.CommitAsync(writer, type).ConfigureAwait(false);
        return (layer, diffId is null ? layer.Digest : Digest.FromHash("sha256", diffId.GetHashAndReset()));
    }

    private static byte[] ConfigOf(Platform platform, ConfigChanges changes, Digest diffId, string message)
    {
        var now = DateTime.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);
        return ArchiveNames.Write(json =>
        {
            json.WriteStartObject();
            json.WriteString("architecture", platform.Architecture);
            json.WriteString("comment", message);
            changes.Write(json);
            json.WriteString("created", now);
            json.WriteStartArray("history");
            json.WriteStartObject();
            json.WriteString("created", now);
            json.WriteString("comment", message);
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteString("os", platform.OS);
            if (platform.OSVersion is not null)
            {
                json.WriteString("os.version", platform.OSVersion);
            }

            json.WriteStartObject("rootfs");
            json.WriteString("type", "layers");
            ArchiveNames.WriteTexts(json, "diff_ids", [diffId.ToString()]);
            json.WriteEndObject();
            if (platform.Variant is not null)
            {
                json.WriteString("variant", platform.Variant);
            }

            json.WriteEndObject();
        });
    }
}
