using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Transfer;

namespace ImgsPS.Stores.Registry;

/// <summary>
/// Removes from a registry, all that is given together as one deed (docs/registry-removal.md): referrers first, then tags, then indexes,
/// then manifests, each after one more look at what its tag names (RD10). For one operation.
/// </summary>
/// <param name="contents">What is known of the repositories.</param>
/// <param name="observer">Who is told.</param>
/// <param name="cancellation">Stops; what was begun is ended.</param>
internal sealed class RegistryRemoval(RepositoryContents contents, IOperationObserver observer, CancellationToken cancellation)
{
    private readonly RegistryClient _client = contents.Client;
    private readonly RegistryDeletes _deletes = new(contents.Client, observer);
    private readonly RegistryEnd _end = new(contents.Client);
    private readonly ConcurrentDictionary<string, ImageException> _closed = new(StringComparer.Ordinal);
    private ImageException? _over;
    private int _deleted;
    private int _done;

    /// <summary>Removes.</summary>
    /// <returns>For each request, in order, what became of it, or why it failed.</returns>
    /// <exception cref="ImageException">The registry cannot be asked.</exception>
    public async Task<IReadOnlyList<(ImageRemoval? Removal, ImageException? Failure)>> RunAsync(IReadOnlyList<RemovalRequest> requests)
    {
        try
        {
            var works = await PlanAsync(requests).ConfigureAwait(false);
            await DoAsync(works.FindAll(work => work.IsOpen && !work.Plan!.IsKept)).ConfigureAwait(false);
            return works.ConvertAll(work => work.Failure is null ? (work.ToRemoval(contents.Address.Store), null)
                : ((ImageRemoval?)null, work.Failure));
        }
        finally
        {
            observer.Progress(new TransferProgress(contents.Address.Store, null, "", 0, null, true));
        }
    }

    /// <summary>Plans all, in their order, by what the registry says now.</summary>
    private async Task<List<Work>> PlanAsync(IReadOnlyList<RemovalRequest> requests)
    {
        var whole = requests.Any(request => request.Measure);
        var works = requests.Select(request => new Work(request)).ToList();
        var reader = new RegistryPlanner(contents.Address, contents, whole);
        await EachAsync(works, work => TryAsync([work], null, () => reader.RequireAsync(work.Request.Image, observer, cancellation)))
            .ConfigureAwait(false);

        // Only what would be deleted is asked for its referrers.
        Plan(works, whole);
        var subjects = works.Where(work => work.IsOpen)
            .SelectMany(work => work.Plan!.Deletes.Select(digest => (work.Plan.Content, Digest: digest, Work: work)))
            .GroupBy(subject => (subject.Content, subject.Digest), subject => subject.Work).ToList();
        await EachAsync(subjects, subject => TryAsync(
            subject.ToArray(), null, () => subject.Key.Content.RequireReferrersAsync(subject.Key.Digest, whole, observer, cancellation)))
            .ConfigureAwait(false);
        Plan(works, whole);
        return works;
    }

    private void Plan(List<Work> works, bool whole)
    {
        var planner = new RegistryPlanner(contents.Address, contents, whole);
        foreach (var work in works.Where(work => work.IsOpen))
        {
            try
            {
                work.Plan = (RegistryRemoving)planner.Plan(work.Request);
                planner.Accept(work.Plan);
            }
            catch (ImageException e)
            {
                work.Failure = e;
            }
        }
    }

