using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;

namespace ImgsPS.Transfer;

/// <summary>The documents of one image, for who chooses what of it is copied.</summary>
internal interface ICopyDocuments : IManifestSource
{
    /// <summary>The indexes that were read, the root first.</summary>
    IEnumerable<ManifestDocument> Indexes { get; }

    /// <summary>True when neither source nor target can have content.</summary>
    bool Lacks(Descriptor content);
}

/// <summary>The documents as the source has them: nothing is brought anywhere.</summary>
internal sealed class SourceDocuments(IImageSource source) : ICopyDocuments
{
    private readonly List<ManifestDocument> _indexes = new();

    /// <inheritdoc/>
    public IEnumerable<ManifestDocument> Indexes => _indexes;

    /// <inheritdoc/>
    public string Name => source.Name;

    /// <inheritdoc/>
    public bool Lacks(Descriptor content) => source.Lacks(content);

    /// <inheritdoc/>
    public string Lack(string what, Descriptor content) => source.Lack(what, content);

    /// <inheritdoc/>
    public string LackAdvice(Descriptor content, bool hasOthers) => source.LackAdvice(content, hasOthers);

    /// <inheritdoc/>
    public async Task<ManifestDocument> GetManifestAsync(Descriptor? expected, IOperationObserver observer,
        CancellationToken cancellationToken)
    {
        var document = await source.GetManifestAsync(expected, observer, cancellationToken).ConfigureAwait(false);
        if (document is ImageIndex)
        {
            _indexes.Add(document);
        }

        return document;
    }

    /// <inheritdoc/>
    public Task<byte[]> GetConfigAsync(Descriptor config, IOperationObserver observer, CancellationToken cancellationToken) =>
        source.GetConfigAsync(config, observer, cancellationToken);
}

/// <summary>
/// The documents of one image on its way: manifests and configs from the target where they are there, else from the source. Configs that
/// come from there are in the target then. For one copy; not thread-safe.
/// </summary>
/// <param name="source">Where the image is.</param>
/// <param name="target">Where it goes.</param>
/// <param name="resolved">What the source's name is known to mean; null when nobody asked.</param>
/// <param name="blobs">Brings configs; null to take everything from the target, NotFound when it is not there.</param>
internal sealed class CopyDocuments(IImageSource source, IImageTarget target, Descriptor? resolved, ContentCopy? blobs) : ICopyDocuments
{
    private readonly List<ManifestDocument> _indexes = new();

    /// <summary>The indexes that were read, the root first.</summary>
    public IEnumerable<ManifestDocument> Indexes => _indexes;

    /// <summary>True when a manifest or index came from the source.</summary>
    public bool HasFetched { get; private set; }

    /// <inheritdoc/>
    public string Name => source.Name;

    /// <summary>True when neither source nor target can have content.</summary>
    public bool Lacks(Descriptor content) => source.Lacks(content);

    /// <inheritdoc/>
    public string Lack(string what, Descriptor content) => source.Lack(what, content);

    /// <inheritdoc/>
    public string LackAdvice(Descriptor content, bool hasOthers) => source.LackAdvice(content, hasOthers);

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

    /// <inheritdoc/>
    public async Task<byte[]> GetConfigAsync(Descriptor config, IOperationObserver observer, CancellationToken cancellationToken)
    {
        target.Protect(new[] { config });
        if (blobs is not null)
        {
            await blobs.FetchAsync(config, null, cancellationToken).ConfigureAwait(false);
        }

        return target.TryRead(config, ConfigDocument.MaxSize)
            ?? (blobs is null ? throw Missing(config)
                : await source.GetConfigAsync(config, observer, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>What the name means. It is resolved once (RN21).</summary>
    private async Task<ManifestDocument> RootAsync(IOperationObserver observer, CancellationToken cancellationToken)
    {
        if (resolved is null)
        {
            var document = await source.GetManifestAsync(null, observer, cancellationToken).ConfigureAwait(false);
            var root = document.ToDescriptor();
            HasFetched |= target.Current?.Digest != root.Digest || target.TryRead(root, ManifestDocument.MaxSize) is null;
            return document;
        }

        if (target.Current is { } current && current.Digest == resolved.Digest)
        {
            return await ReadAsync(current, observer, cancellationToken).ConfigureAwait(false);
        }

        // Of what a question by name says only the digest counts: size and type in it may be those of another answer (FF10).
        return resolved.Size <= ManifestDocument.MaxSize && target.TryRead(resolved, ManifestDocument.MaxSize) is { } bytes
            ? ManifestDocument.ParseByDigest(bytes, resolved.MediaType, resolved.Digest)
            : await FetchAsync(new Descriptor("", resolved.Digest, 0), observer, cancellationToken).ConfigureAwait(false);
    }

    private async Task<ManifestDocument> ReadAsync(Descriptor expected, IOperationObserver observer, CancellationToken cancellationToken)
    {
        target.Protect(new[] { expected });
        if (target.TryRead(expected, ManifestDocument.MaxSize) is { } bytes)
        {
            return ManifestDocument.Parse(bytes, null, expected);
        }

        return blobs is not null
            ? await FetchAsync(expected, observer, cancellationToken).ConfigureAwait(false)
            : throw Missing(expected);
    }

    private Task<ManifestDocument> FetchAsync(Descriptor expected, IOperationObserver observer, CancellationToken cancellationToken)
    {
        HasFetched = true;
        return source.GetManifestAsync(expected, observer, cancellationToken);
    }

    private static ImageException Missing(Descriptor content) =>
        new(ImageErrorKind.NotFound, $"{content.Digest} is not in the store", "Pull the image again.");
}
