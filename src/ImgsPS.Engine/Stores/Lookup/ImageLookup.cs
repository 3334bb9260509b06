using System;
using System.Collections.Generic;
using System.Linq;
using ImgsPS.Naming;

namespace ImgsPS.Stores;

/// <summary>Finds an image in a store's list, the same way for every store (D12-D14, F3).</summary>
internal static class ImageLookup
{
    // Shorter ones are more likely a slip than an id (D13).
    private const int MinPrefix = 4;

    private static readonly char[] WildcardCharacters = { '*', '?', '[', ']' };

    /// <summary>
    /// The rows that <paramref name="identity"/> means. A text is tried as whole digest or id, then as a name of another tool's that is no
    /// whole reference, then as reference (repo means repo:latest), then as id prefix (D13, D14). One row for a reference; for an id all rows
    /// of that image. An object given as identity finds its own row only.
    /// </summary>
    /// <exception cref="ImageException">
    /// NotFound: <c>No such image: nosuch:latest</c> (D12). Ambiguous: an id prefix of several images, or a name that another tool gave to
    /// several (FF1). Conflict: the listed reference names another image by now. InvalidReference: the text is neither a reference nor an id.
    /// </exception>
    public static ImageMatch Find(IReadOnlyList<Image> images, ImageIdentity identity) => FindIn(new PlainImageRows(images), identity);

    /// <summary>As <see cref="Find"/>, in a list that finds rows by itself.</summary>
    /// <exception cref="ImageException">As <see cref="Find"/>.</exception>
    public static ImageMatch FindIn(IImageRows images, ImageIdentity identity) =>
        IsRow(identity)
            ? FindListed(images, identity)
            : OneImage(FindText(images, identity.Text, allTags: false));

    /// <summary>
    /// What a removal has to ask about one after the other: the identity itself, or each image that has the name, where a name is that of
    /// several (FF1).
    /// </summary>
    public static IReadOnlyList<ImageIdentity> Meant(IImageRows images, ImageIdentity identity)
    {
        if (!IsRow(identity))
        {
            try
            {
                var match = FindText(images, identity.Text, allTags: false);
                if (IsSeveral(match))
                {
                    return match.Images.GroupBy(i => i.Digest ?? i.Id).Select(same => ImageIdentity.OfName(same.First())).ToArray();
                }
            }
            catch (ImageException)
            {
                // The question for it says so.
            }
        }

        return [identity];
    }

    /// <summary>
    /// The rows for <c>docker images NAME</c>: as <see cref="FindIn"/>, but a repository without tag means all its tags (L8).
    /// </summary>
    /// <exception cref="ImageException">As <see cref="Find"/>.</exception>
    public static IReadOnlyList<Image> ListIn(IImageRows images, ImageIdentity identity) => MatchIn(images, identity).Images;

    /// <summary>As <see cref="ListIn"/>, with how they were found.</summary>
    /// <exception cref="ImageException">As <see cref="Find"/>.</exception>
    public static ImageMatch MatchIn(IImageRows images, ImageIdentity identity) =>
        identity.IsListed ? FindIn(images, identity) : FindText(images, identity.Text, allTags: true);

    /// <summary>
    /// As <see cref="Find"/>, but a listed image is found by its digest or id under whatever name it has by now, its own reference first if
    /// it still has that.
    /// </summary>
    /// <exception cref="ImageException">As <see cref="Find"/>, without Conflict.</exception>
    public static ImageMatch FindContent(IReadOnlyList<Image> images, ImageIdentity identity)
    {
        if (!IsRow(identity))
        {
            return FindIn(new PlainImageRows(images), identity);
        }

        var rows = images.Where(i => IsSameContent(i, identity)).OrderBy(i => HasNameOf(i, identity) ? 0 : 1).ToArray();
        return rows.Length > 0 ? new ImageMatch(ImageMatchKind.Id, rows) : throw NotFound(identity.Text);
    }

    /// <summary>
    /// True when the identity finds its own row only. One property alone is not a row: it is the text that it holds. An untagged image may
    /// have no more than its id and its store.
    /// </summary>
    internal static bool IsRow(ImageIdentity identity) =>
        (identity.Name is null ? 0 : 1) + (identity.Id is null ? 0 : 1) + (identity.Digest is null ? 0 : 1) > 1
        || (identity.Name is null && identity.Store is not null);

