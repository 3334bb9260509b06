using System;
using System.Collections.Generic;
using System.Linq;

namespace ImgsPS.Stores.Layout;

/// <summary>What a removal takes away from the index and what it tells of it (D1, D2, D4, D11). Immutable.</summary>
/// <param name="Rows">The rows that go; empty when only an implied reference was named.</param>
/// <param name="Untagged">The references that go, as docker prints them.</param>
/// <param name="Note">Something to tell with -Verbose, or null.</param>
internal sealed record RemovalPlan(IReadOnlyList<LayoutRow> Rows, IReadOnlyList<string> Untagged, string? Note)
{
    /// <summary>So many names are told in a message.</summary>
    private const int Few = 10;

    /// <summary>Makes the plan.</summary>
    /// <param name="rows">What <see cref="LayoutTable.Related"/> gives.</param>
    /// <param name="kind">How the image was named.</param>
    /// <param name="found">What the name means.</param>
    /// <param name="force">Take all references of an image that was named by its id.</param>
    /// <exception cref="ImageException">Conflict: named by id, and referenced in several repositories or by several tags (D4).</exception>
    public static RemovalPlan Of(IReadOnlyList<LayoutRow> rows, ImageMatchKind kind, IReadOnlyList<FoundRow> found, bool force)
    {
        // A name that goes on to show other images is not touched (FF2).
        var whole = found.Where(f => f.IsWhole).Select(f => f.Row).ToArray();
        return kind switch
        {
            ImageMatchKind.Id => ById(found, whole, force),
            _ when whole.Length == 0 => new RemovalPlan(whole, Array.Empty<string>(), null),
            ImageMatchKind.Tag => ByTag(rows, whole),
            _ => ByRepositoryDigest(rows, whole),
        };
    }

    /// <summary>
    /// D1, D2: one name; with the last tag of its repository the repository's names by digest go too, if it has any (L3).
    /// </summary>
    private static RemovalPlan ByTag(IReadOnlyList<LayoutRow> rows, LayoutRow[] found)
    {
        // Several only where another tool gave one name to several digests.
        var gone = found.ToList();
        var going = new HashSet<LayoutRow>(found);
        var name = found[0].Name!;
        var untagged = new List<string> { name.Shown };
        var left = rows.Where(r => !going.Contains(r) && r.Name is not null && r.Name.IsSameRepository(name) && found.Any(r.IsSameImage))
            .ToList();
        if (left.TrueForAll(r => r.IsPinned))
        {
            gone.AddRange(left);
            untagged.AddRange(DigestReferences(gone.Where(r => r.HasRepositoryDigest)));
        }

        return new RemovalPlan(gone, untagged.Distinct(StringComparer.Ordinal).ToList(), null);
    }

    /// <summary>D11: the name by digest alone. One that only a tag implies cannot go without the tag.</summary>
    private static RemovalPlan ByRepositoryDigest(IReadOnlyList<LayoutRow> rows, LayoutRow[] found)
    {
        var pinned = found.Where(r => r.IsPinned).ToList();
        var untagged = DigestReferences(pinned.Count > 0 ? pinned : found).ToList();
        var tags = rows
            .Where(r => r.Name?.Tag is not null && found.Any(f => f.Root.Digest == r.Root.Digest && f.Name!.IsSameRepository(r.Name)))
            .Select(r => r.Name!.Shown)
            .ToList();
        return new RemovalPlan(
            pinned, untagged, tags.Count == 0 ? null : $"The image stays: {string.Join(", ", tags)} still names {untagged[0]}.");
    }

    /// <summary>D4: the image with all its references, when that cannot surprise, or when forced.</summary>
    private static RemovalPlan ById(IReadOnlyList<FoundRow> found, LayoutRow[] whole, bool force)
    {
        var named = found.Select(f => f.Row).Where(r => r.Name is not null).ToList();
        if (!force && !IsSingleReference(named))
        {
            throw new ImageException(
                ImageErrorKind.Conflict,
                $"conflict: unable to delete {Digest.Shorten(found[0].Best.Image.Id)} (must be forced) - image is referenced in multiple " +
                    "repositories",
                $"Use -Force to remove {string.Join(", ", named.Take(Few).Select(r => r.Name!.Shown))}{(named.Count > Few ? ", …" : "")}, "
                    + "or remove them by name.");
        }

        var going = whole.Where(r => r.Name is not null).ToList();
        var untagged = going.Where(r => !r.IsPinned).Select(r => r.Name!.Shown).OrderBy(r => r, StringComparer.Ordinal)
            .Concat(DigestReferences(going.Where(r => r.HasRepositoryDigest))).ToList();
        return new RemovalPlan(whole, untagged, null);
    }

    /// <summary>All references are of one repository, and at most one is a tag.</summary>
    private static bool IsSingleReference(List<LayoutRow> named) =>
        named.Count <= 1 || (named.Count(r => !r.IsPinned) <= 1 && named.TrueForAll(r => r.Name!.IsSameRepository(named[0].Name!)));

    /// <summary><c>repo@digest</c> of each row, once.</summary>
    private static IEnumerable<string> DigestReferences(IEnumerable<LayoutRow> rows) => rows
        .Where(r => r.Name?.Reference is not null)
        .Select(r => r.Name!.Repository + "@" + r.Root.Digest)
        .Distinct(StringComparer.Ordinal);
}
