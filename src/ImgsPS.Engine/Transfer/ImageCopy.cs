using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;

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
    private readonly CopyRequest _request;
    private readonly IOperationObserver _observer;
    private readonly CancellationToken _cancellation;
    private readonly ContentCopy _blobs;
    private Descriptor? _resolved;

    private ImageCopy(
        IImageSource source, IImageTarget target, CopyRequest request, IOperationObserver observer, CancellationToken cancellation)
    {
        _source = source;
        _target = target;
        _request = request;
        _reference = request.Reference.WithDefaultTag();
        _reference.EnsureRecordable();
        _observer = observer;
        _cancellation = cancellation;
        _blobs = new ContentCopy(source, target, request.Words, observer);
    }

    /// <summary>Copies one image and names it: of an index what the request says.</summary>
    /// <exception cref="ImageException">
    /// InvalidReference: a tag that reads as a digest (N8). NotFound: no such manifest (U13), or none for the platform (U5). NotSupported:
    /// schema 1 (U12) or an artifact (U11). Incomplete: something that the image names is not there (PU16). Integrity, InvalidData,
    /// TooLarge: content that is not what it must be. Unauthorized, Denied, RateLimited, Unavailable, Timeout: a registry.
    /// StoreUnavailable, StoreLocked: a store.
    /// </exception>
    public static Task<CopiedImage> RunAsync(
        IImageSource source, IImageTarget target, CopyRequest request, IOperationObserver observer, CancellationToken cancellationToken) =>
        source.GuardAsync(observer, ofSource => target.GuardAsync(
            ofSource, guarded => new ImageCopy(source, target, request, guarded, cancellationToken).RunAsync()));

    /// <summary>The content that a copy would need in its target, each once; nothing is copied.</summary>
    /// <exception cref="ImageException">As <see cref="RunAsync(IImageSource, IImageTarget, CopyRequest, IOperationObserver, CancellationToken)"/>.</exception>
    public static Task<IReadOnlyList<Descriptor>> PlanAsync(
        IImageSource source, CopyRequest request, IOperationObserver observer, CancellationToken cancellationToken) =>
        source.GuardAsync<IReadOnlyList<Descriptor>>(observer, async guarded =>
        {
            var documents = new SourceDocuments(source);
            var root = await documents.GetManifestAsync(null, guarded, cancellationToken).ConfigureAwait(false);
            var plan = await new CopySelection(documents, request, guarded, cancellationToken).RunAsync(root).ConfigureAwait(false);
            var content = plan.Manifests.SelectMany(request.ContentOf).ToList();
            if (request.IncludeReferrers)
            {
                content.AddRange(await ReferrerPlan.ContentAsync(
                    ReferrerCopy.Ask(source), plan.Root, Wanted(request, plan.Images.Select(i => i.Digest)), guarded, cancellationToken)
                    .ConfigureAwait(false));
            }

            return content.GroupBy(c => c.Digest).Select(same => same.First()).ToArray();
        });

    /// <summary>The manifests of an index of which referrers are taken along; null for all.</summary>
    private static HashSet<Digest>? Wanted(CopyRequest request, IEnumerable<Digest> copied) =>
        request.Extent == CopyExtent.OnePlatform ? new HashSet<Digest>(copied) : null;

    private async Task<CopiedImage> RunAsync()
    {
        Tell(_request.Words.Start(_reference));
        try
        {
            var copied = await TryUnchangedAsync().ConfigureAwait(false);
            if (copied is not null && Referrers() is { } referrers)
            {
                await AddReferrersAsync(referrers, copied).ConfigureAwait(false);
            }

            copied ??= await FetchAndNameAsync().ConfigureAwait(false);
            Tell(_request.Words.End(_reference, copied));
            return copied;
        }
        finally
        {
            _observer.Progress(new TransferProgress(_source.Name, null, "", 0, null, true));
        }
    }

    private void Tell(IEnumerable<string> lines)
    {
        foreach (var line in lines)
        {
            _observer.Verbose(line);
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

        if (_target.IsNamedWhole)
        {
            // Whatever part was asked for, the name means all of it already.
            return new CopiedImage(current, [], UpToDate: true, current);
        }

        try
        {
            var stored = new CopyDocuments(_source, _target, _resolved, blobs: null);
            var root = await stored.GetManifestAsync(current, _observer, _cancellation).ConfigureAwait(false);
            var plan = await SelectAsync(stored, root).ConfigureAwait(false);
            foreach (var content in plan.Manifests.SelectMany(_request.ContentOf))
            {
                if (!await _target.HasAsync(content, _cancellation).ConfigureAwait(false))
                {
                    return null;
                }
            }

            return new CopiedImage(current, Descriptors(plan.Images), UpToDate: true, current);
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
            var origin = await RootAsync(documents).ConfigureAwait(false);
            _resolved = origin.ToDescriptor();
            var plan = await SelectAsync(documents, origin).ConfigureAwait(false);
            var content = plan.Manifests.SelectMany(manifest => _request.ContentOf(manifest).Select(blob => (manifest, blob)));
            var layers = await _blobs.FetchLayersAsync(content, _cancellation).ConfigureAwait(false);
            var referrers = Referrers();
            var brought = referrers is null ? []
                : await referrers.BringAsync(plan.Root, Wanted(_request, plan.Images.Select(i => i.Digest))).ConfigureAwait(false);
            if (await NameAsync(plan).ConfigureAwait(false))
            {
                if (referrers is not null)
                {
                    await referrers.AttachAsync(brought).ConfigureAwait(false);
                }

                var root = plan.Root.ToDescriptor();
                if (_request.Words.Named is { } named)
                {
                    Tell(layers.Where(_blobs.HasFetched).Where(IsLayer).Select(layer => $"{layer.Digest.ShortHex}: {named}"));
                }

                var unchanged = _target.Current?.Digest == root.Digest && !documents.HasFetched && _blobs.IsIdle;
                return new CopiedImage(root, Descriptors(plan.Images), unchanged, _resolved);

                bool IsLayer(Descriptor blob) => plan.Manifests.Any(m => m.Layers.Contains(blob));
            }

            if (attempt == MaxPublishAttempts)
            {
                throw new ImageException(
                    ImageErrorKind.StoreUnavailable,
                    $"content of {_reference.Familiar} was taken out of the store {attempt} times while it was pulled",
                    "Another process removes images from this store; pull again when it is done.");
            }
        }
    }

    private ReferrerCopy? Referrers() =>
        _request.IncludeReferrers ? new ReferrerCopy(_source, _target, _blobs, _request, _observer, _cancellation) : null;

    /// <summary>The referrers of an image that is there and did not change: there may be new ones.</summary>
    private async Task AddReferrersAsync(ReferrerCopy referrers, CopiedImage copied)
    {
        var root = await _source.GetManifestAsync(new Descriptor("", copied.Root.Digest, 0), _observer, _cancellation)
            .ConfigureAwait(false);
        var wanted = Wanted(_request, copied.Manifests.Select(m => m.Digest));
        await referrers.AttachAsync(await referrers.BringAsync(root, wanted).ConfigureAwait(false)).ConfigureAwait(false);
    }

    private async Task<bool> NameAsync(CopyPlan plan)
    {
        foreach (var document in plan.Documents)
        {
            if (!await _target.StoreAsync(document, _cancellation).ConfigureAwait(false))
            {
                return false;
            }
        }

        var required = plan.Manifests.SelectMany(_request.ContentOf).Concat(plan.Manifests.Select(m => m.ToDescriptor()))
            .Concat([plan.Root.ToDescriptor()]).ToList();
        return await _target.PublishAsync(plan.Root, required, _cancellation).ConfigureAwait(false);
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

    private Task<CopyPlan> SelectAsync(CopyDocuments documents, ManifestDocument root) =>
        new CopySelection(documents, _request, _observer, _cancellation).RunAsync(root);

    private static Descriptor[] Descriptors(IReadOnlyList<Manifest> manifests) =>
        manifests.Select(m => m.ToDescriptor()).ToArray();
}
