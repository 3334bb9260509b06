using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using ImgsPS.Disk;

namespace ImgsPS.Stores.Layout.Maintenance;

/// <summary>Something beside the content that a killed process left, or that is kept as evidence. Immutable.</summary>
/// <param name="Kind">StaleIngest, Trash, DeadLease, TemporaryFile or Quarantine.</param>
/// <param name="Path">The file; for a download its folder, for a lease its lock file.</param>
/// <param name="Size">All its bytes.</param>
/// <param name="Time">When it was last written, by the file system's clock, UTC.</param>
internal sealed record Leftover(ImageStoreFindingKind Kind, string Path, long Size, DateTime Time);

/// <summary>Finds what is left over. Changes nothing.</summary>
internal static class Leftovers
{
    /// <summary>
    /// Everything of a store that may be deleted without loss to any image. <paramref name="tell"/> hears of folders that are closed to
    /// this user (SF6).
    /// </summary>
    /// <exception cref="ImageException">StoreUnavailable: a folder cannot be listed for another reason.</exception>
    public static IReadOnlyList<Leftover> Of(StorePaths paths, StoreFiles files, Action<string> tell)
    {
        var found = new List<Leftover>();
        foreach (var folder in Open(() => files.FoldersIn(paths.Ingest, StorePaths.IsIngest), tell))
        {
            var path = IngestFolder.LockOf(folder.Path);
            if ((!files.Exists(path) || files.IsFree(path)) && IngestFolder.Measure(files, folder.Path) is { } download)
            {
                found.Add(new Leftover(ImageStoreFindingKind.StaleIngest, folder.Path, download.Size, download.Time));
            }
        }

        AddFiles(found, ImageStoreFindingKind.Trash, files.FilesIn(paths.Trash, BlobFolder.IsTrashName));
        found.AddRange(Open(() => Lease.Dead(paths, files), tell)
            .Select(l => new Leftover(ImageStoreFindingKind.DeadLease, l.Path, l.Size, DateTime.MinValue)));
        AddFiles(found, ImageStoreFindingKind.TemporaryFile, files.FilesIn(paths.Own, StorePaths.IsTemp));
        AddFiles(found, ImageStoreFindingKind.Quarantine, files.FilesIn(paths.Quarantine, BlobFolder.IsQuarantineName));
        AddFiles(found, ImageStoreFindingKind.Quarantine, files.FilesIn(paths.Own, IndexFile.IsKept));
        AddFiles(found, ImageStoreFindingKind.Quarantine, files.FilesIn(paths.Root, IndexFile.IsKept));
        return found;
    }

    /// <summary>As findings.</summary>
    public static IEnumerable<StoreFlaw> Flaws(StorePaths paths, StoreFiles files, Action<string> tell) =>
        Of(paths, files, tell).Select(l => new StoreFlaw(
            l.Kind,
            ImageStoreFindingSeverity.Information,
            l.Path,
            l.Kind switch
            {
                ImageStoreFindingKind.StaleIngest when IsUnnamed(l) => "Content that was made here was left before its end.",
                ImageStoreFindingKind.StaleIngest => $"A download of which {l.Size} bytes are there is not being worked on.",
                ImageStoreFindingKind.Trash => "Content on its way out was left in the trash.",
                ImageStoreFindingKind.DeadLease => "The process of a lease is gone.",
                ImageStoreFindingKind.TemporaryFile => "A temporary file was left.",
                _ => "It failed a check and is kept as evidence.",
            },
            l.Kind switch
            {
                ImageStoreFindingKind.StaleIngest when !IsUnnamed(l) =>
                    "The next pull of it goes on from there; Optimize-ImageStore deletes it.",
                ImageStoreFindingKind.Quarantine => "Optimize-ImageStore -IncludeQuarantine deletes it.",
                _ => "Optimize-ImageStore deletes it.",
            })
        {
            Size = l.Size,
            Digest = l.Kind is ImageStoreFindingKind.Quarantine or ImageStoreFindingKind.Trash
                ? BlobFolder.DigestOf(Path.GetFileName(l.Path))
                : null,
        });

    /// <summary>The content of which a damaged copy is in the quarantine.</summary>
    public static ISet<Digest> QuarantinedDigests(StorePaths paths, StoreFiles files) => new HashSet<Digest>(
        files.FilesIn(paths.Quarantine, BlobFolder.IsQuarantineName).Select(f => BlobFolder.DigestOf(f.Name)!));

    // The folder of a blob is named by a hash of its digest; one with data and another name is of content that had none yet.
    private static bool IsUnnamed(Leftover ingest) => ingest.Size > 0 && Path.GetFileName(ingest.Path).Length == 32;

    private static IReadOnlyList<T> Open<T>(Func<IEnumerable<T>> list, Action<string> tell)
    {
        try
        {
            return list().ToList();
        }
        catch (ImageException e) when (e.InnerException is UnauthorizedAccessException)
        {
            tell($"{e.Message} What is left over there is not looked at.");
            return Array.Empty<T>();
        }
    }

    private static void AddFiles(List<Leftover> found, ImageStoreFindingKind kind, IEnumerable<StoreEntry> files) =>
        found.AddRange(files.Select(f => new Leftover(kind, f.Path, f.Status.Size, f.Status.Time)));
}
