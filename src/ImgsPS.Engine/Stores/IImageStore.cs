using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Stores.Registry;
using ImgsPS.Transfer;

namespace ImgsPS.Stores;

/// <summary>
/// A place with images: the local layout, a Docker Engine, a registry. This is what each of them can do: list, look up, describe. What only
/// some can do is a role of its own, which the store's class has or has not (<see cref="StoreRoles"/>). All rules of docs/rules/docker.md
/// hold for each, the same test list runs over each. Members may be called from several threads at once. Failures are
/// <see cref="ImageException"/>.
/// </summary>
internal interface IImageStore : IDisposable
{
    /// <summary>The store as <c>-Store</c> takes it: <c>local</c>, a folder, <c>docker</c>, <c>docker:web1</c>.</summary>
    string Name { get; }

    /// <summary>What the store is: <c>layout</c>, <c>docker</c>, <c>registry</c>, <c>archive</c>.</summary>
    string Kind { get; }

    /// <summary>The images that the request asks for, newest first with a stable tie-break (L1-L9), as they were at one moment.</summary>
    Task<IReadOnlyList<Image>> ListAsync(ListRequest request, IOperationObserver observer, CancellationToken cancellationToken);

    /// <summary>What the image's config says about running it.</summary>
    /// <param name="image">The image.</param>
    /// <param name="platform">One platform of an index; null for the one that the list shows.</param>
    /// <param name="observer">Who is told.</param>
    /// <param name="cancellationToken">Stops the operation.</param>
    Task<ImageConfig> GetConfigAsync(ImageIdentity image, Platform? platform, IOperationObserver observer,
        CancellationToken cancellationToken);

    /// <summary>How the image was built, last step first as <c>docker history</c>. Parameters as <see cref="GetConfigAsync"/>.</summary>
    Task<IReadOnlyList<ImageHistoryEntry>> GetHistoryAsync(
        ImageIdentity image, Platform? platform, IOperationObserver observer, CancellationToken cancellationToken);

    /// <summary>
    /// The image's layers, bottom first, with all that the store knows of each. Parameters as <see cref="GetConfigAsync"/>.
    /// </summary>
    Task<IReadOnlyList<ImageLayer>> GetLayersAsync(
        ImageIdentity image, Platform? platform, IOperationObserver observer, CancellationToken cancellationToken);

    /// <summary>The manifest of an image that is in the store.</summary>
    /// <param name="image">The image.</param>
    /// <param name="platform">One platform of an index, with its config and layers; null for all entries.</param>
    /// <param name="registry">How to talk to the image's registry, for a store that does not keep manifests.</param>
    /// <param name="observer">Who is told.</param>
    /// <param name="cancellationToken">Stops the operation.</param>
    Task<ManifestAnswer> GetManifestAsync(
        ImageIdentity image, Platform? platform, RegistryOptions registry, IOperationObserver observer,
        CancellationToken cancellationToken);

    /// <summary>The store in numbers.</summary>
    Task<ImageStoreInfo> GetInfoAsync(IOperationObserver observer, CancellationToken cancellationToken);
}

/// <summary>
/// A store whose list costs a question for each image, so that it is asked for those that are wanted: a registry. Names are read relative
/// to it, and what a name or wildcard does not take is not asked for.
/// </summary>
internal interface ISelectingStore : IImageStore
{
    /// <summary>
    /// As <see cref="IImageStore.ListAsync"/>, for the images that the user names. A name that is none there, and a tag that cannot be
    /// read, is one <see cref="IOperationObserver.Error"/>; a wildcard that takes nothing is none.
    /// </summary>
    Task<IReadOnlyList<Image>> SelectAsync(
        IReadOnlyList<ImageSelection> wanted, ListRequest request, IOperationObserver observer, CancellationToken cancellationToken);
}

/// <summary>A store that tells the tags of a repository without its images: a registry.</summary>
internal interface ITaggedStore : IImageStore
{
    /// <summary>
    /// The tags of the repositories that the request names, in no order, with digests where it asks for them; its range and its number
    /// are not looked at. A repository or a tag that cannot be read is one <see cref="IOperationObserver.Error"/>; a wildcard that takes
    /// nothing is none.
    /// </summary>
    /// <exception cref="ImageException">The registry cannot be asked.</exception>
    Task<IReadOnlyList<RepositoryTags>> ListTagsAsync(
        TagListRequest request, IOperationObserver observer, CancellationToken cancellationToken);
}

/// <summary>A store whose images containers use: a Docker Engine.</summary>
internal interface IUsingStore : IImageStore
{
    /// <summary>All its containers, running or not, with the digests of their images.</summary>
    /// <exception cref="ImageException">It cannot be asked; then nobody knows what it uses.</exception>
    Task<ImageUses> GetUsesAsync(IOperationObserver observer, CancellationToken cancellationToken);
}

