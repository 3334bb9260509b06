using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;

namespace ImgsPS.Stores.Registry;

/// <summary>
/// Lists the tags of a registry's repositories: one list for each, and where digests are asked for one HEAD a tag (TG8, TG10). At most
/// eight requests are under way. For one operation.
/// </summary>
internal sealed class RegistryTagList(RegistryAddress address, RegistryClient client, TagListRequest request, IOperationObserver observer)
{
    private readonly RegistryEnd _end = new(client);
    private readonly ConcurrentQueue<RepositoryTags> _lists = new();
    private readonly ConcurrentDictionary<ImageReference, FoundTag> _read = new();
    private readonly ConcurrentDictionary<ImageReference, bool> _gone = new();
    private int _done;

    /// <summary>The tags. What a repository or a tag fails with is told; at the registry's end what was read is given.</summary>
    /// <exception cref="ImageException">RateLimited, Unavailable, Timeout, Unauthorized: it ended before digests were asked for.</exception>
    public async Task<IReadOnlyList<RepositoryTags>> RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            var repositories = await RegistryRepository.FindAsync(
                address, client, Wanted(), "Name the repositories: Get-ImageTag team/app", Tell, observer, cancellationToken)
                .ConfigureAwait(false);
            await SideBySide.EachAsync(repositories, RegistryEnd.AtATime, ListAsync, cancellationToken).ConfigureAwait(false);
            if (!request.Detailed)
            {
                return _lists.ToArray();
            }

            var tags = _lists.SelectMany(list => list.Tags.Select(tag => NameOf(list, tag))).ToList();
            try
            {
                await SideBySide.EachAsync(tags, RegistryEnd.AtATime, (tag, stop) => ReadAsync(tag, tags.Count, stop), cancellationToken)
                    .ConfigureAwait(false);
            }
            catch (ImageException e)
            {
                var without = tags.Count - _read.Count - _gone.Count;
                observer.Error(
                    new ImageException(e.Kind, $"{e.Message}. {without} of {tags.Count} tags have no digest", e.Advice, e),
                    address.Registry);
            }

            return _lists.Select(list => list with
            {
                Tags = list.Tags.Where(tag => !_gone.ContainsKey(NameOf(list, tag)))
                    .Select(tag => _read.TryGetValue(NameOf(list, tag), out var read) ? read : tag).ToArray(),
            }).ToArray();
        }
        finally
        {
            observer.Progress(new TransferProgress(address.Store, null, "", 0, null, true));
        }
    }

    private static ImageReference NameOf(RepositoryTags list, FoundTag tag) =>
        new(list.Name.Registry, list.Name.Repository, tag.Name, null);

    private List<RegistryWanted> Wanted()
    {
        var wanted = new List<RegistryWanted>();
        foreach (var selection in request.Repositories)
        {
            try
            {
                var text = selection.Image.Text;
                if (selection.Compile is null)
                {
                    TagListRequest.EnsureRepository(address.Read(selection.Image));
                }
                else
                {
                    TagListRequest.EnsureRepository(new ImageNamePattern(text), text);
                }

                wanted.Add(RegistryWanted.Of(address, selection));
            }
            catch (ImageException e)
            {
                observer.Error(e, selection.Image.Text);
            }
        }

        return wanted;
    }

    private void Tell(RegistryWanted name, ImageException failure) => observer.Error(failure, name.Selection!.Image.Text);

    private async Task ListAsync(RegistryRepository repository, CancellationToken stop)
    {
        try
        {
            var tags = await client.ListTagsAsync(repository.Name, observer, stop).ConfigureAwait(false);
            _end.Answered();
            _lists.Enqueue(new RepositoryTags(
                repository.Name,
                tags.Where(tag => request.All || !ReferrerNames.IsReferrerTag(tag)).Select(tag => new FoundTag(tag)).ToArray()));
        }
        catch (ImageException e) when (e.Kind == ImageErrorKind.NotFound && !repository.Wanted.Exists(name => name.MustBeThere))
        {
            // TG1: it lost its last tag, or went since the list was read.
            observer.Verbose($"{repository.Name.FamiliarName} has no tags: {e.Message}");
        }
        catch (ImageException e) when (!stop.IsCancellationRequested && !_end.Is(e))
        {
            observer.Error(e, repository.Name.FamiliarName);
        }
    }

    private async Task ReadAsync(ImageReference tag, int all, CancellationToken stop)
    {
        try
        {
            if (await client.TryResolveAsync(tag, observer, stop).ConfigureAwait(false) is { } named)
            {
                _read[tag] = new FoundTag(tag.Tag!, named.Digest.ToString(), named.MediaType);
                _end.Answered();
            }
            else
            {
                _gone[tag] = true;
                observer.Verbose($"{tag.Familiar} is gone since it was listed");
            }
        }
        catch (ImageException e) when (!stop.IsCancellationRequested && !_end.Is(e))
        {
            observer.Error(e, tag.Familiar);
        }

        var done = Interlocked.Increment(ref _done);
        observer.Progress(new TransferProgress(address.Store, null, $"{done} of {all} tags", 0, null, false));
    }
}
