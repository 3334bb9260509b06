using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Completion;
using ImgsPS.Naming;
using ImgsPS.Parameters;
using ImgsPS.Pipeline;
using ImgsPS.Stores;
using ImgsPS.Stores.Archive;
using ImgsPS.Stores.Registry;

namespace ImgsPS.Cmdlets;

/// <summary>What the cmdlets share that copy images from one place to another.</summary>
public abstract class TransferCmdlet : RegistryCmdlet
{
    /// <summary>The parameter set that may take one platform of an index.</summary>
    protected const string OnePlatform = "Platform";

    /// <summary>Images in line: those that are copied, and those that wait until an earlier one is written.</summary>
    private const int Ahead = 64;

    // An index is one thing to copy, however many of its images are piped.
    private readonly HashSet<(StoreLink From, string Image, TransferPlace To)> _begun = new();
    private Platform? _platform;
    private bool _destinationIsTyped;

    /// <summary>References, ids or wildcards, or images of Get-Image.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Name", "Reference")]
    [ImageNameTransformation]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public ImageName[] Image { get; set; } = Array.Empty<ImageName>();

    /// <summary>Takes the manifest of one platform from an index, and leaves the index behind.</summary>
    [Parameter(ParameterSetName = OnePlatform)]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Platform { get; set; }

    /// <summary>Copies layers too that may not be given on by their media type: those of old Windows images.</summary>
    [Parameter]
    public SwitchParameter IncludeForeignLayer { get; set; }

    /// <summary>Takes along what refers to the image: signatures, bills of materials, attestations, and what refers to these.</summary>
    [Parameter]
    public SwitchParameter IncludeReferrers { get; set; }

    private protected override bool AsksRegistry => true;

    private protected override bool NamesItems => true;

    /// <summary>The word of progress.</summary>
    private protected abstract string Activity { get; }

    /// <summary>What ShouldProcess asks about.</summary>
    private protected abstract string Action { get; }

    /// <summary>True when -WhatIf says how many bytes would be sent, for which both ends are asked.</summary>
    private protected virtual bool SaysCost => false;

    /// <summary>Where an image goes.</summary>
    /// <param name="name">The image's name; null when it has none.</param>
    /// <param name="text">What the user called it.</param>
    private protected abstract IEnumerable<TransferPlace> PlacesOf(ImageReference? name, string text);

    /// <summary>The cmdlet's own wishes.</summary>
    private protected virtual TransferRequest Complete(TransferRequest request) => request;

    /// <summary>The store of a place.</summary>
    private protected virtual StoreLink OpenPlace(string store) => OpenTarget(store);

    /// <summary>What a copy into a store would replace, in words.</summary>
    private protected virtual string Loss(StoreLink to) => "";

    /// <summary>A copy into a store begins.</summary>
    private protected virtual void Begun(StoreLink to, ImageReference reference)
    {
    }

