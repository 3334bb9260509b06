using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Registry;

namespace ImgsPS.Store;

/// <summary>
/// A place with images: the local layout, a Docker Engine, a registry. All rules of docker-rules.md hold for each, and the same test list runs
/// over each. Members may be called from several threads at once. Failures are <see cref="ImageException"/>; what a store cannot do is one of
/// kind NotSupported that names the store and the alternative.
/// </summary>
internal interface IImageStore : IDisposable
{
    /// <summary>The store as <c>-Store</c> takes it: <c>local</c>, a folder, <c>docker</c>.</summary>
    string Name { get; }

    /// <summary>All images that <paramref name="filter"/> lets through, newest first with a stable tie-break (L1-L9), as they were at one moment.</summary>
    Task<IReadOnlyList<Image>> ListAsync(ImageFilter filter, IOperationObserver observer, CancellationToken cancellationToken);

    /// <summary>Pulls and yields one image per reference that is now in the store; several with <see cref="PullRequest.AllTags"/> (U1-U14).</summary>
    IAsyncEnumerable<Image> PullAsync(PullRequest request, IOperationObserver observer, CancellationToken cancellationToken);

    /// <summary>Removes a reference, or an image by its id (D1-D14).</summary>
    Task<ImageRemoval> RemoveAsync(ImageIdentity image, bool force, IOperationObserver observer, CancellationToken cancellationToken);

    /// <summary>The manifest of an image that is in the store.</summary>
    Task<ManifestAnswer> GetManifestAsync(ImageIdentity image, Platform? platform, IOperationObserver observer, CancellationToken cancellationToken);

    /// <summary>The store in numbers.</summary>
    Task<ImageStoreInfo> GetInfoAsync(IOperationObserver observer, CancellationToken cancellationToken);
}

/// <summary>What to pull.</summary>
internal sealed class PullRequest
{
    public PullRequest(ImageReference reference) => Reference = reference;

    /// <summary>The reference as parsed; no tag and no digest means <c>latest</c> (N7).</summary>
    public ImageReference Reference { get; }

    /// <summary>The platform to take from an index; null for this machine's (U6, U7).</summary>
    public Platform? Platform { get; init; }

    /// <summary>Every platform of an index.</summary>
    public bool AllPlatforms { get; init; }

    /// <summary>Every tag of the repository.</summary>
    public bool AllTags { get; init; }

    /// <summary>How to talk to the registry.</summary>
    public RegistryOptions Registry { get; init; } = RegistryOptions.Default;
}

/// <summary>A manifest question's answer.</summary>
/// <param name="Raw">The exact text of the document that was asked for: the index, or the platform's manifest.</param>
/// <param name="Manifests">One per platform of an index; one when the document is a manifest or a platform was asked for.</param>
internal sealed record ManifestAnswer(string Raw, IReadOnlyList<ImageManifest> Manifests);
