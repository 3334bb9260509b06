using System.Collections.Generic;

namespace ImgsPS.Stores;

/// <summary>
/// A store's list as <see cref="ImageLookup"/> goes through it. Each member gives the rows that it says, in the list's order, and may give
/// others too: the lookup tests every row. So a plain list does, and one that is asked often keeps them in order
/// (<see cref="ImageTable"/>).
/// </summary>
internal interface IImageRows
{
    /// <summary>Every row.</summary>
    IEnumerable<Image> All { get; }

    /// <summary>The rows with this text as <see cref="Image.Name"/>.</summary>
    IEnumerable<Image> WithName(string name);

    /// <summary>The rows that may be the listed one: with its name and its digest, or without a digest where one of the two has none.</summary>
    IEnumerable<Image> WithRow(ImageIdentity identity);

    /// <summary>The rows with this id.</summary>
    IEnumerable<Image> WithId(string id);

    /// <summary>The rows with this digest.</summary>
    IEnumerable<Image> WithDigest(string digest);

    /// <summary>The rows with this tag, whose reference means this repository.</summary>
    IEnumerable<Image> WithTag(ImageReference repository, string tag);

    /// <summary>The rows that may be of the same content: with the digest, or with the id where one of the two has no digest.</summary>
    IEnumerable<Image> WithContent(ImageIdentity identity);
}

/// <summary>A list that is asked once: all rows are looked at.</summary>
internal sealed class PlainImageRows : IImageRows
{
    public PlainImageRows(IReadOnlyList<Image> images) => All = images;

    public IEnumerable<Image> All { get; }

    public IEnumerable<Image> WithName(string name) => All;

    public IEnumerable<Image> WithRow(ImageIdentity identity) => All;

    public IEnumerable<Image> WithId(string id) => All;

    public IEnumerable<Image> WithDigest(string digest) => All;

    public IEnumerable<Image> WithTag(ImageReference repository, string tag) => All;

    public IEnumerable<Image> WithContent(ImageIdentity identity) => All;
}
