using System;
using ImgsPS.Naming;

namespace ImgsPS;

/// <summary>A step of an image's build, as <c>docker history</c> has a line. Immutable.</summary>
public sealed class ImageHistoryEntry
{
    private readonly DateTimeOffset? _created;
    private readonly string? _createdBy;
    private readonly string? _author;
    private readonly string? _comment;

    /// <summary>Familiar reference of the image that was asked for; null for an untagged image.</summary>
    public string? Reference { get; init; }

    /// <summary>Id of the image that the step made, where the store still has it (docker's <c>&lt;missing&gt;</c> is null).</summary>
    public string? Id { get; init; }

    /// <summary>When; null when the config does not say.</summary>
    public DateTimeOffset? Created
    {
        get => _created;
        init => _created = ImageTime.Of(value);
    }

    /// <summary>The command, in full.</summary>
    public string? CreatedBy
    {
        get => _createdBy;
        init => _createdBy = DataText.Of(value);
    }

    /// <summary>Who, or null. A Docker Engine does not tell it.</summary>
    public string? Author
    {
        get => _author;
        init => _author = DataText.Of(value);
    }

    /// <summary>A remark, or null.</summary>
    public string? Comment
    {
        get => _comment;
        init => _comment = DataText.Of(value);
    }

    /// <summary>
    /// Bytes of the step's layer, as <see cref="Image.Size"/> counts in that store; 0 for a step without one, null when unknown.
    /// </summary>
    public long? Size { get; init; }

    /// <summary>True when the step made no layer.</summary>
    public bool EmptyLayer { get; init; }

    /// <summary>Diff id of the step's layer; null for a step without one, or when the history does not fit the layers.</summary>
    public string? DiffId { get; init; }

    /// <summary>The store, as <c>-Store</c> takes it.</summary>
    public string? Store { get; init; }

    /// <summary>The command.</summary>
    public override string ToString() => CreatedBy ?? "";
}
