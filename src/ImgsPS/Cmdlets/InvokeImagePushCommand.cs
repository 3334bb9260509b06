using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using ImgsPS.Completion;
using ImgsPS.Parameters;
using ImgsPS.Stores;
using ImgsPS.Stores.Registry;

namespace ImgsPS.Cmdlets;

/// <summary>Invoke-ImagePush: brings images of a store into registries (PU1-PU21).</summary>
[Cmdlet(VerbsLifecycle.Invoke, "ImagePush", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium,
    DefaultParameterSetName = OnePlatform)]
[Alias("Push-Image")]
[OutputType(typeof(ImageTransfer))]
public sealed class InvokeImagePushCommand : TransferCmdlet
{
    private const string Present = "PresentPlatforms";

    /// <summary>What the images are called in their registries; without it they keep their own names.</summary>
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(TagCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? Destination { get; set; }

    /// <summary>Every tag that the repository has in the store.</summary>
    [Parameter]
    public SwitchParameter AllTags { get; set; }

    /// <summary>Pushes a new index of what is in the store, when that is not all that the index lists.</summary>
    [Parameter(ParameterSetName = Present, Mandatory = true)]
    public SwitchParameter PresentPlatforms { get; set; }

    private protected override string Activity => "Pushing";

    private protected override string Action => "Push image";

    private protected override TransferRequest Complete(TransferRequest request) => request with
    {
        PresentPlatforms = PresentPlatforms,
        IsPush = true,

        // Under its own name goes what has that name: an id is none.
        Image = Destination is null && !request.Image.IsListed
            ? ImageIdentity.Of(request.Destination.WithDefaultTag().Familiar)
            : request.Image,
    };

    private protected override IReadOnlyList<(ImageIdentity Image, ImageReference? Name)> ImagesOf(StoreLink store, ImageName image)
    {
        if (!AllTags)
        {
            return base.ImagesOf(store, image);
        }

        var repository = image.NamedReference();
        var tags = RunToResult((observer, cancellationToken) =>
            StoreTransfer.TagsAsync(store.Store, repository, observer, cancellationToken));
        return tags.Select(tag => (ImageIdentity.Of(tag.Familiar), (ImageReference?)tag)).ToArray();
    }

    private protected override IEnumerable<TransferPlace> PlacesOf(ImageReference? name, string text)
    {
        if (Destination is null)
        {
            return [TransferPlace.OfPush(ImageReference.TryParse(text, out var own) ? own : name, text)];
        }

        return Destination.Select(destination => AllTags ? TransferPlace.OfTag(destination, name!)
            : TransferPlace.Of(destination, name)).ToArray();
    }
}