    private async Task DoAsync(List<Work> works)
    {
        var deletions = new Dictionary<(RepositoryContent Content, Digest Digest), Deletion>();
        foreach (var work in works)
        {
            foreach (var digest in work.Plan!.Deletes)
            {
                var key = (work.Plan.Content, digest);
                if (!deletions.TryGetValue(key, out var deletion))
                {
                    deletions.Add(key, deletion = new Deletion(work.Plan.Content, digest));
                }

                deletion.Works.Add(work);
            }
        }

        // A tag goes with its digest when that goes, and alone when it does not.
        var untags = new List<Work>();
        foreach (var work in works)
        {
            var content = work.Plan!.Content;
            foreach (var tag in work.Plan.Tags)
            {
                if (content.Tags.TryGetValue(tag, out var named)
                    && deletions.TryGetValue((content, named.Digest), out var deletion))
                {
                    deletion.Tags[tag] = work;
                    if (!deletion.Works.Contains(work))
                    {
                        deletion.Works.Add(work);
                    }
                }
                else
                {
                    untags.Add(work);
                }
            }
        }

        // What a digest was is not known any more once it is gone.
        var all = deletions.Values.ToList();
        var referrers = all.FindAll(IsReferrer);
        var indexes = all.FindAll(deletion => !IsReferrer(deletion) && IsIndex(deletion));
        var manifests = all.Except(referrers).Except(indexes).ToList();
        await EachAsync(referrers, DeleteReferrerAsync).ConfigureAwait(false);
        await EachAsync(untags, work => GuardAsync([work], work.Plan!.Content, () => UntagAsync(work))).ConfigureAwait(false);

        // Who has tagged one of the digests since it was planned, or an index of it, keeps it.
        await EachAsync(all.GroupBy(deletion => deletion.Content).ToList(), same => TryAsync(
            same.SelectMany(deletion => deletion.Works).Distinct().ToArray(),
            same.Key,
            () => same.Key.LookAgainAsync(
                new HashSet<string>(same.SelectMany(deletion => deletion.Tags.Keys), StringComparer.Ordinal), contents.Fresh, observer,
                cancellation))).ConfigureAwait(false);
        await EachAsync(indexes, DeleteAsync).ConfigureAwait(false);
        await EachAsync(manifests, DeleteAsync).ConfigureAwait(false);
    }

    private static bool IsReferrer(Deletion deletion) => deletion.Content.DocumentOf(deletion.Digest)?.Subject is not null
        || (deletion.Tags.Count > 0 && deletion.Tags.Keys.All(ReferrerNames.IsReferrerTag));

    private static bool IsIndex(Deletion deletion) => deletion.Content.DocumentOf(deletion.Digest) is ImageIndex;

    private Task DeleteReferrerAsync(Deletion deletion)
    {
        var content = deletion.Content;
        var subject = content.DocumentOf(deletion.Digest)?.Subject?.Digest;
        return GuardAsync(deletion.Works, content, async () =>
        {
            await DeleteOneAsync(deletion).ConfigureAwait(false);
            if (deletion.IsDone && subject is not null && _client.Transport.Memory.HasReferrers(content.Name.Repository) != true)
            {
                // RD6
                var name = content.Name.WithTag(ReferrerNames.FallbackTag(subject));
                var left = await new FallbackTag(_client, content.Name, observer).ChangeAsync(
                    subject,
                    list => list.Without([deletion.Digest]),
                    new RegistryUploads(_client, name, new TransferCounts(), observer),
                    cancellation).ConfigureAwait(false);
                if (left is { Digests.Count: 0 })
                {
                    content.Note(name.Tag!, null);
                }
            }
        });
    }

    private Task DeleteAsync(Deletion deletion) =>
        GuardAsync(deletion.Works, deletion.Content, () => DeleteOneAsync(deletion));

    private async Task DeleteOneAsync(Deletion deletion)
    {
        var content = deletion.Content;
        var still = 0;
        foreach (var tag in deletion.Tags)
        {
            var now = await content.AskAsync(content.Name.WithTag(tag.Key), observer, cancellation).ConfigureAwait(false);
            content.Note(tag.Key, now);
            if (now is null)
            {
                tag.Value.IsGone = true;
            }
            else if (now.Digest != deletion.Digest)
            {
                tag.Value.Skip(ImageRemovalStatus.Changed, $"{content.Name.WithTag(tag.Key).Familiar} names {now.Digest} by now");
            }
            else
            {
                still++;
            }
        }

        if (deletion.Tags.Count == 0
            && await content.AskAsync(content.Name.WithDigest(deletion.Digest), observer, cancellation).ConfigureAwait(false) is null)
        {
            deletion.Works.ForEach(work => work.IsGone = true);
            return;
        }

        if (deletion.Tags.Count > 0 && still == 0)
        {
            return;
        }

        if (content.TagSince(deletion.Digest, deletion.Tags.Keys) is { } added)
        {
            deletion.Works.ForEach(work => work.Skip(
                ImageRemovalStatus.Changed, $"{content.Name.WithTag(added).Familiar} names it too by now"));
            return;
        }

        var (outcome, failure) = await _deletes.DeleteAsync(content.Name.WithDigest(deletion.Digest), cancellation).ConfigureAwait(false);
        switch (Judge(outcome))
        {
            case DeleteOutcome.Deleted or DeleteOutcome.Gone:
                Interlocked.Increment(ref _deleted);
                deletion.IsDone = true;
                foreach (var tag in deletion.Tags.Keys)
                {
                    content.Note(tag, null);
                }

                content.NoteGone(deletion.Digest);
                if (outcome == DeleteOutcome.Gone)
                {
                    deletion.Works.ForEach(work => work.IsGone |= work.Plan!.Named.Digest == deletion.Digest);
                }

                break;
            case DeleteOutcome.Locked:
                deletion.Works.ForEach(work => work.Skip(ImageRemovalStatus.Locked, failure!.Message));
                break;
            case DeleteOutcome.Unsupported:
                throw new RegistryOverException(failure!);
            default:
                throw failure!;
        }

        Tell(deletion.Works[0]);
    }

