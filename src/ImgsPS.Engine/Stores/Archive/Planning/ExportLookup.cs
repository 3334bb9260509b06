using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores.Archive;

/// <summary>
/// Looks up the images of one archive, and those that its reader has, in any number of stores; each store is listed once. Not thread-safe.
/// </summary>
internal sealed class ExportLookup
{
    private readonly ExportSelection _selection = new();
    private readonly Dictionary<IImageStore, StoreRows> _stores = new();

    /// <summary>Names chosen so far.</summary>
    public int Count => _selection.Count;

    /// <summary>Adds what the user names, of each store that has it.</summary>
    /// <param name="stores">Where to look; at least one.</param>
    /// <param name="identity">What is named.</param>
    /// <param name="matches">Of a wildcard, whether an image is meant; null for a name.</param>
    /// <param name="compile">Makes the test of a wildcard's text, for a store that is asked for what is wanted alone.</param>
    /// <param name="observer">Who is told.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <returns>False when a store said by itself that it does not have it.</returns>
    /// <exception cref="ImageException">
    /// NotFound: no store has it. NotSupported: a store gives no images. Others as <see cref="IImageStore.ListAsync"/>.
    /// </exception>
    public async Task<bool> AddAsync(
        IReadOnlyList<IImageStore> stores, ImageIdentity identity, Func<Image, bool>? matches, Func<string, Func<string, bool>> compile,
        IOperationObserver observer, CancellationToken cancellationToken)
    {
        foreach (var store in stores)
        {
            if (store.ForSource() is not ISelectingStore && !_stores.ContainsKey(store))
            {
                _stores.Add(store, new StoreRows(
                    await store.ListAsync(new ListRequest { All = true }, observer, cancellationToken).ConfigureAwait(false)));
            }
        }

        ImageException? failure = null;
        var (isFound, isThere) = (false, true);
        foreach (var store in stores)
        {
            try
            {
                isThere &= store is ISelectingStore own
                    ? await AddAsync(own, identity, matches is null ? null : compile, observer, cancellationToken).ConfigureAwait(false)
                    : Add(store, identity, matches);
                isFound = true;
            }
            catch (ImageException e) when (e.Kind == ImageErrorKind.NotFound && stores.Count > 1)
            {
                // One of several stores has it.
                failure = e;
            }
        }

        return isFound || failure is null ? isThere : throw failure;
    }

    /// <summary>The images with their sources.</summary>
    /// <exception cref="ImageException">As <see cref="ISourceStore.OpenSources"/>.</exception>
    public IReadOnlyList<ArchiveImage> Open(IOperationObserver observer) => _selection.Open(observer);

    /// <summary>
    /// What the listed stores know of an image that the archive's reader has; empty when none has it, so that nobody knows its layers.
    /// </summary>
    public IReadOnlyList<HadImage> Had(ImageIdentity identity) => _stores.Values.SelectMany(rows => rows.Had(identity)).ToArray();

    private async Task<bool> AddAsync(
        ISelectingStore store, ImageIdentity identity, Func<string, Func<string, bool>>? compile, IOperationObserver observer,
        CancellationToken cancellationToken)
    {
        var rows = await store.SelectAsync(
            [new ImageSelection(identity, compile)], ListRequest.Names, observer, cancellationToken).ConfigureAwait(false);
        foreach (var row in rows)
        {
            _selection.Add(store.ForSource(), row);
        }

        return rows.Count > 0 || compile is not null;
    }

    private bool Add(IImageStore store, ImageIdentity identity, Func<Image, bool>? matches)
    {
        var rows = _stores[store];
        if (matches is null)
        {
            _selection.Add(store.ForSource(), rows.Table, identity);
            return true;
        }

        foreach (var match in rows.List.Where(i => i.ArtifactType is null && matches(i)))
        {
            _selection.Add(store.ForSource(), match);
        }

        return true;
    }

    /// <summary>The images of a store.</summary>
    private sealed class StoreRows(IReadOnlyList<Image> list)
    {
        public IReadOnlyList<Image> List { get; } = list;

        public ImageTable Table { get; } = new(list);

        public IEnumerable<HadImage> Had(ImageIdentity identity)
        {
            if (identity.IsListed)
            {
                return new[] { HadImages.Find(List, identity) }.OfType<HadImage>();
            }

            try
            {
                return ImageLookup.MatchIn(Table, identity).Images.Select(HadImages.Of).OfType<HadImage>();
            }
            catch (ImageException e) when (e.Kind == ImageErrorKind.NotFound)
            {
                // Another store may have it.
                return [];
            }
        }
    }
}
