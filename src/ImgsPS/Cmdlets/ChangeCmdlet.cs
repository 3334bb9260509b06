using System;
using System.Collections.Generic;
using System.Linq;
using ImgsPS.Store;

namespace ImgsPS.Cmdlets;

/// <summary>
/// What the cmdlets share that change images: they look an item up before they ask the user. Each store is listed once; what the command
/// itself changes is kept up to date in that list.
/// </summary>
public abstract class ChangeCmdlet : StoreCmdlet
{
    private readonly Dictionary<StoreLink, StoreSnapshot> _snapshots = new();

    /// <summary>The stores that can be listed, with their images.</summary>
    private protected IReadOnlyList<StoreLink> Snapshot(IReadOnlyList<StoreLink> stores, object target)
    {
        AskEach(
            stores.Where(store => !_snapshots.ContainsKey(store)).ToList(),
            target,
            (store, observer, cancellationToken) => store.ListAsync(ListRequest.Names, observer, cancellationToken),
            (store, images) => _snapshots[store] = new StoreSnapshot(images),
            ofStore: true);
        return stores.Where(store => !store.Failed).ToList();
    }

    /// <summary>The images of a store that <see cref="Snapshot"/> listed.</summary>
    private protected StoreSnapshot ImagesOf(StoreLink store) => _snapshots[store];

    /// <summary>
    /// Finds an image. One that is not in the list may be new, or a parent that lists leave out: the store is asked once more.
    /// </summary>
    /// <exception cref="ImageException">As <see cref="ImageLookup.Find"/>.</exception>
    private protected ImageMatch Find(StoreLink store, ImageIdentity identity)
    {
        var snapshot = _snapshots[store];
        try
        {
            return ImageLookup.FindIn(snapshot.Images, identity);
        }
        catch (ImageException failure) when (failure.Kind == ImageErrorKind.NotFound)
        {
            snapshot.Everything ??= RunToResult((observer, cancellationToken) =>
                store.Store.ListAsync(new ListRequest { All = true, NamesOnly = true }, observer, cancellationToken));
            return ImageLookup.Find(snapshot.Everything, identity);
        }
    }
}
