using System;
using System.Collections.Generic;
using System.Globalization;
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

    /// <summary>References, ids or wildcards, or images of Get-Image.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Name", "Reference")]
    [ImageParameterTransformation]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public ImageParameter[] Image { get; set; } = Array.Empty<ImageParameter>();

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

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var image in Image)
        {
            ForItem(image.ToString(), () =>
            {
                var wildcard = image.HasWildcard ? new ImageWildcard(image.Identity.Text) : null;
                var stores = Snapshot(StoresFor(image), image.ToString());
                if (wildcard is null)
                {
                    Remove(stores.Select(store => (store, image.Identity)));
                    return;
                }

                // A pattern with an @ names digests; another one names no pinned image (P2).
                var named = image.Identity.Text.IndexOf('@') >= 0;
                var matches = stores.ToDictionary(store => store, store => ImagesOf(store).Images.Where(wildcard.Matches).ToList());
                for (var i = 0; matches.Values.Any(found => i < found.Count); i++)
                {
                    Remove(matches.Where(found => i < found.Value.Count).Select(found => (found.Key, ImageIdentity.Of(found.Value[i]))).ToList(), named);
                }
            });
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        foreach (var (store, pinned) in _pinned.Select(pair => (pair.Key, pair.Value)))
        {
            var count = pinned.Count(ImagesOf(store));
            if (count > 0)
            {
                Warn(string.Format(
                    CultureInfo.InvariantCulture,
                    count == 1
                        ? "{0} image that was pulled by digest is kept in the store '{1}'; docker image prune would remove it. -IncludePinned removes such an image when it is piped, its name removes it too."
                        : "{0} images that were pulled by digest are kept in the store '{1}'; docker image prune would remove them. -IncludePinned removes such images when they are piped, their names remove them too.",
                    count,
                    store.Name));
            }
        }
    }

    /// <summary>Asks for each store's image, then removes them side by side.</summary>
    private void Remove(IEnumerable<(StoreLink Store, ImageIdentity Image)> items, bool named = false)
    {
        var accepted = new Dictionary<StoreLink, (ImageIdentity Image, ImageMatch Match)>();
        foreach (var (store, image) in items)
        {
            ForItem(
                image.Text,
                () =>
                {
                    if (Ask(store, image, named) is { } match)
                    {
                        accepted.Add(store, (image, match));
                    }
                },
                store);
        }

        foreach (var sameTarget in accepted.GroupBy(item => item.Value.Image.Text, StringComparer.Ordinal))
        {
            AskEach(
                sameTarget.Select(item => item.Key).ToList(),
                sameTarget.Key,
                (store, observer, cancellationToken) => store.RemoveAsync(
                    new RemovalRequest(accepted.First(item => item.Key.Store == store).Value.Image) { Force = Force, NoPrune = NoPrune, Measure = PassThru },
                    observer,
                    cancellationToken),
                (store, removal) =>
                {
                    ImagesOf(store).Apply(accepted[store].Match, removal);
                    if (PassThru)
                    {
                        WriteObject(removal);
                    }
                });
        }
    }

    /// <summary>What is to be removed; null when it is kept, gone already, or the user says no.</summary>
    private ImageMatch? Ask(StoreLink store, ImageIdentity image, bool named)
    {
        var snapshot = ImagesOf(store);
        if (image.Reference is { } gone && snapshot.HasUntagged(gone))
        {
            // A listed digest reference goes with the last tag of its repository (D2); that is no failure of the item that follows.
            Tell($"{gone} went with an image that was removed before.");
            return null;
        }

        if (!named && !IncludePinned && image.Reference is { } reference && PinnedImages.IsPinned(reference))
        {
            Tell($"{reference} is kept: it was pulled by digest.");
            Pinned(store).Keep(reference);
            return null;
        }

        var match = Find(store, image);
        if (image.IsListed && image.Reference is null && !IncludePinned)
        {
            Pinned(store).KeepUnused(snapshot);
        }

        return ShouldProcess(Describe(match) + Place("in", store), Removes(store, snapshot.Images, match) ? "Remove image" : "Untag") ? match : null;
    }

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
    private static bool Removes(StoreLink store, IReadOnlyList<Image> images, ImageMatch match)
    {
        var image = match.Images[0];

        // In a local store an image is its manifest, in an Engine its id.
        var others = images.Where(other => other.Id == image.Id && (store.IsEngine || other.Digest == image.Digest) && !match.Images.Contains(other)).ToList();
        return others.Count == 0
            || (match.Kind == ImageMatchKind.Tag && others.TrueForAll(other => other.Tag is null && other.Reference is not null && other.Repository == image.Repository));
    }
}