    private async Task UntagAsync(Work work)
    {
        var plan = work.Plan!;
        var now = await plan.Content.AskAsync(plan.Name, observer, cancellation).ConfigureAwait(false);
        if (now is null)
        {
            work.IsGone = true;
            plan.Content.Note(plan.Name.Tag!, null);
            return;
        }

        if (now.Digest != plan.Named.Digest)
        {
            work.Skip(ImageRemovalStatus.Changed, $"it names {now.Digest} by now");
            return;
        }

        var memory = _client.Transport.Memory;
        (DeleteOutcome Outcome, ImageException? Failure) answer = (DeleteOutcome.Refused, null);
        if (memory.DeletesTags != false)
        {
            answer = await _deletes.DeleteAsync(plan.Name, cancellation).ConfigureAwait(false);
            memory.DeletesTags = answer.Outcome switch
            {
                DeleteOutcome.Deleted => true,
                DeleteOutcome.Refused => false,
                DeleteOutcome.Unsupported when memory.DeletesTags is null => false,
                _ => memory.DeletesTags,
            };
        }

        if (answer.Outcome is DeleteOutcome.Refused or DeleteOutcome.Unsupported && memory.DeletesTags == false)
        {
            if (!work.Request.Force)
            {
                throw plan.CannotUntag!;
            }

            observer.Verbose($"{plan.Name.Familiar} is removed by replacement");
            answer = await _deletes.ReplaceAsync(plan.Name, now, cancellation).ConfigureAwait(false);
        }

        switch (Judge(answer.Outcome))
        {
            case DeleteOutcome.Deleted:
                Interlocked.Increment(ref _deleted);
                plan.Content.Note(plan.Name.Tag!, null);
                break;
            case DeleteOutcome.Gone:
                work.IsGone = true;
                plan.Content.Note(plan.Name.Tag!, null);
                break;
            case DeleteOutcome.Locked:
                work.Skip(ImageRemovalStatus.Locked, answer.Failure!.Message);
                break;
            case DeleteOutcome.Unsupported:
                throw new RegistryOverException(answer.Failure!);
            default:
                throw answer.Failure!;
        }

        Tell(work);
    }

    /// <summary>A registry that has deleted something deletes: what it says 405 to is kept by a rule (RD9).</summary>
    private DeleteOutcome Judge(DeleteOutcome outcome) =>
        outcome == DeleteOutcome.Unsupported && Volatile.Read(ref _deleted) > 0 ? DeleteOutcome.Locked : outcome;

    /// <summary>
    /// Does one step of the deed, unless one before it was not done, or what would fail alike has failed: all of a registry that deletes
    /// nothing or answers nothing, all of a repository in which nothing may be deleted.
    /// </summary>
    private Task GuardAsync(IReadOnlyCollection<Work> works, RepositoryContent content, Func<Task> step)
    {
        if (works.FirstOrDefault(work => !work.IsOpen) is { } stopped)
        {
            foreach (var work in works.Where(work => work.IsOpen))
            {
                work.Skip(ImageRemovalStatus.Kept, $"{stopped.Request.Image} could not be removed");
            }

            return Task.CompletedTask;
        }

        return TryAsync(works, content, step);
    }