    /// <summary>Writes what a copy did.</summary>
    private protected virtual Task DoneAsync(StoreWork part, StoreLink to, ImageTransfer done, CancellationToken cancellationToken) =>
        part.WriteAsync(done, cancellationToken);

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        _destinationIsTyped = MyInvocation.BoundParameters.TryGetValue("Destination", out var typed) && typed is string[];
        _platform = Require(Platform, () => Platform is null ? null : ImgsPS.Platform.Parse(Platform));
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var image in Image)
        {
            StartItem(Copies, image.ToString(), () => Copy(image));
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing() => Copies.Finish();

    private WorkLine Copies => Line(Ahead, Activity);

    /// <summary>The images that an item means in a store, each with its name there.</summary>
    private protected virtual IReadOnlyList<(ImageIdentity Image, ImageReference? Name)> ImagesOf(StoreLink store, ImageName image)
    {
        if (PatternOf(image) is not { } wildcard)
        {
            return [(image.Identity, store.Store is ISourceStore source ? source.NameOf(image.Identity) : NameIn(store, image.Identity))];
        }

        var selection = new ImageSelection(image.Identity, ImageWildcard.Compile);
        var matches = RunToResult(async (observer, cancellationToken) => store.Store is ISelectingStore own
            ? await own.SelectAsync([selection], ListRequest.Names, observer, cancellationToken).ConfigureAwait(false)
            : (await store.Store.ListAsync(ListRequest.Names, observer, cancellationToken).ConfigureAwait(false)).Where(wildcard.Matches)
                .ToArray());
        return matches.Where(match => match.Reference is not null).GroupBy(match => match.Reference)
            .Select(same => (ImageIdentity.Of(same.Key!), (ImageReference?)ImageReference.Parse(same.Key!))).ToArray();
    }

    /// <summary>What an image is called in a store of which only the list says it.</summary>
    private ImageReference? NameIn(StoreLink store, ImageIdentity image)
    {
        if (image.IsListed)
        {
            return image.ToName();
        }

        var images = RunToResult((observer, cancellationToken) => store.Store.ListAsync(ListRequest.Names, observer, cancellationToken));
        try
        {
            return ImageLookup.Find(images, image).Images[0].Reference is { } name ? ImageReference.Parse(name) : null;
        }
        catch (ImageException)
        {
            // Who copies it is told.
            return image.ToName();
        }
    }

    private void Copy(ImageName image)
    {
        foreach (var store in StoresFor(image))
        {
            ForItem(image.ToString(), () =>
            {
                foreach (var (identity, name) in ImagesOf(store, image))
                {
                    foreach (var place in PlacesOf(name, image.ToString()))
                    {
                        EnsureMeant(place, image);
                        Start(store, identity, place);
                    }
                }
            }, store);
        }
    }

    /// <summary>
    /// Refuses a destination that came with a row of a file, unless the session has used it: data must not send images anywhere (SF10).
    /// </summary>
    /// <exception cref="ImageException">InvalidArgument.</exception>
    private void EnsureMeant(TransferPlace place, ImageName image)
    {
        if (image.IsData && !_destinationIsTyped && MyInvocation.BoundParameters.ContainsKey("Destination")
            && StoreNames.IsAddress(place.Store) && !UsedNames.Stores.Contains(place.Store))
        {
            throw new ImageException(
                ImageErrorKind.InvalidArgument,
                $"the destination '{PrintableText.Of(place.Reference.Familiar)}' came with the pipeline's data, and "
                    + $"'{PrintableText.Of(place.Store)}' was not used in this session",
                $"If it is meant, look at it first: Get-ImageStore '{PrintableText.Of(place.Store)}'. Or write the destination behind -Destination.");
        }
    }

    private void Start(StoreLink from, ImageIdentity image, TransferPlace place)
    {
        if (!_begun.Add((from, image.Reference ?? image.Digest ?? image.Text, place)))
        {
            return;
        }

        var to = OpenPlace(place.Store);
        var request = Complete(new TransferRequest(image, place.Reference)
        {
            Platform = _platform,
            IncludeForeignLayers = IncludeForeignLayer,
            IncludeReferrers = IncludeReferrers,
            Registry = Options,
        });
        var target = $"{image.Text}{Place("in", from)} to {place.Reference.WithDefaultTag().Familiar}"
            + (place.Store.StartsWith("registry://", StringComparison.Ordinal) ? "" : $" in {to.Name}{Loss(to)}");
        if (ShouldProcess(target + (IsWhatIf ? Cost(from, to, request) : ""), Action))
        {
            Begun(to, place.Reference);
            StartOnEach(Copies, [from], image.Text, (part, cancellationToken) => RunAsync(part, to, request, cancellationToken));
        }
    }

    /// <summary>What would be sent, in words.</summary>
    private string Cost(StoreLink from, StoreLink to, TransferRequest request) => !SaysCost ? ""
        : RunToResult((observer, cancellationToken) =>
            ImageTransfers.PlanAsync(from.Store, to.Store, request, observer, cancellationToken)) is { } bytes
        ? $", sends {bytes.Sent} bytes, {bytes.Existing} are there" : "";

    private async Task RunAsync(StoreWork part, StoreLink to, TransferRequest request, CancellationToken cancellationToken)
    {
        var done = await ImageTransfers.RunAsync(part.Store, to.Store, request, part.Observer, cancellationToken).ConfigureAwait(false);
        await DoneAsync(part, to, done, cancellationToken).ConfigureAwait(false);
    }
}
