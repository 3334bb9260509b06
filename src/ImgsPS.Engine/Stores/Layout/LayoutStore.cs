using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Disk;
using ImgsPS.Stores.Layout.Maintenance;
using ImgsPS.Stores.Registry;
using ImgsPS.Transfer;

namespace ImgsPS.Stores.Layout;

/// <summary>
/// A store in a folder: an OCI image layout plus <c>.imgsps/</c> (docs/store-design.md). Reading takes no lock and makes nothing; a folder
/// that is not there is an empty store. Safe for any number of threads and processes.
/// </summary>
internal sealed class LayoutStore : IPullingStore, IChangingStore, ITendedStore, ISourceStore, ITargetStore, IImportingStore, IReferrerStore
{
    /// <summary>How often a list is begun again because the index changed while its content was looked at.</summary>
    private const int MaxReads = 5;

    /// <summary>A catalog of so many bytes is not written for single pulls.</summary>
    private const int LargeCatalog = 8 * 1024 * 1024;

    private readonly StorePaths _paths;
    private readonly StoreFiles _files;
    private readonly StoreFolder _folder;
    private readonly IndexFile _indexFile;
    private readonly BlobFolder _blobs;
    private readonly Catalog _catalog;
    private readonly ContentCollector _collector;
    private readonly IndexPublisher _publisher;

    // Pulls that run: the last one writes the catalog for all.
    private int _pulls;

