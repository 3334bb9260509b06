using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Naming;

namespace ImgsPS.Stores;

/// <summary>Lists the tags of repositories in the order of their versions (TG1-TG10).</summary>
internal static class TagReader
{
    /// <summary>
    /// The tags that are wanted, repository by repository in the order of the names: the newest version first, then words, then commits. A
    /// repository that is not there, and a tag whose digest cannot be read, is one <see cref="IOperationObserver.Error"/>.
    /// </summary>
    /// <exception cref="ImageException">The store cannot be read.</exception>
    public static async Task<IReadOnlyList<ImageTag>> ListAsync(
        IImageStore store, TagListRequest request, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var repositories = store is ITaggedStore tagged
            ? await tagged.ListTagsAsync(request, observer, cancellationToken).ConfigureAwait(false)
            : await FromImagesAsync(store, request, observer, cancellationToken).ConfigureAwait(false);
        return repositories
            .OrderBy(repository => repository.Name.FamiliarName, StringComparer.Ordinal)
            .SelectMany(repository => Choose(Describe(repository, store.Name), repository, request, observer))
            .ToArray();
    }

    /// <summary>The tags of a store that lists its images without a question for each.</summary>
    private static async Task<IReadOnlyList<RepositoryTags>> FromImagesAsync(
        IImageStore store, TagListRequest request, IOperationObserver observer, CancellationToken cancellationToken)
    {
        // Artifacts have tags too.
        var images = await store.ListAsync(
            new ListRequest { All = true, NamesOnly = !request.Detailed }, observer, cancellationToken).ConfigureAwait(false);
        var all = images
            .Where(image => image.Tag is not null && image.Reference is not null
                && (request.All || !ReferrerNames.IsReferrerTag(image.Tag)))
            .GroupBy(image => image.Repository!, StringComparer.Ordinal).ToList();
        var found = new HashSet<string>(StringComparer.Ordinal);
        foreach (var wanted in request.Repositories)
        {
            try
            {
                var fits = Test(wanted);
                var names = all.Select(same => same.Key).Where(fits).ToList();
                found.UnionWith(names.Count > 0 || wanted.Compile is not null ? names : throw new ImageException(
                    ImageErrorKind.NotFound,
                    $"No such repository: '{store.Name}' has no tag of {PrintableText.Of(wanted.Image.Text)}",
                    "Without -Store the registry of the repository is asked."));
            }
            catch (ImageException e)
            {
                observer.Error(e, wanted.Image.Text);
            }
        }

        return all.Where(same => found.Contains(same.Key)).Select(same => new RepositoryTags(
            ImageReference.Parse(same.Key),
            same.GroupBy(image => image.Tag!, StringComparer.Ordinal)
                .Select(rows => Found(rows.First(), request.Detailed)).ToArray())).ToArray();
    }

    private static FoundTag Found(Image image, bool detailed) => detailed
        ? new FoundTag(image.Tag!, image.Digest, image.MediaType) { Content = image.Digest ?? image.Id }
        : new FoundTag(image.Tag!);

    private static Func<string, bool> Test(ImageSelection wanted)
    {
        var text = wanted.Image.Text;
        if (wanted.Compile is null)
        {
            var name = ImageReference.Parse(text);
            TagListRequest.EnsureRepository(name);
            return repository => repository == name.FamiliarName;
        }

        var pattern = new ImageNamePattern(text);
        TagListRequest.EnsureRepository(pattern, text);
        var fits = wanted.Compile(text);
        return repository => pattern.TakesAll || pattern.NamesOf(repository, repository).Any(fits);
    }

    /// <summary>All tags of a repository in their order, with the others of the same image.</summary>
    private static List<Row> Describe(RepositoryTags repository, string store)
    {
        var tags = repository.Tags
            .Select(tag => (Tag: tag, Version: TagVersion.TryParse(tag.Name, out var version) ? version : null))
            .OrderBy(tag => tag.Version is not null ? 0 : TagSuffix.IsCommit(tag.Tag.Name) ? 2 : 1)
            .ThenByDescending(tag => tag.Version)
            .ThenBy(tag => tag.Tag.Name, StringComparer.Ordinal)
            .ToList();
        var same = tags.Where(tag => tag.Tag.Content is not null)
            .GroupBy(tag => tag.Tag.Content!, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.Select(tag => tag.Tag.Name).ToArray(), StringComparer.Ordinal);
        return tags.ConvertAll(tag => new Row(tag.Tag.Content, new ImageTag
        {
            Repository = repository.Name.FamiliarName,
            Tag = tag.Tag.Name,
            Reference = repository.Name.FamiliarName + ":" + tag.Tag.Name,
            Version = tag.Version,
            Digest = tag.Tag.Digest,
            SameAs = tag.Tag.Content is { } content ? same[content].Where(name => name != tag.Tag.Name).ToArray() : null,
            MediaType = tag.Tag.MediaType,
            Store = store,
        }));
    }

    private static IEnumerable<ImageTag> Choose(
        List<Row> rows, RepositoryTags repository, TagListRequest request, IOperationObserver observer)
    {
        if (request.Range is { } range)
        {
            rows = rows.FindAll(row => row.Tag.Version is { } version && range.Has(version));
        }

        if (request.Newest is { } newest)
        {
            var versions = rows.FindAll(row => row.Tag.Version is not null);
            if (versions.Count == 0 && rows.Count > 0)
            {
                observer.Warning($"{repository.Name.FamiliarName} has no tag that is a version, so none of its tags is the newest.");
            }

            var taken = new HashSet<Row>(versions
                .GroupBy(row => request.GroupByVariant ? row.Tag.Variant ?? "" : "", StringComparer.Ordinal)
                .SelectMany(group => Newest(group.ToList(), newest)));
            rows = versions.FindAll(taken.Contains);
        }

        return request.GroupByVariant
            ? rows.OrderBy(row => row.Tag.Version is null).ThenBy(row => row.Tag.Variant ?? "", StringComparer.Ordinal)
                .Select(row => row.Tag)
            : rows.Select(row => row.Tag);
    }

    /// <summary>The first so many images of a list, each with all its tags in it: tags of one image count once (TG7, TG8).</summary>
    private static IEnumerable<Row> Newest(List<Row> rows, int count)
    {
        // A tag of which nobody knows what it names counts by itself.
        var images = rows.Select(KeyOf).Distinct().Take(count).ToList();
        return rows.Where(row => images.Contains(KeyOf(row)));

        static (string? Content, string? Tag) KeyOf(Row row) => row.Content is null ? (null, row.Tag.Tag) : (row.Content, null);
    }

    private sealed record Row(string? Content, ImageTag Tag);
}
