using System;
using System.Collections.Generic;
using System.Formats.Tar;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Text.Json.Nodes;

namespace ImgsPS.Testing;

/// <summary>An image as a pull finds it in a registry. Immutable.</summary>
/// <param name="Digest">The digest of what was asked for, an index perhaps (U2).</param>
/// <param name="Config">The config's bytes.</param>
/// <param name="Blobs">The layers' digests and bytes, bottom first.</param>
internal sealed record RegistryImage(string Digest, byte[] Config, IReadOnlyList<(string Digest, ReadOnlyMemory<byte> Bytes)> Blobs)
{
    /// <summary>Finds the image of a platform.</summary>
    /// <param name="content">The registry's content.</param>
    /// <param name="reference">With tag or digest.</param>
    /// <param name="platform"><c>os/architecture[/variant]</c></param>
    /// <exception cref="DockerFailure">
    /// 404: no such manifest (U13). 500: no image of the platform (U5), or content that is not there.
    /// </exception>
    public static RegistryImage Find(RegistryContent content, DockerReference reference, string platform)
    {
        var top = content.Manifest(reference.Path, reference.Digest ?? reference.Tag!)
            ?? throw new DockerFailure(404, $"manifest for {reference.Familiar} not found: manifest unknown: manifest unknown");
        return new RegistrySearch(content, reference, platform).Find(top);
    }

    /// <summary>Bytes of a layer's files, as a graphdriver counts them: what is in files, and the targets of links.</summary>
    public static long SizeOf(ReadOnlyMemory<byte> blob)
    {
        using Stream raw = new MemoryStream(blob.ToArray());
        using var tar = blob.Span.StartsWith((ReadOnlySpan<byte>)[0x1f, 0x8b]) ? new GZipStream(raw, CompressionMode.Decompress) : raw;
        using var reader = new TarReader(tar);
        long size = 0;
        while (reader.GetNextEntry() is { } entry)
        {
            size += entry.EntryType == TarEntryType.SymbolicLink ? entry.LinkName.Length : entry.Length;
        }

        return size;
    }

    private sealed class RegistrySearch(RegistryContent content, DockerReference reference, string platform)
    {
        public RegistryImage Find(StoredManifest top)
        {
            var document = Read(top);
            if (document["manifests"] is JsonArray entries)
            {
                var chosen = entries.Select(e => e!.AsObject()).OrderBy(e => e["platform"] is null).FirstOrDefault(Fits)
                    ?? throw new DockerFailure(500, $"no matching manifest for {platform} in the manifest list entries");
                var digest = chosen["digest"]!.GetValue<string>();
                document = Read(content.Manifest(reference.Path, digest)
                    ?? throw new DockerFailure(404, $"manifest for {reference.Familiar} not found: manifest unknown: manifest unknown"));
            }

            var config = Blob(document["config"]!).Bytes.ToArray();
            return new RegistryImage(top.Digest, config, document["layers"]!.AsArray().Select(l => Blob(l!)).ToList());
        }

        private static JsonObject Read(StoredManifest manifest) => JsonNode.Parse(manifest.Bytes.Span)!.AsObject();

        private bool Fits(JsonObject entry)
        {
            if (entry["platform"] is not { } described)
            {
                return true;
            }

            var asked = platform.Split('/');
            var variant = asked.Length > 2 ? asked[2] : null;
            return described["os"]?.GetValue<string>() == asked[0]
                && described["architecture"]?.GetValue<string>() == asked[1]
                && (variant is null || described["variant"]?.GetValue<string>() == variant);
        }

        private (string Digest, ReadOnlyMemory<byte> Bytes) Blob(JsonNode descriptor)
        {
            var digest = descriptor["digest"]!.GetValue<string>();
            return (digest, content.Blob(reference.Path, digest) ?? throw new DockerFailure(500, "unknown blob"));
        }
    }
}
