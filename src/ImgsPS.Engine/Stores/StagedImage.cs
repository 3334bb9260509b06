using System;
using System.IO;
using System.Text.RegularExpressions;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Disk;

namespace ImgsPS.Stores;

/// <summary>
/// An image of a store that gives archives alone, a Docker Engine, in a layout of its own in the folder for temporary files, for the time
/// of a copy. Disposing deletes the folder; a process that is killed leaves it there with a lock that is free, and the next one deletes it.
/// </summary>
internal sealed class StagedImage : IDisposable
{
    private static readonly Regex s_name = new(@"^imgsps-copy-[0-9a-f]{32}\z", RegexOptions.CultureInvariant);

    private readonly StoreFiles _files;
    private readonly string _folder;
    private readonly StoreFile _lock;
    private readonly IImageStore _store;

    private StagedImage()
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
        _store = ImageStores.Open(Path.Combine(_folder, "store"));
        LeftBehind.Tidy(_files, _folder, s_name.IsMatch, (left, _) => _files.IsFree(LockOf(left.Path)));
    }

    /// <summary>The layout.</summary>
    public ISourceStore Store => _store.ForSource();

    /// <summary>The image in it.</summary>
    public ImageIdentity Image { get; private set; } = null!;

    /// <summary>Takes an image out of a store.</summary>
    /// <exception cref="ImageException">NotFound: no such image. Others as both stores.</exception>
    public static async Task<StagedImage> TakeAsync(
        ISavingStore from, ImageIdentity image, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var staged = new StagedImage();
        try
        {
            using var archive = await from.SaveAsync(image.IsListed ? image.Id ?? image.Text : image.Text, observer, cancellationToken)
                .ConfigureAwait(false);
            var input = new ImportInput(from.Name) { Open = () => archive };
            var images = await staged._store.ForImport().ImportAsync(
                new ImportRequest(input), NullObserver.Instance, cancellationToken).ConfigureAwait(false);
            staged.Image = ImageIdentity.Of(images[0]);
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
