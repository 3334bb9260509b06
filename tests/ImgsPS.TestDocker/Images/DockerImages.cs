using System;
using System.Collections.Generic;
using System.Linq;

namespace ImgsPS.Testing;

/// <summary>
/// Images, references and containers, as a graphdriver store of dockerd 20.10 keeps them. The caller holds the engine's lock.
/// </summary>
internal sealed class DockerImages
{
    private readonly Dictionary<string, DockerImage> _images = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, (DockerReference Reference, string Id)> _references = new(StringComparer.Ordinal);
    private readonly List<DockerContainer> _containers = [];

    /// <summary>All images, newest first.</summary>
    public IReadOnlyList<DockerImage> All =>
        _images.Values.OrderByDescending(i => i.Created ?? long.MinValue).ThenBy(i => i.Id, StringComparer.Ordinal).ToList();

    /// <summary>The containers, oldest first.</summary>
    public IList<DockerContainer> Containers => _containers;

    /// <summary>The references of an image in the order of their canonical texts.</summary>
    public IReadOnlyList<DockerReference> References(DockerImage image) =>
        _references.Values.Where(r => r.Id == image.Id).Select(r => r.Reference).ToList();

    /// <summary>True when images were built from it.</summary>
    public bool HasChildren(DockerImage image) => _images.Values.Any(i => i.Parent == image.Id);

    /// <summary>The image of an id; null when there is none.</summary>
    public DockerImage? ById(string? id) => id is null ? null : _images.GetValueOrDefault(id);

    /// <summary>The image that a reference names; null when there is none. With a digest the tag does not count (N9).</summary>
    public DockerImage? ByReference(DockerReference reference) =>
        _references.TryGetValue(Key(reference), out var found) ? ById(found.Id) : null;

    /// <summary>The image of a whole id, a reference, or an id's beginning that no other has, in this order (D13).</summary>
    /// <exception cref="DockerFailure">404 No such image, also when several begin so; 400: not a name.</exception>
    public DockerImage Find(string name)
    {
        if (DockerReference.ParseDigest(name) is { } id)
        {
            return ById(id) ?? throw NoSuchImage(id);
        }

        var reference = DockerReference.Parse(name);
        if (ByReference(reference) is { } named)
        {
            return named;
        }

        var found = _images.Values.Where(i => IsIdPrefix(i, name)).Take(2).ToList();
        return found.Count == 1 ? found[0] : throw NoSuchImage(reference.Complete().Familiar);
    }

    /// <summary>True when the name is the beginning of the image's id, with or without <c>sha256:</c>.</summary>
    public static bool IsIdPrefix(DockerImage image, string name) =>
        image.Id.StartsWith(name, StringComparison.Ordinal) || image.Id[7..].StartsWith(name, StringComparison.Ordinal);

    /// <summary>Adds an image that is not there yet; gives the one that is there now.</summary>
    public DockerImage Add(DockerImage image) => _images.TryAdd(image.Id, image) ? image : _images[image.Id];

    /// <summary>Makes a reference name an image.</summary>
    public void Name(DockerReference reference, DockerImage image)
    {
        var named = reference.Complete();
        _references[Key(named)] = (named.Digest is null ? named : named with { Tag = null }, image.Id);
    }

    /// <summary>Takes a reference away; gives it as it was kept.</summary>
    public DockerReference Unname(DockerReference reference)
    {
        _references.Remove(Key(reference));
        return reference.Complete();
    }

    /// <summary>Takes an image away; gives the chain ids of the layers that went, top first (D3, D7).</summary>
    public IReadOnlyList<string> Delete(DockerImage image)
    {
        _images.Remove(image.Id);
        var held = HeldChainIds();
        return image.ChainIds.Reverse().Where(c => !held.Contains(c)).ToList();
    }

    /// <summary>The chain ids of all layers here: those of images and containers.</summary>
    public HashSet<string> HeldChainIds() =>
        _images.Values.Concat(_containers.Select(c => c.Image)).SelectMany(i => i.ChainIds).ToHashSet(StringComparer.Ordinal);

    /// <summary>Bytes of each layer here by its chain id.</summary>
    public Dictionary<string, long> LayerSizes()
    {
        var sizes = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var image in _images.Values.Concat(_containers.Select(c => c.Image)))
        {
            for (var i = 0; i < image.Layers.Count; i++)
            {
                sizes[image.ChainIds[i]] = image.Layers[i].Size;
            }
        }

        return sizes;
    }

    private static string Key(DockerReference reference)
    {
        var complete = reference.Complete();
        return (complete.Digest is null ? complete : complete with { Tag = null }).ToString();
    }

    private static DockerFailure NoSuchImage(string name) => new(404, "No such image: " + name);
}