/// <summary>A store that pulls: a layout, through ImgsPS's own copy, and a Docker Engine, which does it itself.</summary>
internal interface IPullingStore : IImageStore
{
    /// <summary>
    /// Pulls and yields one image per reference that is now in the store; several with <see cref="PullRequest.AllTags"/> (U1-U14).
    /// </summary>
    IAsyncEnumerable<Image> PullAsync(PullRequest request, IOperationObserver observer, CancellationToken cancellationToken);
}

/// <summary>A store that pushes by itself: a Docker Engine, with its own network.</summary>
internal interface IPushingStore : IImageStore
{
    /// <summary>Pushes one image under a name (PU18).</summary>
    /// <exception cref="ImageException">
    /// NotFound: no such image. NotSupported: a wish that it cannot do. Denied, Unauthorized, Unavailable and others: as it says.
    /// </exception>
    Task<ImageTransfer> PushAsync(TransferRequest request, IOperationObserver observer, CancellationToken cancellationToken);
}

/// <summary>A store that gives an image as an archive: a Docker Engine (CP7).</summary>
internal interface ISavingStore : IImageStore
{
    /// <summary>The archive, made while it is read, which may not be done on the pipeline's thread; the caller disposes it.</summary>
    /// <param name="image">A reference or an id.</param>
    /// <param name="observer">Who is told.</param>
    /// <param name="cancellationToken">Ends each read.</param>
    /// <exception cref="ImageException">NotFound: no such image.</exception>
    Task<Stream> SaveAsync(string image, IOperationObserver observer, CancellationToken cancellationToken);
}

/// <summary>A store that takes images as one archive: a Docker Engine (CP7).</summary>
internal interface ILoadingStore : IImageStore
{
    /// <summary>Loads an archive that is made while it is sent.</summary>
    /// <param name="length">Its bytes.</param>
    /// <param name="write">Writes it.</param>
    /// <param name="observer">Who is told.</param>
    /// <param name="cancellationToken">Stops.</param>
    Task LoadAsync(
        long length, Func<Stream, CancellationToken, Task> write, IOperationObserver observer, CancellationToken cancellationToken);
}

/// <summary>A store that images can be removed from.</summary>
internal interface IRemovingStore : IImageStore
{
    /// <summary>
    /// Removes references, or images by their ids, one after the other in their order (D1-D14): each as if it were removed alone after the
    /// one before it. The first failure ends it, and what comes after that request is as it was; a registry, in which requests that are
    /// given together are one deed (<see cref="ISelectingPlanner"/>), does those too, and tells of them when they are given again.
    /// </summary>
    Task<ImageRemovals> RemoveAsync(IReadOnlyList<RemovalRequest> requests, IOperationObserver observer,
        CancellationToken cancellationToken);

    /// <summary>
    /// Reads the store to say what removals would do (docs/removal-plan.md). Nothing is changed, and a folder that is not there is an empty
    /// store.
    /// </summary>
    /// <param name="measure">False when what would be deleted, and the bytes, need not be known.</param>
    /// <param name="observer">Who is told.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    Task<IRemovalPlanner> PlanRemovalsAsync(bool measure, IOperationObserver observer, CancellationToken cancellationToken);
}

/// <summary>A store whose names and images can be changed.</summary>
internal interface IChangingStore : IRemovingStore
{
    /// <summary>
    /// Gives an image one more name, and returns the images under it: of a name with several platforms all of them. A name that was another
    /// image's moves, which is a Verbose line; an image that so loses its last name is dangling.
    /// </summary>
    /// <exception cref="ImageException">
    /// NotFound, Ambiguous, Conflict: as <see cref="ImageLookup.Find"/>; with <see cref="TagRequest.Force"/> a listed image is found by its
    /// id or digest also when its reference names another one by now. InvalidReference: the name is none (N8, a digest in it).
    /// </exception>
    Task<IReadOnlyList<Image>> TagAsync(TagRequest request, IOperationObserver observer, CancellationToken cancellationToken);
}

/// <summary>A store that is looked after from outside.</summary>
internal interface ITendedStore : IImageStore
{
    /// <summary>
    /// Looks for damage and for what is left over; changes nothing, takes no lock, and works on a store that cannot be written.
    /// </summary>
    IAsyncEnumerable<ImageStoreFinding> TestAsync(StoreTestRequest request, IOperationObserver observer,
        CancellationToken cancellationToken);

