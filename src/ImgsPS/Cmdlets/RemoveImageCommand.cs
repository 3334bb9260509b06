using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Management.Automation;
using ImgsPS.Completion;
using ImgsPS.Store;

namespace ImgsPS.Cmdlets;

/// <summary>Remove-Image: takes a name from an image, and the image with its last name (D1-D14).</summary>
[Cmdlet(VerbsCommon.Remove, "Image", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium)]
[OutputType(typeof(ImageRemoval))]
public sealed class RemoveImageCommand : ChangeCmdlet
{
    private readonly Dictionary<StoreLink, PinnedImages> _pinned = new();
    private readonly Dictionary<StoreLink, RemovalBatch> _waiting = new();
    private readonly HashSet<string> _storesGiven = new(StringComparer.Ordinal);
    private bool _oneByOne;

    /// <summary>References, ids or wildcards, or images of Get-Image.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Name", "Reference")]
    [ImageNameTransformation]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public ImageName[] Image { get; set; } = Array.Empty<ImageName>();

    /// <summary>Removes an image by its id although it has several references, or is used by a stopped container.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Keeps untagged parents of the image.</summary>
    [Parameter]
    public SwitchParameter NoPrune { get; set; }

    /// <summary>Removes images that were pulled by digest also when they are piped.</summary>
    [Parameter]
    public SwitchParameter IncludePinned { get; set; }

    /// <summary>Writes what was removed.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <summary>Lets an elevated user change a store that others can write.</summary>
    [Parameter]
    public SwitchParameter AllowSharedStore { get; set; }

    private protected override bool AllowsSharedStore => AllowSharedStore;

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();

