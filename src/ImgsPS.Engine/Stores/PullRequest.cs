using ImgsPS.Naming;
using ImgsPS.Stores.Registry;

namespace ImgsPS.Stores;

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

    /// <summary>Takes along what refers to the image (CP3).</summary>
    public bool IncludeReferrers { get; init; }

    /// <summary>How to talk to the registry.</summary>
    public RegistryOptions Registry { get; init; } = RegistryOptions.Default;

    /// <summary>
    /// What to ask the registry for: the repository alone for all of its tags, else the reference with its tag, the default one told (N7).
    /// </summary>
    /// <param name="observer">Who is told.</param>
    /// <exception cref="ImageException">
    /// InvalidArgument: all tags, and a tag or digest. InvalidReference: no store may record the name (N8).
    /// </exception>
    public ImageReference ToPull(IOperationObserver observer)
    {
        if (AllTags)
        {
            return Reference.IsNameOnly
                ? Reference
                : throw new ImageException(
                    ImageErrorKind.InvalidArgument,
                    $"'{PrintableText.Of(Reference.Familiar)}' has a {(Reference.Digest is null ? "tag" : "digest")}, "
                        + "which cannot be used with -AllTags",
                    $"Name the repository alone to pull all of its tags, {Reference.FamiliarName}, or leave out -AllTags.");
        }

        Reference.EnsureRecordable();
        if (Reference.IsNameOnly)
        {
            observer.Verbose($"Using default tag: {DockerHub.DefaultTag}");
        }

        return Reference.WithDefaultTag();
    }
}
