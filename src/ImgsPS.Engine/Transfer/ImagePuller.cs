using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Platforms;
using ImgsPS.Stores.Registry;

namespace ImgsPS.Transfer;

/// <summary>
/// Brings one reference from a registry into a store: the tag is resolved once and everything after goes by digest (RN21); config and
/// layers come first, then their manifest, then the index, and the name last, so that whatever is named is whole, and a manifest that is in
/// the store has its content there. What a broken-off pull leaves is picked up by the next. One instance per pull.
/// </summary>
internal sealed class ImagePuller
{
    /// <summary>How often the content is fetched again when a removal in another process took some of it before it was named.</summary>
    private const int MaxPublishAttempts = 3;

    private readonly RegistryClient _registry;
    private readonly ImageReference _reference;
    private readonly PlatformMatcher _platforms;
    private readonly bool _platformAsked;
    private readonly bool _allPlatforms;
    private readonly IPullSession _session;
    private readonly IOperationObserver _observer;
    private readonly CancellationToken _cancellation;
    private readonly BlobFetcher _blobs;
    private Descriptor? _resolved;

    private ImagePuller(
        RegistryClient registry,
        ImageReference reference,
        Platform? platform,
        bool allPlatforms,
        IPullSession session,
        IOperationObserver observer,
        CancellationToken cancellation)
    {
        _registry = registry;
        _reference = reference.WithDefaultTag();
        _reference.EnsureRecordable();
        _platforms = platform is null ? PlatformMatcher.ForHost() : PlatformMatcher.For(platform);
        _platformAsked = platform is not null;
        _allPlatforms = allPlatforms;
        _session = session;
        _observer = observer;
        _cancellation = cancellation;
        _blobs = new BlobFetcher(registry, _reference, session, observer);
    }

    /// <summary>
    /// Pulls one reference and names it: of an index the image for <paramref name="platform"/>, null meaning this machine's (U6, U7), or
    /// with <paramref name="allPlatforms"/> every image of it.
    /// </summary>
    /// <exception cref="ImageException">
    /// InvalidReference: a tag that reads as a digest (N8). NotFound: no such manifest (U13), or none for the platform (U5). NotSupported:
    /// schema 1 (U12) or an artifact (U11). Incomplete: something that the image names is not there. Integrity, InvalidData, TooLarge:
    /// content that is not what it must be. Unauthorized, Denied,
    /// RateLimited, Unavailable, Timeout: the registry. StoreUnavailable, StoreLocked: the store.
    /// </exception>
    public static Task<PulledImage> PullAsync(
        RegistryClient registry,
        ImageReference reference,
        Platform? platform,
        bool allPlatforms,
        IPullSession session,
        IOperationObserver observer,
        CancellationToken cancellationToken) =>
        registry.GuardAsync(reference, observer, guarded =>
            new ImagePuller(registry, reference, platform, allPlatforms, session, guarded, cancellationToken).RunAsync());

