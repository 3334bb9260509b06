using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Stores.Registry;

namespace ImgsPS.Transfer;

/// <summary>
/// What one reference names: manifests and configs from the store where they are there, else from the registry. Configs that come from
/// there are in the store then. For one pull; not thread-safe.
/// </summary>
/// <param name="registry"></param>
/// <param name="reference"></param>
/// <param name="session"></param>
/// <param name="resolved">What a HEAD said that the tag names; null when nobody asked.</param>
/// <param name="blobs">Fetches configs; null to take everything from the store, NotFound when it is not there.</param>
internal sealed class PullSource(
    RegistryClient registry, ImageReference reference, IPullSession session, Descriptor? resolved, BlobFetcher? blobs) : IManifestSource
{
    private readonly List<ManifestDocument> _indexes = new();

    /// <summary>The indexes that were read, the root first.</summary>
    public IEnumerable<ManifestDocument> Indexes => _indexes;

    /// <summary>True when a manifest or index came from the registry.</summary>
    public bool HasFetched { get; private set; }

    /// <inheritdoc/>
    public string Name => reference.Familiar;

    /// <inheritdoc/>
    public string Lack(string what, Descriptor content) => RegistryManifestSource.LackIn(registry.Registry, what);

    /// <inheritdoc/>
    public string LackAdvice(Descriptor content, bool hasOthers) => RegistryManifestSource.AdviceFor(reference, content, hasOthers);

    /// <inheritdoc/>
    public async Task<ManifestDocument> GetManifestAsync(Descriptor? expected, IOperationObserver observer,
        CancellationToken cancellationToken)
    {
        var read = expected is null ? RootAsync(observer, cancellationToken) : ReadAsync(expected, observer, cancellationToken);
        var document = await read.ConfigureAwait(false);
        if (document is ImageIndex)
        {
            _indexes.Add(document);
        }
        else if (document is Manifest { IsImage: true } image)
        {
            image.EnsurePulled();
        }

        return document;
    }

    public async Task<byte[]> GetConfigAsync(Descriptor config, IOperationObserver observer, CancellationToken cancellationToken)
    {
        session.Protect(new[] { config });
        if (blobs is not null)
        {
            await blobs.FetchAsync(config, null, cancellationToken).ConfigureAwait(false);
        }

        return session.TryRead(config, ConfigDocument.MaxSize) ?? throw Missing(config);
    }

    /// <summary>What the reference names. A tag is resolved once (RN21).</summary>
    private async Task<ManifestDocument> RootAsync(IOperationObserver observer, CancellationToken cancellationToken)
    {
        var digest = reference.Digest ?? resolved?.Digest;
        if (digest is null)
        {
            var document = await registry.GetManifestAsync(reference, null, observer, cancellationToken).ConfigureAwait(false);
            var root = document.ToDescriptor();
            HasFetched |= session.Current?.Digest != root.Digest || session.TryRead(root, ManifestDocument.MaxSize) is null;
            return document;
        }

        if (session.Current is { } current && current.Digest == digest)
        {
            return await ReadAsync(current, observer, cancellationToken).ConfigureAwait(false);
        }

        // Of what a HEAD says only the digest counts: size and type in it are those of another answer (FF10).
        return resolved?.Size <= ManifestDocument.MaxSize && session.TryRead(resolved, ManifestDocument.MaxSize) is { } bytes
            ? ManifestDocument.ParseByDigest(bytes, resolved.MediaType, digest)
            : await FetchRootAsync(digest, observer, cancellationToken).ConfigureAwait(false);
    }

    private async Task<ManifestDocument> FetchRootAsync(Digest digest, IOperationObserver observer, CancellationToken cancellationToken)
    {
        try
        {
            return await FetchAsync(digest, null, observer, cancellationToken).ConfigureAwait(false);
        }
        catch (ImageException e) when (e.Kind == ImageErrorKind.NotFound && reference.Digest is null)
        {
            // The registry has just said that there is such a tag.
            var root = new Descriptor("", digest, 0);
            throw new ImageException(
                ImageErrorKind.Incomplete, $"the tag {Name} names the manifest {digest}, but {Lack("manifest", root)}",
                LackAdvice(root, hasOthers: false), e);
        }
    }

    private async Task<ManifestDocument> ReadAsync(Descriptor expected, IOperationObserver observer, CancellationToken cancellationToken)
    {
        session.Protect(new[] { expected });
        if (session.TryRead(expected, ManifestDocument.MaxSize) is { } bytes)
        {
            return ManifestDocument.Parse(bytes, null, expected);
        }

        return blobs is not null
            ? await FetchAsync(expected.Digest, expected, observer, cancellationToken).ConfigureAwait(false)
            : throw Missing(expected);
    }

    private Task<ManifestDocument> FetchAsync(Digest digest, Descriptor? expected, IOperationObserver observer,
        CancellationToken cancellationToken)
    {
        HasFetched = true;
        return registry.GetManifestAsync(reference.WithDigest(digest), expected, observer, cancellationToken);
    }

    private static ImageException Missing(Descriptor content) =>
        new(ImageErrorKind.NotFound, $"{content.Digest} is not in the store", "Pull the image again.");
}