    /// <summary>Does one step: its failure is that of the removals that need it.</summary>
    private async Task TryAsync(IReadOnlyCollection<Work> works, RepositoryContent? content, Func<Task> step)
    {
        var closed = content is not null && _closed.TryGetValue(content.Name.Name, out var known) ? known : null;
        if ((_over ?? closed) is { } before)
        {
            Fail(works, before, isFirst: false);
            return;
        }

        try
        {
            await step().ConfigureAwait(false);
            _end.Answered();
        }
        catch (RegistryOverException over)
        {
            Fail(works, over.Failure, Interlocked.CompareExchange(ref _over, over.Failure, null) is null);
        }
        catch (ImageException e) when (!cancellation.IsCancellationRequested)
        {
            var isFirst = true;
            if (_end.Is(e))
            {
                isFirst = Interlocked.CompareExchange(ref _over, e, null) is null;
            }
            else if (content is not null && e.Kind is ImageErrorKind.Denied or ImageErrorKind.Unauthorized)
            {
                isFirst = _closed.TryAdd(content.Name.Name, e);
            }

            Fail(works, e, isFirst);
        }
    }

    private static void Fail(IReadOnlyCollection<Work> works, ImageException failure, bool isFirst)
    {
        foreach (var work in works.Where(work => work.IsOpen))
        {
            if (isFirst)
            {
                work.Failure = failure;
                isFirst = false;
            }
            else
            {
                work.Skip(ImageRemovalStatus.Kept, "not tried: " + failure.Message);
            }
        }
    }

    private void Tell(Work work) => observer.Progress(new TransferProgress(
        contents.Address.Store, null, $"{Interlocked.Increment(ref _done)} removed, {work.Plan!.Name.Familiar} last", 0, null, false));

    private Task EachAsync<T>(IReadOnlyList<T> items, Func<T, Task> work) =>
        SideBySide.EachAsync(items, RegistryEnd.AtATime, (item, _) => work(item), cancellation);

    /// <summary>The registry deletes nothing at all.</summary>
    private sealed class RegistryOverException(ImageException failure) : Exception(failure.Message)
    {
        public ImageException Failure => failure;
    }

    /// <summary>A digest that goes, for some of the removals.</summary>
    private sealed class Deletion(RepositoryContent content, Digest digest)
    {
        public RepositoryContent Content => content;

        public Digest Digest => digest;

        public List<Work> Works { get; } = new();

        /// <summary>Its tags, and who named each.</summary>
        public Dictionary<string, Work> Tags { get; } = new(StringComparer.Ordinal);

        public bool IsDone { get; set; }
    }

    /// <summary>A removal.</summary>
    private sealed class Work(RemovalRequest request)
    {
        private string? _reason;

        public RemovalRequest Request => request;

        public RegistryRemoving? Plan { get; set; }

        public ImageException? Failure { get; set; }

        /// <summary>Why nothing was done; null when it was, or was not tried yet.</summary>
        public ImageRemovalStatus? Status { get; private set; }

        /// <summary>True when it was not there any more.</summary>
        public bool IsGone { get; set; }

        /// <summary>True while nothing speaks against it.</summary>
        public bool IsOpen => Failure is null && Status is null;

        public void Skip(ImageRemovalStatus status, string reason)
        {
            Status ??= status;
            _reason ??= reason;
        }

        public ImageRemoval ToRemoval(string store)
        {
            var planned = Plan?.Removal ?? new ImageRemoval { Image = Request.Image.Text };
            var status = Status ?? (Plan!.IsKept ? planned.Status : IsGone ? ImageRemovalStatus.AlreadyGone : ImageRemovalStatus.Removed);
            var isDone = status == ImageRemovalStatus.Removed;
            return new ImageRemoval
            {
                Image = planned.Image,
                Untagged = isDone ? planned.Untagged : [],
                Deleted = isDone ? planned.Deleted : [],
                BytesUnreferenced = isDone ? planned.BytesUnreferenced : null,
                Status = status,
                Reason = _reason ?? planned.Reason ?? (status == ImageRemovalStatus.AlreadyGone ? "it was not there any more" : null),
                Store = store,
            };
        }
    }
}