    /// <summary>Opens a store; nothing is read or made yet.</summary>
    /// <param name="path">The folder, a full path.</param>
    /// <param name="name">What <c>-Store</c> calls it; null for the path.</param>
    /// <param name="files">The disk; null for the real one.</param>
    /// <param name="access">What may be done with it; null for everything.</param>
    public LayoutStore(string path, string? name = null, StoreFiles? files = null, StoreAccess? access = null)
    {
        _paths = new StorePaths(path);
        _files = (files ?? new StoreFiles()).Bind(path, access);
        Name = name ?? path;
        _folder = new StoreFolder(_paths, _files);
        _indexFile = new IndexFile(_paths, _files);
        _blobs = new BlobFolder(_paths, _files);
        _catalog = new Catalog(new CatalogFile(_paths, _files), _blobs);
        _collector = new ContentCollector(_paths, _files, _blobs, new ContentGraph(_blobs));
        _publisher = new IndexPublisher(_paths, _files, _blobs, _indexFile);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public string Kind => "layout";

    /// <summary>How long a writer waits for the store's lock.</summary>
    internal TimeSpan LockWait { get; init; } = StoreLock.WaitLimit;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Image>> ListAsync(ListRequest request, IOperationObserver observer, CancellationToken cancellationToken)
    {
        using var kept = _files.Door.Keep();
        cancellationToken.ThrowIfCancellationRequested();
        var (index, rows) = Read(observer);
        var images = rows.Where(r => request.All || !(r.IsArtifact || r.IsReferrer)).SelectMany(r => r.Images).Select(i => i.Image)
            .ToArray();
        await SaveCatalogAsync(index, observer, cancellationToken).ConfigureAwait(false);
        return ImageOrder.Sort(request.Filter.Apply(request.Detailed ? SharedSizes.Of(images) : images, DateTimeOffset.Now));
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<Image> PullAsync(
        PullRequest request, IOperationObserver observer, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var kept = _files.Door.Keep();
        var reference = request.ToPull(observer);
        await _folder.PrepareAsync(LockWait, cancellationToken).ConfigureAwait(false);
        var registry = RegistryClient.For(reference.Registry, request.Registry);
        Interlocked.Increment(ref _pulls);
        try
        {
            var references = request.AllTags
                ? (await registry.ListTagsAsync(reference, observer, cancellationToken).ConfigureAwait(false)).Select(reference.WithTag)
                : [reference];
            var parts = new LayoutPullParts(_blobs, _catalog, _indexFile, Name, Begin);
            await foreach (var image in new LayoutPull(parts, registry, request, observer).RunAsync(references.ToArray(), cancellationToken)
                .ConfigureAwait(false))
            {
                yield return image;
            }
        }
        finally
        {
            // In a very large store the next list does it: the catalog is written as a whole.
            if (Interlocked.Decrement(ref _pulls) == 0 && !cancellationToken.IsCancellationRequested
                && (_files.Length(_paths.Catalog) ?? 0) < LargeCatalog)
            {
                await SaveCatalogAsync(null, observer, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <inheritdoc/>
    public async Task<ImageRemovals> RemoveAsync(
        IReadOnlyList<RemovalRequest> requests, IOperationObserver observer, CancellationToken cancellationToken)
    {
        using var kept = _files.Door.Keep();
        if (requests.Count == 0)
        {
            return new ImageRemovals(Array.Empty<ImageRemoval>(), null);
        }

        try
        {
            EnsureExists(requests[0].Image);
            await _folder.PrepareAsync(LockWait, cancellationToken).ConfigureAwait(false);
            ImageRemovals removals;
            using (await StoreLock.TakeAsync(_paths, _files, LockWait, cancellationToken).ConfigureAwait(false))
            {
                var removal = new LayoutRemoval(Parts(), _collector, Rows, observer);
                removals = await removal.RunAsync(requests).ConfigureAwait(false);
            }

            await _blobs.EmptyTrashAsync(observer).ConfigureAwait(false);
            return removals;
        }
        catch (ImageException failure)
        {
            return new ImageRemovals(Array.Empty<ImageRemoval>(), failure);
        }
    }

    /// <inheritdoc/>
    public async Task<IRemovalPlanner> PlanRemovalsAsync(bool measure, IOperationObserver observer, CancellationToken cancellationToken)
    {
        using var kept = _files.Door.Keep();
        cancellationToken.ThrowIfCancellationRequested();
        var (index, rows) = Read(observer);
        await SaveCatalogAsync(index, observer, cancellationToken).ConfigureAwait(false);
        return new LayoutPlanner(index, rows, Rows(NullObserver.Instance), Name, measure ? _collector.NeedsOf : null)
        {
            Refusal = WriteRefusal(),
            Claims = told => _collector.Claimed(tidy: false, told),
            SizeOf = _blobs.SizeOf,
        };
    }

    /// <inheritdoc/>
    public async Task<ManifestAnswer> GetManifestAsync(
        ImageIdentity image, Platform? platform, RegistryOptions registry, IOperationObserver observer, CancellationToken cancellationToken)
    {
        using var kept = _files.Door.Keep();
        var (_, rows) = Read(observer);
        var found = LayoutLookup.Find(rows, image);
        var name = found.Best.Image.Reference ?? found.Best.Image.Id;
        var source = new LayoutSource(_blobs, found.Row);
        return await ManifestReader.DescribeNamedAsync(
            name, source, platform, platform is null && image.IsListed ? found.Best.Manifest : null, observer, cancellationToken)
            .ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Image>> TagAsync(TagRequest request, IOperationObserver observer, CancellationToken cancellationToken)
    {
        using var kept = _files.Door.Keep();
        var name = EntryName.Of(request.ToRecord());
        EnsureExists(request.Image);
        await _folder.PrepareAsync(LockWait, cancellationToken).ConfigureAwait(false);
        using var held = await StoreLock.TakeAsync(_paths, _files, LockWait, cancellationToken).ConfigureAwait(false);
        return await new LayoutTagging(_blobs, _indexFile, Rows(observer), observer).RunAsync(request, name, cancellationToken)
            .ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<ImageConfig> GetConfigAsync(
        ImageIdentity image, Platform? platform, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var (_, documents) = await ReadAsync(image, platform, observer, cancellationToken).ConfigureAwait(false);
        return ImageConfigView.Of(documents);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ImageHistoryEntry>> GetHistoryAsync(
        ImageIdentity image, Platform? platform, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var (_, documents) = await ReadAsync(image, platform, observer, cancellationToken).ConfigureAwait(false);
        return ImageHistoryView.Of(documents, observer);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ImageLayer>> GetLayersAsync(
        ImageIdentity image, Platform? platform, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var (others, documents) = await ReadAsync(image, platform, observer, cancellationToken).ConfigureAwait(false);
        return ImageLayerView.Of(documents, others, observer);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ImageStoreFinding> TestAsync(
        StoreTestRequest request, IOperationObserver observer, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var kept = _files.Door.Keep();
        var report = await StoreCheck.RunAsync(Parts(), request.Full, observer, cancellationToken).ConfigureAwait(false);
        foreach (var flaw in report?.Flaws ?? Array.Empty<StoreFlaw>())
        {
            yield return flaw.ToFinding(Name);
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ImageStoreFinding> RepairAsync(
        StoreRepairRequest request, IOperationObserver observer, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var kept = _files.Door.Keep();
        var repair = new StoreRepair(Parts(), request, LockWait, observer, cancellationToken);
        foreach (var finding in await repair.RunAsync().ConfigureAwait(false))
        {
            yield return finding;
        }
    }

    /// <inheritdoc/>
    public async Task<ImageStoreOptimization> OptimizeAsync(
        StoreOptimizeRequest request, IOperationObserver observer, CancellationToken cancellationToken)
    {
        using var kept = _files.Door.Keep();
        cancellationToken.ThrowIfCancellationRequested();
        if (!_folder.Exists())
        {
            return new ImageStoreOptimization { Store = Name };
        }

        var optimization = new StoreOptimization(Parts(), request, observer);
        if (request.DryRun)
        {
            _folder.CheckVersion();
            return optimization.Ask();
        }

        await _folder.PrepareAsync(LockWait, cancellationToken).ConfigureAwait(false);
        return await optimization.RunAsync(_collector, LockWait, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public Task<ImageStoreInfo> GetInfoAsync(IOperationObserver observer, CancellationToken cancellationToken)
    {
        using var kept = _files.Door.Keep();
        cancellationToken.ThrowIfCancellationRequested();
        var (index, rows) = Read(observer);
        var dangling = rows.Where(r => r.Image.Dangling).ToList();
        var unneeded = dangling.Count == 0 ? [] : Unneeded(index, dangling.SelectMany(r => r.Entries).ToList(), observer);
        var (count, bytes) = _blobs.Measure();
        return Task.FromResult(new ImageStoreInfo
        {
            Store = Name,
            Kind = Kind,
            Path = _paths.Root,
            Images = rows.Where(r => !(r.IsArtifact || r.IsReferrer)).Sum(r => r.Images.Count),
            Dangling = dangling.Sum(r => r.Images.Count),
            Pinned = rows.Where(r => r.Image.Pinned).Sum(r => r.Images.Count),
            Blobs = count,
            Bytes = bytes,
            ReclaimableBytes = unneeded.Sum(d => _blobs.SizeOf(d) ?? 0),
        });
    }

    /// <inheritdoc/>
    async Task<IImageTarget> ITargetStore.BeginPullAsync(ImageReference reference, IOperationObserver observer,
        CancellationToken cancellationToken) => await BeginPullAsync(reference, observer, cancellationToken).ConfigureAwait(false);

    /// <summary>As <see cref="ITargetStore.BeginPullAsync"/>.</summary>
    public async Task<LayoutTarget> BeginPullAsync(ImageReference reference, IOperationObserver observer,
        CancellationToken cancellationToken)
    {
        await _folder.PrepareAsync(LockWait, cancellationToken).ConfigureAwait(false);
        return Begin(reference, observer);
    }

    /// <inheritdoc/>
    public IReadOnlyList<IImageSource> OpenSources(IReadOnlyList<ImageIdentity> images, IOperationObserver observer)
    {
        var (_, rows) = Read(observer);
        var referrers = new LayoutReferrers(_blobs, _catalog, rows);
        return images.Select(image => new LayoutSource(_blobs, LayoutLookup.Find(rows, image).Row, rows, referrers)).ToArray();
    }

    /// <inheritdoc/>
    public IReferrerSource OpenReferrers(ImageIdentity image, IOperationObserver observer) =>
        (IReferrerSource)OpenSources([image], observer)[0];

    /// <inheritdoc/>
    public Task<IReadOnlyList<Descriptor>> LackingAsync(
        ImageReference reference, IReadOnlyList<Descriptor> content, IOperationObserver observer, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<Descriptor>>(content.Where(c => !_blobs.Contains(c)).ToArray());

    /// <inheritdoc/>
    public ImageReference? NameOf(ImageIdentity image)
    {
        try
        {
            return image.IsListed ? image.ToName()
                : LayoutLookup.Find(Read(NullObserver.Instance).Rows, image).Row.Name?.Reference;
        }
        catch (ImageException)
        {
            // Who copies it is told.
            return image.ToName();
        }
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Image>> ImportAsync(
        ImportRequest request, IOperationObserver observer, CancellationToken cancellationToken)
    {
        using var kept = _files.Door.Keep();
        await _folder.PrepareAsync(LockWait, cancellationToken).ConfigureAwait(false);
        var parts = new LayoutTargetParts(_paths, _files, _blobs, _indexFile, _publisher);
        var images = await new LayoutImport(parts, () => Rows(observer), LockWait, observer, cancellationToken).RunAsync(request)
            .ConfigureAwait(false);
        await SaveCatalogAsync(null, observer, cancellationToken).ConfigureAwait(false);
        return images;
    }

    public void Dispose()
    {
        // Nothing is open between two operations.
    }

    /// <summary>Says that there is no such image, in the words of D12, where there is not even a store: none is made for nothing.</summary>
    private void EnsureExists(ImageIdentity image)
    {
        if (!_folder.Exists())
        {
            ImageLookup.Find(Array.Empty<Image>(), image);
        }
    }

    /// <summary>The content that goes with some entries of an index, as a removal of them all would find it.</summary>
    private IEnumerable<Digest> Unneeded(LayoutIndex index, IReadOnlyList<IndexEntry> going, IOperationObserver observer)
    {
        var needs = _collector.NeedsOf(index.Entries);
        var loss = needs.Without(going, []);
        needs.Accept(loss);
        needs.TellObstacles(observer);
        return _collector.Claimed(tidy: false, observer) is { } claimed ? loss.Freed.Where(d => !claimed.Contains(d)) : [];
    }

    /// <summary>Why the store would not be changed, as <see cref="StoreFolder.PrepareAsync"/> says it; null when it would.</summary>
    private ImageException? WriteRefusal()
    {
        try
        {
            if (_folder.Exists())
            {
                _files.EnsureCanWrite();
                _folder.CheckVersion();
            }

            return null;
        }
        catch (ImageException refusal)
        {
            return refusal;
        }
    }

    /// <summary>The documents of one image, for a platform or as the list shows it, and the rest of the list.</summary>
    private async Task<(IEnumerable<Image> Others, ImageDocuments Documents)> ReadAsync(
        ImageIdentity image, Platform? platform, IOperationObserver observer, CancellationToken cancellationToken)
    {
        using var kept = _files.Door.Keep();
        cancellationToken.ThrowIfCancellationRequested();
        var (index, rows) = Read(observer);
        await SaveCatalogAsync(index, observer, cancellationToken).ConfigureAwait(false);
        var found = LayoutLookup.Find(rows, image);
        var (row, shown) = (found.Row, found.Best);
        var source = new LayoutSource(_blobs, row);
        var documents = await ImageDocuments.ReadAsync(
            source, platform is null ? shown.Manifest ?? row.Root : row.Root, platform, row.Image.Reference, Name, observer,
            cancellationToken).ConfigureAwait(false);
        return (rows.Where(r => !r.IsArtifact).SelectMany(r => r.Images).Select(i => i.Image).Where(i => i != shown.Image), documents);
    }

    private LayoutIndex ReadIndex(IOperationObserver observer) => _folder.Exists() ? _indexFile.Read(observer) : LayoutIndex.Empty();

    /// <summary>
    /// The index and its rows. Content that is missing because a removal took it after the index was read is no damage: the index is read
    /// again then, and only what is said of the last reading is told.
    /// </summary>
    private (LayoutIndex Index, IReadOnlyList<LayoutRow> Rows) Read(IOperationObserver observer)
    {
        for (var attempt = 1; ; attempt++)
        {
            var held = new HeldWarnings(observer);
            var index = ReadIndex(held);
            var rows = Rows(held).Of(index);
            if (!held.Any || attempt == MaxReads || ReadIndex(NullObserver.Instance).IsSame(index))
            {
                held.Release();
                return (index, rows);
            }
        }
    }

    private LayoutParts Parts() => new(Name, _paths, _files, _folder, _indexFile);

    private LayoutRows Rows(IOperationObserver observer) => new(_blobs, _catalog, Name, observer);

    private LayoutTarget Begin(ImageReference reference, IOperationObserver observer) =>
        new(new LayoutTargetParts(_paths, _files, _blobs, _indexFile, _publisher), reference, LockWait, observer);

    /// <summary>
    /// Writes the catalog when it has something new and the store is ours and free; a list never waits for it and never fails for it.
    /// </summary>
    /// <param name="index">The index, if it was just read; null to read it.</param>
    /// <param name="observer">Who is told.</param>
    /// <param name="cancellationToken">Stops the operation.</param>
    private async Task SaveCatalogAsync(LayoutIndex? index, IOperationObserver observer, CancellationToken cancellationToken)
    {
        try
        {
            if (!_catalog.IsChanged || !_files.FolderExists(_paths.Locks) || !_files.CanWrite() || !_folder.IsOurVersion())
            {
                return;
            }

            using var held = await StoreLock.TryTakeAsync(_paths, _files, TimeSpan.Zero, cancellationToken).ConfigureAwait(false);
            if (held is not null)
            {
                var roots = (index ?? _indexFile.Read(NullObserver.Instance)).Entries.Where(e => e.Descriptor is not null)
                    .Select(e => e.Descriptor!.Digest);
                await _catalog.SaveAsync(roots, observer).ConfigureAwait(false);
            }
        }
        catch (ImageException e) when (!StoreFailure.IsUnsafe(e))
        {
            observer.Debug($"The catalog of '{_paths.Root}' is not written: {e.Message}");
        }
    }
}
