using System.Collections.Generic;
using System.Linq;
using ImgsPS.Content;
using ImgsPS.Naming;
using ImgsPS.Transfer;

namespace ImgsPS.Stores.Registry;

/// <summary>Plans one removal from a repository (RD1-RD8).</summary>
/// <param name="overlay">The repository, with what was accepted before.</param>
/// <param name="request">What to remove.</param>
/// <param name="store">The store's name.</param>
internal sealed class RegistryRemovalPlan(RepositoryOverlay overlay, RemovalRequest request, string store)
{
    private const int Few = 10;

    /// <summary>True to tell the bytes that nothing needs any more.</summary>
    public bool Measure { get; init; }

    /// <summary>Whether the registry deletes a tag by itself; null when nobody knows.</summary>
    public bool? DeletesTags { get; init; }

    private RepositoryContent Content => overlay.Content;

    /// <summary>The plan.</summary>
    /// <param name="name">A tag, or a digest.</param>
    /// <exception cref="ImageException">
    /// NotFound; Conflict: more would go than was named (RD3), or something needs it (RD4); NotSupported: one platform of a tag.
    /// </exception>
    public RegistryRemoving Of(ImageReference name)
    {
        if (name.Digest is { } digest)
        {
            return OfDigest(name, digest);
        }

        if (overlay.Names(name.Tag!) is not { } named)
        {
            return request.Image.IsListed ? Kept(name, ImageRemovalStatus.AlreadyGone, "it is not there any more")
                : throw ImageLookup.NotFound(name.Familiar);
        }

        if (Digest.TryParse(request.Image.Digest, out var listed) && listed != named.Digest)
        {
            return Kept(name, ImageRemovalStatus.Changed, $"it names {named.Digest} now, and named {listed} when it was listed");
        }

        if (request.Image.IsPart || (Content.ShownOf(named.Digest) is { } shown && shown != request.Image.ManifestDigest))
        {
            throw new ImageException(
                ImageErrorKind.NotSupported,
                $"{name.Familiar} is one name for several platforms, and a registry removes it with all of them or not at all",
                $"List without -AllPlatforms, or give the name: Remove-Image {name.Familiar} -Store {store}.");
        }

        return OfTag(name, named);
    }

    private RegistryRemoving OfTag(ImageReference name, Descriptor named)
    {
        var others = overlay.TagsOf(named.Digest).Where(tag => tag != name.Tag).ToList();
        var index = overlay.IndexOf(named.Digest, []);
        if (others.Count == 0 && index is null)
        {
            return Deleting(name, named, [name.Tag!]);
        }

        // RD1, RD2
        var refusal = CannotUntag(name, others, index);
        if (DeletesTags == false && !request.Force)
        {
            throw refusal;
        }

        return Removing(name, named, [name.Tag!], []) with
        {
            Untags = named.Digest,
            CannotUntag = refusal,
            Way = DeletesTags == false ? "by replacement" : null,
            Note = others.Count > 0 ? $"{name.Familiar} goes alone: {Content.Name.FamiliarName}:{others[0]} is the same image"
                : $"{name.Familiar} goes alone: {Content.Name.FamiliarName}:{index} lists its manifest",
        };
    }

    private ImageException CannotUntag(ImageReference name, List<string> others, string? index) => new(
        ImageErrorKind.Conflict,
        $"{name.Registry} does not delete a tag by itself, and with its digest "
            + (others.Count > 0 ? $"{Words(others)} would go too" : $"an image of {Content.Name.FamiliarName}:{index} would go"),
        $"-Force takes {name.Familiar} away all the same: it lets the tag name an empty image, and deletes that.");

    private RegistryRemoving OfDigest(ImageReference name, Digest digest)
    {
        if (!Content.Has(digest) || overlay.HasRemoved(digest))
        {
            return request.Image.IsListed ? Kept(name, ImageRemovalStatus.AlreadyGone, "it is not there any more")
                : throw ImageLookup.NotFound(name.Familiar);
        }

        var tags = overlay.TagsOf(digest);
        var names = tags.Where(tag => !ReferrerNames.IsReferrerTag(tag)).ToList();
        if (names.Count > 0 && !request.Force)
        {
            // RD3
            throw new ImageException(
                ImageErrorKind.Conflict,
                $"{name.Familiar} has {(names.Count == 1 ? "a tag that goes" : "tags that go")} with it: {Words(names)}",
                "Remove it by the tag, or with -Force.");
        }

        if (overlay.IndexOf(digest, []) is { } index && !request.Force)
        {
            // RD4
            throw new ImageException(
                ImageErrorKind.Conflict,
                $"{name.Familiar} is one of the images of {Content.Name.FamiliarName}:{index}, which is broken without it",
                $"Remove {Content.Name.FamiliarName}:{index} first. -Force removes it all the same.");
        }

        return Deleting(name, Content.DocumentOf(digest)?.ToDescriptor() ?? new Descriptor("", digest, 0), tags);
    }

