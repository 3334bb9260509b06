using System;
using System.Collections.Generic;
using System.Linq;

namespace ImgsPS.Stores.Docker;

/// <summary>
/// What a Docker Engine would do with removals, by its own rules (D1-D11; docs/rules/docker.md names their source), from its list and its
/// containers. A forecast: Docker decides, and others than moby have other rules. Which layers go, and their bytes, it does not tell. Not
/// thread-safe.
/// </summary>
internal sealed class DockerPlanner : IRemovalPlanner
{
    private readonly Dictionary<string, DockerImage> _images;
    private readonly Dictionary<string, int> _children;
    private readonly Dictionary<string, List<Image>> _rows = new(StringComparer.Ordinal);
    private readonly ImageTable _listed = new([]);
    private readonly ImageTable _hidden = new([]);
    private readonly DockerUsage _usage;
    private readonly string _store;

    // As the list said it: what is left over or pinned does not change while a command removes (FF4).
    private readonly TaggedNames? _tagged;

    /// <param name="images">All images, parents included.</param>
    /// <param name="usage">All containers.</param>
    /// <param name="store">The store's name.</param>
    public DockerPlanner(IReadOnlyCollection<DockerImage> images, DockerUsage usage, string store)
    {
        _usage = usage;
        _store = store;
        _tagged = DockerRows.TaggedNamesOf(images);
        _images = new Dictionary<string, DockerImage>(images.Count, StringComparer.Ordinal);
        foreach (var image in images)
        {
            _images[image.Id] = image;
        }

        _children = _images.Values.Where(i => i.ParentId is not null).GroupBy(i => i.ParentId!, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal);
        foreach (var id in _images.Keys)
        {
            Show(id);
        }
    }

    /// <inheritdoc/>
    public bool Decides => false;

    /// <inheritdoc/>
    public IImageRows Images => _listed;

    /// <inheritdoc/>
    public PlannedRemoval Plan(RemovalRequest request)
    {
        var match = Find(request.Image);
        var row = match.Images[0];
        var image = _images[row.Id];
        if (request.Image.RawName is not null && row.RawName is { } odd && image.Tags.Count + image.Digests.Count > 1)
        {
            throw DockerRemoval.IsOdd(image, odd);
        }

        var change = new Change(this, image, request);
        var name = NameOf(request.Image, match);
        if (name is null)
        {
            change.RemoveById();
        }
        else
        {
            change.RemoveByName(name);
        }

        var removal = new ImageRemoval
        {
            Image = request.Image.Text,
            Untagged = change.Untagged,
            Deleted = change.Deleted,
            Planned = true,
            Store = _store,
        };
        return new DockerRemoving(match.Images, removal) { After = change.After };
    }

    /// <inheritdoc/>
    public void Accept(PlannedRemoval planned)
    {
        var changed = new HashSet<string>(StringComparer.Ordinal);
        foreach (var after in ((DockerRemoving)planned).After)
        {
            changed.Add(after.Key);
            if (after.Value is not null)
            {
                _images[after.Key] = after.Value;
            }
            else if (_images[after.Key].ParentId is var parent && _images.Remove(after.Key) && parent is not null)
            {
                _children[parent]--;
                changed.Add(parent);
            }
        }

        foreach (var id in changed)
        {
            Show(id);
        }
    }

    /// <inheritdoc/>
    public void TellWhatKeepsContent(IOperationObserver observer)
    {
        // Docker looks after its content by itself.
    }

    /// <summary>As a removal finds it: in the list, then among the parents that lists leave out.</summary>
    private ImageMatch Find(ImageIdentity identity)
    {
        try
        {
            return ImageLookup.FindIn(_listed, identity);
        }
        catch (ImageException failure) when (failure.Kind == ImageErrorKind.NotFound)
        {
            return ImageLookup.FindIn(_hidden, identity);
        }
    }

    /// <summary>The name that is removed; null when the image is removed by its id.</summary>
    private static string? NameOf(ImageIdentity identity, ImageMatch match) => match.Kind switch
    {
        ImageMatchKind.Tag => match.Images[0].Reference,
        ImageMatchKind.RepositoryDigest when ImageReference.TryParse(identity.Reference ?? identity.Text, out var reference) =>
            reference.FamiliarName + "@" + reference.Digest,
        _ => null,
    };

    private bool HasChildren(string id) => _children.TryGetValue(id, out var count) && count > 0;

    /// <summary>Puts an image's rows into the lists, as it is now; what others are built on is listed by its names only (L6).</summary>
    private void Show(string id)
    {
        if (_rows.TryGetValue(id, out var before))
        {
            before.ForEach(row => _ = _listed.Remove(row) || _hidden.Remove(row));
            _rows.Remove(id);
        }

        if (_images.TryGetValue(id, out var image))
        {
            var rows = DockerRows.OfOne(image, HasChildren(id), _tagged, _usage, _store, NullObserver.Instance).ToList();
            _rows.Add(id, rows);
            var table = image.Tags.Count + image.Digests.Count == 0 && HasChildren(id) ? _hidden : _listed;
            rows.ForEach(table.Add);
        }
    }

