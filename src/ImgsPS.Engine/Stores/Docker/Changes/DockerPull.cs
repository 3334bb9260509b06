using System;
using System.Collections.Generic;
using System.Linq;
using System.Net.Http;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores.Docker;

/// <summary>Lets a Docker Engine pull (U1-U14): what it does is its own; what it says becomes progress and Verbose lines.</summary>
internal sealed class DockerPull(DockerClient client, DockerList list, DockerCredentials credentials)
{
    /// <summary>As <see cref="IPullingStore.PullAsync"/>. Leaving the enumeration, or a cancellation, makes Docker stop.</summary>
    /// <exception cref="ImageException">
    /// As <see cref="PullRequest.ToPull"/>. NotSupported: what only Docker's configuration can decide, and all platforms. Others as
    /// <see cref="DockerPullErrors"/> and <see cref="DockerClient.SendAsync"/>.
    /// </exception>
    public async IAsyncEnumerable<Image> RunAsync(
        PullRequest request, IOperationObserver observer, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Check(request);
        var reference = request.ToPull(observer);
        var auth = await credentials.FindAsync(reference.Registry, reference.Repository, request.Registry, observer, cancellationToken)
            .ConfigureAwait(false);
        client.EnsureMayHave(auth);
        var before = await ImagesAsync(observer, cancellationToken).ConfigureAwait(false);
        var question = new DockerRequest(HttpMethod.Post, "/images/create")
        {
            Query = new[]
            {
                DockerRequest.Pair("fromImage", reference.FamiliarName),
                DockerRequest.Pair("tag", reference.Digest?.ToString() ?? reference.Tag),
                DockerRequest.Pair("platform", request.Platform is { } platform ? PlatformText(platform) : null),
            },
            RegistryAuth = auth,
        };
        var messages = new DockerPullMessages(reference, DockerAuth.Hide(auth), observer);
        try
        {
            using var response = await client.SendAsync(question, observer, cancellationToken).ConfigureAwait(false);
            await foreach (var message in response.ReadJsonStreamAsync(cancellationToken).ConfigureAwait(false))
            {
                messages.Tell(message);
            }
        }
        catch (ImageException e) when (!messages.HasFailed)
        {
            throw DockerPullErrors.Of(e, reference);
        }
        finally
        {
            observer.Progress(new TransferProgress(reference.Familiar, null, "", 0, null, true));
        }

        var images = await list.ListAsync(
            ListRequest.Default, observer, cancellationToken, i => i.Repository == reference.FamiliarName).ConfigureAwait(false);
        var pulled = request.AllTags
            ? messages.Tags.Select(t => Find(images, reference.WithTag(t))).OfType<Image>().ToArray()
            : Find(images, reference) is { } image ? new[] { image } : Array.Empty<Image>();
        if (pulled.Length == 0)
        {
            throw new ImageException(
                ImageErrorKind.NotFound,
                $"Docker pulled {reference.Familiar}, and does not have it any more",
                "Somebody else works with this Docker Engine; pull again.");
        }

        foreach (var one in pulled)
        {
            var old = before.FirstOrDefault(image => image.Reference == one.Reference);
            yield return one.Pulled(DigestOf(old, one), isUpToDate: old?.Id == one.Id);
        }
    }

    /// <summary>The images as they were, without their containers: whether a pull brings anything, Docker does not say (FF8).</summary>
    private async Task<IReadOnlyList<Image>> ImagesAsync(IOperationObserver observer, CancellationToken cancellationToken)
    {
        var images = await list.ImagesAsync(false, null, observer, cancellationToken).ConfigureAwait(false);
        return DockerRows.Of(images, DockerUsage.None, client.Endpoint.Store, observer);
    }

    /// <summary>What the reference named before: a digest; of an image that came without one, its id.</summary>
    private static string? DigestOf(Image? old, Image now) =>
        old is null ? null
        : old.Id == now.Id && (old.Digest is null || now.Digest is null) ? now.Digest
        : old.Digest ?? old.Id;

    private void Check(PullRequest request)
    {
        if (request.IncludeReferrers)
        {
            throw new ImageException(
                ImageErrorKind.NotSupported,
                $"The store '{client.Endpoint.Store}' is a Docker Engine's: it does not say which referrers of an image it has.",
                "Pull without -IncludeReferrers, or into the local store or a folder.");
        }

        if (request.AllPlatforms)
        {
            throw new ImageException(
                ImageErrorKind.NotSupported,
                $"The store '{client.Endpoint.Store}' cannot pull all platforms: a Docker Engine pulls one.",
                "Pull with -Platform, or pull to the local store.");
        }

        credentials.Refuse(request.Registry);
    }

    // Docker takes os[/arch[/variant]] here.
    private static string PlatformText(Platform platform) =>
        new Platform(platform.OS, platform.Architecture, platform.Variant).ToString();

    /// <summary>The row of what was pulled; of a digest that a tag's row has too, that one.</summary>
    private static Image? Find(IReadOnlyList<Image> images, ImageReference reference)
    {
        var name = reference.Familiar;
        var digest = reference.Digest?.ToString();
        return images.FirstOrDefault(i => i.Reference == name)
            ?? images.FirstOrDefault(i => digest is not null && i.Digest == digest && i.Repository == reference.FamiliarName);
    }
}
