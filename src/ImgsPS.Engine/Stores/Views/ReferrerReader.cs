using System;
using System.Collections.Generic;
using System.Collections.Specialized;
using System.Linq;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Naming;
using ImgsPS.Transfer;

namespace ImgsPS.Stores;

/// <summary>Which referrers of an image are wanted. Immutable.</summary>
/// <param name="Image">The image.</param>
internal sealed record ReferrerRequest(ImageIdentity Image)
{
    /// <summary>Only those of this type; null for all.</summary>
    public string? ArtifactType { get; init; }

    /// <summary>Referrers of referrers too, three deep (RF8).</summary>
    public bool Recurse { get; init; }
}

/// <summary>Lists what refers to an image, and reads it (RF1-RF8).</summary>
internal static class ReferrerReader
{
    /// <summary>Most bytes of a referrer's blob that are read, one at a time.</summary>
    public const int MaxContent = 64 * 1024 * 1024;

    /// <summary>
    /// The referrers of an image and, if it is an index, of its images: of a listed image of an index, and of a digest that an index lists,
    /// those of that one.
    /// </summary>
    /// <exception cref="ImageException">NotFound: no such image. Others as <see cref="IReferrerSource.ReferrersAsync"/>.</exception>
    public static Task<IReadOnlyList<ImageReferrer>> ListAsync(
        IReferrerStore store, ReferrerRequest request, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var source = store.OpenReferrers(request.Image, observer);
        return source.GuardAsync<IReadOnlyList<ImageReferrer>>(observer, async guarded =>
            (await FindAsync(store, source, request, guarded, cancellationToken).ConfigureAwait(false)).ConvertAll(found => found.Shown));
    }

    /// <summary>
    /// Reads the blobs of all referrers, one after the other: what its media type says to be JSON as ordered dictionaries, arrays, texts,
    /// numbers, all else as bytes.
    /// </summary>
    /// <param name="store">The store.</param>
    /// <param name="request">Which referrers.</param>
    /// <param name="write">Takes a blob's content.</param>
    /// <param name="fail">Takes what is wrong with one referrer; the others are read.</param>
    /// <param name="observer">Who is told.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="ImageException">As <see cref="ListAsync"/>.</exception>
    public static Task ReadAsync(
        IReferrerStore store, ReferrerRequest request, Func<object?, Task> write, Action<ImageException> fail, IOperationObserver observer,
        CancellationToken cancellationToken)
    {
        var source = store.OpenReferrers(request.Image, observer);
        return source.GuardAsync(observer, async guarded =>
        {
            var all = await FindAsync(store, source, request, guarded, cancellationToken).ConfigureAwait(false);
            foreach (var found in all.GroupBy(found => found.Shown.Digest).Select(same => same.First()))
            {
                try
                {
                    await ReadAsync(source, found.Referrer.Descriptor, write, guarded, cancellationToken).ConfigureAwait(false);
                }
                catch (ImageException e) when (e.Kind is ImageErrorKind.NotFound or ImageErrorKind.TooLarge or ImageErrorKind.InvalidData
                    or ImageErrorKind.Integrity or ImageErrorKind.NotSupported or ImageErrorKind.Incomplete)
                {
                    fail(e);
                }
            }

            return true;
        });
    }

    private static async Task<List<(ImageReferrer Shown, Referrer Referrer)>> FindAsync(
        IReferrerStore store, IReferrerSource source, ReferrerRequest request, IOperationObserver observer,
        CancellationToken cancellationToken)
    {
        var root = await source.GetManifestAsync(null, observer, cancellationToken).ConfigureAwait(false);
        var walk = new ReferrerWalk(source, observer, cancellationToken);
        if (OnlyOf(request.Image, root) is { } only)
        {
            await walk.AddOnlyAsync((ImageIndex)root, only).ConfigureAwait(false);
        }
        else
        {
            var listed = request.Image.ManifestDigest is { } own && own != root.Digest.ToString() && Digest.TryParse(own, out var manifest)
                ? new[] { manifest } : null;
            await walk.AddAsync(root, listed).ConfigureAwait(false);
        }

        var name = (store as ISourceStore)?.NameOf(request.Image);
        var found = await walk.RunAsync(request.Recurse ? ReferrerWalk.ListDepth : 1, request.ArtifactType).ConfigureAwait(false);
        return found.Select(one => (
            new ImageReferrer
            {
                Image = source.Name,
                Subject = one.Subject.ToString(),
                Platform = walk.PlatformOf(one.Subject),
                Digest = one.Referrer.Descriptor.Digest.ToString(),
                Reference = name is null ? null : $"{name.FamiliarName}@{one.Referrer.Descriptor.Digest}",
                ArtifactType = one.Referrer.Descriptor.ArtifactType,
                MediaType = one.Referrer.Descriptor.MediaType,
                Size = one.Referrer.Descriptor.Size,
                Annotations = one.Referrer.Descriptor.Annotations,
                Source = one.Referrer.Source,
                Tag = one.Referrer.Tag,
                Depth = one.Depth,
                Store = store.Name,
            },
            one.Referrer)).ToList();
    }

