using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Transfer;

namespace ImgsPS.Stores.Layout;

/// <summary>
/// One image in a layout. Nothing is locked: content that a removal takes away while it is read is an error that says so.
/// </summary>
internal sealed class LayoutSource : IReferrerSource
{
    private readonly BlobFolder _blobs;
    private readonly LayoutRow _row;
    private readonly IReadOnlyList<LayoutRow> _rows;
    private readonly LayoutReferrers? _referrers;

    /// <param name="blobs">The store's content.</param>
    /// <param name="row">What names the image.</param>
    /// <param name="rows">All rows of the store, for who looks where else its content is; null for none.</param>
    /// <param name="referrers">What refers to what in the store; null for who does not ask.</param>
    public LayoutSource(BlobFolder blobs, LayoutRow row, IReadOnlyList<LayoutRow>? rows = null, LayoutReferrers? referrers = null)
    {
        _referrers = referrers;
        _blobs = blobs;
        _row = row;
        _rows = rows ?? [];
    }

    /// <inheritdoc/>
    public string Name => _row.Image.Name ?? _row.Image.Id;

    /// <inheritdoc/>
    public string Lack(string what, Descriptor content) => _blobs.SizeOf(content.Digest) is null
        ? $"that {what} is not in the store '{_blobs.Root}'"
        : $"that {what} is damaged in the store '{_blobs.Root}'";

    /// <inheritdoc/>
    public string LackAdvice(Descriptor content, bool hasOthers)
    {
        var platform = content.Platform is null ? "" : $" -Platform '{content.Platform}'";
        var store = _row.Image.Store == ImageStores.Local ? "" : $" -Store '{_row.Image.Store.Replace("'", "''")}'";
        return _row.Image.Reference is { } reference
            ? $"Pull it: Invoke-ImagePull {reference}{platform}{store}"
            : "Remove the image, or pull it again by its name.";
    }

    /// <inheritdoc/>
    public Task<Descriptor?> ResolveAsync(IOperationObserver observer, CancellationToken cancellationToken) =>
        Task.FromResult<Descriptor?>(_row.Root);

    /// <inheritdoc/>
    public Task<ManifestDocument> GetManifestAsync(Descriptor? expected, IOperationObserver observer, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var descriptor = expected is null || expected.Digest == _row.Root.Digest ? _row.Root : expected;
        var bytes = _blobs.TryRead(descriptor, ManifestDocument.MaxSize, observer) ?? throw Missing("manifest", descriptor);
        return Task.FromResult(descriptor.MediaType.Length > 0
            ? ManifestDocument.Parse(bytes, null, descriptor)
            : ManifestDocument.ParseByDigest(bytes, null, descriptor.Digest));
    }

    /// <inheritdoc/>
    public Task<byte[]> GetConfigAsync(Descriptor config, IOperationObserver observer, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(_blobs.TryRead(config, ConfigDocument.MaxSize, observer) ?? throw Missing("config", config));
    }

    /// <inheritdoc/>
    public BlobStream OpenBlob(Descriptor blob, long offset, IOperationObserver observer, CancellationToken cancellationToken) =>
        new LayoutBlobStream(_blobs, blob, offset, observer, cancellationToken);

    /// <inheritdoc/>
    public bool Lacks(Descriptor content) => _blobs.SizeOf(content.Digest) is null;

    /// <inheritdoc/>
    public IEnumerable<string> RepositoriesAt(string registry, Descriptor blob)
    {
        var digest = blob.Digest.ToString();
        return _rows
            .Where(row => row.HasRepositoryDigest && row.Name!.Reference!.Registry == registry
                && row.Images.Any(i => i.Image.Id == digest || i.Image.Layers.Any(layer => layer.Digest == digest)))
            .OrderBy(row => ReferenceEquals(row, _row) ? 0 : 1).Select(row => row.Name!.Reference!.Repository).Distinct();
    }

    /// <inheritdoc/>
    public Task<T> GuardAsync<T>(IOperationObserver observer, Func<IOperationObserver, Task<T>> work) => work(observer);

    /// <inheritdoc/>
    public Task<IReadOnlyList<Referrer>> ReferrersAsync(
        Digest subject, string? artifactType, IOperationObserver observer, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(_referrers?.Of(subject, artifactType, observer) ?? []);
    }

    /// <summary>The failure of an image of which nothing can be shown: its root is not there, or nothing that its index lists.</summary>
    public ImageException NoneOf() => _blobs.Contains(_row.Root)
        ? new(
            ImageErrorKind.Incomplete, $"the index {_row.Root.Digest} of {Name} is there, but none of the images that it lists is in the "
                + $"store '{_blobs.Root}'",
            LackAdvice(_row.Root, hasOthers: false))
        : Missing("manifest", _row.Root);

    /// <summary>What index.json itself names is the store's loss; of all else the caller knows what names it.</summary>
    private ImageException Missing(string what, Descriptor content) => content == _row.Root
        ? new(
            ImageErrorKind.Incomplete, $"index.json names {Name} as {content.Digest}, but {Lack(what, content)}",
            LackAdvice(content, hasOthers: false))
        : new(ImageErrorKind.NotFound, Lack(what, content));
}
