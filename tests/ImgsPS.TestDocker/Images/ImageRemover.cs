using System.Collections.Generic;
using System.Linq;

namespace ImgsPS.Testing;

/// <summary>A line of a removal: what was untagged, or what was deleted.</summary>
internal sealed record RemovedItem(string? Untagged, string? Deleted);

/// <summary>Removes images as dockerd 20.10 does (D1-D14).</summary>
internal sealed class ImageRemover(DockerImages images)
{
    /// <summary>Removes what <paramref name="name"/> names.</summary>
    /// <exception cref="DockerFailure">404, 400, 409 in dockerd's words.</exception>
    public List<RemovedItem> Remove(string name, bool force, bool prune)
    {
        var image = images.Find(name);
        var removed = new List<RemovedItem>();
        var byName = !DockerImages.IsIdPrefix(image, name);
        if (byName)
        {
            if (!force && IsSingle(images.References(image)) && UsedBy(image, null) is { } container)
            {
                throw new DockerFailure(409, $"conflict: unable to remove repository reference \"{name}\" (must force) - "
                    + $"container {container.ShortId} is using its referenced image {image.ShortId}");
            }

            Untag(DockerReference.Parse(name), image, removed);
            if (images.References(image).Count > 0)
            {
                return removed;
            }
        }
        else if (IsSingle(images.References(image)))
        {
            if (Conflict(image, force, references: false) is { } conflict)
            {
                throw conflict;
            }

            UntagAll(image, removed);
        }

        Delete(image, removed, force, prune, quiet: byName);
        return removed;
    }

    /// <summary>All references are of one repository, and at most one of them is a tag (D4); false when there are none.</summary>
    private static bool IsSingle(IReadOnlyList<DockerReference> references)
    {
        if (references.Count <= 1)
        {
            return references.Count == 1;
        }

        return references.Count(r => r.Digest is null) <= 1
            && references.Any(r => r.Digest is not null)
            && references.Select(r => r.Name).Distinct().Count() == 1;
    }

    /// <summary>Takes a reference away and, after a repository's last tag, its digests too (D2).</summary>
    private void Untag(DockerReference reference, DockerImage image, List<RemovedItem> removed)
    {
        var untagged = images.Unname(reference);
        removed.Add(new RemovedItem(untagged.Familiar, null));
        var left = images.References(image).Where(r => r.Name == untagged.Name).ToList();
        if (untagged.Digest is null && left.All(r => r.Digest is not null))
        {
            left.ForEach(r => removed.Add(new RemovedItem(images.Unname(r).Familiar, null)));
        }
    }

    private void UntagAll(DockerImage image, List<RemovedItem> removed)
    {
        foreach (var reference in images.References(image))
        {
            removed.Add(new RemovedItem(images.Unname(reference).Familiar, null));
        }
    }

    private void Delete(DockerImage image, List<RemovedItem> removed, bool force, bool prune, bool quiet)
    {
        if (Conflict(image, force, references: true) is { } conflict)
        {
            // A name that is gone is a success, unless the image would be left over without a reason (D8).
            var isDangling = images.References(image).Count == 0 && !images.HasChildren(image);
            if (quiet && (!isDangling || conflict.IsUse))
            {
                return;
            }

            throw conflict;
        }

        UntagAll(image, removed);
        var layers = images.Delete(image);
        removed.Add(new RemovedItem(null, image.Id));
        removed.AddRange(layers.Select(l => new RemovedItem(null, l)));
        if (prune && images.ById(image.Parent) is { } parent)
        {
            Delete(parent, removed, force: false, prune: true, quiet: true);
        }
    }

    private DockerContainer? UsedBy(DockerImage image, bool? running) =>
        images.Containers.FirstOrDefault(c => c.Image.Id == image.Id && (running is null || c.IsRunning == running));

    /// <summary>
    /// Why it cannot be deleted; null when it can. Soft reasons (D4, D6 stopped) do not count with <paramref name="force"/>.
    /// </summary>
    private RemovalConflict? Conflict(DockerImage image, bool force, bool references)
    {
        if (images.HasChildren(image))
        {
            return new RemovalConflict(image, "cannot be forced", "image has dependent child images", false);
        }

        if (UsedBy(image, true) is { } running)
        {
            return new RemovalConflict(image, "cannot be forced", "image is being used by running container " + running.ShortId, true);
        }

        if (force)
        {
            return null;
        }

        if (references && images.References(image).Count > 0)
        {
            return new RemovalConflict(image, "must be forced", "image is referenced in multiple repositories", false);
        }

        return UsedBy(image, false) is { } stopped
            ? new RemovalConflict(image, "must be forced", "image is being used by stopped container " + stopped.ShortId, true)
            : null;
    }

    /// <param name="image">What cannot be deleted.</param>
    /// <param name="forced">Whether force helps.</param>
    /// <param name="reason">Why.</param>
    /// <param name="isUse">A container is the reason.</param>
    private sealed class RemovalConflict(DockerImage image, string forced, string reason, bool isUse)
        : DockerFailure(409, $"conflict: unable to delete {image.ShortId} ({forced}) - {reason}")
    {
        public bool IsUse { get; } = isUse;
    }
}
