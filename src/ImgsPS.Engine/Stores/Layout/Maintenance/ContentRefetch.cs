using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Stores.Registry;
using ImgsPS.Transfer;

namespace ImgsPS.Stores.Layout.Maintenance;

/// <summary>
/// Fetches content that named images need and that is not there, by digest, from the registries that the names tell. No name moves. One per
/// repair.
/// </summary>
internal sealed class ContentRefetch
{
    /// <summary>A fetched document may need more: an index, an index in it, a manifest, its content.</summary>
    private const int MaxRounds = ImageIndex.MaxDepth + 3;

    private readonly LayoutParts _parts;
    private readonly RegistryOptions _options;
    private readonly TimeSpan _lockWait;
    private readonly IOperationObserver _observer;
    private readonly CancellationToken _cancellation;
    private readonly Dictionary<Digest, string> _failures = new();
    private readonly Dictionary<Digest, string> _fetched = new();

    public ContentRefetch(
        LayoutParts parts, RegistryOptions options, TimeSpan lockWait, IOperationObserver observer, CancellationToken cancellation)
    {
        _parts = parts;
        _options = options;
        _lockWait = lockWait;
        _observer = observer;
        _cancellation = cancellation;
    }

    /// <summary>What was fetched, and from where.</summary>
    public IReadOnlyDictionary<Digest, string> Fetched => _fetched;

    /// <summary>Why content could not be fetched.</summary>
    public IReadOnlyDictionary<Digest, string> Failures => _failures;

    /// <summary>Fetches all that is missing and can be had.</summary>
    /// <exception cref="ImageException">StoreUnavailable, StoreLocked: the store cannot be written.</exception>
    public async Task RunAsync()
    {
        for (var round = 1; round <= MaxRounds; round++)
        {
            var missing = Missing();
            if (missing.Count == 0)
            {
                return;
            }

            foreach (var reference in missing.SelectMany(SourcesOf).Distinct().ToList())
            {
                var wanted = missing.Where(n => !_fetched.ContainsKey(n.Digest) && SourcesOf(n).Contains(reference)).ToList();
                if (wanted.Count > 0)
                {
                    await FetchAsync(reference, wanted).ConfigureAwait(false);
                }
            }
        }
    }

    /// <summary>Content that is wanted and was not tried yet.</summary>
    private List<ContentNeed> Missing()
    {
        var index = _parts.IndexFile.ReadCurrent().Index;
        return index is null
            ? new List<ContentNeed>()
            : ContentNeeds.Of(index, _parts.Blobs, Leftovers.QuarantinedDigests(_parts.Paths, _parts.Files)).Values
                .Where(n => !n.IsForeign && !_fetched.ContainsKey(n.Digest) && !_failures.ContainsKey(n.Digest))
                .Where(n => n.IsDocument
                    ? n.State is BlobState.Absent or BlobState.WrongContent or BlobState.WrongSize && n.Fault is null
                    : !n.Sizes.Contains(_parts.Blobs.SizeOf(n.Digest) ?? -1))
                .Where(n => SourcesOf(n).Count > 0)
                .ToList();
    }

    /// <summary>Where it may be: the names that were pulled, then those that were only given here.</summary>
    private static List<ImageReference> SourcesOf(ContentNeed need) => need.Entries
        .Where(e => e.Name?.Reference is not null)
        .OrderBy(e => e.TaggedAt is null ? 0 : 1).ThenBy(e => e.Name!.Key, StringComparer.Ordinal)
        .Select(e => e.Name!.Reference!)
        .ToList();

    private async Task FetchAsync(ImageReference reference, List<ContentNeed> wanted)
    {
        var source = new RegistrySource(RegistryClient.For(reference.Registry, _options), reference);
        var blobs = new BlobFolder(_parts.Paths, _parts.Files);
        var publisher = new IndexPublisher(_parts.Paths, _parts.Files, blobs, _parts.IndexFile);
        using var target = new LayoutTarget(
            new LayoutTargetParts(_parts.Paths, _parts.Files, blobs, _parts.IndexFile, publisher), reference, _lockWait, _observer);
        var content = new ContentCopy(source, target, CopyWords.Pull, _observer);
        foreach (var need in wanted.OrderBy(n => n.IsDocument ? 0 : 1))
        {
            _cancellation.ThrowIfCancellationRequested();
            try
            {
                if (need.IsDocument)
                {
                    await FetchDocumentAsync(source, target, content, need.Descriptor).ConfigureAwait(false);
                }
                else
                {
                    await content.FetchAsync(need.Descriptor, need.IsConfig ? null : need.Digest.ShortHex, _cancellation)
                        .ConfigureAwait(false);
                }

                _fetched[need.Digest] = reference.Familiar;
                _failures.Remove(need.Digest);
            }
            catch (ImageException e) when (e.Kind is not (ImageErrorKind.StoreUnavailable or ImageErrorKind.StoreLocked))
            {
                // The rest can come all the same.
                _observer.Verbose($"{need.Digest} could not be fetched as {reference.Familiar}: {e.Message}");
                _failures[need.Digest] = $"{reference.Familiar}: {e.Message}";
            }
        }
    }

    /// <summary>Brings a document after the content that it needs, as a pull does.</summary>
    private async Task FetchDocumentAsync(IImageSource source, LayoutTarget target, ContentCopy content, Descriptor descriptor)
    {
        var document = await source.GetManifestAsync(descriptor, _observer, _cancellation).ConfigureAwait(false);
        if (document is Manifest manifest)
        {
            var parts = manifest.Layers.Append(manifest.Config).Where(c => c.Urls.Count == 0).Select(c => (manifest, c));
            await content.FetchLayersAsync(parts, _cancellation).ConfigureAwait(false);
        }
        else if (document is ImageIndex index && !index.Manifests.Any(target.Contains)
            && ContentNeeds.ChooseChild(index.Manifests) is { } child)
        {
            await FetchDocumentAsync(source, target, content, child).ConfigureAwait(false);
        }

        await target.StoreAsync(document, _cancellation).ConfigureAwait(false);
    }
}
