using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using ImgsPS.Completion;
using ImgsPS.Store;

namespace ImgsPS.Cmdlets;

/// <summary>Remove-Image: takes a name from an image, and the image with its last name (D1-D14).</summary>
[Cmdlet(VerbsCommon.Remove, "Image", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium)]
[OutputType(typeof(ImageRemoval))]
public sealed class RemoveImageCommand : ImageCmdlet
{
    private readonly Dictionary<IImageStore, IReadOnlyList<Image>> _lists = new();
    private readonly HashSet<(string Store, string Reference)> _untagged = new();

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

    /// <summary>Writes what was removed.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <summary>The store to remove from; without it the one a piped image came from, else the local one.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(StoreCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Store { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        if (Store is not null)
        {
            Require(Store, () => OpenStore(Store));
        }
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var image in Image)
        {
            ForItem(image.ToString(), () =>
            {
                var store = OpenStore(ChooseStore(Store, image));
                if (image.HasWildcard)
                {
                    RemoveMatching(store, image);
                }
                else
                {
                    Remove(store, image.Identity);
                }
            });
        }
    }

    private void RemoveMatching(IImageStore store, ImageParameter image)
    {
        var wildcard = new ImageWildcard(image.Identity.Text);
        foreach (var match in Current(store).Where(wildcard.Matches).ToList())
        {
            ForItem(match.ToString(), () => Remove(store, ImageIdentity.Of(match)));
        }
    }

    private void Remove(IImageStore store, ImageIdentity identity)
    {
        if (identity.Reference is { } gone && _untagged.Contains((store.Name, gone)))
        {
            // A listed digest reference goes with the last tag of its repository (D2); that is no failure of the item that follows.
            Tell($"{gone} went with an image that was removed before.");
            return;
        }

        var images = Current(store);
        var match = ImageLookup.Find(images, identity);
        if (!ShouldProcess(Describe(match), Removes(images, match) ? "Remove image" : "Untag"))
        {
            return;
        }

        _lists.Remove(store);
        var removal = RunToResult((observer, cancellationToken) => store.RemoveAsync(
            new RemovalRequest(identity) { Force = Force, Measure = PassThru }, observer, cancellationToken));
        foreach (var reference in removal.Untagged)
        {
            _untagged.Add((store.Name, reference));
        }

        if (PassThru)
        {
            WriteObject(removal);
        }
    }

    /// <summary>The store's list: kept until this command changes the store.</summary>
    private IReadOnlyList<Image> Current(IImageStore store)
    {
        if (!_lists.TryGetValue(store, out var images))
        {
            images = List(store);
            _lists[store] = images;
        }

        return images;
    }

    private static string Describe(ImageMatch match)
    {
        var references = match.Images.Where(image => image.Reference is not null).Select(image => image.Reference).Distinct().ToList();
        var id = ShortId(match.Images[0].Id);
        return references.Count == 0 ? id : $"{string.Join(", ", references)} ({id})";
    }

    /// <summary>True when no other reference keeps the image (D1, D3). Only for the question to the user: the store decides.</summary>
    private static bool Removes(IReadOnlyList<Image> images, ImageMatch match)
    {
        var image = match.Images[0];
        return !images.Any(other => other.Id == image.Id && other.Digest == image.Digest && !match.Images.Contains(other));
    }

    private static string ShortId(string id) => Digest.TryParse(id, out var digest) ? digest.ShortHex : id;
}
