using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Management.Automation;
using System.Threading.Tasks;
using ImgsPS.Completion;
using ImgsPS.Parameters;
using ImgsPS.Pipeline;
using ImgsPS.Stores;

namespace ImgsPS.Cmdlets;

/// <summary>Remove-Image: takes a name from an image, and the image with its last name, as the engine plans it.</summary>
[Cmdlet(VerbsCommon.Remove, "Image", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium)]
[OutputType(typeof(ImageRemoval))]
public sealed class RemoveImageCommand : StoreCmdlet
{
    private readonly Dictionary<StoreLink, StoreRemovals> _removals = new();
    private readonly HashSet<string> _storesGiven = new(StringComparer.Ordinal);
    private bool _isShown;
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

    /// <summary>Writes what was removed; with -WhatIf, what would be.</summary>
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
        _isShown = IsWhatIf || ProcessWords.AreShown(this, ConfirmImpact.Medium);
        _oneByOne = PassThru || _isShown;
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
                var links = StoresFor(image);
                if (wildcard is null && !links.Any(link => NeedsPlan(RemovalsOf(link), image.Identity)))
                {
                    Remove(links.Select(link => (RemovalsOf(link), image.Identity)).ToList(), named: false);
                    return;
                }

                var stores = Read(links, image.ToString());
                if (wildcard is null)
                {
                    // One name of several images: each is asked for by itself (FF1).
                    Remove(
                        stores.SelectMany(store => ImageLookup.Meant(store.Planner!.Images, image.Identity).Select(one => (store, one)))
                            .ToList(),
                        named: false);
                    return;
                }

                // A pattern with an @ names digests; another one names no pinned image (P2).
                var named = image.Identity.Text.IndexOf('@') >= 0;
                var matches = stores.ToDictionary(store => store, store => Taken(store, image.Identity, wildcard));
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
        RemoveWaiting(end: true);
        foreach (var store in _removals.Values)
        {
            if (store.Pinned.Tell(store) is { } kept)
            {
                Warn(kept);
            }
        }