    /// <summary>
    /// Puts right what can be: damaged content goes to the quarantine, so that a pull fetches it again; a broken index gives way to its
    /// previous copy and the images found in the manifests; derived files are made anew. A second repair finds nothing to do.
    /// </summary>
    /// <returns>Each finding, with what was done.</returns>
    /// <exception cref="ImageException">StoreUnavailable: the store cannot be written.</exception>
    IAsyncEnumerable<ImageStoreFinding> RepairAsync(StoreRepairRequest request, IOperationObserver observer,
        CancellationToken cancellationToken);

    /// <summary>Takes away content that nothing names and what killed processes left.</summary>
    /// <exception cref="ImageException">StoreUnavailable: the store cannot be written.</exception>
    Task<ImageStoreOptimization> OptimizeAsync(StoreOptimizeRequest request, IOperationObserver observer,
        CancellationToken cancellationToken);
}

/// <summary>A store that searches by itself: a Docker Engine with its own network and credentials, a registry with its own list.</summary>
internal interface ISearchingStore : IImageStore
{
    /// <summary>Searches a registry from where the store is (S1-S7).</summary>
    Task<IReadOnlyList<ImageSearchResult>> SearchAsync(SearchRequest request, IOperationObserver observer,
        CancellationToken cancellationToken);
}

/// <summary>A store that has to be read before it can answer anything: an archive.</summary>
internal interface IPreparedStore : IImageStore
{
    /// <summary>Reads it. Every other member is called after this has ended, which a second call does at once.</summary>
    /// <exception cref="ImageException">
    /// NotFound, StoreUnavailable: the file. InvalidData, Integrity, Incomplete, NotSupported, TooLarge: what is wrong with the archive.
    /// </exception>
    Task PrepareAsync(IOperationObserver observer, CancellationToken cancellationToken);
}

/// <summary>A store whose images can be copied elsewhere.</summary>
internal interface ISourceStore : IImageStore
{
    /// <summary>
    /// Images as sources of copies, in their order, by one reading of the store's list. Nothing is locked: what goes meanwhile is an
    /// Incomplete failure of the copy.
    /// </summary>
    /// <exception cref="ImageException">NotFound, Ambiguous, Conflict: as <see cref="ImageLookup.Find"/>.</exception>
    IReadOnlyList<IImageSource> OpenSources(IReadOnlyList<ImageIdentity> images, IOperationObserver observer);

    /// <summary>
    /// What an image is called, in full, by what the user says of it; null when it has no reference. Nothing is asked of a network.
    /// </summary>
    ImageReference? NameOf(ImageIdentity image);
}

/// <summary>A store that says what refers to its images: signatures, bills of materials, attestations (RF1-RF8).</summary>
internal interface IReferrerStore : IImageStore
{
    /// <summary>An image, to be asked for its referrers. Nothing is locked.</summary>
    /// <exception cref="ImageException">NotFound, Ambiguous, Conflict: as <see cref="ImageLookup.Find"/>.</exception>
    IReferrerSource OpenReferrers(ImageIdentity image, IOperationObserver observer);
}

/// <summary>A store that copies of images are put into.</summary>
internal interface ITargetStore : IImageStore
{
    /// <summary>Begins to fill the store with what <paramref name="reference"/> names elsewhere; the caller disposes the target.</summary>
    /// <exception cref="ImageException">
    /// StoreUnavailable, StoreLocked, NotSupported, InvalidData, InvalidArgument: the store cannot be written.
    /// </exception>
    Task<IImageTarget> BeginPullAsync(ImageReference reference, IOperationObserver observer, CancellationToken cancellationToken);

    /// <summary>What of some content is not there, for who says what a copy would send. Nothing is changed.</summary>
    /// <param name="reference">What the image would be called.</param>
    /// <param name="content">The content.</param>
    /// <param name="observer">Who is told.</param>
    /// <param name="cancellationToken">Stops.</param>
    Task<IReadOnlyList<Descriptor>> LackingAsync(
        ImageReference reference, IReadOnlyList<Descriptor> content, IOperationObserver observer, CancellationToken cancellationToken);
}

/// <summary>A store that archives are imported into.</summary>
internal interface IImportingStore : IImageStore
{
    /// <summary>
    /// Imports an archive of images, or makes an image of a tree of files (AR8-AR17). All or nothing: after a failure no name has changed.
    /// </summary>
    /// <returns>An image for each name and platform that is there now.</returns>
    /// <exception cref="ImageException">
    /// InvalidData, Integrity, Incomplete, NotSupported, TooLarge: what is wrong with the archive. StoreUnavailable, StoreLocked.
    /// </exception>
    Task<IReadOnlyList<Image>> ImportAsync(ImportRequest request, IOperationObserver observer, CancellationToken cancellationToken);
}
