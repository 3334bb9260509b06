using System;
using System.Management.Automation;
using System.Threading.Tasks;
using ImgsPS.Completion;
using ImgsPS.Store;

namespace ImgsPS.Cmdlets;

/// <summary>Invoke-ImagePull: brings images from a registry into a store (U1-U14).</summary>
[Cmdlet(VerbsLifecycle.Invoke, "ImagePull", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Low)]
[Alias("Pull-Image")]
[OutputType(typeof(Image))]
public sealed class InvokeImagePullCommand : RegistryCmdlet
{
    private Platform? _platform;

    /// <summary>What to pull: a repository, with a tag or a digest.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Image", "Name")]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Reference { get; set; } = Array.Empty<string>();

    /// <summary>The platform to take from an index; without it this machine's.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Platform { get; set; }

    /// <summary>Every platform of an index.</summary>
    [Parameter]
    public SwitchParameter AllPlatforms { get; set; }

    /// <summary>Every tag of the repository.</summary>
    [Parameter]
    public SwitchParameter AllTags { get; set; }

    /// <summary>The store to pull into; without it the local one.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(StoreCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Store { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        _platform = Require(Platform, ReadPlatform);
        if (Store is not null)
        {
            Require(Store, () => OpenStore(Store));
        }
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var reference in Reference)
        {
            ForItem(reference, () => Pull(reference));
        }
    }

    private void Pull(string text)
    {
        var reference = ImageReference.Parse(text);
        if (!ShouldProcess(reference.Familiar, AllTags ? "Pull all tags" : "Pull image"))
        {
            return;
        }

        var store = OpenStore(Store);
        var request = new PullRequest(reference)
        {
            Platform = _platform,
            AllPlatforms = AllPlatforms,
            AllTags = AllTags,
            Registry = Options,
        };
        Run(
            async (pump, cancellationToken) =>
            {
                await foreach (var image in store.PullAsync(request, pump, cancellationToken).ConfigureAwait(false))
                {
                    await pump.WriteAsync(image, cancellationToken).ConfigureAwait(false);
                }
            },
            "Pulling");
    }

    private Platform? ReadPlatform()
    {
        if (Platform is not null && AllPlatforms)
        {
            throw new ImageException(
                ImageErrorKind.InvalidArgument,
                "-Platform and -AllPlatforms cannot be used together",
                "Leave one of them out.");
        }

        return Platform is null ? null : ImgsPS.Platform.Parse(Platform);
    }
}