    private RegistryRemoving Deleting(ImageReference name, Descriptor named, IReadOnlyList<string> tags)
    {
        var referrers = Referrers(named.Digest);
        if (referrers.Count > 0 && !request.Force)
        {
            throw Signed(name, referrers);
        }

        var deletes = referrers.Select(referrer => referrer.Descriptor.Digest).Append(named.Digest).ToList();
        deletes.AddRange(overlay.LeftBehind(deletes));
        var referrerTags = referrers.SelectMany(referrer => overlay.TagsOf(referrer.Descriptor.Digest));
        return Removing(name, named, tags.Concat(referrerTags).Distinct().ToArray(), deletes);
    }

    /// <summary>
    /// What refers to a digest, and to that in turn, the last first (RD10). One that has a name of its own, or belongs to an index, is
    /// left.
    /// </summary>
    private List<Referrer> Referrers(Digest subject)
    {
        var found = new List<Referrer>();
        var seen = new HashSet<Digest> { subject };
        Add(subject);
        return found;

        void Add(Digest digest)
        {
            foreach (var referrer in overlay.ReferrersOf(digest))
            {
                var own = referrer.Descriptor.Digest;
                if (seen.Add(own) && overlay.TagsOf(own).All(ReferrerNames.IsReferrerTag) && overlay.IndexOf(own, [subject]) is null)
                {
                    Add(own);
                    found.Add(referrer);
                }
            }
        }
    }

    private static ImageException Signed(ImageReference name, List<Referrer> referrers) => new(
        ImageErrorKind.Conflict,
        $"{name.Familiar} is what {(referrers.Count == 1 ? "a referrer is" : $"{referrers.Count} referrers are")} about: "
            + Words(referrers.Select(referrer => $"{referrer.Descriptor.ArtifactType ?? "one without a type"} "
                + referrer.Descriptor.Digest.ShortHex).Distinct().ToList()),
        $"-Force removes {(referrers.Count == 1 ? "it" : "them")} too. Get-ImageReferrer lists what refers to an image.");

    private RegistryRemoving Removing(
        ImageReference name, Descriptor named, IReadOnlyList<string> tags, IReadOnlyList<Digest> deletes) =>
        new([RowOf(name, named, store)], new ImageRemoval
        {
            Image = request.Image.Text,
            Untagged = tags.Select(tag => Content.Name.WithTag(tag).Familiar).ToArray(),
            Deleted = deletes.Select(digest => digest.ToString()).ToArray(),
            BytesUnreferenced = Measure ? overlay.BytesWithout(deletes) : null,
            Planned = true,
            Store = store,
        })
        {
            IsMeasured = Measure,
            Content = Content,
            Name = name,
            Named = named,
            Tags = tags,
            Deletes = deletes,
        };

    private RegistryRemoving Kept(ImageReference name, ImageRemovalStatus status, string reason) =>
        new([RowOf(name, name.Digest is null ? null : new Descriptor("", name.Digest, 0), store)], new ImageRemoval
        {
            Image = request.Image.Text,
            Planned = true,
            Status = status,
            Reason = reason,
            Store = store,
        })
        {
            Content = Content,
            Name = name,
        };

    private static string Words(List<string> all) =>
        string.Join(", ", all.Take(Few)) + (all.Count > Few ? $" and {all.Count - Few} more" : "");

    /// <summary>A tag or a digest as a row. Its digest is all that a plan knows of it: the id, too, is that.</summary>
    internal static Image RowOf(ImageReference name, Descriptor? named, string store) => new()
    {
        Reference = name.Familiar,
        Registry = name.Registry,
        Repository = name.FamiliarName,
        Tag = name.Tag,
        Id = named?.Digest.ToString() ?? "",
        Digest = named?.Digest.ToString(),
        MediaType = named?.MediaType,
        Store = store,
    };
}

/// <summary>One removal from a registry.</summary>
/// <param name="Images">As in the base.</param>
/// <param name="Removal">As in the base.</param>
internal sealed record RegistryRemoving(IReadOnlyList<Image> Images, ImageRemoval Removal) : PlannedRemoval(Images, Removal)
{
    /// <summary>The repository.</summary>
    public RepositoryContent Content { get; init; } = null!;

    /// <summary>What was named: a tag, or a digest.</summary>
    public ImageReference Name { get; init; } = null!;

    /// <summary>What it named when it was planned.</summary>
    public Descriptor Named { get; init; } = null!;

    /// <summary>The tags that go, with a digest or alone.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>The digests that are deleted, in their order: referrers, what was named, what is left behind.</summary>
    public IReadOnlyList<Digest> Deletes { get; init; } = [];

    /// <summary>What the one tag names that goes alone; null when its digest goes too.</summary>
    public Digest? Untags { get; init; }

    /// <summary>The failure of that tag at a registry that does not delete tags; null when no tag goes alone.</summary>
    public ImageException? CannotUntag { get; init; }
}
