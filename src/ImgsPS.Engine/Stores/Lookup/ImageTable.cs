using System;
using System.Collections.Generic;
using System.Linq;

namespace ImgsPS.Stores;

/// <summary>
/// A list that is asked and changed often: a row is found, added and taken away in a time that does not depend on the list's length. Not
/// thread-safe.
/// </summary>
internal sealed class ImageTable : IImageRows
{
    /// <summary>Each row that is there, with its place in the order.</summary>
    private readonly Dictionary<Image, int> _places = new();
    private readonly Rows _all = new();
    private readonly Dictionary<string, Rows> _byName = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Rows> _byId = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Rows> _byDigest = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Name, string? Digest), Rows> _byRow = new();

    /// <summary>By registry, repository and tag; made when it is first needed, since each reference must be parsed for it.</summary>
    private Dictionary<(string Name, string Tag), Rows>? _byTag;
    private int _next;

    public ImageTable(IEnumerable<Image> images)
    {
        foreach (var image in images)
        {
            Add(image);
        }
    }

    /// <inheritdoc/>
    public IEnumerable<Image> All => Present(_all);

    /// <inheritdoc/>
    public IEnumerable<Image> WithName(string name) => Present(_byName, name);

    /// <inheritdoc/>
    public IEnumerable<Image> WithRow(ImageIdentity identity)
    {
        if (identity.Name is not { } name || identity.Digest is null)
        {
            return identity.Name is null ? Array.Empty<Image>() : WithName(identity.Name);
        }

        return InOrder(Present(_byRow, (name, identity.Digest)), Present(_byRow, (name, null)));
    }

    /// <inheritdoc/>
    public IEnumerable<Image> WithId(string id) => Present(_byId, id);

    /// <inheritdoc/>
    public IEnumerable<Image> WithDigest(string digest) => Present(_byDigest, digest);

    /// <inheritdoc/>
    public IEnumerable<Image> WithTag(ImageReference repository, string tag)
    {
        if (_byTag is null)
        {
            _byTag = new Dictionary<(string, string), Rows>();
            foreach (var image in All)
            {
                AddTag(_byTag, image);
            }
        }

        return Present(_byTag, (repository.Name, tag));
    }

    /// <inheritdoc/>
    public IEnumerable<Image> WithContent(ImageIdentity identity)
    {
        if (identity.Digest is null)
        {
            return identity.Id is null ? Array.Empty<Image>() : WithId(identity.Id);
        }

        return InOrder(
            WithDigest(identity.Digest),
            identity.Id is null ? Array.Empty<Image>() : WithId(identity.Id).Where(image => image.Digest is null));
    }

    /// <summary>Rows of two kinds that have none in common, in the list's order.</summary>
    private List<Image> InOrder(IEnumerable<Image> some, IEnumerable<Image> others)
    {
        var all = some.ToList();
        var count = all.Count;
        all.AddRange(others);
        if (count > 0 && all.Count > count)
        {
            all.Sort((one, other) => _places[one].CompareTo(_places[other]));
        }

        return all;
    }

    /// <summary>Adds a row behind the others.</summary>
    public void Add(Image image)
    {
        _places.Add(image, _next++);
        _all.Add(image);
        Add(_byId, image.Id, image);
        if (image.Name is not null)
        {
            Add(_byName, image.Name, image);
            Add(_byRow, (image.Name, image.Digest), image);
        }

        if (image.Digest is not null)
        {
            Add(_byDigest, image.Digest, image);
        }

        if (_byTag is not null)
        {
            AddTag(_byTag, image);
        }
    }

    /// <summary>Takes a row away; false when it is not there.</summary>
    public bool Remove(Image image)
    {
        if (!_places.Remove(image))
        {
            return false;
        }

        _all.Forget(_places);
        _byId[image.Id].Forget(_places);
        if (image.Name is not null)
        {
            _byName[image.Name].Forget(_places);
            _byRow[(image.Name, image.Digest)].Forget(_places);
        }

        if (image.Digest is not null)
        {
            _byDigest[image.Digest].Forget(_places);
        }

        return true;
    }

    private static void AddTag(Dictionary<(string Name, string Tag), Rows> rows, Image image)
    {
        if (image.Tag is not null && ImageReference.TryParse(image.Reference, out var reference))
        {
            Add(rows, (reference.Name, image.Tag), image);
        }
    }

    private static void Add<TKey>(Dictionary<TKey, Rows> rows, TKey key, Image image)
        where TKey : notnull
    {
        if (!rows.TryGetValue(key, out var found))
        {
            found = new Rows();
            rows.Add(key, found);
        }

        found.Add(image);
    }

    private IEnumerable<Image> Present<TKey>(Dictionary<TKey, Rows> rows, TKey key)
        where TKey : notnull => rows.TryGetValue(key, out var found) ? Present(found) : Array.Empty<Image>();

    private IEnumerable<Image> Present(Rows rows)
    {
        var images = rows.Images;
        for (var i = rows.First; i < images.Count; i++)
        {
            if (_places.ContainsKey(images[i]))
            {
                yield return images[i];
            }
        }
    }

    /// <summary>Rows of one key. Those that are gone are swept out when they are the most.</summary>
    private sealed class Rows
    {
        private int _gone;

        public List<Image> Images { get; private set; } = new(1);

        /// <summary>All before this place are gone: who takes rows away from the front passes none of them twice.</summary>
        public int First { get; private set; }

        public void Add(Image image) => Images.Add(image);

        public void Forget(Dictionary<Image, int> present)
        {
            if (++_gone * 2 > Images.Count)
            {
                // A new list: somebody may go through the old one.
                Images = Images.Where(present.ContainsKey).ToList();
                _gone = 0;
                First = 0;
            }

            while (First < Images.Count && !present.ContainsKey(Images[First]))
            {
                First++;
            }
        }
    }
}
