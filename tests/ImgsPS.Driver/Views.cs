using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;

namespace ImgsPS.Driver;

/// <summary>How the objects look as text.</summary>
internal static class Views
{
    public static readonly Table<Image> Images = new(
        ("REPOSITORY", i => i.Repository ?? "<none>"),
        ("TAG", i => i.Tag ?? "<none>"),
        ("ID", i => Short(i.Id)),
        ("PLATFORM", i => i.Platform?.ToString() ?? ""),
        ("CREATED", i => Time(i.Created)),
        ("SIZE", i => Size(i.Size)));

    public static readonly Table<ImageManifest> Manifests = new(
        ("PLATFORM", m => m.Platform?.ToString() ?? ""),
        ("DIGEST", m => m.Digest),
        ("MEDIA TYPE", m => m.MediaType),
        ("LAYERS", m => m.Layers.Count == 0 ? "" : m.Layers.Count.ToString(CultureInfo.InvariantCulture)),
        ("CONTENT", m => m.ContentSize is { } size ? Size(size) : ""));

    public static readonly Table<ImageHistoryEntry> History = new(
        ("IMAGE", h => h.Id is { } id ? Short(id) : "<missing>"),
        ("CREATED", h => Time(h.Created)),
        ("CREATED BY", h => Cut(h.CreatedBy ?? "", 60)),
        ("SIZE", h => h.Size is { } size ? Size(size) : "?"),
        ("DIFF ID", h => h.DiffId is { } id ? Short(id) : ""),
        ("COMMENT", h => h.Comment ?? ""));

    public static readonly Table<ImageLayer> Layers = new(
        ("DIGEST", l => Short(l.Digest ?? "")),
        ("DIFF ID", l => Short(l.DiffId ?? "")),
        ("CHAIN ID", l => Short(l.ChainId ?? "")),
        ("SIZE", l => l.Size is { } size ? Size(size) : "?"),
        ("CREATED BY", l => Cut(l.CreatedBy ?? "", 60)),
        ("SHARED WITH", l => string.Join(' ', l.SharedWith)));

    public static readonly Table<ImageSearchResult> SearchResults = new(
        ("NAME", r => r.Name),
        ("DESCRIPTION", r => Cut(r.Description, 45)),
        ("STARS", r => r.Stars.ToString(CultureInfo.InvariantCulture)),
        ("OFFICIAL", r => r.Official ? "[OK]" : ""));

    public static readonly Table<ImageStoreInfo> Stores = new(
        ("STORE", s => s.Store),
        ("IMAGES", s => s.Images.ToString(CultureInfo.InvariantCulture)),
        ("DANGLING", s => s.Dangling.ToString(CultureInfo.InvariantCulture)),
        ("BLOBS", s => s.Blobs?.ToString(CultureInfo.InvariantCulture) ?? ""),
        ("SIZE", s => Size(s.Bytes)),
        ("RECLAIMABLE", s => Size(s.ReclaimableBytes)));

    public static readonly Table<ImageStoreFinding> Findings = new(
        ("SEVERITY", f => f.Severity.ToString()),
        ("KIND", f => f.Kind.ToString()),
        ("IMAGE", f => string.Join(' ', f.Image)),
        ("MESSAGE", f => f.Message),
        ("ACTION", f => f.Action),
        ("REPAIRED", f => f.Repaired ? "yes" : ""));

    public static readonly Table<ImageStoreOptimization> Optimizations = new(
        ("STORE", o => o.Store),
        ("BLOBS", o => o.Blobs.ToString(CultureInfo.InvariantCulture)),
        ("DOWNLOADS", o => o.Downloads.ToString(CultureInfo.InvariantCulture)),
        ("LEFTOVERS", o => o.Leftovers.ToString(CultureInfo.InvariantCulture)),
        ("QUARANTINED", o => o.Quarantined.ToString(CultureInfo.InvariantCulture)),
        ("FREED", o => Size(o.BytesFreed)));

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

    /// <summary>Writes what a config says, a line each; what it does not say is left out.</summary>
    public static void Write(TextWriter output, ImageConfig config)
    {
        (string Name, string? Value)[] lines =
        [
            ("Id", config.Id),
            ("Created", config.Created is null ? null : Time(config.Created)),
            ("Author", config.Author),
            ("Platform", config.Platform?.ToString()),
            ("User", config.User),
            ("WorkingDirectory", config.WorkingDirectory),
            ("Entrypoint", Words(config.Entrypoint)),
            ("Command", Words(config.Command)),
            ("Shell", Words(config.Shell)),
            ("StopSignal", config.StopSignal),
            ("Healthcheck", config.Healthcheck?.ToString()),
            .. config.Env.Select(e => ("Env", $"{e.Key}={e.Value}")),
            .. config.Labels.Select(l => ("Label", $"{l.Key}={l.Value}")),
            .. config.ExposedPorts.Select(p => ("ExposedPort", p)),
            .. config.Volumes.Select(v => ("Volume", v)),
            .. config.OnBuild.Select(s => ("OnBuild", s)),
        ];
        foreach (var (name, value) in lines.Where(l => l.Value is not null))
        {
            output.WriteLine($"{name + ":",-18}{value}");
        }
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

    private static string Time(DateTimeOffset? time) =>
        time?.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture) ?? "N/A";

    private static string Cut(string text, int length) => text.Length > length ? text[..(length - 1)] + "…" : text;

    private static string? Words(IReadOnlyList<string> words) => words.Count == 0 ? null : string.Join(' ', words);
}
