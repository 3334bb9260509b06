using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;

namespace ImgsPS.Transfer;

/// <summary>
/// Takes along what refers to an image (CP3): its referrers and theirs, each with its subject as it is, and under cosign's older tags. One
/// instance per copy.
/// </summary>
internal sealed class ReferrerCopy
{
    private const int MaxAttempts = 3;

    private readonly IReferrerSource _source;
    private readonly IImageTarget _target;
    private readonly ContentCopy _blobs;
    private readonly CopyRequest _request;
    private readonly IOperationObserver _observer;
    private readonly CancellationToken _cancellation;

    /// <param name="source">The image.</param>
    /// <param name="target">Where it goes.</param>
    /// <param name="blobs">Brings content.</param>
    /// <param name="request">What is copied.</param>
    /// <param name="observer">Who is told.</param>
    /// <param name="cancellation">Stops.</param>
    /// <exception cref="ImageException">NotSupported: the source cannot tell, or the target cannot keep them.</exception>
    public ReferrerCopy(
        IImageSource source, IImageTarget target, ContentCopy blobs, CopyRequest request, IOperationObserver observer,
        CancellationToken cancellation)
    {
        _source = Ask(source);
        _target = target;
        _blobs = blobs;
        _request = request;
        _observer = observer;
        _cancellation = cancellation;
    }

    /// <summary>The source, to ask it for referrers.</summary>
    /// <exception cref="ImageException">NotSupported: it cannot tell.</exception>
    public static IReferrerSource Ask(IImageSource source) => source as IReferrerSource ?? throw new ImageException(
        ImageErrorKind.NotSupported, $"where {source.Name} is, nobody says what refers to it",
        "Copy it without -IncludeReferrers, or from the registry that it came from.");

    /// <summary>Brings documents and content, before the image is named.</summary>
    /// <param name="root">What the name will mean.</param>
    /// <param name="wanted">The manifests of an index that are copied; null for all.</param>
    public async Task<IReadOnlyList<CopiedReferrer>> BringAsync(ManifestDocument root, IReadOnlyCollection<Digest>? wanted)
    {
        var copied = await ReferrerPlan.ReadAsync(_source, root, wanted, _observer, _cancellation).ConfigureAwait(false);
        await BringAsync(copied).ConfigureAwait(false);
        if (copied.Count > 0)
        {
            _observer.Verbose($"{_source.Name}: {copied.Count} {(copied.Count == 1 ? "referrer" : "referrers")} copied with it");
        }

        return copied;
    }

    /// <summary>Makes them found in the target, once the image is named there.</summary>
    public async Task AttachAsync(IReadOnlyList<CopiedReferrer> referrers)
    {
        if (referrers.Count == 0)
        {
            return;
        }

        var target = _target as IReferrerTarget ?? throw new ImageException(
            ImageErrorKind.NotSupported, "where the image goes, nothing can refer to it", "Copy it without -IncludeReferrers.");
        for (var attempt = 1; !await target.AttachAsync(referrers, Required(referrers), _cancellation).ConfigureAwait(false); attempt++)
        {
            if (attempt == MaxAttempts)
            {
                throw Lost();
            }

            await BringAsync(referrers).ConfigureAwait(false);
        }
    }

    private List<Descriptor> Required(IReadOnlyList<CopiedReferrer> referrers) => referrers.Select(r => r.Document)
        .SelectMany(document => (document is Manifest manifest ? _request.ContentOf(manifest) : []).Append(document.ToDescriptor()))
        .GroupBy(content => content.Digest).Select(same => same.First()).ToList();

    /// <summary>Brings documents with all that they name: content, and of an index what that lists.</summary>
    private async Task BringAsync(IReadOnlyList<CopiedReferrer> referrers)
    {
        foreach (var referrer in referrers.GroupBy(referrer => referrer.Document.Digest).Select(same => same.First().Document))
        {
            foreach (var document in await ReferrerPlan.TreeAsync(_source, referrer, _observer, _cancellation).ConfigureAwait(false))
            {
                await BringAsync(document).ConfigureAwait(false);
            }
        }
    }

    private async Task BringAsync(ManifestDocument document)
    {
        for (var attempt = 1; ; attempt++)
        {
            if (document is Manifest manifest)
            {
                await _blobs.FetchLayersAsync(_request.ContentOf(manifest).Select(blob => (manifest, blob)), _cancellation)
                    .ConfigureAwait(false);
            }

            if (await _target.StoreAsync(document, _cancellation).ConfigureAwait(false))
            {
                return;
            }

            if (attempt == MaxAttempts)
            {
                throw Lost();
            }
        }
    }

    private ImageException Lost() => new(
        ImageErrorKind.StoreUnavailable,
        $"content of what refers to {_source.Name} went {MaxAttempts} times while it was copied",
        "Another process removes it where it goes; copy again when that is done.");
}
