using System;
using System.IO;
using System.Text.RegularExpressions;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Disk;
using ImgsPS.Naming;

namespace ImgsPS.Stores.Archive;

/// <summary>
/// Where an archive or a folder is written to: under a temporary name beside it, which becomes the name when all is on the disk (AR7, CP9).
/// Whatever fails before, nothing has the name that had not, and the temporary one is gone; a kill leaves it, and an export into the same
/// folder deletes it after the grace. One per export.
/// </summary>
internal sealed class ExportTarget : IDisposable
{
    private static readonly Regex s_tempName = new(@"^\.imgsps-[0-9a-f]{32}\.tmp\z", RegexOptions.CultureInvariant);

    private readonly StoreFiles _files;
    private readonly IDisposable _kept;
    private readonly bool _isFolder;
    private readonly string _temp;
    private bool _begun;

    /// <param name="path">A full path.</param>
    /// <param name="isFolder">True for a folder, false for a file.</param>
    /// <param name="files">The disk; null for the real one.</param>
    /// <exception cref="ImageException">InvalidArgument: it has no folder above it that is there.</exception>
    public ExportTarget(string path, bool isFolder, StoreFiles? files = null)
    {
        Path = path.Length > 1 ? path.TrimEnd(System.IO.Path.DirectorySeparatorChar, System.IO.Path.AltDirectorySeparatorChar) : path;
        _isFolder = isFolder;
        var above = System.IO.Path.GetDirectoryName(Path);
        if (string.IsNullOrEmpty(above))
        {
            throw new ImageException(ImageErrorKind.InvalidArgument, $"'{path}' is the root of a disk", "Name a file, as images.tar.");
        }

        if (!Directory.Exists(above))
        {
            // Docker's words.
            throw new ImageException(
                ImageErrorKind.InvalidArgument, $"invalid output path: stat {above}: "
                    + (File.Exists(above) ? "not a directory" : "no such file or directory"),
                "Make the folder first, or name another with -Path.");
        }

        // What else its folder has is not ours; others may write there, as in a temporary folder.
        _files = (files ?? new StoreFiles()).Bind(above!, StoreAccess.Full with { AllowShared = true });
        _kept = _files.Door.Keep();
        _temp = System.IO.Path.Combine(above!, $".imgsps-{Guid.NewGuid():N}.tmp");
    }

    /// <summary>The path, without a separator at its end.</summary>
    public string Path { get; }

    /// <summary>True when no file is replaced, also none that comes meanwhile.</summary>
    public bool IsNew { get; init; }

    /// <summary>True when a file has the name, which is to be replaced.</summary>
    /// <exception cref="ImageException">Conflict: what has the name is not replaced. StoreUnavailable: it cannot be looked at.</exception>
    public bool IsThere()
    {
        var status = Guarded(() => _files.Exists(Path) ? StoreFailure.Guard(Path, 0, () => _files.Door.Stat(Path)) : null);
        return status is not { } there ? false
            : there.Kind == FileKind.File && there.Links > 1
            ? throw new ImageException(
                ImageErrorKind.Conflict, $"'{Path}' is a file with {there.Links} names (hard links)",
                "It is not replaced, since its other names would not change. Remove it first, or name another with -Path.")
            : there.Kind == FileKind.File && !_isFolder ? true
            : _isFolder ? throw Taken(there.Words)
            : throw new ImageException(
                ImageErrorKind.Conflict, $"'{Path}' is {there.Words}",
                there.Kind == FileKind.Folder ? "Name a file in it, as images.tar, or make a folder with -Format Folder."
                    : "An archive is a regular file. Name another one with -Path.");
    }

    /// <summary>Begins the file.</summary>
    /// <exception cref="ImageException">StoreUnavailable.</exception>
    public ExportFile Begin()
    {
        _begun = true;
        return Guarded(() =>
        {
            var file = new ExportFile(_files, _temp, this);
            Tidy();
            return file;
        });
    }

