using System;
using System.IO;
using System.Linq;

namespace ImgsPS.Disk;

/// <summary>Deletes what killed processes of this user left beside a temporary file or folder of ours.</summary>
internal static class LeftBehind
{
    /// <summary>
    /// Looks at the files and folders beside our own, and deletes those that nobody works on. It is only tidying: what cannot be looked at
    /// or deleted stays for the next one.
    /// </summary>
    /// <param name="files">The disk, bound to the folder that all are in.</param>
    /// <param name="own">Our own file or folder, which has just been made: its time is that of the file system's clock (RS6).</param>
    /// <param name="isOurs">Whether a name is of the form that we give.</param>
    /// <param name="isLeft">Whether nobody works on one, as it is at a time.</param>
    public static void Tidy(StoreFiles files, string own, Func<string, bool> isOurs, Func<StoreEntry, DateTime, bool> isLeft)
    {
        try
        {
            if (files.Door.Stat(own) is not { } self)
            {
                return;
            }

            foreach (var entry in files.List(Path.GetDirectoryName(own)!).Where(e => isOurs(e.Name) && e.Path != own
                && e.Status.User == self.User && e.Status.Kind is (FileKind.File or FileKind.Folder)))
            {
                if (isLeft(entry, self.Time))
                {
                    Delete(files, entry.Path, entry.Status.Kind);
                }
            }
        }
        catch (Exception e) when (e is ImageException || StoreFailure.IsMachine(e))
        {
            // The next one looks again.
        }
    }

    /// <summary>When something of a file or folder was last written.</summary>
    /// <exception cref="ImageException">StoreUnavailable.</exception>
    public static DateTime LastWritten(StoreFiles files, StoreEntry entry) => entry.Status.Kind != FileKind.Folder ? entry.Status.Time
        : files.List(entry.Path).Select(e => LastWritten(files, e)).Append(entry.Status.Time).Max();

    /// <summary>Deletes a file, or a folder with all in it, as far as that is possible; no link is followed.</summary>
    /// <exception cref="ImageException">StoreUnavailable: a folder cannot be read.</exception>
    public static void Delete(StoreFiles files, string path, FileKind kind)
    {
        if (kind == FileKind.Folder)
        {
            foreach (var entry in files.List(path))
            {
                Delete(files, entry.Path, entry.Status.Kind);
            }
        }

        files.TryDelete(path);
    }
}
