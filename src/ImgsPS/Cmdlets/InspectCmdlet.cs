using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Completion;
using ImgsPS.Registry;
using ImgsPS.Store;

namespace ImgsPS.Cmdlets;

/// <summary>What the cmdlets share that look into images: in stores, or with -Remote in the registry of the reference.</summary>
public abstract class InspectCmdlet : RegistryCmdlet
{
    private Platform? _platform;

    /// <summary>References, ids or wildcards, or images of Get-Image.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Name", "Reference")]
    [ImageParameterTransformation]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public ImageParameter[] Image { get; set; } = Array.Empty<ImageParameter>();

    /// <summary>One platform of an image for several.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Platform { get; set; }

    /// <summary>Asks the registry of the reference, without pulling layers.</summary>
    [Parameter]
    public SwitchParameter Remote { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        Require(Store, CheckRemote);
        base.BeginProcessing();
        _platform = Require(Platform, () => Platform is null ? null : ImgsPS.Platform.Parse(Platform));
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var image in Image)
        {
            if (Remote)
            {
                ForItem(image.ToString(), () => WriteObject(
                    RunToResult((observer, cancellationToken) =>
                        FromRegistryAsync(image.RemoteReference(), _platform, Options, observer, cancellationToken)),
                    enumerateCollection: true));
            }
            else
            {
                ForItem(image.ToString(), () => Inspect(image));
            }
        }
    }

    /// <summary>What a store says about an image.</summary>
    private protected abstract Task<IReadOnlyList<object>> FromStoreAsync(
        IImageStore store, ImageIdentity image, Platform? platform, IOperationObserver observer, CancellationToken cancellationToken);

    /// <summary>What the registry says about an image.</summary>
    private protected abstract Task<IReadOnlyList<object>> FromRegistryAsync(
        ImageReference reference, Platform? platform, RegistryOptions registry, IOperationObserver observer,
        CancellationToken cancellationToken);

    private void Inspect(ImageParameter image)
    {
        var wildcard = PatternOf(image);
        RunOnEach(StoresFor(image), image.ToString(), async (part, cancellationToken) =>
        {
            if (wildcard is null)
            {
                await WriteAsync(part, image.Identity, cancellationToken).ConfigureAwait(false);
                return;
            }

            foreach (var match in (await part.Store.ListAsync(ListRequest.Names, part.Observer, cancellationToken).ConfigureAwait(false))
                .Where(wildcard.Matches))
            {
                try
                {
                    await WriteAsync(part, ImageIdentity.Of(match), cancellationToken).ConfigureAwait(false);
                }
                catch (ImageException failure) when (failure.Kind != ImageErrorKind.StoreUnavailable)
                {
                    part.Post(() => ForItem(match.ToString(), () => throw failure, part.Link));
                }
            }
        });
    }

    private async Task WriteAsync(StoreWork part, ImageIdentity image, CancellationToken cancellationToken)
    {
        var answer = await FromStoreAsync(part.Store, image, _platform, part.Observer, cancellationToken).ConfigureAwait(false);
        part.Post(() => WriteObject(answer, enumerateCollection: true));
    }

    private bool CheckRemote()
    {
        if (Remote && Store is not null)
        {
            if (!HasDefaultStore)
            {
                throw new ImageException(
                    ImageErrorKind.InvalidArgument,
                    "-Remote and -Store cannot be used together",
                    "-Remote asks the registry of the reference, -Store a store: leave one of them out.");
            }

            Store = null;
        }

        return true;
    }
}