    private static ImageMatch FindListed(IImageRows images, ImageIdentity identity)
    {
        if (identity.Name is null)
        {
            return FindUntagged(images, identity);
        }

        var rows = images.WithRow(identity).Where(i => HasNameOf(i, identity) && IsSameContent(i, identity)).ToArray();
        var named = rows.Length > 0 ? rows : images.WithName(identity.Name).Where(i => HasNameOf(i, identity)).ToArray();
        if (named.Length == 0 && ImageReference.TryParse(identity.Reference, out var reference))
        {
            named = images.All.Where(i => Names(i, reference) && Parse(i) == reference).ToArray();
        }

        if (named.Length == 0)
        {
            throw NotFound(identity.Text);
        }

        rows = rows.Length > 0 ? rows : named.Where(i => IsSameContent(i, identity)).ToArray();
        if (rows.Length == 0 && identity.Digest is not null && Array.Exists(named, i => i.Digest == identity.Digest))
        {
            throw new ImageException(
                ImageErrorKind.NotFound,
                $"No such image: {PrintableText.Of(identity.Text)} leads to images of other platforms, and the listed one "
                    + $"({ShortId(identity.Id ?? identity.ManifestDigest ?? "")}) is not in the store",
                "It was removed since it was listed, or never pulled. Get-Image, with the same -Store, lists the images that are there.");
        }

        return rows.Length > 0
            ? new ImageMatch(rows[0].Tag is null && rows[0].RawName is null ? ImageMatchKind.RepositoryDigest : ImageMatchKind.Tag, rows)
            : throw Moved(identity.Text);
    }

    /// <summary>The failure of a listed name that is another image's by now.</summary>
    internal static ImageException Moved(string name) => new(
        ImageErrorKind.Conflict,
        $"the tag was moved since it was listed: {PrintableText.Of(name)}",
        "It names another image now. List the images again, or give the name as a text to mean whatever it names.");

    private static ImageMatch FindUntagged(IImageRows images, ImageIdentity identity)
    {
        var same = images.WithContent(identity).Where(i => IsSameContent(i, identity)).ToArray();
        var rows = same.Where(i => i.Name is null).ToArray();
        return rows.Length > 0 ? new ImageMatch(ImageMatchKind.Id, rows)
            : same.Length == 0 ? throw NotFound(identity.Text)
            : throw new ImageException(
                ImageErrorKind.Conflict,
                $"the image was given a name since it was listed: {PrintableText.Of(same[0].Name)}",
                "It had no name then. List the images again, or give its name.");
    }

    private static ImageMatch FindText(IImageRows images, string text, bool allTags)
    {
        if (Digest.TryParseIdentifier(text, out var digest))
        {
            var whole = digest.ToString();
            var byId = images.WithId(whole).Where(i => i.Id == whole).ToArray();
            byId = byId.Length > 0 ? byId : images.WithDigest(whole).Where(i => i.Digest == whole).ToArray();
            byId = byId.Length > 0 ? byId : images.All.Where(i => i.ManifestDigest == whole).ToArray();
            return byId.Length > 0 ? new ImageMatch(ImageMatchKind.Id, byId) : throw NotFound(whole);
        }

        // What another tool called "1.0" is meant by "1.0", though as a reference that would be a repository.
        var isReference = ImageReference.TryParse(text, out _);
        var bare = images.WithName(text).Where(i => i.Repository is null && text == (isReference ? i.Reference : i.RawName)).ToArray();
        if (bare.Length > 0)
        {
            return new ImageMatch(ImageMatchKind.Tag, bare);
        }

        // A text that is no reference can't be a prefix either.
        var reference = ParseText(text);
        return FindReference(images, reference, allTags)
            ?? FindPrefix(images, text)
            ?? throw NotFound(allTags || reference.Digest is not null ? reference.Familiar : reference.WithDefaultTag().Familiar);
    }

    /// <summary>Reads a reference that a user gave as an image of a store.</summary>
    /// <exception cref="ImageException">InvalidReference; of a text that looks like a pattern the advice says where one is read.</exception>
    internal static ImageReference ParseText(string text)
    {
        try
        {
            return ImageReference.Parse(text);
        }
        catch (ImageException e) when (text.IndexOfAny(WildcardCharacters) >= 0)
        {
            throw new ImageException(
                e.Kind,
                e.Message,
                $"'{PrintableText.Of(text)}' is taken as it stands: a wildcard is read only where it is typed with -Image, not from the "
                    + "pipeline, and not by commands that work on one image.",
                e);
        }
    }

    private static ImageMatch? FindReference(IImageRows images, ImageReference reference, bool allTags)
    {
        if (reference.Digest is not null)
        {
            // N9: the tag beside a digest does not count.
            var digest = reference.Digest.ToString();
            var pinned = images.WithDigest(digest).Where(i => i.Digest == digest && Names(i, reference)).ToArray();
            return pinned.Length > 0 ? new ImageMatch(ImageMatchKind.RepositoryDigest, pinned) : null;
        }

        var tag = allTags && reference.IsNameOnly ? null : reference.WithDefaultTag().Tag;
        var candidates = tag is null ? images.All : images.WithTag(reference, tag);
        var rows = candidates.Where(i => (tag is null || i.Tag == tag) && Names(i, reference)).ToArray();
        return rows.Length > 0 ? new ImageMatch(ImageMatchKind.Tag, rows) : null;
    }

