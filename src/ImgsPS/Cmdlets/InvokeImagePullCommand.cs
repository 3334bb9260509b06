using System;
using System.Linq;
using System.Management.Automation;
using System.Threading.Tasks;
using ImgsPS.Completion;
using ImgsPS.Parameters;
using ImgsPS.Pipeline;
using ImgsPS.Stores;

namespace ImgsPS.Cmdlets;

/// <summary>Invoke-ImagePull: brings images from a registry into stores (U1-U14).</summary>
[Cmdlet(VerbsLifecycle.Invoke, "ImagePull", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Low,
    DefaultParameterSetName = OnePlatform)]
[Alias("Pull-Image")]
[OutputType(typeof(Image))]
public sealed class InvokeImagePullCommand : RegistryCmdlet
{
    /// <summary>
    /// References in line: those that are pulled, and those that wait until an earlier one is written. Many small ones need not wait for a
    /// big one.
    /// </summary>
    private const int Ahead = 128;

    private const string OnePlatform = "Platform";
    private const string EveryPlatform = "AllPlatforms";

    private Platform? _platform;

    /// <summary>What to pull: a repository, with a tag or a digest.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Reference", "Name")]
    [ImageNameTransformation]
    [ArgumentCompleter(typeof(RegistryImageCompleter))]
    [ValidateNotNullOrEmpty]
    public ImageName[] Image { get; set; } = Array.Empty<ImageName>();

    /// <summary>The platform to take from an index; without it this machine's.</summary>
    [Parameter(ParameterSetName = OnePlatform)]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Platform { get; set; }

    /// <summary>Every platform of an index.</summary>
    [Parameter(ParameterSetName = EveryPlatform, Mandatory = true)]
    public SwitchParameter AllPlatforms { get; set; }

    /// <summary>Every tag of the repository.</summary>
    [Parameter]
    public SwitchParameter AllTags { get; set; }

    /// <summary>Pulls what refers to the image too: signatures, bills of materials, attestations, and what refers to these.</summary>
    [Parameter]
    public SwitchParameter IncludeReferrers { get; set; }

    /// <summary>Lets an elevated user change a store that others can write.</summary>
    [Parameter]
    public SwitchParameter AllowSharedStore { get; set; }

    private protected override bool AllowsSharedStore => AllowSharedStore;

    private protected override bool AsksRegistry => true;

    private protected override bool NamesItems => true;

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        ShowsPlatforms = AllPlatforms || Platform is not null;
        _platform = Require(Platform, () => Platform is null ? null : ImgsPS.Platform.Parse(Platform));
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var image in Image)
        {
            StartItem(Pulls, image.ToString(), () => Pull(image));
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing() => Pulls.Finish();

    private WorkLine Pulls => Line(Ahead, "Pulling");

    private void Pull(ImageName image)
    {
        EnsureName(image);
        var text = image.ToString();
        var reference = image.NamedReference();
        var request = new PullRequest(reference)
        {
            Platform = _platform ?? (AllPlatforms ? null : image.Platform),
            AllPlatforms = AllPlatforms,
            AllTags = AllTags,
            IncludeReferrers = IncludeReferrers,
            Registry = Options,
        };
        var stores = StoresFor(null)
            .Where(store => ShouldProcess(reference.Familiar + Place("into", store), AllTags ? "Pull all tags" : "Pull image"))
            .ToList();
        if (stores.Count > 0)
        {
            UsedNames.Registries.Add(reference.Registry);
        }

        StartOnEach(
            Pulls,
            stores,
            text,
            async (part, cancellationToken) =>
            {
                await foreach (var image in part.Store.ForPull().PullAsync(request, part.Observer, cancellationToken).ConfigureAwait(false))
                {
                    await part.WriteAsync(Row(image), cancellationToken).ConfigureAwait(false);
                }
            },
            ordered: false);
    }
}
