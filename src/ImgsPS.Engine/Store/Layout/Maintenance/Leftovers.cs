using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace ImgsPS.Store.Layout.Maintenance;

/// <summary>Something beside the content that a killed process left, or that is kept as evidence. Immutable.</summary>
/// <param name="Kind">StaleIngest, Trash, DeadLease, TemporaryFile or Quarantine.</param>
/// <param name="Path">The file; for a download its folder, for a lease its lock file.</param>
/// <param name="Size">All its bytes.</param>
/// <param name="Time">When it was last written, by the file system's clock, UTC.</param>
internal sealed record Leftover(ImageStoreFindingKind Kind, string Path, long Size, DateTime Time);

/// <summary>Finds what is left over. Changes nothing.</summary>
internal static class Leftovers
{
    /// <summary>Everything of a store that may be deleted without loss to any image.</summary>
    /// <exception cref="ImageException">StoreUnavailable: a folder cannot be listed.</exception>
    public static IReadOnlyList<Leftover> Of(StorePaths paths)
    {
        var found = new List<Leftover>();
        foreach (var folder in StoreReader.FoldersIn(paths.Ingest))
        {
            var path = IngestFolder.LockOf(folder.FullName);
            if ((!File.Exists(path) || FileLock.IsFree(path)) && IngestFolder.Measure(folder) is { } download)
            {
                found.Add(new Leftover(ImageStoreFindingKind.StaleIngest, folder.FullName, download.Size, download.Time));
            }
        }

        AddFiles(found, ImageStoreFindingKind.Trash, StoreReader.FilesIn(paths.Trash));
        found.AddRange(Lease.Dead(paths).Select(l => new Leftover(ImageStoreFindingKind.DeadLease, l.Path, l.Size, DateTime.MinValue)));
        AddFiles(found, ImageStoreFindingKind.TemporaryFile, StoreReader.FilesIn(paths.Own, "*.tmp"));
        AddFiles(found, ImageStoreFindingKind.Quarantine, StoreReader.FilesIn(paths.Quarantine));
        AddFiles(found, ImageStoreFindingKind.Quarantine, StoreReader.FilesIn(paths.Own, "*" + IndexFile.CorruptMark + "*"));
        AddFiles(found, ImageStoreFindingKind.Quarantine, StoreReader.FilesIn(paths.Root, "*" + IndexFile.CorruptMark + "*"));
        return found;
    }

    /// <summary>As findings.</summary>
    public static IEnumerable<StoreFlaw> Flaws(StorePaths paths) => Of(paths).Select(l => new StoreFlaw(
        l.Kind,
        ImageStoreFindingSeverity.Information,
        l.Path,
        l.Kind switch
        {
            ImageStoreFindingKind.StaleIngest => $"A download of which {l.Size} bytes are there is not being worked on.",
            ImageStoreFindingKind.Trash => "Content on its way out was left in the trash.",
            ImageStoreFindingKind.DeadLease => "The process of a lease is gone.",
            ImageStoreFindingKind.TemporaryFile => "A temporary file was left.",
            _ => "It failed a check and is kept as evidence.",
        },
        l.Kind switch
        {
            ImageStoreFindingKind.StaleIngest => "The next pull of it goes on from there; Optimize-ImageStore deletes it.",
            ImageStoreFindingKind.Quarantine => "Optimize-ImageStore -IncludeQuarantine deletes it.",
            _ => "Optimize-ImageStore deletes it.",
        })
    { Size = l.Size, Digest = l.Kind is ImageStoreFindingKind.Quarantine or ImageStoreFindingKind.Trash ? DigestOf(l.Path) : null });

    /// <summary>The content of which a damaged copy is in the quarantine.</summary>
    public static ISet<Digest> QuarantinedDigests(StorePaths paths) =>
        new HashSet<Digest>(StoreReader.FilesIn(paths.Quarantine).Select(f => DigestOf(f.FullName)).Where(d => d is not null)
            .Select(d => d!));

    /// <summary>The digest in a name <c>alg-hex</c> or <c>alg-hex.utc</c>.</summary>
    private static Digest? DigestOf(string path)
    {
        var name = Path.GetFileName(path);
        var dot = name.IndexOf('.');
        var words = (dot < 0 ? name : name.Substring(0, dot)).Split('-');
        return words.Length == 2 && Digest.TryParse(words[0] + ":" + words[1], out var digest) ? digest : null;
    }

    private static void AddFiles(List<Leftover> found, ImageStoreFindingKind kind, IEnumerable<FileInfo> files)
    {
        foreach (var file in files)
        {
            if (StoreReader.TryStat(file) is { } known)
            {
                found.Add(new Leftover(kind, file.FullName, known.Size, known.Time));
            }
        }
    }
}
