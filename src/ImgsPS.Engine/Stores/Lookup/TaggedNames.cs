using System;
using System.Collections.Generic;

namespace ImgsPS.Stores;

/// <summary>
/// The repositories of a store that have a tagged image, and the images that have a tag: what decides whether an image that only a digest
/// names is left over or was pulled so (FF4). Not thread-safe.
/// </summary>
internal sealed class TaggedNames
{
    private readonly HashSet<string> _repositories = new(StringComparer.Ordinal);
    private readonly HashSet<string> _images = new(StringComparer.Ordinal);

    /// <summary>Remembers that a tag names an image.</summary>
    /// <param name="reference">The tag.</param>
    /// <param name="image">What is one image in the store: an id, or a digest.</param>
    public void Add(ImageReference reference, string image)
    {
        _repositories.Add(reference.Name);
        _images.Add(image);
    }

    /// <summary>
    /// True when the image has no tag, and another image has one in the repository whose digest names it: a moved tag leaves that behind.
    /// </summary>
    /// <param name="reference">The name by digest.</param>
    /// <param name="image">As for <see cref="Add"/>.</param>
    public bool IsLeftOver(ImageReference reference, string image) => _repositories.Contains(reference.Name) && !_images.Contains(image);
}
