using System;
using System.Net.Http;
using System.Text.Json.Nodes;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Transfer;

namespace ImgsPS.Stores.Registry;

/// <summary>The requests that delete from a registry (RD1, RD2). Safe for any number of threads.</summary>
/// <param name="client">The registry.</param>
/// <param name="observer">Who is told.</param>
internal sealed class RegistryDeletes(RegistryClient client, IOperationObserver observer)
{
    /// <summary>The annotation that makes the manifest unique which stands in for another one for a moment.</summary>
    public const string Annotation = "io.imgsps.untagging";

    /// <summary>Deletes a tag, or a digest with all its tags.</summary>
    /// <exception cref="ImageException">There is no answer.</exception>
    public Task<(DeleteOutcome Outcome, ImageException? Failure)> DeleteAsync(
        ImageReference named, CancellationToken cancellationToken)
    {
        var request = new RegistryRequest(
            HttpMethod.Delete,
            client.UriOf(named, "manifests/" + (named.Digest?.ToString() ?? named.Tag)),
            TokenScope.Delete(named.Repository),
            named.Repository);
        return client.Transport.RunAsync(
            async budget =>
            {
                using var response = await client.Transport.SendAsync(request, budget, observer).ConfigureAwait(false);
                return await client.Transport.Errors.ForDeleteAsync(response, named, cancellationToken).ConfigureAwait(false);
            },
            cancellationToken);
    }

    /// <summary>
    /// Takes a tag away at a registry that deletes digests alone: the tag gets a copy of its document with one more annotation, so with a
    /// digest that nothing else has, and that digest is deleted (RD2). When that fails the tag gets its document back. Whatever is killed
    /// when, the tag names the same image or none.
    /// </summary>
    /// <exception cref="ImageException">
    /// The registry does not take it, or does not delete; Integrity: the tag is gone, and the image too, which others name.
    /// </exception>
    public async Task<(DeleteOutcome Outcome, ImageException? Failure)> ReplaceAsync(
        ImageReference tag, Descriptor named, CancellationToken cancellationToken)
    {
        var uploads = new RegistryUploads(client, tag, new TransferCounts(), observer);
        var old = await client.GetManifestAsync(tag.WithDigest(named.Digest), null, observer, cancellationToken).ConfigureAwait(false);
        var copy = Marked(old);
        await PutAsync(uploads, copy, tag, cancellationToken).ConfigureAwait(false);
        (DeleteOutcome Outcome, ImageException? Failure) done;
        try
        {
            done = await DeleteAsync(tag.WithDigest(copy.Digest), cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await PutBackAsync().ConfigureAwait(false);
            throw;
        }

        if (done.Outcome is not (DeleteOutcome.Deleted or DeleteOutcome.Gone))
        {
            await PutBackAsync().ConfigureAwait(false);
            return done;
        }

        return await IsThereAsync(tag, cancellationToken).ConfigureAwait(false)
            ? throw new ImageException(
                ImageErrorKind.Conflict, $"{tag.Familiar} was deleted, and names something again", "Somebody else pushes it.")
            : await IsThereAsync(tag.WithDigest(named.Digest), cancellationToken).ConfigureAwait(false)
                ? done
                : throw new ImageException(
                    ImageErrorKind.Integrity,
                    $"{tag.Familiar} was deleted, and {client.Registry} has lost {named.Digest} with it, which had other names",
                    "The registry is at fault: ask who runs it to restore the image, and do not remove tags there with -Force.");

        // Not to be stopped by who stops the command: the tag must not stay as it is.
        async Task PutBackAsync()
        {
            observer.Verbose($"{tag.Familiar} gets its image back");
            await PutAsync(uploads, old, tag, CancellationToken.None).ConfigureAwait(false);
        }
    }

    private async Task PutAsync(
        RegistryUploads uploads, ManifestDocument document, ImageReference tag, CancellationToken cancellationToken)
    {
        if ((await uploads.PutManifestAsync(document, tag.Tag!, cancellationToken).ConfigureAwait(false)).Count > 0)
        {
            throw new ImageException(
                ImageErrorKind.Unavailable, $"{client.Registry} says that it lacks content of {tag.Familiar}, which it has named till now",
                "The registry loses content; ask who runs it.");
        }
    }

    private async Task<bool> IsThereAsync(ImageReference named, CancellationToken cancellationToken) =>
        await client.TryResolveAsync(named, observer, cancellationToken).ConfigureAwait(false) is not null;

    /// <summary>A copy with one more annotation, and without a subject: it is no referrer.</summary>
    private static ManifestDocument Marked(ManifestDocument document)
    {
        var node = JsonNode.Parse(document.Bytes)!.AsObject();
        node.Remove("subject");
        if (node["annotations"] is not JsonObject annotations)
        {
            node["annotations"] = annotations = new JsonObject();
        }

        annotations[Annotation] = Guid.NewGuid().ToString("N");
        return ManifestDocument.Parse(ManifestDocument.Write(node), document.MediaType);
    }
}
