using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Disk;

namespace ImgsPS.Stores.Layout;

/// <summary>
/// The folders and files that every store has: checked before it is read, made before it is first written. Safe for any number of threads.
/// </summary>
internal sealed class StoreFolder
{
    /// <summary>The version of <c>.imgsps/</c> that this code writes.</summary>
    public const int Version = 1;

    /// <summary>Largest 'oci-layout' or version file that is read, in bytes.</summary>
    public const int SmallFile = 64 * 1024;

    private readonly StorePaths _paths;
    private readonly StoreFiles _files;

    public StoreFolder(StorePaths paths, StoreFiles files)
    {
        _paths = paths;
        _files = files;
    }

    /// <summary>False when there is no store yet, which is an empty one.</summary>
    /// <exception cref="ImageException">
    /// InvalidArgument: the folder holds something else. InvalidData: a broken 'oci-layout'. NotSupported: a layout of another version
    /// (RA9).
    /// </exception>
    public bool Exists()
    {
        if (_files.TryRead(_paths.OciLayout, SmallFile) is { } header)
        {
            CheckHeader(header);
            return true;
        }

        if (_files.Door.IsRootFile)
        {
            throw new ImageException(
                ImageErrorKind.InvalidArgument, $"'{_paths.Root}' is a file, not a folder.",
                "A store is a folder with an OCI image layout.");
        }

        // Before the look for our own folder: that is the first thing in a store which another process begins to make meanwhile.
        var hasFiles = _files.List(_paths.Root).Count > 0;
        if (_files.FolderExists(_paths.Own))
        {
            return true;
        }

        if (hasFiles)
        {
            throw new ImageException(
                ImageErrorKind.InvalidArgument,
                $"'{_paths.Root}' is not an OCI image layout: it has files, but no 'oci-layout'.",
                "Name a folder with a layout, an empty one, or one that is not there.");
        }

        return false;
    }

    /// <summary>True when this code may write here: what is in <c>.imgsps/</c> is of no newer version.</summary>
    public bool IsOurVersion() => ReadVersion() is null or <= Version;

    /// <summary>Makes what is missing, so that the store can be written.</summary>
    /// <exception cref="ImageException">
    /// As for <see cref="Exists"/>; NotSupported: a newer version wrote the store. StoreUnavailable. StoreLocked.
    /// </exception>
    public async Task PrepareAsync(TimeSpan lockWait, CancellationToken cancellationToken)
    {
        Exists();
        _files.EnsureCanWrite();
        CheckVersion();
        if (Missing().Count == 0)
        {
            return;
        }

        _files.CreateFolder(_paths.Locks);
        using var held = await StoreLock.TakeAsync(_paths, _files, lockWait, cancellationToken).ConfigureAwait(false);
        CheckVersion();
        foreach (var folder in MissingFolders())
        {
            _files.CreateFolder(folder);
        }

        await EnsureRenamesAsync().ConfigureAwait(false);
        await WriteMissingAsync(_paths.Version, VersionBytes()).ConfigureAwait(false);
        if (!_files.Exists(_paths.PreviousIndex) && !_files.HasFilesUnder(_paths.Blobs))
        {
            // With content the index is not missing but lost: an empty one would say that nothing is needed.
            await WriteMissingAsync(_paths.Index, LayoutIndex.Empty().Serialize()).ConfigureAwait(false);
        }

        // Last, so that no other tool takes a layout for whole before it is.
        await WriteMissingAsync(_paths.OciLayout, HeaderBytes()).ConfigureAwait(false);
        _files.SyncFolder(_paths.Root);
    }

    /// <summary>
    /// RS9: a move to a name that is free leaves a taken one alone, and a move over takes its place; that is all the store rests on.
    /// </summary>
    private async Task EnsureRenamesAsync()
    {
        var (first, second) = (_paths.NewTemp("self-test"), _paths.NewTemp("self-test"));
        try
        {
            _files.WriteTemp(first, Ascii("1"), flush: false);
            _files.WriteTemp(second, Ascii("2"), flush: false);
            var spares = !await _files.MoveNewAsync(first, second, CancellationToken.None).ConfigureAwait(false) && IsText(second, '2');
            if (spares)
            {
                await _files.MoveOverAsync(first, second, CancellationToken.None).ConfigureAwait(false);
            }

            if (!spares || _files.Exists(first) || !IsText(second, '1'))
            {
                throw new ImageException(
                    ImageErrorKind.StoreUnavailable,
                    $"The file system of '{_paths.Root}' does not rename files as a store needs it.",
                    "Use a store on a local disk, with -Store.");
            }
        }
        finally
        {
            _files.TryDelete(first);
            _files.TryDelete(second);
        }
    }

