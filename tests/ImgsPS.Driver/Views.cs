using System;
using System.Globalization;
using System.IO;

namespace ImgsPS.Driver;

/// <summary>How the objects look as text.</summary>
internal static class Views
{
    public static readonly Table<Image> Images = new(
        ("REPOSITORY", i => i.Repository ?? "<none>"),
        ("TAG", i => i.Tag ?? "<none>"),
        ("ID", i => Short(i.Id)),
        ("PLATFORM", i => i.Platform?.ToString() ?? ""),
        ("CREATED", i => i.Created?.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture) ?? "N/A"),
        ("SIZE", i => Size(i.Size)));

    public static readonly Table<ImageManifest> Manifests = new(
        ("PLATFORM", m => m.Platform?.ToString() ?? ""),
        ("DIGEST", m => m.Digest),
        ("MEDIA TYPE", m => m.MediaType),
        ("LAYERS", m => m.Layers.Count == 0 ? "" : m.Layers.Count.ToString(CultureInfo.InvariantCulture)),
        ("CONTENT", m => m.ContentSize is { } size ? Size(size) : ""));

    public static readonly Table<ImageSearchResult> SearchResults = new(
        ("NAME", r => r.Name),
        ("DESCRIPTION", r => r.Description.Length > 45 ? r.Description[..44] + "…" : r.Description),
        ("STARS", r => r.Stars.ToString(CultureInfo.InvariantCulture)),
        ("OFFICIAL", r => r.Official ? "[OK]" : ""));

    public static readonly Table<ImageStoreInfo> Stores = new(
        ("STORE", s => s.Store),
        ("IMAGES", s => s.Images.ToString(CultureInfo.InvariantCulture)),
        ("DANGLING", s => s.Dangling.ToString(CultureInfo.InvariantCulture)),
        ("BLOBS", s => s.Blobs?.ToString(CultureInfo.InvariantCulture) ?? ""),
        ("SIZE", s => Size(s.Bytes)),
        ("RECLAIMABLE", s => Size(s.ReclaimableBytes)));

    /// <summary>Writes a removal in docker's words (D1, D3).</summary>
    public static void Write(TextWriter output, ImageRemoval removal)
    {
        foreach (var reference in removal.Untagged)
        {
            output.WriteLine("Untagged: " + reference);
        }

        foreach (var id in removal.Deleted)
        {
            output.WriteLine("Deleted: " + id);
        }

        output.WriteLine($"Freed: {Size(removal.BytesFreed)}");
    }

    /// <summary>12 digits of an id, as docker shows it (L2).</summary>
    public static string Short(string id)
    {
        var hex = id[(id.IndexOf(':', StringComparison.Ordinal) + 1)..];
        return hex.Length > 12 ? hex[..12] : hex;
    }

    /// <summary>Decimal units and three digits that count, as docker shows sizes (L5).</summary>
    public static string Size(long bytes)
    {
        string[] units = ["B", "kB", "MB", "GB", "TB", "PB"];
        double value = bytes;
        var unit = 0;
        for (; value >= 999.5 && unit < units.Length - 1; unit++)
        {
            value /= 1000;
        }

        return value.ToString("G3", CultureInfo.InvariantCulture) + units[unit];
    }
}
