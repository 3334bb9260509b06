using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Naming;

namespace ImgsPS.Stores.Registry;

/// <summary>
/// The tag that lists the referrers of a digest in a registry without the referrers API (RF3, RF6). Who adds a referrer to it, or takes one
/// out, goes by <see cref="ChangeAsync"/>. Safe for any number of threads.
/// </summary>
/// <param name="client">The registry.</param>
/// <param name="repository">The repository.</param>
/// <param name="observer">Who is told.</param>
internal sealed class FallbackTag(RegistryClient client, ImageReference repository, IOperationObserver observer)
{
    /// <summary>How often the list is written when another writer takes the change away again.</summary>
    private const int MaxWrites = 3;

    /// <summary>Longest pause before it is written again, in milliseconds.</summary>
    private const int MaxPause = 400;

    /// <summary>The list; empty when there is no such tag. Null, with a warning, when the tag is something else (RF3).</summary>
    /// <exception cref="ImageException">The registry does not say.</exception>
    public async Task<ImageIndex?> ReadAsync(Digest subject, CancellationToken cancellationToken)
    {
        var tag = Named(subject);
        try
        {
            if (await client.GetManifestAsync(tag, null, observer, cancellationToken).ConfigureAwait(false)
                is ImageIndex { MediaType: MediaTypes.OciIndex } index)
            {
                return index;
            }

            observer.Warning($"{tag.Familiar} should list what refers to {subject.ShortHex}, but it is no OCI index: it counts as none.");
        }
        catch (ImageException e) when (e.Kind == ImageErrorKind.NotFound)
        {
            return (ImageIndex)FallbackIndex.Empty.ToDocument();
        }
        catch (ImageException e) when (e.Kind is ImageErrorKind.InvalidData or ImageErrorKind.NotSupported)
        {
            observer.Warning(
                $"{tag.Familiar} should list what refers to {subject.ShortHex}, but it cannot be read, and counts as none: {e.Message}");
        }

        return null;
    }

    /// <summary>
    /// Changes the list: reads it, writes what <paramref name="change"/> makes of it, and reads it again, up to three times when another
    /// writer came between (RF6). What the list names and the registry has lost goes out with it.
    /// </summary>
    /// <param name="subject">Whose list.</param>
    /// <param name="change">Makes the new list; the one that it got when that is right already, and nothing is written.</param>
    /// <param name="uploads">Puts it.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <returns>The list as it is now; null, with a warning, when something else has the tag: that is not replaced.</returns>
    /// <exception cref="ImageException">Conflict: others change it all the time. Others as a push.</exception>
    public async Task<FallbackIndex?> ChangeAsync(
        Digest subject, Func<FallbackIndex, FallbackIndex> change, RegistryUploads uploads, CancellationToken cancellationToken)
    {
        // One writer of this command at a time.
        using var entered = await client.Contents.EnterAsync(subject, cancellationToken).ConfigureAwait(false);
        for (var writes = 0; ; writes++)
        {
            if (await ReadAsync(subject, cancellationToken).ConfigureAwait(false) is not { } read)
            {
                return null;
            }

            var before = FallbackIndex.Of(read);
            var after = change(before);
            if (ReferenceEquals(before, after))
            {
                return before;
            }

            if (writes == MaxWrites)
            {
                throw new ImageException(
                    ImageErrorKind.Conflict,
                    $"{Named(subject).Familiar}, which lists what refers to {subject.ShortHex}, was written {writes} times, and each time "
                        + "somebody else wrote it anew without the change",
                    "Try again when nobody else pushes signatures or the like for the same image.");
            }

            if (writes > 0)
            {
                observer.Verbose($"{Named(subject).Familiar} was changed by somebody else meanwhile; writing it again");
                await client.Transport.Limits.Pause(TimeSpan.FromMilliseconds(new Random().Next(MaxPause)), cancellationToken)
                    .ConfigureAwait(false);
            }

            await PutAsync(subject, before, after, uploads, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task PutAsync(
        Digest subject, FallbackIndex before, FallbackIndex after, RegistryUploads uploads, CancellationToken cancellationToken)
    {
        var tag = Named(subject);
        if (after.Digests.Count == 0 && before.Digests.Count > 0)
        {
            await DeleteAsync(before, cancellationToken).ConfigureAwait(false);
            return;
        }

        var missing = await uploads.PutManifestAsync(after.ToDocument(), tag.Tag!, cancellationToken).ConfigureAwait(false);
        if (missing.Count == 0)
        {
            return;
        }

        // Some registries refuse a list with an entry that they lost; of those that were there before nobody can have one.
        var lost = missing.Where(digest => before.Digests.Contains(digest.ToString())).ToList();
        if (lost.Count == missing.Count)
        {
            observer.Verbose($"{tag.Familiar} listed {string.Join(", ", lost)}, which the registry does not have: taken out");
            missing = await uploads.PutManifestAsync(after.Without(lost).ToDocument(), tag.Tag!, cancellationToken).ConfigureAwait(false);
        }

        if (missing.Count > 0)
        {
            throw new ImageException(
                ImageErrorKind.Unavailable,
                $"{client.Registry} does not take {tag.Familiar}: it says that it lacks {string.Join(", ", missing)}",
                "The registry loses content; ask who runs it.");
        }
    }

    /// <summary>RD6: a list that would be empty goes, by its digest, so that one which somebody else has put meanwhile stays.</summary>
    private async Task DeleteAsync(FallbackIndex list, CancellationToken cancellationToken)
    {
        var named = repository.WithDigest(list.ToDocument().Digest);
        var (outcome, failure) = await new RegistryDeletes(client, observer).DeleteAsync(named, cancellationToken).ConfigureAwait(false);
        if (outcome is not (DeleteOutcome.Deleted or DeleteOutcome.Gone))
        {
            throw failure!;
        }
    }

    private ImageReference Named(Digest subject) => repository.WithTag(ReferrerNames.FallbackTag(subject));
}
