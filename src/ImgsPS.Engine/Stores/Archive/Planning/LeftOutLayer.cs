using System;
using System.Collections.Generic;
using ImgsPS.Content;

namespace ImgsPS.Stores.Archive;

/// <summary>A layer that a delta leaves out (AR13). Not thread-safe.</summary>
internal sealed class LeftOutLayer(Descriptor layer, Digest diffId)
{
    /// <summary>The layer.</summary>
    public Descriptor Layer { get; } = layer;

    /// <summary>Digest of its tar.</summary>
    public Digest DiffId { get; } = diffId;

    /// <summary>The images that have it, of those that the archive's reader has.</summary>
    public SortedSet<string> Images { get; } = new(StringComparer.Ordinal);

    /// <summary>The document that lists them (<see cref="ArchiveMembers.Delta"/>).</summary>
    public static byte[] ToDocument(IEnumerable<LeftOutLayer> layers) => ArchiveNames.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteNumber("version", 1);
        writer.WriteStartArray("layers");
        foreach (var left in layers)
        {
            writer.WriteStartObject();
            writer.WriteString("digest", left.Layer.Digest.ToString());
            writer.WriteNumber("size", left.Layer.Size);
            writer.WriteString("diffId", left.DiffId.ToString());
            ArchiveNames.WriteTexts(writer, "images", left.Images);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    });
}
