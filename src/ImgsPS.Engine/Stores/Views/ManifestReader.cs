using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Naming;
using ImgsPS.Platforms;

namespace ImgsPS.Stores;

/// <summary>Describes the manifest or index that a reference names, the same way wherever it is.</summary>
internal static class ManifestReader
{
    /// <summary>
    /// Describes what a reference names. An index without a <paramref name="platform"/> is one request: its entries as they stand,
    /// attestations included. With one, and for a plain manifest, manifest and config are read too, so that config, layers and sizes are
    /// known.
    /// </summary>
    /// <exception cref="ImageException">
    /// NotFound: there is no such manifest, or none for the platform (U5). Others as <see cref="IManifestSource"/>.
    /// </exception>
    public static Task<ManifestAnswer> DescribeAsync(
        ImageReference reference,
        IManifestSource source,
        Platform? platform,
        IOperationObserver observer,
        CancellationToken cancellationToken) =>
        DescribeNamedAsync(reference.WithDefaultTag().Familiar, source, platform, null, observer, cancellationToken);

    /// <summary>
    /// As <see cref="DescribeAsync"/>, for an image of a store that has no reference: <paramref name="name"/> stands in for it. Of an index
    /// the manifest <paramref name="only"/> alone, if that is not null.
    /// </summary>
    /// <exception cref="ImageException">As <see cref="DescribeAsync"/>.</exception>
    public static async Task<ManifestAnswer> DescribeNamedAsync(
        string name,
        IManifestSource source,
        Platform? platform,
        Descriptor? only,
        IOperationObserver observer,
        CancellationToken cancellationToken)
    {
        var document = await source.GetManifestAsync(null, observer, cancellationToken).ConfigureAwait(false);
        if (document is ImageIndex { Entries.Count: 0 } empty)
        {
            // Its text can be shown, and nothing else.
            return new ManifestAnswer(Encoding.UTF8.GetString(empty.Bytes), []) { Fault = empty.NoImage(name) };
        }

        if (platform is not null)
        {
            var search = new PlatformSearch(source, PlatformMatcher.For(platform), observer, cancellationToken);
            var found = await search.FindAsync(document).ConfigureAwait(false);
            return Answer(found.Manifest, new[] { Describe(name, found) });
        }

        if (document is ImageIndex whole && only is not null)
        {
            var own = (Manifest)await source.GetChildAsync(whole, only, observer, cancellationToken).ConfigureAwait(false);
            var config = await source.ReadConfigAsync(own, observer, cancellationToken).ConfigureAwait(false);
            return Answer(own, new[] { Describe(name, new PlatformManifest(own, config, only, whole)) });
        }

        if (document is ImageIndex index)
        {
            return Answer(index, index.Entries.Select(entry => Describe(name, index, entry)).ToArray());
        }

        var manifest = (Manifest)document;
        try
        {
            var config = manifest.IsImage
                ? await source.ReadConfigAsync(manifest, observer, cancellationToken).ConfigureAwait(false)
                : null;
            return Answer(manifest, new[] { Describe(name, new PlatformManifest(manifest, config, null, null)) });
        }
        catch (ImageException e) when (e.Kind == ImageErrorKind.Incomplete)
        {
            // Its own text can be shown all the same.
            return new ManifestAnswer(Encoding.UTF8.GetString(manifest.Bytes), []) { Fault = e };
        }
    }

    private static ManifestAnswer Answer(ManifestDocument document, IReadOnlyList<ImageManifest> manifests) =>
        new(Encoding.UTF8.GetString(document.Bytes), manifests);

    private static ImageManifest Describe(string reference, ImageIndex index, ManifestEntry entry) => new()
    {
        Reference = reference,
        Digest = DataText.Of(entry.Digest) ?? "",
        IndexDigest = index.Digest.ToString(),
        MediaType = DataText.Of(entry.MediaType) ?? "",
        Size = entry.Size,
        Platform = entry.Platform,
        Annotations = entry.Annotations,
        ArtifactType = entry.ArtifactType,
    };

    private static ImageManifest Describe(string reference, PlatformManifest found)
    {
        var manifest = found.Manifest;
        return new ImageManifest
        {
            Reference = reference,
            Digest = manifest.Digest.ToString(),
            IndexDigest = found.Index?.Digest.ToString(),
            MediaType = manifest.MediaType,
            Size = manifest.Bytes.Length,
            Platform = found.Entry?.Platform ?? found.Config?.Platform,
            Annotations = found.Entry?.Annotations ?? manifest.Annotations,
            ArtifactType = manifest.Kind,
            ConfigDigest = manifest.Config.Digest.ToString(),
            Layers = ImageLayerView.Plain(manifest, found.Config),
            ContentSize = manifest.ContentSize,
        };
    }
}
