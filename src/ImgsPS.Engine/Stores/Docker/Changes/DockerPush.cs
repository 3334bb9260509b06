using System;
using System.Net.Http;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores.Docker;

/// <summary>Lets a Docker Engine push (PU18): what it does is its own; what it says becomes progress and Verbose lines.</summary>
internal sealed class DockerPush(DockerClient client, DockerCredentials credentials)
{
    /// <summary>As <see cref="IPushingStore.PushAsync"/>. A cancellation makes Docker stop.</summary>
    /// <exception cref="ImageException">
    /// NotSupported: another name than the image has there, and what Docker does not do. Others as <see cref="DockerPullErrors"/>.
    /// </exception>
    public async Task<ImageTransfer> RunAsync(TransferRequest request, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var reference = request.Destination.WithDefaultTag();
        Check(request, reference);
        var auth = await credentials.FindAsync(reference.Registry, reference.Repository, request.Registry, observer, cancellationToken)
            .ConfigureAwait(false);
        client.EnsureMayHave(auth);
        var question = new DockerRequest(HttpMethod.Post, $"/images/{reference.FamiliarName}/push")
        {
            Query = new[] { DockerRequest.Pair("tag", reference.Tag) },
            RegistryAuth = auth,
            IsAuthNeeded = true,
        };
        var messages = new DockerPullMessages(reference, DockerAuth.Hide(auth), observer, "push");
        string? digest = null;
        try
        {
            using var response = await client.SendAsync(question, observer, cancellationToken).ConfigureAwait(false);
            await foreach (var message in response.ReadJsonStreamAsync(cancellationToken).ConfigureAwait(false))
            {
                messages.Tell(message);
                digest = DockerJson.Text(DockerJson.Get(message, "aux"), "Digest") ?? digest;
            }
        }
        catch (ImageException e) when (!messages.HasFailed)
        {
            throw DockerPullErrors.Of(e, reference, "push");
        }
        finally
        {
            observer.Progress(new TransferProgress(reference.Familiar, null, "", 0, null, true));
        }

        return new ImageTransfer
        {
            Reference = reference.Familiar,
            Status = "Pushed",
            Digest = Digest.TryParse(digest, out var known) ? known.ToString() : null,
            Source = request.Image.Text,
            Store = "registry://" + reference.Registry,
        };
    }

    private void Check(TransferRequest request, ImageReference reference)
    {
        credentials.Refuse(request.Registry);
        var what = request.Platform is not null ? "one platform of an image"
            : request.PresentPlatforms ? "a new index"
            : request.IncludeForeignLayers ? "layers that may not be given on"
            : null;
        if (what is not null)
        {
            throw new ImageException(
                ImageErrorKind.NotSupported, $"The store '{client.Endpoint.Store}' does not push {what}: a Docker Engine pushes what it has.",
                "Pull the image into the local store, and push it from there.");
        }

        if (!ImageReference.TryParse(request.Image.Reference ?? request.Image.Text, out var name)
            || name.WithDefaultTag().Familiar != reference.Familiar)
        {
            throw new ImageException(
                ImageErrorKind.NotSupported,
                $"A Docker Engine pushes an image under a name that it has there, and {reference.Familiar} is not what "
                    + $"'{request.Image.Text}' is called",
                $"Give it the name first: Add-ImageTag {request.Image.Text} -Tag {reference.Familiar} -Store '{client.Endpoint.Store}', "
                    + $"then Invoke-ImagePush {reference.Familiar} -Store '{client.Endpoint.Store}'.");
        }
    }
}