    /// <summary>Begins a file in the folder, which is made with it.</summary>
    /// <param name="name">Its path in the folder, with <c>/</c>.</param>
    /// <exception cref="ImageException">StoreUnavailable.</exception>
    public ExportFile Begin(string name) => Guarded(() => new ExportFile(_files, InTemp(name), this));

    /// <summary>Makes a folder in the folder; with an empty name that itself.</summary>
    /// <exception cref="ImageException">StoreUnavailable.</exception>
    public void MakeFolder(string name)
    {
        _begun = true;
        Guarded(() =>
        {
            _files.CreateFolder(InTemp(name));
            if (name.Length == 0)
            {
                Tidy();
            }

            return true;
        });
    }

    /// <summary>Brings a folder's names to the disk.</summary>
    public void SyncFolder(string name) => Guarded(() =>
    {
        _files.SyncFolder(InTemp(name));
        return true;
    });

    /// <summary>Gives what was written its name. All of it has been brought to the disk.</summary>
    /// <exception cref="ImageException">StoreUnavailable. Conflict: what may not be there is there by now.</exception>
    public async Task CommitAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            if (!_isFolder && !IsNew)
            {
                await _files.MoveOverAsync(_temp, Path, CancellationToken.None).ConfigureAwait(false);
            }
            else if (!await _files.MoveNewAsync(_temp, Path, CancellationToken.None).ConfigureAwait(false))
            {
                throw Taken("something");
            }

            _begun = false;
            _files.SyncFolder(System.IO.Path.GetDirectoryName(Path)!);
        }
        catch (ImageException e)
        {
            throw Failure(e);
        }
    }

    /// <summary>Runs a step of the disk; its failure names the path that the user gave.</summary>
    public T Guarded<T>(Func<T> step)
    {
        try
        {
            return step();
        }
        catch (ImageException e)
        {
            throw Failure(e);
        }
    }

    /// <summary>Deletes what was written and has not got its name.</summary>
    public void Dispose()
    {
        if (_begun)
        {
            _begun = false;
            try
            {
                LeftBehind.Delete(_files, _temp, _isFolder ? FileKind.Folder : FileKind.File);
            }
            catch (ImageException)
            {
                // What ended the export is told, and not this: a later one into the same folder deletes it.
            }
        }

        _kept.Dispose();
    }

    /// <summary>The refusal of <see cref="IsNew"/>.</summary>
    public static ImageException FileExists(string path) => new(
        ImageErrorKind.Conflict, $"The file '{PrintableText.Of(path)}' already exists.",
        "Name another one, or leave out -NoClobber to replace it.");

    /// <summary>The warning that nothing was written, since one of the images failed.</summary>
    public static string NotWritten(string path) =>
        $"Nothing was written to '{PrintableText.Of(path)}': an archive is made of all images that are named, or not at all.";

    private ImageException Taken(string words) => new(
        ImageErrorKind.Conflict, $"'{Path}' is there already: {words}",
        (_isFolder ? "A folder is only made new." : "-NoClobber replaces no file.") + " Name another one with -Path, or remove it first.");

    private string InTemp(string name) =>
        name.Length == 0 ? _temp : System.IO.Path.Combine(_temp, name.TrimEnd('/').Replace('/', System.IO.Path.DirectorySeparatorChar));

    /// <summary>
    /// Deletes what killed exports left in the same folder: what nobody has written to for the grace. An export that runs writes all the
    /// time; one that slept for so long ends with an error, and nothing gets its name.
    /// </summary>
    private void Tidy() => LeftBehind.Tidy(_files, _temp, s_tempName.IsMatch, (left, now) =>
        now - LeftBehind.LastWritten(_files, left) >= StoreOptimizeRequest.DefaultGrace);

    private ImageException Failure(ImageException e) => e.Kind != ImageErrorKind.StoreUnavailable ? e : new(
        e.Kind, e.Message.Replace(_temp, Path), "Free space there, or check the rights on the folder, or name another one with -Path.", e);
}
