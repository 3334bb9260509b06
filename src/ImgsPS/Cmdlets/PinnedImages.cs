using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using ImgsPS.Store;

namespace ImgsPS.Cmdlets;

/// <summary>The images pulled by digest that a removal keeps although docker's prune would take them (P2). One for each store.</summary>
internal sealed class PinnedImages
{
    private readonly HashSet<string> _kept = new(StringComparer.Ordinal);

    private bool _hasCountedUnused;

    /// <summary>True for a reference with a digest and no tag.</summary>
    public static bool IsPinned(string reference) =>
        ImageReference.TryParse(reference, out var parsed) && parsed.Tag is null && parsed.Digest is not null;

    /// <summary>Remembers a piped image that is kept: <c>docker image prune -a</c> would take it.</summary>
    public void Keep(string reference) => _kept.Add(reference);

    /// <summary>
    /// Remembers, once, the store's pinned images without a tag and without a container: <c>docker image prune</c> takes them with the
    /// dangling ones.
    /// </summary>
    public void KeepUnused(IImageRows rows)
    {
        if (_hasCountedUnused)
        {
            return;
        }

        _hasCountedUnused = true;
        var images = rows.All.ToList();
        var tagged = new HashSet<string>(images.Where(image => image.Tag is not null).Select(image => image.Id), StringComparer.Ordinal);
        _kept.UnionWith(images
            .Where(image => image.Reference is not null && image.Tag is null && !image.InUse && !tagged.Contains(image.Id))
            .Select(image => image.Reference!));
    }

    /// <summary>How many are still there.</summary>
    public int Count(StoreRemovals store) => _kept.Count(reference => !store.HasUntagged(reference));

    /// <summary>What is said of those that are still there.</summary>
    public static string Kept(int count, string store) => string.Format(
        CultureInfo.InvariantCulture,
        count == 1
            ? "{0} image that was pulled by digest is kept in the store '{1}'; docker image prune would remove it. " +
                "-IncludePinned removes such an image when it is piped, its name removes it too."
            : "{0} images that were pulled by digest are kept in the store '{1}'; docker image prune would remove them. " +
                "-IncludePinned removes such images when they are piped, their names remove them too.",
        count,
        store);
}
