using System;
using System.Collections.Generic;
using System.Linq;

namespace ImgsPS.Stores;

/// <summary>
/// Which containers use which images, by every digest that the Docker Engines know an image by: of its config, of its manifest, of the
/// index that its name led to. So an image is found in any store, whatever it is called there. Not thread-safe.
/// </summary>
internal sealed class ImageUses
{
    private readonly Dictionary<string, HashSet<string>> _users = new(StringComparer.Ordinal);

    /// <summary>Notes a container.</summary>
    /// <param name="user">The container and where it is, as <see cref="Image.UsedBy"/> says it.</param>
    /// <param name="digests">The digests of its image.</param>
    public void Add(string user, IEnumerable<string> digests)
    {
        foreach (var digest in digests)
        {
            if (!_users.TryGetValue(digest, out var users))
            {
                _users.Add(digest, users = new HashSet<string>(StringComparer.Ordinal));
            }

            users.Add(user);
        }
    }

    /// <summary>Adds what another Docker Engine says.</summary>
    public void Add(ImageUses other)
    {
        foreach (var use in other._users)
        {
            foreach (var user in use.Value)
            {
                Add(user, [use.Key]);
            }
        }
    }

    /// <summary>The image with the containers that use it beside those that its own store knows.</summary>
    public Image Mark(Image image)
    {
        var users = new[] { image.Id, image.Digest, image.ManifestDigest }
            .Where(digest => digest is not null && _users.ContainsKey(digest)).SelectMany(digest => _users[digest!]).ToList();
        return users.Count == 0 ? image : image.WithUsers(users);
    }
}
