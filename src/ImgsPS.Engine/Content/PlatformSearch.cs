using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Platforms;

namespace ImgsPS.Content;

/// <summary>
/// Finds the image for a platform in what a reference names: the manifest itself, the best match of an index, or of an index in it (U5-U8,
/// RN26). For one search; not thread-safe.
/// </summary>
internal sealed class PlatformSearch
{
    private readonly IManifestSource _source;
    private readonly PlatformMatcher _matcher;
    private readonly IOperationObserver _observer;
    private readonly CancellationToken _cancellation;
    private readonly HashSet<Digest> _visited = new();
    private readonly List<Platform?> _available = new();
    private int _entries;

    // An entry that nothing can be said of but its fault; it may have been the one.
    private ManifestEntry? _faulty;

    public PlatformSearch(IManifestSource source, PlatformMatcher matcher, IOperationObserver observer, CancellationToken cancellation)
    {
        _source = source;
        _matcher = matcher;
        _observer = observer;
        _cancellation = cancellation;
    }

    /// <summary>The image for the platform.</summary>
    /// <exception cref="ImageException">
    /// NotFound: there is none; the platforms that exist stand in the message (U5). Incomplete: the index lists it, and it is not there.
    /// TooLarge: indexes nested too deep or with too many entries.
    /// </exception>
    public async Task<PlatformManifest> FindAsync(ManifestDocument root)
    {
        _visited.Add(root.Digest);
        return await TryFindAsync(root, null, null, 1).ConfigureAwait(false) ?? throw NoMatch();
    }

    private ImageException NoMatch() => _faulty is not null && _available.TrueForAll(p => p is null)
        ? _faulty.Fault!
        : _matcher.NoMatch(_available);

    private async Task<PlatformManifest?> TryFindAsync(ManifestDocument document, Descriptor? entry, ImageIndex? parent, int depth)
    {
        if (document is ImageIndex index)
        {
            return await TryFindInIndexAsync(index, depth).ConfigureAwait(false);
        }

        var manifest = (Manifest)document;
        if (!manifest.IsImage)
        {
            // A signature or chart has no platform. Where the reference names it, it is what was asked for; in an index, it is not.
            return entry is null ? new PlatformManifest(manifest, null, null, null) : null;
        }

        var config = await _source.ReadConfigAsync(manifest, _observer, _cancellation).ConfigureAwait(false);
        if (entry?.Platform is null && config.Platform is { } platform && !_matcher.Matches(platform))
        {
            _available.Add(platform);
            return null;
        }

        return new PlatformManifest(manifest, config, entry, parent);
    }

    private async Task<PlatformManifest?> TryFindInIndexAsync(ImageIndex index, int depth)
    {
        // A platform that cannot be read is nobody's; the index is not at fault for it (FF11).
        var entries = index.Entries.Where(entry => !entry.HasUnreadablePlatform).ToList();
        _faulty ??= index.Entries.FirstOrDefault(entry => entry.HasUnreadablePlatform);
        var platforms = entries.ConvertAll(entry => entry.Platform);
        _available.AddRange(platforms);
        _entries += index.Entries.Count;
        ImageIndex.EnsureFollowed(_entries, depth);

        foreach (var position in _matcher.Choose(platforms))
        {
            var chosen = entries[position];
            if (chosen.Platform is null && !chosen.MayBeManifest)
            {
                continue;
            }

            if (chosen.Platform is null && chosen.Fault is not null)
            {
                // Nothing says that it is the one; another may be.
                _faulty ??= chosen;
                continue;
            }

            var entry = chosen.Follow();
            if (!_visited.Add(entry.Digest))
            {
                continue;
            }

            var name = entry.Platform?.ToString() ?? "an entry without platform";
            _observer.Verbose($"Chose {name} ({entry.Digest.ShortHex}) of {index.Entries.Count} entries");
            if (entry.Platform is not null && _matcher.OtherBuilds(entry.Platform, platforms) is { Count: > 0 } builds)
            {
                _observer.Verbose($"There are other builds too: {string.Join(", ", builds)}. Name one with -Platform, as "
                    + $"'{new Platform(entry.Platform.OS, entry.Platform.Architecture, entry.Platform.Variant, builds[0])}'");
            }

            var child = await _source.GetChildAsync(index, entry, _observer, _cancellation).ConfigureAwait(false);
            if (await TryFindAsync(child, entry, index, depth + 1).ConfigureAwait(false) is { } found)
            {
                return found;
            }
        }

        return null;
    }
}

/// <summary>What a search for a platform found.</summary>
/// <param name="Manifest">The manifest.</param>
/// <param name="Config">Its config; null for an artifact.</param>
/// <param name="Entry">The descriptor that lists it; null when the reference names the manifest itself.</param>
/// <param name="Index">The index that lists it; null when the reference names the manifest itself.</param>
internal sealed record PlatformManifest(Manifest Manifest, ConfigDocument? Config, Descriptor? Entry, ImageIndex? Index);
