using System;
using System.Management.Automation;
using ImgsPS.Completion;
using ImgsPS.Store;

namespace ImgsPS.Cmdlets;

/// <summary>Get-ImageManifest: what a reference names, one object for each platform, without pulling it.</summary>
[Cmdlet(VerbsCommon.Get, "ImageManifest")]
[OutputType(typeof(ImageManifest))]
[OutputType(typeof(string))]
public sealed class GetImageManifestCommand : RegistryCmdlet
{
    private Platform? _platform;

    /// <summary>References, or objects with one.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Name", "Reference")]
    [ImageParameterTransformation]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [ValidateNotNullOrEmpty]
    public ImageParameter[] Image { get; set; } = Array.Empty<ImageParameter>();

    /// <summary>One platform of an index, with its config and layers.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Platform { get; set; }

    /// <summary>Writes the document's exact text.</summary>
    [Parameter]
    public SwitchParameter Raw { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        _platform = Require(Platform, () => Platform is null ? null : ImgsPS.Platform.Parse(Platform));
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var image in Image)
        {
            if (NamesFor(image) is { } names)
            {
                AskEach(
                    OpenStores(names),
                    image.ToString(),
                    (store, observer, cancellationToken) => store.GetManifestAsync(image.Identity, _platform, Options, observer, cancellationToken),
                    (_, answer) => Write(answer));
            }
            else
            {
                ForItem(image.ToString(), () => Write(RunToResult((observer, cancellationToken) =>
                    ManifestReader.FromRegistryAsync(image.RemoteReference(), _platform, Options, observer, cancellationToken))));
            }
        }
    }

    private void Write(ManifestAnswer answer)
    {
        if (Raw)
        {
            WriteObject(answer.Raw);
        }
        else
        {
            WriteObject(answer.Manifests, enumerateCollection: true);
        }
    }
}
