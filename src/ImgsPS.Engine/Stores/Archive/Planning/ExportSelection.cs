using System.Collections.Generic;
using System.Linq;
using ImgsPS.Transfer;

namespace ImgsPS.Stores.Archive;

/// <summary>
/// The images that one archive is made of, as a user names them: a repository without tag is all its tags, what is named by its id has no
/// name in the archive (AR18). Not thread-safe.
/// </summary>
internal sealed class ExportSelection
{
    private readonly Dictionary<(ISourceStore Store, string? Name, string Digest), List<Image>> _chosen = new();

    /// <summary>Names chosen so far.</summary>
    public int Count => _chosen.Count;

    /// <summary>Adds what an identity means.</summary>
    /// <exception cref="ImageException">As <see cref="ImageLookup.Find"/>.</exception>
    public void Add(ISourceStore store, IImageRows images, ImageIdentity identity)
    {
        var match = ImageLookup.MatchIn(images, identity);
        var isNamed = identity.IsListed ? identity.Name is not null : match.Kind == ImageMatchKind.Tag;

        // Several rows with one id are one image under several names, or in several indexes.
        var rows = match.Kind == ImageMatchKind.Id
            ? match.Images.Where(i => i.Digest == match.Images[0].Digest && i.Name == match.Images[0].Name)
            : match.Images;
        foreach (var image in rows)
        {
            Add(store, image, isNamed || (image.Pinned && match.Kind == ImageMatchKind.RepositoryDigest));
        }
    }

    /// <summary>Adds a row of the store's list, under its name.</summary>
    public void Add(ISourceStore store, Image image) => Add(store, image, isNamed: true);

    /// <summary>The images, each with its source.</summary>
    /// <exception cref="ImageException">As <see cref="ISourceStore.OpenSources"/>.</exception>
    public IReadOnlyList<ArchiveImage> Open(IOperationObserver observer) => _chosen.GroupBy(chosen => chosen.Key.Store)
        .SelectMany(store => store.Zip(
            store.Key.OpenSources(store.Select(chosen => ImageIdentity.OfName(chosen.Value[0])).ToArray(), observer),
            (chosen, source) => ToImage(source, chosen.Value, chosen.Key.Name is not null)))
        .ToArray();

    private static ArchiveImage ToImage(IImageSource source, List<Image> rows, bool isNamed)
    {
        var row = rows[0];
        var manifests = rows.ConvertAll(i => Digest.TryParse(i.ManifestDigest, out var digest) ? digest : null);

        // A word that another tool gave an image stands there as a reference, and has no repository.
        return new ArchiveImage(
            source,
            isNamed && row.Repository is not null ? ImageReference.Parse(row.Reference!) : null,
            isNamed && row.Repository is null ? row.Name : null,
            manifests.Contains(null) ? null : new HashSet<Digest>(manifests!));
    }

    private void Add(ISourceStore store, Image image, bool isNamed)
    {
        var key = (store, isNamed ? image.Name : null, image.Digest ?? image.Id);
        if (!_chosen.TryGetValue(key, out var rows))
        {
            _chosen.Add(key, rows = new List<Image>());
        }

        rows.Add(image);
    }
}
