using System;
using System.Collections.Generic;
using System.Linq;
using System.Net.Http;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Naming;

namespace ImgsPS.Stores.Docker;

/// <summary>Removes an image of a Docker Engine (D1-D14); what goes is Docker's decision.</summary>
internal sealed class DockerRemoval(DockerClient client, DockerLookup lookup)
{
    // moby's words, and podman's.
    private static readonly string[] ForceWords = { "must be forced", "must force", "please force removal" };

    /// <summary>
    /// Removes what the request names. <see cref="ImageRemoval.BytesFreed"/> is what the layers of a graphdriver store had unpacked (P6); a
    /// containerd store and podman do not say which content went, so it is 0 there, with a Verbose line.
    /// </summary>
    /// <exception cref="ImageException">
    /// As <see cref="DockerLookup.FindAsync"/>. Conflict, InUse: Docker's words, with what to do about it.
    /// </exception>
    public async Task<ImageRemoval> RunAsync(RemovalRequest request, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var found = await lookup.FindAsync(request.Image, observer, cancellationToken).ConfigureAwait(false);
        if (found.Row.RawName is { } odd && request.Image.RawName is not null && found.Image.Tags.Count + found.Image.Digests.Count > 1)
        {
            throw IsOdd(found.Image, odd);
        }

        var sizes = request.Measure ? await SizesAsync(found, observer, cancellationToken).ConfigureAwait(false) : null;
        var question = new DockerRequest(HttpMethod.Delete, $"/images/{DockerRequest.Escape(found.Name)}")
        {
            Query = new[]
            {
                DockerRequest.Pair("force", request.Force ? "1" : null),
                DockerRequest.Pair("noprune", request.NoPrune ? "1" : null),
            },
        };
        var untagged = new List<string>();
        var deleted = new List<string>();
        var isPodman = false;
        try
        {
            using var response = await client.SendAsync(question, observer, cancellationToken).ConfigureAwait(false);
            using var document = await response.ReadJsonAsync(cancellationToken).ConfigureAwait(false);
            foreach (var line in DockerJson.Items(document.RootElement))
            {
                if (DockerJson.Text(line, "Untagged") is { } name)
                {
                    untagged.Add(ImageReference.TryParse(name, out var reference) ? reference.Familiar : name);
                }

                if (DockerJson.Text(line, "Deleted") is { } id)
                {
                    deleted.Add(DockerJson.Id(id));
                    isPodman |= deleted[deleted.Count - 1] != id;
                }
            }
        }
        catch (ImageException e) when (e.Kind is ImageErrorKind.Conflict or ImageErrorKind.InUse)
        {
            throw Explain(e, found.Image);
        }

        if (isPodman && sizes is not null)
        {
            observer.Verbose("podman does not say how many bytes the removal freed");
        }

        return new ImageRemoval
        {
            Image = request.Image.Text,
            Untagged = untagged,
            Deleted = deleted,
            BytesFreed = sizes is null ? 0 : Freed(found, sizes, deleted, observer),
            Store = client.Endpoint.Store,
        };
    }

    private async Task<StepLayers> SizesAsync(DockerFound found, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var history = await new DockerHistory(client).AskAsync(found.Image.Id, null, observer, cancellationToken).ConfigureAwait(false);
        return StepLayers.Of(history, found.Inspection.DiffIds.Count);
    }

    /// <summary>
    /// The layers that went are the top ones of the image's chain: all, or those above what other images or containers need.
    /// </summary>
    private static long Freed(DockerFound found, StepLayers layers, List<string> deleted, IOperationObserver observer)
    {
        var gone = new HashSet<string>(deleted, StringComparer.Ordinal);
        var chainIds = found.Inspection.ChainIds();
        var positions = Enumerable.Range(0, chainIds.Count).Where(i => gone.Contains(chainIds[i])).ToArray();
        if (positions.Length > 0 && positions.Length == chainIds.Count)
        {
            return found.Image.Size;
        }

        if (positions.Length == 0 && found.Image.TargetDigest is not null && gone.Contains(found.Image.Id))
        {
            observer.Verbose("Docker keeps its images with containerd and does not say how many bytes the removal freed");
        }

        var known = positions.Select(layers.SizeOf).ToArray();
        if (known.Any(s => s is null))
        {
            observer.Verbose($"The history of {found.Row} does not tell the size of each layer: at least the given number of bytes was " +
                "freed");
        }

        return DockerJson.Sum(known.Select(s => s ?? 0));
    }

    /// <summary>The refusal of a name that is no reference, where it is not the only one.</summary>
    public static ImageException IsOdd(DockerImage image, string name) => new(
        ImageErrorKind.Conflict,
        $"Docker calls {Digest.Shorten(image.Id)} '{name}', which is no reference, and takes the image away only with all of its names",
        "Give its id, with -Force, to remove it with all of them.");

    /// <summary>Docker's refusal, with what to do about it.</summary>
    public static ImageException Explain(ImageException e, DockerImage image)
    {
        var canForce = ForceWords.Any(w => e.Message.IndexOf(w, StringComparison.Ordinal) >= 0);
        string? advice;
        if (e.Message.IndexOf("dependent child", StringComparison.Ordinal) >= 0)
        {
            advice = "Remove the images that were built on it first.";
        }
        else if (e.Kind == ImageErrorKind.InUse && e.Message.IndexOf("force-removing", StringComparison.Ordinal) >= 0)
        {
            advice = "Remove the container first; with -Force podman removes the image's containers too, running ones included.";
        }
        else if (e.Kind == ImageErrorKind.InUse)
        {
            advice = canForce
                ? "Remove the container first, or use -Force to remove the image all the same."
                : "Stop and remove the container first; a running one keeps its image.";
        }
        else
        {
            var names = image.Tags.Concat(image.Digests).Select(n => ImageReference.TryParse(n, out var r) ? r.Familiar : PrintableText.Of(n))
                .ToArray();
            advice = !canForce ? e.Advice
                : names.Length > 0 ? $"Use -Force to remove {string.Join(", ", names)}, or remove them by name."
                : "Use -Force to remove it all the same.";
        }

        return new ImageException(e.Kind, e.Message, advice, e);
    }
}
