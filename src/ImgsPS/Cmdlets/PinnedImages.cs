using System;
using System.Collections.Generic;
using System.Linq;

namespace ImgsPS.Cmdlets;

/// <summary>The images pulled by digest that a removal keeps although docker's prune would take them (P2). One for each store.</summary>
internal sealed class PinnedImages
{
    private readonly HashSet<string> _kept = new(StringComparer.Ordinal);

    /// <summary>True after <see cref="KeepUnused"/>.</summary>
    public bool HasCountedUnused { get; private set; }

    /// <summary>True for a reference with a digest and no tag.</summary>
    public static bool IsPinned(string reference) =>
        ImageReference.TryParse(reference, out var parsed) && parsed.Tag is null && parsed.Digest is not null;

    /// <summary>Remembers a piped image that is kept: <c>docker image prune -a</c> would take it.</summary>
    public void Keep(string reference) => _kept.Add(reference);

    /// <summary>
    /// Remembers the store's pinned images without a tag and without a container: <c>docker image prune</c> takes them with the dangling
    /// ones.
    /// </summary>
    public void KeepUnused(StoreSnapshot snapshot)
    {
        HasCountedUnused = true;
        var images = snapshot.Images.All.ToList();
        var tagged = new HashSet<string>(images.Where(image => image.Tag is not null).Select(image => image.Id), StringComparer.Ordinal);
        _kept.UnionWith(images
            .Where(image => image.Reference is not null && image.Tag is null && !image.InUse && !tagged.Contains(image.Id))
            .Select(image => image.Reference!));
    }

    /// <summary>How many are still there.</summary>
    public int Count(StoreSnapshot snapshot) => _kept.Count(reference => !snapshot.HasUntagged(reference));
}
