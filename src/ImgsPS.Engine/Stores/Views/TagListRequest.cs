using System.Collections.Generic;
using ImgsPS.Naming;

namespace ImgsPS.Stores;

/// <summary>Which tags to list.</summary>
/// <param name="Repositories">The repositories: names without a tag, or wildcards over them.</param>
internal sealed record TagListRequest(IReadOnlyList<ImageSelection> Repositories)
{
    /// <summary>Only versions of this range (TG6); null for all tags.</summary>
    public TagRange? Range { get; init; }

    /// <summary>Only so many of the newest versions, 1 and more (TG7); null for all tags.</summary>
    public int? Newest { get; init; }

    /// <summary>True to count the newest of each variant, false to count those of the repository (TG7).</summary>
    public bool GroupByVariant { get; init; }

    /// <summary>True when digests are asked for, which cost a registry one question a tag (TG8).</summary>
    public bool Detailed { get; init; }

    /// <summary>True for tags too that are no name of an image: those of signatures, and fallback tags (TG9).</summary>
    public bool All { get; init; }

    /// <summary>Refuses a name that says more than a repository.</summary>
    /// <exception cref="ImageException">InvalidReference.</exception>
    public static void EnsureRepository(ImageReference reference)
    {
        if (!reference.IsNameOnly)
        {
            throw NotARepository(reference.Familiar, reference.FamiliarName);
        }
    }

    /// <summary>Refuses a wildcard over tags.</summary>
    /// <exception cref="ImageException">InvalidReference.</exception>
    public static void EnsureRepository(ImageNamePattern pattern, string text)
    {
        if (pattern.Parts.Tag is not null || text.IndexOf('@') >= 0)
        {
            throw NotARepository(text, pattern.Parts.Repository);
        }
    }

    private static ImageException NotARepository(string text, string repository) => new(
        ImageErrorKind.InvalidReference,
        $"'{PrintableText.Of(text)}' is an image, and what is asked for is a repository",
        $"Leave the tag out, {PrintableText.Of(repository)}, and choose among its tags with -Range or Where-Object.");
}

/// <summary>The tags of one repository, in no order.</summary>
/// <param name="Name">The repository.</param>
/// <param name="Tags">Its tags, each once.</param>
internal sealed record RepositoryTags(ImageReference Name, IReadOnlyList<FoundTag> Tags);

/// <summary>A tag that a store has.</summary>
/// <param name="Name">The tag.</param>
/// <param name="Digest">What it names; null when it was not asked for, or is not known.</param>
/// <param name="MediaType">The media type of that; null when it is not known.</param>
internal sealed record FoundTag(string Name, string? Digest = null, string? MediaType = null)
{
    /// <summary>What tags of one image have in common; null when that is not known.</summary>
    public string? Content { get; init; } = Digest;
}