    private async Task<PulledImage> RunAsync()
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
            _observer.Progress(new TransferProgress(_reference.Familiar, null, "", 0, null, true));
        }
    }

    /// <summary>
    /// The image as it is in the store, when the reference still names it and nothing of it is missing: one HEAD for a tag, no request at
    /// all for a digest. Null when there is something to fetch; <see cref="_resolved"/> is then what the HEAD said.
    /// </summary>
    private async Task<PulledImage?> TryUnchangedAsync()
    {
        var current = _session.Current;
        if (current is null)
        {
            return null;
        }

        if (_reference.Digest is null)
        {
            _resolved = await _registry.HeadManifestAsync(_reference, _observer, _cancellation).ConfigureAwait(false);
            if (_resolved?.Digest != current.Digest)
            {
                return null;
            }
        }

        try
        {
            var stored = new PullSource(_registry, _reference, _session, _resolved, blobs: null);
            var root = await stored.GetManifestAsync(current, _observer, _cancellation).ConfigureAwait(false);
            var chosen = await ChooseAsync(root, stored).ConfigureAwait(false);
            foreach (var layer in chosen.SelectMany(m => m.Layers))
            {
                if (!await _session.HasAsync(layer, _cancellation).ConfigureAwait(false))
                {
                    return null;
                }
            }

            return new PulledImage(current, chosen.ConvertAll(m => m.ToDescriptor()), UpToDate: true);
        }
        catch (ImageException e) when (e.Kind is ImageErrorKind.NotFound or ImageErrorKind.Incomplete)
        {
            // Something of it is not in the store, or it has no such platform: the registry knows better.
            return null;
        }
    }

    private async Task<PulledImage> FetchAndNameAsync()
    {
        for (var attempt = 1; ; attempt++)
        {
            var source = new PullSource(_registry, _reference, _session, _resolved, _blobs);
            var root = await source.GetManifestAsync(null, _observer, _cancellation).ConfigureAwait(false);
            var chosen = await ChooseAsync(root, source).ConfigureAwait(false);
            _resolved = root.ToDescriptor();
            var layers = await _blobs
                .FetchLayersAsync(chosen.SelectMany(image => image.Layers.Select(layer => (image, layer))), _cancellation)
                .ConfigureAwait(false);
            foreach (var document in chosen.Concat(source.Indexes.Reverse()))
            {
                await _blobs.StoreAsync(document, _cancellation).ConfigureAwait(false);
            }

            var required = chosen.SelectMany(ContentOf).Concat(chosen.Select(m => m.ToDescriptor())).Concat(new[] { _resolved }).ToList();
            if (await _session.PublishAsync(_resolved, required, _cancellation).ConfigureAwait(false))
            {
                foreach (var layer in layers.Where(_blobs.HasFetched))
                {
                    _observer.Verbose($"{layer.Digest.ShortHex}: Pull complete");
                }

                var unchanged = _session.Current?.Digest == _resolved.Digest && !source.HasFetched && _blobs.IsIdle;
                return new PulledImage(_resolved, chosen.ConvertAll(m => m.ToDescriptor()), unchanged);
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

    /// <summary>
    /// The image manifests to have: the root itself, the best match of an index, or all images of it. Their configs are in the store then.
    /// </summary>
    private async Task<List<Manifest>> ChooseAsync(ManifestDocument root, PullSource source)
    {
        var chosen = new List<Manifest>();
        var entries = 0;
        if (root is Manifest manifest)
        {
            await CheckAsync(manifest, source).ConfigureAwait(false);
            chosen.Add(manifest);
        }
        else if (_allPlatforms)
        {
            await AddAllAsync((ImageIndex)root, 1).ConfigureAwait(false);
            if (chosen.Count == 0)
            {
                throw ((ImageIndex)root).NoImage(_reference.Familiar);
            }
        }
        else
        {
            if (root is ImageIndex { Entries.Count: 0 } empty)
            {
                throw empty.NoImage(_reference.Familiar);
            }

            var found = await new PlatformSearch(source, _platforms, _observer, _cancellation).FindAsync(root).ConfigureAwait(false);
            chosen.Add(found.Manifest);
        }

        return chosen;

        async Task AddAllAsync(ImageIndex index, int depth)
        {
            entries += index.Entries.Count;
            ImageIndex.EnsureFollowed(entries, depth);

            // Attestations say unknown/unknown (U8); what is no manifest is no image.
            foreach (var entry in index.Entries.Where(e => e.Platform is not { OS: "unknown" } && (e.Platform is not null || e.MayBeManifest)))
            {
                switch (await source.GetChildAsync(index, entry.Follow(), _observer, _cancellation).ConfigureAwait(false))
                {
                    case ImageIndex child:
                        await AddAllAsync(child, depth + 1).ConfigureAwait(false);
                        break;
                    case Manifest { IsImage: true } image:
                        await source.ReadConfigAsync(image, _observer, _cancellation).ConfigureAwait(false);
                        chosen.Add(image);
                        break;
                }
            }
        }
    }

    /// <summary>Refuses what is not an image, and an image of another platform than the one asked for or of a
    /// Windows that this one does not run (U7), before its layers are fetched.</summary>
    private async Task CheckAsync(Manifest manifest, PullSource source)
    {
        manifest.EnsureImage(_reference.Familiar);
        var config = await source.ReadConfigAsync(manifest, _observer, _cancellation).ConfigureAwait(false);
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
                $"image with reference {_reference.Familiar} was found but does not match the specified platform: "
                + $"wanted {_platforms.Wanted}, actual: {actual}",
                "Leave out -Platform to pull it as it is.");
        }
    }

    private static IEnumerable<Descriptor> ContentOf(Manifest manifest) => new[] { manifest.Config }.Concat(manifest.Layers);
}
