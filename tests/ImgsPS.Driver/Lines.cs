using System.Linq;

namespace ImgsPS.Driver;

/// <summary>What tests read of an object: one line, with tabs between its parts.</summary>
internal static class Lines
{
    public static string Of(Image image) => Join(image.Id, image.Digest, image.Reference, image.Platform, image.Author);

    public static string Of(ImageManifest manifest) => Join(manifest.Digest, manifest.Platform);

    public static string Of(ImageConfig config) => Join(config.Id, config.Platform);

    public static string Of(ImageHistoryEntry entry) => Join(entry.Id, entry.DiffId, entry.CreatedBy);

    public static string Of(ImageLayer layer) => Join(layer.Digest, layer.DiffId, layer.CreatedBy);

    public static string Of(ImageRemoval removal) => Join([.. removal.Untagged, .. removal.Deleted]);

    public static string Of(ImageTransfer transfer) => Join(transfer.Reference, transfer.Digest, transfer.Status);

    public static string Of(ImageStoreInfo info) => Join(info.Store, info.Images, info.Dangling, info.Blobs, info.Bytes);

    public static string Of(ImageStoreFinding finding) =>
        Join(finding.Severity, finding.Kind, finding.Digest, finding.Repaired, finding.Message);

    public static string Of(ImageStoreOptimization done) =>
        Join(done.Blobs, done.Downloads, done.Leftovers, done.Quarantined, done.BytesFreed);

    private static string Join(params object?[] parts) => string.Join('\t', parts.Select(p => p?.ToString()));
}
