using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;

namespace ImgsPS.Stores.Registry;

/// <summary>What an image is built on, as it says itself or the user does (UP6). Immutable.</summary>
/// <param name="Name">Its name, with a tag and without a digest.</param>
/// <param name="Digest">What the name meant when the image was built: a manifest or an index; null when nobody says.</param>
/// <param name="IsGiven">True when the user named it.</param>
internal sealed record BaseImage(ImageReference Name, Digest? Digest, bool IsGiven)
{
    private const string NameKey = "org.opencontainers.image.base.name";
    private const string DigestKey = "org.opencontainers.image.base.digest";

    /// <summary>
    /// What an image is built on: by the annotations of its manifest, those of its entry in the index, or its labels, the first that name
    /// one. Null when none does, and for <c>scratch</c>.
    /// </summary>
    public static async Task<BaseImage?> OfAsync(
        UpdateSubject subject, IOperationObserver observer, CancellationToken cancellationToken)
    {
        // A Docker Engine keeps no manifests: they would have to be asked for in the registry.
        if (subject.Store is { Kind: not "docker" } store && subject.Image.ManifestDigest is not null)
        {
            try
            {
                var answer = await store.GetManifestAsync(
                    ImageIdentity.Of(subject.Image), null, RegistryOptions.Default, observer, cancellationToken).ConfigureAwait(false);
                var own = ManifestDocument.Parse(Encoding.UTF8.GetBytes(answer.Raw), null).Annotations;
                if ((Read(own) ?? answer.Manifests.Select(entry => Read(entry.Annotations)).FirstOrDefault()) is { } said)
                {
                    return said;
                }
            }
            catch (ImageException e)
            {
                // It was removed or moved since it was listed; what the list knows is left.
                observer.Verbose($"The annotations of {subject.Image} were not read: {e.Message}");
            }
        }

        return Read(subject.Image.Labels);
    }

    /// <summary>True when the lower layers of an image are those of another one.</summary>
    public static bool HasLayersOf(IReadOnlyList<ImageLayer> image, PlatformManifest other)
    {
        var diffIds = other.Config?.DiffIds ?? [];
        return other.Manifest.Layers.Count <= image.Count && other.Manifest.Layers.Select((layer, i) => image[i].DiffId is { } diffId
            ? i < diffIds.Count && diffIds[i].ToString() == diffId
            : image[i].Digest == layer.Digest.ToString()).All(same => same);
    }

    private static BaseImage? Read(IReadOnlyDictionary<string, string> annotations)
    {
        if (!annotations.TryGetValue(NameKey, out var text) || text == "scratch" || !ImageReference.TryParse(text, out var name)
            || name is { Tag: null, Digest: not null })
        {
            return null;
        }

        annotations.TryGetValue(DigestKey, out var said);
        var digest = ImgsPS.Digest.TryParse(said, out var parsed) ? parsed : name.Digest;
        return new BaseImage(name.WithTag(name.Tag ?? Naming.DockerHub.DefaultTag), digest, false);
    }
}