        if (IsWhatIf)
        {
            TellSum();
        }
    }

    /// <summary>
    /// False for a name or an id that is typed where nobody is asked or told: it is found when it is removed. With a plan at hand it is
    /// used.
    /// </summary>
    private bool NeedsPlan(StoreRemovals store, ImageIdentity image) => _isShown || image.IsListed || store.Planner is not null;

    private StoreRemovals RemovalsOf(StoreLink link)
    {
        if (!_removals.TryGetValue(link, out var store))
        {
            _removals.Add(link, store = new StoreRemovals(link));
        }

        return store;
    }

    /// <summary>The stores that can be read.</summary>
    private List<StoreRemovals> Read(IReadOnlyList<StoreLink> links, object target)
    {
        AskEach(
            links.Where(link => RemovalsOf(link).Planner is null).ToList(),
            target,
            (store, observer, cancellationToken) => store.ForRemoval().PlanRemovalsAsync(_isShown, observer, cancellationToken),
            (link, planner) => _removals[link].Read(planner),
            ofStore: true);
        return links.Where(link => !link.Failed).Select(link => _removals[link]).ToList();
    }

    /// <summary>Asks for each store's image; what is to be removed waits for more, unless it must be done now.</summary>
    private void Remove(IEnumerable<(StoreRemovals Store, ImageIdentity Image)> items, bool named)
    {
        foreach (var (store, image) in items)
        {
            ForNextItem(image.Text, () => Remove(store, image, named), store.Store);
        }

        if (_oneByOne || _removals.Values.Any(store => store.IsDue))
        {
            RemoveWaiting();
        }
    }

    /// <summary>The images that a wildcard takes.</summary>
    private List<Image> Taken(StoreRemovals store, ImageIdentity pattern, ImageWildcard wildcard) =>
        store.Planner is ISelectingPlanner selecting
            ? RunToResult((observer, cancellationToken) => selecting.ReadAsync(
                new ImageSelection(pattern, ImageWildcard.Compile), observer, cancellationToken)).ToList()
            : store.Planner!.Images.All.Where(wildcard.Matches).ToList();

    private void Remove(StoreRemovals store, ImageIdentity image, bool named)
    {
        if (NeedsPlan(store, image) && PlannerOf(store) is ISelectingPlanner selecting)
        {
            RunToResult((observer, cancellationToken) =>
                selecting.ReadAsync(new ImageSelection(image), observer, cancellationToken));
        }

        if (image.Reference is { } reference && !PlannerOf(store).Images.WithName(reference).Any(row => row.Reference == reference)
            && IsGone(store, reference))
        {
            return;
        }

        var request = new RemovalRequest(image)
        {
            Force = Force,
            NoPrune = NoPrune,
            KeepsPinned = !named && !IncludePinned,
            Measure = PassThru,
        };
        PlannedRemoval? planned = null;
        try
        {
            planned = NeedsPlan(store, image) ? Plan(store, request) : null;
        }
        catch (ImageException refusal)
            when (refusal.Kind == ImageErrorKind.NotFound && image.Reference is not null && store.HasUntagged(image.Reference))
        {
            IsGone(store, image.Reference);
            return;
        }
        catch (ImageException refusal) when (IsWhatIf)
        {
            WritePlan(store, image, refusal.Message);
            throw;
        }
        catch (ImageException refusal) when (!store.Planner!.Decides && refusal.Kind is ImageErrorKind.Conflict or ImageErrorKind.InUse)
        {
            // A Docker Engine may have rules of its own: it is asked.
        }

        if (planned is { IsKept: true })
        {
            Keep(store, planned.Removal);
        }
        else if (ShouldProcess(Describe(store, image, planned), planned is { RemovesImage: false } ? "Untag" : "Remove image"))
        {
            store.Add(request, planned);
        }
        else if (IsWhatIf)
        {
            store.Pretend(request, planned!);
            if (planned!.Note is not null)
            {
                Tell(planned.Note);
            }

            if (PassThru)
            {
                WriteObject(planned.Removal);
            }
        }
    }

    /// <summary>What a removal would do. An image that is not found may be new: the store is read once more.</summary>
    private PlannedRemoval Plan(StoreRemovals store, RemovalRequest request)
    {
        try
        {
            return PlannerOf(store).PlanOrKeep(request);
        }
        catch (ImageException failure)
            when (failure.Kind == ImageErrorKind.NotFound && !store.WaitsForAll && (store.IsWaiting || !store.IsFresh))
        {
            RemoveWaiting();
            if (!store.IsFresh)
            {
                ReadAgain(store);
            }

            return PlannerOf(store).PlanOrKeep(request);
        }
    }

    private IRemovalPlanner PlannerOf(StoreRemovals store)
    {
        if (store.Planner is null)
        {
            ReadAgain(store);
        }

        return store.Planner!;
    }

    private void ReadAgain(StoreRemovals store) => store.Read(RunToResult(
        (observer, cancellationToken) => store.Store.Store.ForRemoval().PlanRemovalsAsync(_isShown, observer, cancellationToken)));

    /// <summary>
    /// Removes what waits, each store's in one call, the stores side by side. A failure ends a call; what is behind it takes another one.
    /// </summary>
    /// <param name="end">True when nothing more comes, so that what waits for all of the command's is done too.</param>
    private void RemoveWaiting(bool end = false)
    {
        while (_removals.Values.Where(store => store.IsWaiting && (end || !store.WaitsForAll)).ToList() is { Count: > 0 } stores)
        {
            var requests = stores.ToDictionary(store => store.Store, store => store.Begin());
            RunOnEach(requests.Keys.ToList(), requests.Values.First()[0].Image.Text, async (part, cancellationToken) =>
            {
                IReadOnlyList<ImageRemoval> done = Array.Empty<ImageRemoval>();
                Exception? failed;
                try
                {
                    (done, failed) = await part.Store.ForRemoval().RemoveAsync(requests[part.Link], part.Observer, cancellationToken)
                        .ConfigureAwait(false);
                }
#pragma warning disable CA1031 // Whatever it is, it is the first item's failure and not that of the others.
                catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
                {
                    failed = failure;
                }

                part.Post(() => Handle(_removals[part.Link], done, failed));
            });
            stores.ForEach(store => store.End());
        }
    }

    private void Handle(StoreRemovals store, IReadOnlyList<ImageRemoval> done, Exception? failure)
    {
        foreach (var removal in done)
        {
            store.Done(removal);
            TellKept(removal);
            if (PassThru)
            {
                WriteObject(removal);
            }
        }

        if (failure is null)
        {
            return;
        }

        var image = store.Refused();
        if (failure is ImageException { Kind: ImageErrorKind.NotFound } && image.Reference is { } gone && IsGone(store, gone))
        {
            return;
        }

        if (failure is ImageException { Kind: ImageErrorKind.Ambiguous }
            && ImageLookup.Meant(PlannerOf(store).Images, image) is { Count: > 1 } all)
        {
            // One name of several images: each is removed by itself (FF1).
            foreach (var one in all)
            {
                ForItem(one.Text, () => Remove(store, one, named: false), store.Store);
            }

            return;
        }

        Fail(store.Store, failure, image.Text);
        if (store.Store.Failed)
        {
            store.Clear();
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

    /// <summary>
    /// True, with a word, for a reference that went before: a listed digest reference goes with the last tag of its repository (D2), which
    /// is no failure of the item that follows.
    /// </summary>
    private bool IsGone(StoreRemovals store, string reference)
    {
        if (store.HasUntagged(reference))
        {
            Tell($"{reference} went with an image that was removed before.");
            return true;
        }

        return false;
    }

    /// <summary>Says that an image stays, by the plan.</summary>
    private void Keep(StoreRemovals store, ImageRemoval kept)
    {
        TellKept(kept);
        if (kept.Status == ImageRemovalStatus.Kept)
        {
            store.Pinned.Keep(kept.Image);
        }

        // Without -WhatIf nobody would hear of it again.
        if (PassThru && (IsWhatIf || kept.Status != ImageRemovalStatus.Kept))
        {
            WriteObject(kept);
        }
    }

    /// <summary>Says what was not removed, and why.</summary>
    private void TellKept(ImageRemoval removal)
    {
        switch (removal.Status)
        {
            case ImageRemovalStatus.Changed or ImageRemovalStatus.Locked:
                Warn($"{removal.Image} is kept: {removal.Reason!.TrimEnd('.')}.");
                break;
            case ImageRemovalStatus.AlreadyGone:
                Tell($"{removal.Image}: {removal.Reason}.");
                break;
            case ImageRemovalStatus.Kept:
                Tell($"{removal.Image} is kept: {removal.Reason!.TrimEnd('.')}.");
                break;
        }
    }

    private void WritePlan(StoreRemovals store, ImageIdentity image, string reason)
    {
        if (IsWhatIf && PassThru)
        {
            WriteObject(new ImageRemoval
            {
                Image = image.Text,
                Planned = true,
                Status = ImageRemovalStatus.Kept,
                Reason = reason,
                Store = store.Store.Store.Name,
            });
        }
    }

    private static string Describe(StoreRemovals store, ImageIdentity image, PlannedRemoval? planned) =>
        (planned is null ? image.Text : Describe(planned.Images, planned.IsPart)) + Place("in", store.Store)
            + (planned is { IsMeasured: true } && (planned.RemovesImage || planned.Removal.BytesUnreferenced is null)
                ? ", " + BytesOf(planned.Removal) : "")
            + (planned?.Way is { } way ? ", " + way : "");

    private static string BytesOf(ImageRemoval removal) => removal.BytesUnreferenced is { } unreferenced
        ? string.Format(CultureInfo.InvariantCulture, "leaves {0} bytes unreferenced", unreferenced)
        : string.Format(CultureInfo.InvariantCulture, "frees {0} bytes", removal.BytesFreed);

    /// <summary>With -WhatIf, behind all items: what they free together, and what keeps content from going.</summary>
    private void TellSum()
    {
        var planned = _removals.Values.SelectMany(store => store.Pretended).Select(plan => (plan.IsMeasured, plan.Removal)).ToList();
        var freed = planned.FindAll(plan => plan is { IsMeasured: true, Removal.BytesUnreferenced: null });
        if (freed.Count > 0)
        {
            Say("In all {0} bytes would be freed.", freed.Sum(plan => plan.Removal.BytesFreed));
        }

        var unreferenced = planned.FindAll(plan => plan.Removal.BytesUnreferenced is not null);
        if (unreferenced.Count > 0)
        {
            Say(
                "In all {0} bytes would be left that nothing else seen in their repositories uses. A registry frees them by its garbage "
                    + "collection, not before.",
                unreferenced.Sum(plan => plan.Removal.BytesUnreferenced!.Value));
        }

        if (planned.Exists(plan => !plan.IsMeasured))
        {
            Tell("A Docker Engine does not say beforehand how many bytes a removal frees.");
        }

        foreach (var store in _removals.Values.Where(store => store.Pretended.Any()))
        {
            Run((pump, _) =>
            {
                store.Planner?.TellWhatKeepsContent(pump);
                return Task.CompletedTask;
            });
        }

        void Say(string format, long bytes) => WriteInformation(
            new HostInformationMessage { Message = string.Format(CultureInfo.InvariantCulture, format, bytes) }, new[] { "PSHOST" });
    }
}
