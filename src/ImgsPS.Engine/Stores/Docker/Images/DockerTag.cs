using System;
using System.Collections.Generic;
using System.Linq;
using System.Net.Http;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores.Docker;

/// <summary>Gives a Docker Engine's image one more name.</summary>
internal sealed class DockerTag(DockerClient client, DockerLookup lookup, DockerList list)
{
    /// <summary>Tags, and returns the image under its new name as the list then has it.</summary>
    /// <exception cref="ImageException">As <see cref="IChangingStore.TagAsync"/>.</exception>
    public async Task<Image> RunAsync(TagRequest request, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var tag = request.ToRecord();
        var found = await FindAsync(request, observer, cancellationToken).ConfigureAwait(false);
        var former = await lookup.InspectAsync(tag.Familiar, null, observer, cancellationToken).ConfigureAwait(false);
        var question = new DockerRequest(HttpMethod.Post, $"/images/{DockerRequest.Escape(found.Image.Id)}/tag")
        {
            Query = new[] { DockerRequest.Pair("repo", tag.FamiliarName), DockerRequest.Pair("tag", tag.Tag) },
        };
        using (await client.SendAsync(question, observer, cancellationToken).ConfigureAwait(false))
        {
        }

        if (former is not null && former.Image.Id != found.Image.Id)
        {
            observer.Verbose($"{tag.Familiar} named {Digest.Shorten(former.Image.Id)} until now");
        }

        var images = await list.ListAsync(ListRequest.Default, observer, cancellationToken, i => i.Reference == tag.Familiar)
            .ConfigureAwait(false);
        return images.FirstOrDefault(i => i.Reference == tag.Familiar) ?? throw new ImageException(
            ImageErrorKind.Conflict, $"{tag.Familiar} was removed as soon as it was made",
            "Somebody else works with this Docker Engine; tag again.");
    }

    private async Task<DockerFound> FindAsync(TagRequest request, IOperationObserver observer, CancellationToken cancellationToken)
    {
        try
        {
            return await lookup.FindAsync(request.Image, observer, cancellationToken).ConfigureAwait(false);
        }
        catch (ImageException e) when (request.Force && request.Image.IsListed
            && (e.Kind is ImageErrorKind.Conflict or ImageErrorKind.NotFound))
        {
            // It lost the name that it was listed by: it is itself all the same.
            if ((request.Image.Id ?? request.Image.Digest) is not { } id)
            {
                throw;
            }

            return await lookup.FindAsync(ImageIdentity.Of(id), observer, cancellationToken).ConfigureAwait(false);
        }
    }
}