    /// <summary>The digest that the user named, when it is that of one of an index's manifests; null when it is not.</summary>
    private static Digest? OnlyOf(ImageIdentity image, ManifestDocument root)
    {
        var named = image.IsListed ? null : image.ToName()?.Digest ?? (Digest.TryParse(image.Text, out var digest) ? digest : null);
        return named is not null && root is ImageIndex index && index.Manifests.Any(entry => entry.Digest == named) ? named : null;
    }

    private static async Task ReadAsync(
        IReferrerSource source, Descriptor referrer, Func<object?, Task> write, IOperationObserver observer,
        CancellationToken cancellationToken)
    {
        if (await source.GetManifestAsync(referrer, observer, cancellationToken).ConfigureAwait(false) is not Manifest manifest)
        {
            throw new ImageException(
                ImageErrorKind.NotSupported, $"the referrer {referrer.Digest} is an index: it has no content of its own",
                "Get-ImageManifest shows what it lists.");
        }

        foreach (var blob in manifest.Layers)
        {
            if (blob.Size > MaxContent)
            {
                throw OwnLimit.Exceeded(
                    $"the content {blob.Digest} of the referrer {referrer.Digest} has {blob.Size} bytes",
                    $"reads at most {OwnLimit.Size(MaxContent)} of one");
            }

            var bytes = await ReadAsync(source, blob, observer, cancellationToken).ConfigureAwait(false);
            await write(IsJson(blob.MediaType) ? Parse(bytes, blob) : bytes).ConfigureAwait(false);
        }
    }

    private static async Task<byte[]> ReadAsync(
        IReferrerSource source, Descriptor blob, IOperationObserver observer, CancellationToken cancellationToken)
    {
        using var stream = source.OpenBlob(blob, 0, observer, cancellationToken);
        var bytes = new byte[blob.Size];
        var filled = 0;
        int read;
        while (filled < bytes.Length
            && (read = await stream.ReadAsync(bytes, filled, bytes.Length - filled, cancellationToken).ConfigureAwait(false)) > 0)
        {
            filled += read;
        }

        var isMore = filled == bytes.Length && await stream.ReadAsync(new byte[1], 0, 1, cancellationToken).ConfigureAwait(false) > 0;
        return !isMore && filled == bytes.Length && blob.Describes(bytes) ? bytes : throw new ImageException(
            ImageErrorKind.Integrity, $"the content {blob.Digest} of {source.Name} is damaged: what came is not what its digest says",
            source.LackAdvice(blob, hasOthers: false));
    }

    private static bool IsJson(string mediaType) => mediaType.EndsWith("+json", StringComparison.OrdinalIgnoreCase)
        || mediaType.EndsWith("/json", StringComparison.OrdinalIgnoreCase);

    /// <summary>JSON as plain objects.</summary>
    /// <exception cref="ImageException">InvalidData.</exception>
    private static object? Parse(byte[] bytes, Descriptor blob)
    {
        try
        {
            using var document = JsonDocument.Parse(Utf8Text.Of(bytes));
            return Plain(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a text that is not Unicode.
            throw new ImageException(
                ImageErrorKind.InvalidData,
                $"the content {blob.Digest} says to be JSON ({PrintableText.Of(blob.MediaType)}), and is not: "
                    + PrintableText.OfServer(e.Message),
                "Whoever attached it is at fault.",
                e);
        }
    }

    private static object? Plain(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                var members = new OrderedDictionary(StringComparer.Ordinal);
                foreach (var member in element.EnumerateObject())
                {
                    // Of two the last counts, as every reader in Go has it.
                    members[member.Name] = Plain(member.Value);
                }

                return members;
            case JsonValueKind.Array:
                return element.EnumerateArray().Select(Plain).ToArray();
            case JsonValueKind.String:
                return element.GetString();
            case JsonValueKind.Number:
                return element.TryGetInt64(out var whole) ? whole : element.TryGetDecimal(out var number) ? number : element.GetDouble();
            case JsonValueKind.True:
                return true;
            case JsonValueKind.False:
                return false;
            default:
                return null;
        }
    }
}
