using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Platforms;

namespace ImgsPS.Transfer;

/// <summary>
/// Copies one image from a source to a target (docs/transfer-design.md): the name is resolved once and everything after goes by digest
/// (RN21); config and layers come first, then their manifest, then the index, and the name last, so that whatever is named is whole, and a
/// manifest that is in the target has its content there. What a broken-off copy leaves is picked up by the next. One instance per copy.
/// </summary>
internal sealed class ImageCopy
{
    /// <summary>How often content is copied again when a removal in another process took some of it before it was named.</summary>
    private const int MaxPublishAttempts = 3;

    private readonly IImageSource _source;
    private readonly IImageTarget _target;
    private readonly ImageReference _reference;
    private readonly PlatformMatcher _platforms;
    private readonly bool _platformAsked;
    private readonly bool _allPlatforms;
    private readonly IOperationObserver _observer;
    private readonly CancellationToken _cancellation;
    private readonly ContentCopy _blobs;
    private Descriptor? _resolved;

    private ImageCopy(
        IImageSource source, IImageTarget target, CopyRequest request, IOperationObserver observer, CancellationToken cancellation)
    {
        _source = source;
        _target = target;
        _reference = request.Reference.WithDefaultTag();
        _reference.EnsureRecordable();
        _platforms = request.Platform is null ? PlatformMatcher.ForHost() : PlatformMatcher.For(request.Platform);
        _platformAsked = request.Platform is not null;
        _allPlatforms = request.AllPlatforms;
        _observer = observer;
        _cancellation = cancellation;
        _blobs = new ContentCopy(source, target, observer);
    }

    /// <summary>Copies one image and names it: of an index the one for a platform, or every one of it.</summary>
    /// <exception cref="ImageException">
    /// InvalidReference: a tag that reads as a digest (N8). NotFound: no such manifest (U13), or none for the platform (U5). NotSupported:
    /// schema 1 (U12) or an artifact (U11). Incomplete: something that the image names is not there. Integrity, InvalidData, TooLarge:
    /// content that is not what it must be. Unauthorized, Denied, RateLimited, Unavailable, Timeout: the source. StoreUnavailable,
    /// StoreLocked: a store.
    /// </exception>
    public static Task<CopiedImage> RunAsync(
        IImageSource source, IImageTarget target, CopyRequest request, IOperationObserver observer, CancellationToken cancellationToken) =>
        source.GuardAsync(observer, guarded => new ImageCopy(source, target, request, guarded, cancellationToken).RunAsync());

    private async Task<CopiedImage> RunAsync()
    {
        _observer.Verbose($"{_reference.Tag ?? _reference.Digest!.ToString()}: Pulling from {_reference.Repository}");
        try
        {
            var pulled = await TryUnchangedAsync().ConfigureAwait(false) ?? await FetchAndNameAsync().ConfigureAwait(false);
            _observer.Verbose($"Digest: {pulled.Root.Digest}");
            _observer.Verbose(pulled.UpToDate
                ? $"Status: Image is up to date for {_reference.Familiar}"
                : $"Status: Downloaded newer image for {_reference.Familiar}");
            _observer.Verbose(_reference.ToString());
            return pulled;
        }
        finally
        {
            _observer.Progress(new TransferProgress(_source.Name, null, "", 0, null, true));
        }
    }

    /// <summary>
    /// The image as it is in the target, when the name still means it and nothing of it is missing: for a registry one HEAD of a tag, no
    /// request at all for a digest. Null when there is something to copy; <see cref="_resolved"/> is then what the source said.
    /// </summary>
    private async Task<CopiedImage?> TryUnchangedAsync()
    {
        var current = _target.Current;
        if (current is null)
        {
            return null;
        }

        _resolved = await _source.ResolveAsync(_observer, _cancellation).ConfigureAwait(false);
        if (_resolved?.Digest != current.Digest)
        {
            return null;
        }

        try
        {
            var stored = new CopyDocuments(_source, _target, _resolved, blobs: null);
            var root = await stored.GetManifestAsync(current, _observer, _cancellation).ConfigureAwait(false);
            var chosen = await ChooseAsync(root, stored).ConfigureAwait(false);
            foreach (var layer in chosen.SelectMany(m => m.Layers))
            {
                if (!await _target.HasAsync(layer, _cancellation).ConfigureAwait(false))
                {
                    return null;
                }
            }

            return new CopiedImage(current, chosen.ConvertAll(m => m.ToDescriptor()), UpToDate: true);
        }
        catch (ImageException e) when (e.Kind is ImageErrorKind.NotFound or ImageErrorKind.Incomplete)
        {
            // Something of it is not in the target, or it has no such platform: the source knows better.
            return null;
        }
    }