    private bool IsText(string path, char text) => _files.TryRead(path, 1) is { Length: 1 } bytes && bytes[0] == text;

    private static byte[] Ascii(string text) => Encoding.ASCII.GetBytes(text);

    private void CheckHeader(byte[] header)
    {
        try
        {
            LayoutHeader.Parse(header);
        }
        catch (ImageException e) when (e.Kind == ImageErrorKind.InvalidData)
        {
            throw new ImageException(
                ImageErrorKind.InvalidData,
                $"'{_paths.OciLayout}' is broken: {e.Message}",
                _files.FolderExists(_paths.Own)
                    ? $"{_paths.Repair} writes it anew; the images stay."
                    : "Write {\"imageLayoutVersion\":\"1.0.0\"} into it, or restore it from a backup.",
                e);
        }
    }

    /// <summary>Refuses a store that a newer version wrote.</summary>
    /// <exception cref="ImageException">NotSupported; InvalidData: the version file is broken.</exception>
    public void CheckVersion()
    {
        if (ReadVersion() is { } found and > Version)
        {
            throw new ImageException(
                ImageErrorKind.NotSupported,
                $"The store '{_paths.Root}' {WrittenByNewer(found)}",
                "Update the module: Update-Module ImgsPS.");
        }
    }

    /// <summary>What is said of a store of a newer version.</summary>
    public static string WrittenByNewer(int version) =>
        $"was written by a newer ImgsPS (store version {version}, this one writes {Version}); it can be read, not changed.";

    /// <summary>The version of the store; null when it has none.</summary>
    /// <exception cref="ImageException">InvalidData: the file says none. StoreUnavailable: it cannot be read.</exception>
    public int? ReadVersion() => _files.TryRead(_paths.Version, SmallFile) is { } bytes
        ? int.TryParse(Encoding.ASCII.GetString(Utf8Text.Of(bytes)).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            && version > 0
            ? version
            : throw new ImageException(
                ImageErrorKind.InvalidData, $"'{_paths.Version}' is not a version number.", $"{_paths.Repair} writes it anew.")
        : null;

    /// <summary>The folders that a store has and this one does not.</summary>
    public IEnumerable<string> MissingFolders() => Folders().Where(f => !_files.FolderExists(f));

    /// <summary>Writes 'oci-layout' and the version anew, under the store's lock, whatever is there.</summary>
    /// <exception cref="ImageException">StoreUnavailable.</exception>
    public async Task RewriteAsync(bool header, bool version)
    {
        if (version)
        {
            await ReplaceAsync(_paths.Version, VersionBytes()).ConfigureAwait(false);
        }

        if (header)
        {
            await ReplaceAsync(_paths.OciLayout, HeaderBytes()).ConfigureAwait(false);
            _files.SyncFolder(_paths.Root);
        }
    }

    private static byte[] VersionBytes() => Ascii(Version.ToString(CultureInfo.InvariantCulture) + "\n");

    private static byte[] HeaderBytes() => Ascii("{\"imageLayoutVersion\":\"1.0.0\"}");

    private string[] Folders() => new[] { _paths.BlobFolder("sha256"), _paths.Ingest, _paths.Locks, _paths.Leases, _paths.Quarantine,
        _paths.Trash };

    private List<string> Missing() => MissingFolders()
        .Concat(new[] { _paths.Version, _paths.Index, _paths.OciLayout }.Where(f => !_files.Exists(f)))
        .ToList();

    private Task WriteMissingAsync(string path, byte[] bytes) => _files.Exists(path) ? Task.CompletedTask : ReplaceAsync(path, bytes);

    private Task ReplaceAsync(string path, byte[] bytes) => _files.ReplaceAsync(path, _paths.NewTemp(path), bytes);
}
