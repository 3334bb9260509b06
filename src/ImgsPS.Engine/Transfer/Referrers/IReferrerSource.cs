using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;

namespace ImgsPS.Transfer;

/// <summary>An image whose place can say what refers to a manifest of it. Safe for any number of threads.</summary>
internal interface IReferrerSource : IImageSource
{
    /// <summary>
    /// What refers to a digest, beside what an index of the image says itself; empty when nothing does. An answer that does not tell is a
    /// failure, and never none (RF1).
    /// </summary>
    /// <param name="subject">The digest.</param>
    /// <param name="artifactType">Only those of this type; null for all.</param>
    /// <param name="observer">Who is told.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="ImageException">InvalidData, TooLarge: the list cannot be read. Others as the place has them.</exception>
    Task<IReadOnlyList<Referrer>> ReferrersAsync(
        Digest subject, string? artifactType, IOperationObserver observer, CancellationToken cancellationToken);
}

/// <summary>A target that keeps what refers to an image.</summary>
internal interface IReferrerTarget : IImageTarget
{
    /// <summary>
    /// Makes referrers found there, whose documents and content are there already. False when some of <paramref name="required"/> is not
    /// there any more: nothing was done, and the caller copies again.
    /// </summary>
    Task<bool> AttachAsync(
        IReadOnlyList<CopiedReferrer> referrers, IReadOnlyList<Descriptor> required, CancellationToken cancellationToken);
}

/// <summary>What refers to something. Immutable.</summary>
/// <param name="Descriptor">Its manifest or index, with type and annotations as far as they are known.</param>
/// <param name="Source">How it was found.</param>
/// <param name="Tag">The tag that told of it; null for none.</param>
internal sealed record Referrer(Descriptor Descriptor, ImageReferrerSource Source, string? Tag = null);

/// <summary>A referrer that a walk found. Immutable.</summary>
/// <param name="Subject">What it refers to.</param>
/// <param name="Referrer">The referrer.</param>
/// <param name="Depth">1 for a referrer of the image, 2 for one of such a referrer.</param>
internal sealed record FoundReferrer(Digest Subject, Referrer Referrer, int Depth);

/// <summary>A referrer on its way. Immutable.</summary>
/// <param name="Found">How it was found.</param>
/// <param name="Document">Its manifest or index.</param>
internal sealed record CopiedReferrer(FoundReferrer Found, ManifestDocument Document);