    private async Task<CopiedImage> FetchAndNameAsync()
    {
        for (var attempt = 1; ; attempt++)
        {
            var documents = new CopyDocuments(_source, _target, _resolved, _blobs);
            var root = await RootAsync(documents).ConfigureAwait(false);
            var chosen = await ChooseAsync(root, documents).ConfigureAwait(false);
            _resolved = root.ToDescriptor();
            var layers = await _blobs
                .FetchLayersAsync(chosen.SelectMany(image => image.Layers.Select(layer => (image, layer))), _cancellation)
                .ConfigureAwait(false);
            foreach (var document in chosen.Concat(documents.Indexes.Reverse()))
            {
                await _blobs.StoreAsync(document, _cancellation).ConfigureAwait(false);
            }

            var required = chosen.SelectMany(ContentOf).Concat(chosen.Select(m => m.ToDescriptor())).Concat(new[] { _resolved }).ToList();
            if (await _target.PublishAsync(_resolved, required, _cancellation).ConfigureAwait(false))
            {
                foreach (var layer in layers.Where(_blobs.HasFetched))
                {
                    _observer.Verbose($"{layer.Digest.ShortHex}: Pull complete");
                }

                var unchanged = _target.Current?.Digest == _resolved.Digest && !documents.HasFetched && _blobs.IsIdle;
                return new CopiedImage(_resolved, chosen.ConvertAll(m => m.ToDescriptor()), unchanged);
            }

            if (attempt == MaxPublishAttempts)
            {
                throw new ImageException(
                    ImageErrorKind.StoreUnavailable,
                    $"content of {_reference.Familiar} was taken out of the store {attempt} times while it was pulled",
                    "Another process removes images from this store; pull again when it is done.");
            }

            _observer.Verbose("Content was taken out of the store while it was pulled; fetching it again");
        }
    }

    /// <summary>What the name means.</summary>
    private async Task<ManifestDocument> RootAsync(CopyDocuments documents)
    {
        try
        {
            return await documents.GetManifestAsync(null, _observer, _cancellation).ConfigureAwait(false);
        }
        catch (ImageException e) when (e.Kind == ImageErrorKind.NotFound && _resolved?.MediaType.Length > 0 && _reference.Digest is null)
        {
            // The source has just said that there is such a tag; of a digest nobody was asked.
            throw new ImageException(
                ImageErrorKind.Incomplete,
                $"the tag {_source.Name} names the manifest {_resolved.Digest}, but {_source.Lack("manifest", _resolved)}",
                _source.LackAdvice(_resolved, hasOthers: false),
                e);
        }
    }

    /// <summary>
    /// The image manifests to have: the root itself, the best match of an index, or all images of it. Their configs are in the target then.
    /// </summary>
    private async Task<List<Manifest>> ChooseAsync(ManifestDocument root, CopyDocuments documents)
    {
        var chosen = new List<Manifest>();
        var entries = 0;
        if (root is Manifest manifest)
        {
            await CheckAsync(manifest, documents).ConfigureAwait(false);
            chosen.Add(manifest);
        }
        else if (_allPlatforms)
        {
            await AddAllAsync((ImageIndex)root, 1).ConfigureAwait(false);
            if (chosen.Count == 0)
            {
                throw ((ImageIndex)root).NoImage(_source.Name);
            }
        }
        else
        {
            if (root is ImageIndex { Entries.Count: 0 } empty)
            {
                throw empty.NoImage(_source.Name);
            }

            var found = await new PlatformSearch(documents, _platforms, _observer, _cancellation).FindAsync(root).ConfigureAwait(false);
            chosen.Add(found.Manifest);
        }

        return chosen;

        async Task AddAllAsync(ImageIndex index, int depth)
        {
            entries += index.Entries.Count;
            ImageIndex.EnsureFollowed(entries, depth);

            // Attestations say unknown/unknown (U8); what is no manifest is no image.
            foreach (var entry in index.MayBeImages())
            {
                switch (await documents.GetChildAsync(index, entry.Follow(), _observer, _cancellation).ConfigureAwait(false))
                {
                    case ImageIndex child:
                        await AddAllAsync(child, depth + 1).ConfigureAwait(false);
                        break;
                    case Manifest { IsImage: true } image:
                        await documents.ReadConfigAsync(image, _observer, _cancellation).ConfigureAwait(false);
                        chosen.Add(image);
                        break;
                }
            }
        }
    }

    /// <summary>Refuses what is not an image, and an image of another platform than the one asked for or of a
    /// Windows that this one does not run (U7), before its layers are fetched.</summary>
    private async Task CheckAsync(Manifest manifest, CopyDocuments documents)
    {
        manifest.EnsureImage(_source.Name);
        var config = await documents.ReadConfigAsync(manifest, _observer, _cancellation).ConfigureAwait(false);
        if (_allPlatforms || config.Platform is not { } actual)
        {
            return;
        }

        if (!_platformAsked && _platforms.WindowsMismatch(actual) is { } mismatch)
        {
            throw new ImageException(ImageErrorKind.NotFound, mismatch, $"Pull it all the same with -Platform '{actual}'.");
        }

        if (_platformAsked && !_platforms.Matches(actual))
        {
            throw new ImageException(
                ImageErrorKind.NotFound,
                $"image with reference {_source.Name} was found but does not match the specified platform: "
                + $"wanted {_platforms.Wanted}, actual: {actual}",
                "Leave out -Platform to pull it as it is.");
        }
    }

    private static IEnumerable<Descriptor> ContentOf(Manifest manifest) => new[] { manifest.Config }.Concat(manifest.Layers);
}