    /// <summary>One removal, as far as it has been thought through.</summary>
    private sealed class Change(DockerPlanner planner, DockerImage image, RemovalRequest request)
    {
        public List<string> Untagged { get; } = [];

        public List<string> Deleted { get; } = [];

        /// <summary>The images that are other than they were; null for those that are gone.</summary>
        public Dictionary<string, DockerImage?> After { get; } = new(StringComparer.Ordinal);

        /// <summary>D1, D2, D5, D7, D8, D11.</summary>
        public void RemoveByName(string name)
        {
            if (!request.Force && IsSingle(image) && planner._usage.First(image.Id, null) is { } user)
            {
                throw Refuse(
                    $"conflict: unable to remove repository reference \"{name}\" (must force) - container {user.ShortId} is using its "
                        + $"referenced image {Digest.Shorten(image.Id)}");
            }

            var isTag = name.IndexOf('@') < 0;
            var repository = Repository(name);
            var tags = image.Tags.Where(t => Familiar(t) != name).ToList();
            var digests = image.Digests.Where(d => Familiar(d) != name).ToList();
            Untagged.Add(name);
            if (isTag && !tags.Exists(t => Repository(t) == repository))
            {
                Untagged.AddRange(digests.Where(d => Repository(d) == repository).Select(Familiar));
                digests.RemoveAll(d => Repository(d) == repository);
            }

            After[image.Id] = image.With(tags, digests);
            if (tags.Count + digests.Count == 0)
            {
                Delete(image.Id, request.Force, quiet: true);
            }
        }

        /// <summary>D4, D6, D9.</summary>
        public void RemoveById()
        {
            if (IsSingle(image))
            {
                if (Conflict(image.Id, request.Force, hasNames: false) is { } conflict)
                {
                    throw Refuse(conflict.Words);
                }

                UntagAll(image.Id);
            }

            Delete(image.Id, request.Force, quiet: false);
        }

        /// <summary>Takes the image away, and then parents without a name that nothing else is built on (D10).</summary>
        private void Delete(string id, bool force, bool quiet)
        {
            var now = Now(id)!;
            var names = now.Tags.Count + now.Digests.Count;
            if (Conflict(id, force, names > 0) is { } conflict)
            {
                if (quiet && (names > 0 || HasChildren(id) || conflict.IsUse))
                {
                    return;
                }

                throw Refuse(conflict.Words);
            }

            UntagAll(id);
            After[id] = null;
            Deleted.Add(id);
            if (!request.NoPrune && now.ParentId is { } parent && Now(parent) is not null)
            {
                Delete(parent, force: false, quiet: true);
            }
        }

        private void UntagAll(string id)
        {
            var now = Now(id)!;
            Untagged.AddRange(now.Tags.Concat(now.Digests).Select(Familiar));
            After[id] = now.With([], []);
        }

        /// <summary>Why an image cannot be deleted; null when it can.</summary>
        private (string Words, bool IsUse)? Conflict(string id, bool force, bool hasNames)
        {
            string Cannot(string forced, string reason) => $"conflict: unable to delete {Digest.Shorten(id)} ({forced}) - {reason}";
            return HasChildren(id) ? (Cannot("cannot be forced", "image has dependent child images"), false)
                : planner._usage.First(id, true) is { } running
                    ? (Cannot("cannot be forced", "image is being used by running container " + running.ShortId), true)
                : force ? null
                : hasNames ? (Cannot("must be forced", "image is referenced in multiple repositories"), false)
                : planner._usage.First(id, false) is { } stopped
                    ? (Cannot("must be forced", "image is being used by stopped container " + stopped.ShortId), true)
                : null;
        }

        private ImageException Refuse(string words) => DockerRemoval.Explain(DockerErrors.Conflict(words), image);

        private DockerImage? Now(string id) =>
            After.TryGetValue(id, out var after) ? after : planner._images.TryGetValue(id, out var before) ? before : null;

        private bool HasChildren(string id) => planner._children.TryGetValue(id, out var count)
            && count > After.Count(a => a.Value is null && planner._images[a.Key].ParentId == id);
    }

    /// <summary>D4: all names are of one repository, and at most one of them is a tag. An image without a name has no single one.</summary>
    private static bool IsSingle(DockerImage image) => image.Tags.Count + image.Digests.Count <= 1
        ? image.Tags.Count + image.Digests.Count == 1
        : image.Tags.Count <= 1 && image.Digests.Count > 0
            && image.Tags.Concat(image.Digests).Select(Repository).Distinct(StringComparer.Ordinal).Count() == 1;

    private static string Familiar(string name) => ImageReference.TryParse(name, out var reference) ? reference.Familiar : name;

    private static string Repository(string name) => ImageReference.TryParse(name, out var reference) ? reference.Name : name;
}

/// <summary>One removal from a Docker Engine.</summary>
/// <param name="Images">As in the base.</param>
/// <param name="Removal">As in the base.</param>
internal sealed record DockerRemoving(IReadOnlyList<Image> Images, ImageRemoval Removal) : PlannedRemoval(Images, Removal)
{
    /// <summary>The images that are other than they were, by id; null for those that are gone.</summary>
    public IReadOnlyDictionary<string, DockerImage?> After { get; init; } = new Dictionary<string, DockerImage?>();
}