        // Who is asked about each removal, told of it or given it sees the store as it is after the one before.
        _oneByOne = PassThru || ProcessWords.AreShown(this, ConfirmImpact.Medium);
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var image in Image)
        {
            if (_storesGiven.Add(image.Identity.Store ?? ""))
            {
                // It may be one that cannot be reached, and that error comes behind those of the items before.
                RemoveWaiting();
            }

            ForNextItem(image.ToString(), () =>
            {
                var wildcard = PatternOf(image);
                var stores = Snapshot(StoresFor(image), image.ToString());
                if (wildcard is null)
                {
                    // One name of several images: each is asked for by itself (FF1).
                    Remove(stores
                        .SelectMany(store => ImageLookup.Meant(ImagesOf(store).Images, image.Identity).Select(one => (store, one)))
                        .ToList());
                    return;
                }

                // A pattern with an @ names digests; another one names no pinned image (P2).
                RemoveWaiting();
                var named = image.Identity.Text.IndexOf('@') >= 0;
                var matches = stores.ToDictionary(store => store, store => ImagesOf(store).Images.All.Where(wildcard.Matches).ToList());
                for (var i = 0; matches.Values.Any(found => i < found.Count); i++)
                {
                    Remove(matches.Where(found => i < found.Value.Count).Select(found => (found.Key, ImageIdentity.Of(found.Value[i])))
                        .ToList(), named);
                }
            });
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        RemoveWaiting();
        foreach (var (store, pinned) in _pinned.Select(pair => (pair.Key, pair.Value)))
        {
            if (pinned.Tell(ImagesOf(store), store.Name) is { } kept)
            {
                Warn(kept);
            }
        }
    }

    /// <summary>Asks for each store's image; what is to be removed waits for more, unless it must be done now.</summary>
    private void Remove(IEnumerable<(StoreLink Store, ImageIdentity Image)> items, bool named = false)
    {
        var now = _oneByOne;
        foreach (var (store, image) in items)
        {
            ForNextItem(
                image.Text,
                () =>
                {
                    if (Ask(store, image, named) is { } match)
                    {
                        var batch = Waiting(store);
                        batch.Add(image, match);

                        // An id or its beginning means what it means now. Docker Engines remove one after the other anyway.
                        now |= batch.IsDue || store.IsDocker || !(ImageLookup.IsRow(image) || match.Kind == ImageMatchKind.Tag);
                    }
                },
                store);
        }

        if (now)
        {
            RemoveWaiting();
        }
    }

    /// <summary>
    /// Removes what waits, each store's in one call, the stores side by side. A failure ends a call; what is behind it takes another one.
    /// </summary>
    private void RemoveWaiting()
    {
        while (true)
        {
            var stores = _waiting.Where(pair => pair.Value.Count > 0).Select(pair => pair.Key).ToList();
            if (stores.Count == 0)
            {
                return;
            }

            var watch = Stopwatch.StartNew();
            var requests = stores.ToDictionary(store => store, store => Waiting(store).Images.Select(ToRequest).ToList());
            RunOnEach(stores, requests[stores[0]][0].Image.Text, async (part, cancellationToken) =>
            {
                IReadOnlyList<ImageRemoval> done = Array.Empty<ImageRemoval>();
                Exception? failed;
                try
                {
                    (done, failed) = await part.Store.RemoveAsync(requests[part.Link], part.Observer, cancellationToken)
                        .ConfigureAwait(false);
                }
#pragma warning disable CA1031 // Whatever it is, it is the first item's failure and not that of the others.
                catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
                {
                    failed = failure;
                }

                part.Post(() => Handle(part.Link, done, failed));
            });
            stores.ForEach(store => Waiting(store).LastCall = watch.Elapsed);
        }
    }

    private RemovalRequest ToRequest(ImageIdentity image) => new(image) { Force = Force, NoPrune = NoPrune, Measure = PassThru };

    private void Handle(StoreLink store, IReadOnlyList<ImageRemoval> done, Exception? failure)
    {
        var batch = Waiting(store);
        var snapshot = ImagesOf(store);
        foreach (var removal in done)
        {
            snapshot.Apply(batch.Take().Match, removal);
            if (PassThru)
            {
                WriteObject(removal);
            }
        }

        if (failure is null)
        {
            return;
        }

        var image = batch.Take().Image;
        if (failure is ImageException { Kind: ImageErrorKind.NotFound } && image.Reference is { } gone && snapshot.HasUntagged(gone))
        {
            TellGone(gone);
            return;
        }

        Fail(store, failure, image.Text);
        if (store.Failed)
        {
            batch.Clear();
        }
    }

    /// <summary>As ForItem; the errors of the items before come first.</summary>
    private void ForNextItem(object target, Action handle, StoreLink? store = null) => ForItem(
        target,
        () =>
        {
            try
            {
                handle();
            }
            catch (Exception failure) when (failure is ImageException or WorkFailedException)
            {
                RemoveWaiting();
                throw;
            }
        },
        store);

    /// <summary>What is to be removed; null when it is kept, gone already, or the user says no.</summary>
    private ImageMatch? Ask(StoreLink store, ImageIdentity image, bool named)
    {
        var snapshot = ImagesOf(store);
        if (image.Reference is { } gone && snapshot.HasUntagged(gone) && !snapshot.Names(gone))
        {
            TellGone(gone);
            return null;
        }

        if (!named && !IncludePinned && image.Reference is { } reference && snapshot.IsPinned(reference))
        {
            Tell($"{reference} is kept: it was pulled by digest.");
            Pinned(store).Keep(reference);
            return null;
        }

        var match = FindBehindWaiting(store, image);
        return ShouldProcess(Describe(match) + Place("in", store), Removes(store, snapshot.Images, match) ? "Remove image" : "Untag")
            ? match : null;
    }

    /// <summary>Finds an image as it is when what waits is removed; without removing it where that makes no difference.</summary>
    private ImageMatch FindBehindWaiting(StoreLink store, ImageIdentity image)
    {
        var batch = Waiting(store);
        if (batch.Count > 0)
        {
            try
            {
                // A listed image is what it was: if it is gone by then, the store says so.
                var match = ImageLookup.FindIn(ImagesOf(store).Images, image);
                if (ImageLookup.IsRow(image) || (match.Kind == ImageMatchKind.Tag && !batch.Takes(match)))
                {
                    return match;
                }
            }
            catch (ImageException)
            {
                // It may be another failure by then, or none.
            }

            RemoveWaiting();
        }

        return Find(store, image);
    }

    private RemovalBatch Waiting(StoreLink store)
    {
        if (!_waiting.TryGetValue(store, out var batch))
        {
            batch = new RemovalBatch();
            _waiting.Add(store, batch);
        }

        return batch;
    }

    /// <summary>
    /// A listed digest reference goes with the last tag of its repository (D2); that is no failure of the item that follows.
    /// </summary>
    private void TellGone(string reference) => Tell($"{reference} went with an image that was removed before.");

    private PinnedImages Pinned(StoreLink store)
    {
        if (!_pinned.TryGetValue(store, out var pinned))
        {
            pinned = new PinnedImages();
            _pinned.Add(store, pinned);
        }

        return pinned;
    }

    /// <summary>True when no other reference keeps the image (D1-D3). Only for the question to the user: the store decides.</summary>
    private static bool Removes(StoreLink store, IImageRows images, ImageMatch match)
    {
        var image = match.Images[0];

        // In a local store an image is its manifest, in a Docker Engine its id.
        var own = new HashSet<Image>(match.Images);
        foreach (var other in store.IsDocker || image.Digest is null ? images.WithId(image.Id) : images.WithDigest(image.Digest))
        {
            if (other.Id == image.Id && (store.IsDocker || other.Digest == image.Digest) && !own.Contains(other)
                && !(match.Kind == ImageMatchKind.Tag && other.Tag is null && other.Reference is not null
                    && other.Repository == image.Repository))
            {
                return false;
            }
        }

        return true;
    }
}
