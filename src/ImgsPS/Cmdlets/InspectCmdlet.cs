using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Completion;
using ImgsPS.Parameters;
using ImgsPS.Pipeline;
using ImgsPS.Stores;

namespace ImgsPS.Cmdlets;

/// <summary>What the cmdlets share that look into images: in stores, or with -Remote in the registry of the reference.</summary>
public abstract class InspectCmdlet : RegistryCmdlet
{
    /// <summary>The parameter set that looks into a store.</summary>
    protected const string FromStore = "Store";

    /// <summary>The parameter set that asks the registry of the reference.</summary>
    protected const string FromRegistry = "Remote";

    /// <summary>Images in line: those that are asked for, and answers that wait until an earlier one is written.</summary>
    private const int Ahead = 16;

    private Platform? _platform;

    /// <summary>References, ids or wildcards, or images of Get-Image.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Name", "Reference")]
    [ImageNameTransformation]
    [ArgumentCompleter(typeof(RemoteImageCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public ImageName[] Image { get; set; } = Array.Empty<ImageName>();

    /// <summary>One platform of an image for several.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Platform { get; set; }

    /// <summary>Asks the registry of the reference, without pulling layers.</summary>
    [Parameter(ParameterSetName = FromRegistry, Mandatory = true)]
    public SwitchParameter Remote { get; set; }

    /// <inheritdoc/>
    [Parameter(ParameterSetName = FromStore)]
    [ArgumentCompleter(typeof(StoreCompleter))]
    [ValidateNotNullOrEmpty]
    public override string[]? Store { get; set; }

    /// <summary>Reads blobs that are symbolic links to files of the same layout; nothing is written in the store then.</summary>
    [Parameter(ParameterSetName = FromStore)]
    public SwitchParameter FollowSymlink { get; set; }

    private protected override bool FollowsSymlinks => FollowSymlink;

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        if (Remote)
        {
            // A default value of -Store is meant for those that ask a store.
            Store = null;
        }

        base.BeginProcessing();
        _platform = Require(Platform, () => Platform is null ? null : ImgsPS.Platform.Parse(Platform));
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var image in Image)
        {
            StartItem(Questions, image.ToString(), () =>
            {
                if (Remote)
                {
                    EnsureName(image);
                    var (store, identity) = InRegistry(image, whole: _platform is not null);
                    StartOnEach(
                        Questions, [store], image.ToString(), (part, cancellationToken) => WriteAsync(part, identity, cancellationToken));
                }
                else
                {
                    Inspect(image);
                }
            });
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing() => Questions.Finish();

    private WorkLine Questions => Line(Ahead);

    /// <summary>What a store says about an image.</summary>
    private protected abstract Task<IReadOnlyList<object>> FromStoreAsync(
        IImageStore store, ImageIdentity image, Platform? platform, IOperationObserver observer, CancellationToken cancellationToken);

    private void Inspect(ImageName image)
    {
        var wildcard = PatternOf(image);
        StartOnEach(Questions, StoresFor(image), image.ToString(), async (part, cancellationToken) =>
        {
            if (wildcard is null)
            {
                await WriteAsync(part, image.Identity, cancellationToken).ConfigureAwait(false);
                return;
            }

            foreach (var match in await MatchesAsync(part, image.Identity, wildcard, cancellationToken).ConfigureAwait(false))
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

    private static async Task<IEnumerable<Image>> MatchesAsync(
        StoreWork part, ImageIdentity image, ImageWildcard wildcard, CancellationToken cancellationToken) =>
        part.Store is ISelectingStore own
        ? await own.SelectAsync([new ImageSelection(image, ImageWildcard.Compile)], ListRequest.Names, part.Observer, cancellationToken)
            .ConfigureAwait(false)
        : (await part.Store.ListAsync(ListRequest.Names, part.Observer, cancellationToken).ConfigureAwait(false)).Where(wildcard.Matches);

    private async Task WriteAsync(StoreWork part, ImageIdentity image, CancellationToken cancellationToken)
    {
        var answer = await FromStoreAsync(part.Store, image, _platform, part.Observer, cancellationToken).ConfigureAwait(false);
        part.Post(() => WriteObject(answer, enumerateCollection: true));
    }
}
