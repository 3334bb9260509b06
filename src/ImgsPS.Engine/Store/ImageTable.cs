using System;
using System.Collections.Generic;
using System.Linq;

namespace ImgsPS.Store;

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

        var same = WithDigest(identity.Digest).ToList();
        if (identity.Id is not null)
        {
            var count = same.Count;
            same.AddRange(WithId(identity.Id).Where(image => image.Digest is null));
            if (count > 0 && same.Count > count)
            {
                same.Sort((one, other) => _places[one].CompareTo(_places[other]));
            }
        }

        return same;
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

    private IEnumerable<Image> Present(Rows rows) => rows.Images.Where(_places.ContainsKey);

    /// <summary>Rows of one key. Those that are gone are swept out when they are the most.</summary>
    private sealed class Rows
    {
        private int _gone;

        public List<Image> Images { get; private set; } = new(1);

        public void Add(Image image) => Images.Add(image);

        public void Forget(Dictionary<Image, int> present)
        {
            if (++_gone * 2 > Images.Count)
            {
                // A new list: somebody may go through the old one.
                Images = Images.Where(present.ContainsKey).ToList();
                _gone = 0;
            }
        }
    }
}
