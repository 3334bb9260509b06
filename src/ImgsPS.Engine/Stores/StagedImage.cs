using System;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores;

/// <summary>
/// An image of a store that gives archives alone, a Docker Engine, in a layout of its own in the folder for temporary files, for the time
/// of a copy. Disposing deletes the folder; a process that is killed leaves it there.
/// </summary>
internal sealed class StagedImage : IDisposable
{
    private readonly string _folder;
    private readonly IImageStore _store;

    private StagedImage(string folder, IImageStore store, ImageIdentity image)
    {
        _folder = folder;
        _store = store;
        Image = image;
    }

    /// <summary>The layout.</summary>
    public ISourceStore Store => _store.ForSource();

    /// <summary>The image in it.</summary>
    public ImageIdentity Image { get; }

    /// <summary>Takes an image out of a store.</summary>
    /// <exception cref="ImageException">NotFound: no such image. Others as both stores.</exception>
    public static async Task<StagedImage> TakeAsync(
        ISavingStore from, ImageIdentity image, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var folder = Path.Combine(Path.GetTempPath(), "imgsps-copy-" + Guid.NewGuid().ToString("N"));
        var store = ImageStores.Open(folder);
        try
        {
            using var archive = await from.SaveAsync(image.IsListed ? image.Id ?? image.Text : image.Text, observer, cancellationToken)
                .ConfigureAwait(false);
            var input = new ImportInput(from.Name) { Open = () => archive };
            var images = await store.ForImport().ImportAsync(new ImportRequest(input), NullObserver.Instance, cancellationToken)
                .ConfigureAwait(false);
            return new StagedImage(folder, store, ImageIdentity.Of(images[0]));
        }
        catch
        {
            Delete(store, folder);
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Delete(_store, _folder);

    private static void Delete(IImageStore store, string folder)
    {
        store.Dispose();
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
