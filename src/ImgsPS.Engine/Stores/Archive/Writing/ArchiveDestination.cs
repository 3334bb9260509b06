using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores.Archive;

/// <summary>
/// An archive as the place where copies go: they are gathered in a layout in the folder for temporary files, by the same copy as into any
/// other store, and the archive is written when all of them are there, or not at all. Its store is for any thread, the rest for one.
/// </summary>
internal sealed class ArchiveDestination : IDisposable
{
    private readonly List<string> _begun = new();
    private readonly ConcurrentQueue<ImageTransfer> _done = new();
    private readonly ExportTarget _target;
    private readonly StagedLayout _staged;

    /// <param name="path">The archive, a full path.</param>
    /// <param name="isNew">True when no file is replaced.</param>
    /// <exception cref="ImageException">Conflict, InvalidArgument: as <see cref="ExportTarget"/>; StoreUnavailable.</exception>
    public ArchiveDestination(string path, bool isNew)
    {
        _target = new ExportTarget(path, isFolder: false) { IsNew = isNew };
        try
        {
            Replaces = _target.IsThere();
            _staged = Replaces && isNew ? throw ExportTarget.FileExists(path) : StagedLayout.Empty(path);
        }
        catch
        {
            _target.Dispose();
            throw;
        }
    }

    /// <summary>True when a file is there, which is replaced.</summary>
    public bool Replaces { get; }

    /// <summary>Where the copies go.</summary>
    public IImageStore Store => _staged.Store;

    /// <summary>True when there is something to write.</summary>
    public bool HasBegun => _begun.Count > 0;

    /// <summary>Notes that a copy begins. What it did is told by <see cref="End"/>, or it has failed.</summary>
    public void Begin(ImageReference reference) => _begun.Add(reference.WithDefaultTag().Familiar);

    /// <summary>Notes what a copy did. Safe for any number of threads.</summary>
    public void End(ImageTransfer done) => _done.Enqueue(done);

    /// <summary>Writes the archive, when no copy is under way any more.</summary>
    /// <param name="includeForeignLayers">As the copies had it.</param>
    /// <param name="observer">Who is told.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <returns>What the copies did, in the order in which they began; null when one of them failed, and nothing was written.</returns>
    /// <exception cref="ImageException">StoreUnavailable: the disk.</exception>
    public async Task<IReadOnlyList<ImageTransfer>?> WriteAsync(
        bool includeForeignLayers, IOperationObserver observer, CancellationToken cancellationToken)
    {
        if (_done.Count < _begun.Count)
        {
            return null;
        }

        var selection = new ExportSelection();
        foreach (var image in await Store.ListAsync(new ListRequest { All = true }, observer, cancellationToken).ConfigureAwait(false))
        {
            if (image.ArtifactType is null)
            {
                selection.Add(_staged.Store, image);
            }
        }

        var request = new ExportRequest { IncludeForeignLayers = includeForeignLayers, IncludeReferrers = true };
        var plan = await ArchivePlanner.RunAsync(selection.Open(observer), request, observer, cancellationToken).ConfigureAwait(false);
        await ImageExport.ToFileAsync(plan, _target, IsCompressed(_target.Path), observer, cancellationToken).ConfigureAwait(false);
        return _done.OrderBy(done => _begun.IndexOf(done.Reference)).ToArray();
    }

    public void Dispose()
    {
        _staged.Dispose();
        _target.Dispose();
    }

    private static bool IsCompressed(string path) => path.EndsWith("gz", StringComparison.OrdinalIgnoreCase);
}