    /// <summary>What was found, for who takes one image (FF1).</summary>
    private static ImageMatch OneImage(ImageMatch match) => !IsSeveral(match) ? match : throw new ImageException(
        ImageErrorKind.Ambiguous,
        $"{PrintableText.Of(match.Images[0].Name)} is the name of several images: another tool wrote it more than once",
        $"Give the id of one: {string.Join(", ", match.Images.Select(i => i.Id).Distinct(StringComparer.Ordinal).Take(10).Select(ShortId))}; "
            + "or pipe one of those that Get-Image lists.");

    private static bool IsSeveral(ImageMatch match) => match is { Kind: ImageMatchKind.Tag, Images.Count: > 1 }
        && match.Images.Select(i => i.Digest ?? i.Id).Distinct(StringComparer.Ordinal).Skip(1).Any();

    private static ImageMatch? FindPrefix(IImageRows images, string text)
    {
        var colon = text.IndexOf(':');
        var hex = text.Substring(colon + 1);
        if (hex.Length < MinPrefix || !Digest.IsLowerHex(hex) || (colon >= 0 && Digest.HexLength(text.Substring(0, colon)) < 0))
        {
            return null;
        }

        var rows = images.All.Where(i => i.Id.StartsWith(text, StringComparison.Ordinal)
            || (colon < 0 && string.CompareOrdinal(i.Id, i.Id.IndexOf(':') + 1, hex, 0, hex.Length) == 0)).ToArray();
        var ids = rows.Select(i => i.Id).Distinct(StringComparer.Ordinal).ToList();
        return ids.Count switch
        {
            0 => null,
            1 => new ImageMatch(ImageMatchKind.Id, rows),
            _ => throw new ImageException(
                ImageErrorKind.Ambiguous,
                $"multiple IDs found with provided prefix: {text}",
                $"Give more of the id: {string.Join(", ", ids.Take(10).Select(ShortId))}{(ids.Count > 10 ? ", …" : "")}."),
        };
    }

    private static ImageReference? Parse(Image image) => ImageReference.TryParse(image.Reference, out var reference) ? reference : null;

    // The first test is there to parse few rows of a long list.
    private static bool Names(Image image, ImageReference reference) =>
        image.Reference?.IndexOf(reference.Repository.Substring(reference.Repository.LastIndexOf('/') + 1), StringComparison.Ordinal) >= 0
        && Parse(image)?.Name == reference.Name;

    private static bool HasNameOf(Image row, ImageIdentity identity) =>
        row.Reference == identity.Reference && row.RawName == identity.RawName;

    // The id stands in where either side does not know the digest.
    private static bool IsSameContent(Image row, ImageIdentity identity) =>
        identity.Digest is not null && row.Digest is not null
            ? row.Digest == identity.Digest && IsSamePlatform(row, identity)
            : row.Id == identity.Id;

    /// <summary>
    /// True when the row is the listed one of an index's images (FF2). The id counts where a manifest is not known; an id that is the
    /// index's own digest, as containerd's Docker has it, means all of them.
    /// </summary>
    private static bool IsSamePlatform(Image row, ImageIdentity identity) =>
        row.ManifestDigest is null || row.ManifestDigest == identity.ManifestDigest
        || (identity.ManifestDigest is null && (identity.Id is null || identity.Id == identity.Digest || identity.Id == row.Id));

    private static string ShortId(string id) => Digest.TryParse(id, out var digest) ? digest.Hex.Substring(0, 16) : PrintableText.Of(id);

    /// <summary>The failure of a name that no image has.</summary>
    internal static ImageException NotFound(string name) => new(
        ImageErrorKind.NotFound,
        $"No such image: {PrintableText.Of(name)}",
        "Get-Image, with the same -Store, lists the images that are there.");
}

/// <summary>How an image was found.</summary>
internal enum ImageMatchKind
{
    /// <summary>By a tag: the one row is this reference.</summary>
    Tag,

    /// <summary>By repository and digest: rows of that repository with that digest.</summary>
    RepositoryDigest,

    /// <summary>By id, id prefix or bare digest: all rows of the image.</summary>
    Id,
}

/// <summary>What was found.</summary>
/// <param name="Kind">How.</param>
/// <param name="Images">The rows; never empty.</param>
internal sealed record ImageMatch(ImageMatchKind Kind, IReadOnlyList<Image> Images);
