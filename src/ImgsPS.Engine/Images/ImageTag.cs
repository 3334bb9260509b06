using System.Collections.Generic;
using ImgsPS.Naming;

namespace ImgsPS;

/// <summary>A tag of a repository. Immutable.</summary>
public sealed class ImageTag
{
    private readonly IReadOnlyList<string>? _sameAs;

    /// <summary>Familiar name of the repository, as docker's column: <c>nginx</c>, <c>reg:5000/team/app</c>.</summary>
    public string Repository { get; init; } = "";

    /// <summary>The tag.</summary>
    public string Tag { get; init; } = "";

    /// <summary>Repository and tag, as other commands take them: <c>nginx:1.27.3-alpine</c>.</summary>
    public string Reference { get; init; } = "";

    /// <summary>The version that the tag says; null for a word (<c>latest</c>) and for a commit (TG4).</summary>
    public TagVersion? Version { get; init; }

    /// <summary>What the tag says beside its version: <c>alpine</c>; null for nothing, and without a version.</summary>
    public string? Variant => Version?.Variant;

    /// <summary>True for a version before its release: <c>2.0.0-rc.1</c>.</summary>
    public bool IsPrerelease => Version?.Prerelease is not null;

    /// <summary>Digest of the manifest or index that the tag names; null when it was not asked for, or is not known (TG8).</summary>
    public string? Digest { get; init; }

    /// <summary>
    /// The other tags of the repository that name the same image, in the order of the list; empty for none, null without a digest.
    /// </summary>
    public IReadOnlyList<string>? SameAs
    {
        get => _sameAs;
        init => _sameAs = value is null ? null : TextList.Of(value);
    }

    /// <summary>Media type of what <see cref="Digest"/> names; null when that is.</summary>
    public string? MediaType { get; init; }

    /// <summary>The store, as <c>-Store</c> takes it.</summary>
    public string Store { get; init; } = "";

    /// <summary>The reference.</summary>
    public override string ToString() => Reference;
}
