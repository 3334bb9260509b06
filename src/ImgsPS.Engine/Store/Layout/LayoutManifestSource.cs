using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;

namespace ImgsPS.Store.Layout;

/// <summary>An image's documents in a layout.</summary>
internal sealed class LayoutManifestSource : IManifestSource
{
    private readonly BlobFolder _blobs;
    private readonly LayoutRow _row;

    public LayoutManifestSource(BlobFolder blobs, LayoutRow row)
    {
        _blobs = blobs;
        _row = row;
    }

    /// <inheritdoc/>
    public Task<ManifestDocument> GetManifestAsync(Descriptor? expected, IOperationObserver observer, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var descriptor = expected ?? _row.Root;
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

    /// <summary>The failure of content that the image needs and the store does not have.</summary>
    public ImageException Missing(string what, Descriptor descriptor)
    {
        var reference = _row.Image.Reference;
        var platform = descriptor.Platform is null ? "" : $" -Platform '{descriptor.Platform}'";
        var store = _row.Image.Store == ImageStores.Local ? "" : $" -Store '{_row.Image.Store.Replace("'", "''")}'";
        return new ImageException(
            ImageErrorKind.NotFound,
            descriptor.Platform is null
                ? $"The {what} {descriptor.Digest} of {_row.Image.Name ?? _row.Image.Id} is not in the store."
                : $"The platform {descriptor.Platform} of {_row.Image.Name ?? _row.Image.Id} is not in the store.",
            reference is null ? "Remove the image, or pull it again by its name."
                : $"Pull it: Invoke-ImagePull {reference}{platform}{store}");
    }
}
