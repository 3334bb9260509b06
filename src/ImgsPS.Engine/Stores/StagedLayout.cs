using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores;

/// <summary>
/// The images of an archive in a layout of its own in the folder for temporary files, for the time of a command. Disposing deletes the
/// folder; a process that is killed leaves it there.
/// </summary>
internal sealed class StagedLayout : IDisposable
{
    private readonly string _folder;
    private readonly IImportingStore _store;

    private StagedLayout(string folder, IImportingStore store, IReadOnlyList<Image> images)
    {
        _folder = folder;
        _store = store;
        Images = images;
    }

    /// <summary>The layout.</summary>
    public ISourceStore Store => _store.ForSource();

    /// <summary>What came of the archive: an image for each name and platform.</summary>
    public IReadOnlyList<Image> Images { get; }

    /// <summary>Reads an archive.</summary>
    /// <param name="input">The archive.</param>
    /// <param name="observer">Who is told.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="ImageException">As <see cref="IImportingStore.ImportAsync"/>.</exception>
    public static async Task<StagedLayout> ImportAsync(ImportInput input, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var folder = Path.Combine(Path.GetTempPath(), "imgsps-copy-" + Guid.NewGuid().ToString("N"));
        var store = ImageStores.OpenFolder(folder, input.Name);
        try
        {
            var images = await store.ImportAsync(new ImportRequest(input), observer, cancellationToken).ConfigureAwait(false);
            return new StagedLayout(folder, store, images);
        }
        catch
        {
            Delete(store, folder);
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Delete(_store, _folder);

    private static void Delete(IImportingStore store, string folder)
    {
        store.Dispose();
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
