using System;
using System.Collections.Generic;
using System.IO;
using System.Text.RegularExpressions;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Disk;

namespace ImgsPS.Stores;

/// <summary>
/// The images of an archive, or those that are to be one, in a layout of its own in the folder for temporary files, for the time of a command. Disposing deletes the
/// folder; a process that is killed leaves it there with a lock that is free, and the next one deletes it.
/// </summary>
internal sealed class StagedLayout : IDisposable
{
    private static readonly Regex s_name = new(@"^imgsps-copy-[0-9a-f]{32}\z", RegexOptions.CultureInvariant);

    private readonly StoreFiles _files;
    private readonly string _folder;
    private readonly StoreFile _lock;
    private readonly IImportingStore _store;

    /// <param name="name">What the images say of where they are.</param>
    private StagedLayout(string name)
    {
        var temp = Path.GetFullPath(Path.GetTempPath()).TrimEnd(Path.DirectorySeparatorChar);
        _folder = Path.Combine(temp, "imgsps-copy-" + Guid.NewGuid().ToString("N"));
        _files = StoreFiles.Of(temp, StoreAccess.Full with { AllowShared = true });
        StoreFailure.Guard(_folder, 0, () =>
        {
            NativeFiles.Current.MakeRoot(_folder);
            return true;
        });
        _lock = _files.TryLock(LockOf(_folder)) ?? throw new InvalidOperationException("Nobody else knows the name.");
        _store = ImageStores.OpenFolder(Path.Combine(_folder, "store"), name);
        LeftBehind.Tidy(_files, _folder, s_name.IsMatch, (left, _) => _files.IsFree(LockOf(left.Path)));
    }

    /// <summary>The layout.</summary>
    public ISourceStore Store => _store.ForSource();

    /// <summary>What came of the archive: an image for each name and platform.</summary>
    public IReadOnlyList<Image> Images { get; private set; } = [];

    /// <summary>A layout with nothing in it yet.</summary>
    /// <param name="name">What its images say of where they are.</param>
    /// <exception cref="ImageException">StoreUnavailable.</exception>
    public static StagedLayout Empty(string name) => new(name);

    /// <summary>Reads an archive.</summary>
    /// <param name="input">The archive.</param>
    /// <param name="observer">Who is told.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="ImageException">As <see cref="IImportingStore.ImportAsync"/>.</exception>
    public static async Task<StagedLayout> ImportAsync(ImportInput input, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var staged = new StagedLayout(input.Name);
        try
        {
            staged.Images = await staged._store.ImportAsync(new ImportRequest(input), observer, cancellationToken).ConfigureAwait(false);
            return staged;
        }
        catch
        {
            staged.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _store.Dispose();
        _lock.Dispose();
        try
        {
            LeftBehind.Delete(_files, _folder, FileKind.Folder);
        }
        catch (ImageException)
        {
            // The copy is done, or has told why not: the next one deletes it.
        }
    }

    private static string LockOf(string folder) => Path.Combine(folder, "lock");
}
